// The only owner of requests, retries and polling, for all pages. The rule:
//
// After a failure, wait for what Retry-After asks, plus full jitter: a random time between nothing and a bound, which
// doubles with each failure in a row up to `longest`. So a crowd that was refused together does not come back together.
// A network that comes back ends the wait. A page says how long its bounds are.
//
// A Poll never gives up by itself. While the page is hidden it rests, and it reads at once when the page is seen again.
// The form tries until the wish is accepted, hidden or not. An operator's action is tried a few times; panic is tried
// until it succeeds, and does not wait for Retry-After.

const TIMEOUT = 10_000; // milliseconds, as everywhere below
const LONGEST_RETRY_AFTER = 60_000;

// An answer that is not a success. Without an answer, fetch throws errors of its own.
export class HttpError extends Error {
  constructor(response) {
    super(`the answer is ${response.status}`);
    this.response = response;
    this.status = response.status;
    const seconds = Number(response.headers.get("Retry-After")) || 0; // our server never sends a date
    this.retryAfter = Math.min(LONGEST_RETRY_AFTER, 1000 * seconds);
  }

  // True where repeating the request cannot help.
  get isFinal() {
    return this.status < 500 && this.status !== 429;
  }
}

// Sends one request; with a `body`, a POST of JSON. `timeout` is for all of the answer. Throws HttpError.
export async function request(url, { body, headers, timeout = TIMEOUT, ...options } = {}) {
  const aborter = new AbortController();
  setTimeout(() => aborter.abort(), timeout);
  const post = body && { method: "POST", body: JSON.stringify(body) };
  const type = body && { "Content-Type": "application/json" };
  const all = { cache: "no-store", signal: aborter.signal, ...post, ...options };
  const response = await fetch(url, { ...all, headers: { Accept: "application/json", ...type, ...headers } });
  if (!response.ok && response.status !== 304) throw new HttpError(response);
  return response;
}

// Returns the milliseconds to wait after so many failures in a row; `error` is the last of them.
export function backOff(failures, { first, longest }, error) {
  return (error?.retryAfter ?? 0) + Math.random() * Math.min(longest, first * 2 ** (failures - 1));
}

// Asks until there is something at a URL, then calls load(): most pages never need what it loads. A 404 without Retry-After says
// that there never will be: it calls never(), and asks no more. Where load() fails, it asks again.
export function whenThere(url, load, never = () => {}) {
  const poll = new Poll(read, () => poll.stop(), { first: 2_000, longest: 15_000 });
  async function read() {
    try {
      await request(url);
    } catch (error) {
      if (error.status === 404 && !error.retryAfter) {
        poll.stop();
        never();
      }
      throw error;
    }
    await load();
  }
  poll.start();
}

// A wait, possibly of Infinity. `wake()` ends it early, and so does a network that comes back.
export class Wait {
  constructor(milliseconds) {
    this.over = new Promise((resolve) => (this.wake = resolve));
    const timer = milliseconds < Infinity && setTimeout(this.wake, milliseconds);
    addEventListener("online", this.wake);
    this.over.then(() => {
      clearTimeout(timer);
      removeEventListener("online", this.wake);
    });
  }
}

// Calls `read()` again and again, and `show(answer)` with its answers. The next read follows after `every`, or after what
// `show` returns; where one of the two throws, after `backOff`. A hidden page reads once in `whileHidden`.
export class Poll {
  answeredAt = performance.now();
  #round = 0; // start() and stop() begin a new one; the answers of an older one are dropped
  #wait = null;

  constructor(read, show, { every, first, longest, whileHidden = Infinity }) {
    Object.assign(this, { read, show, every, first, longest, whileHidden });
    document.addEventListener("visibilitychange", () => document.hidden || this.#wait?.wake());
  }

  start(delay = 0) {
    this.stop();
    this.#run(this.#round, delay);
  }

  stop() {
    this.#round += 1;
    this.#wait?.wake();
  }

  async #run(round, delay) {
    let failures = 0;
    let pause = delay;
    while (round === this.#round) {
      this.#wait = new Wait(pause);
      await this.#wait.over;
      if (round !== this.#round) return;
      try {
        const answer = await this.read();
        if (round !== this.#round) return;
        this.answeredAt = performance.now();
        pause = this.show(answer) ?? this.every;
        failures = 0;
      } catch (error) {
        failures += 1;
        pause = backOff(failures, this, error);
      }
      if (document.hidden) pause = this.whileHidden;
    }
  }
}
