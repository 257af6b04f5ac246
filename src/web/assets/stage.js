// The stage of a show: what the hall is asked, and what is broken on purpose. Only the laptop has one. Elsewhere, as on AWS, the
// answer is 404 without Retry-After: a page asks once and shows nothing. With Retry-After there is no show now.

import { Poll } from "./poll.js";

const BACK_OFF = { first: 2_000, longest: 15_000 }; // milliseconds, as everywhere below

// Calls show(answer) for each answer of `read`, and show({}) while there is no show. Returns the Poll, which runs.
export function follow(read, show, every) {
  const poll = new Poll(readStage, showStage, { every, ...BACK_OFF });

  async function readStage() {
    try {
      return await read();
    } catch (error) {
      if (error.status !== 404) throw error;
      if (!error.retryAfter) poll.stop();
      return { pause: error.retryAfter };
    }
  }

  function showStage({ pause = 0, ...answer }) {
    show(answer);
    return pause + every * (0.75 + Math.random() / 2); // a hall must not ask all at once
  }

  poll.start();
  return poll;
}

// Words for people are one text, or one for each language, as a show's sheet has them. Of a drill the page has its own, which
// come before a text that is not in the reader's language.
export const say = (words) => words?.[document.documentElement.lang] ?? words?.en ?? words ?? "";
export const drillTitle = ({ id, title }, { drills }) => (typeof title === "object" ? say(title) : (drills[id] ?? title));

// Counts down to the moment that an answer named, by this page's clock. show(seconds) is called with each answer and each second.
export class Countdown {
  #show;
  #until = 0;
  #shown = null;

  constructor(show) {
    this.#show = show;
    setInterval(() => this.#tick(), 200);
  }

  set(secondsLeft) {
    this.#until = performance.now() + 1000 * secondsLeft;
    this.#shown = null;
    this.#tick();
  }

  #tick() {
    const seconds = Math.max(0, Math.ceil((this.#until - performance.now()) / 1000));
    if (seconds !== this.#shown) this.#show(seconds);
    this.#shown = seconds;
  }
}
