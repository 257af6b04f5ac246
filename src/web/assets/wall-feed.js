// Asks one address again and again: conditionally, with a time limit, with back-off and full jitter while nothing answers.

const TIMEOUT = 5_000;
const LONGEST_PAUSE = 15_000;
const HIDDEN_PAUSE = 30_000;

/**
 * Polls `path()` every `pause` milliseconds. `answered(body, isNew)` gets each answer, the last one again on a 304, and
 * may return a shorter pause. `refused(status)` is told of a 4xx that asking again does not cure.
 */
export class Poller {
  constructor(path, pause, answered, refused = () => {}) {
    Object.assign(this, { path, pause, answered, refused });
    this.failures = 0;
    this.lastAnswer = performance.now();
    this.etag = this.url = this.body = null;
    document.addEventListener("visibilitychange", () => document.hidden || this.hurry());
    addEventListener("online", () => this.hurry());
    this.ask();
  }

  /** Asks now instead of later: the tab or the network is back. */
  hurry() {
    if (!this.timer) return; // an answer is on its way already
    clearTimeout(this.timer);
    this.ask();
  }

  async ask() {
    this.timer = null;
    let pause;
    try {
      pause = await this.#once();
      this.failures = 0;
      this.lastAnswer = performance.now();
    } catch (error) {
      this.failures += 1;
      const jittered = Math.random() * Math.min(LONGEST_PAUSE, 1_000 * 2 ** Math.min(this.failures, 5));
      pause = Math.max(250, error.retryAfter ?? 0, jittered);
    }
    this.timer = setTimeout(() => this.ask(), document.hidden ? HIDDEN_PAUSE : pause);
  }

  async #once() {
    const url = this.path();
    // The ETag is ours to keep: the address changes with the cursor, and a cache full of old cursors helps nobody. Set by
    // hand it turns the browser's cache off for this request, so that a 304 arrives here as a 304.
    const headers = url === this.url && this.etag ? { "If-None-Match": this.etag } : {};
    const aborter = new AbortController();
    const alarm = setTimeout(() => aborter.abort(), TIMEOUT); // over the body too, not only the headers
    try {
      const answer = await fetch(url, { headers: { Accept: "application/json", ...headers }, cache: "no-store", signal: aborter.signal });
      if (answer.status === 304) return this.answered(this.body, false) ?? this.pause;
      if (!answer.ok) throw this.#failure(answer);
      this.body = await answer.json();
      this.url = url;
      this.etag = answer.headers.get("ETag");
    } finally {
      clearTimeout(alarm);
    }
    return this.answered(this.body, true) ?? this.pause;
  }

  #failure(answer) {
    if (answer.status === 422) this.refused(answer.status);
    const seconds = Number.parseInt(answer.headers.get("Retry-After") ?? "", 10);
    return Object.assign(new Error(`${answer.status}`), { retryAfter: Number.isFinite(seconds) ? Math.min(60, seconds) * 1_000 : 0 });
  }
}
