// How many wishes are promised: a laptop's proxy tells it, also while the chain behind it is busy with a burst. Less what the
// totals count, that many are on their way. On AWS nobody answers, and the wall shows nothing.

import { Poll, request } from "./poll.js";

const POLL = { every: 1_000, first: 1_000, longest: 10_000, whileHidden: 30_000 }; // milliseconds

// Calls show(count) with each answer.
export function followAccepted(url, show) {
  const poll = new Poll(read, show, POLL);
  async function read() {
    try {
      return (await (await request(url)).json()).accepted;
    } catch (error) {
      if (error.status === 404) poll.stop();
      throw error;
    }
  }
  poll.start();
}
