// Panic blanks the wall, and brings it back. The page shows the operator's wish at once, and calls it done only when the
// answer has come.

import { byId, operatorRequest, texts, write } from "./console-session.js";
import { backOff, Wait } from "./poll.js";

const RETRY = { first: 200, longest: 1_500 }; // milliseconds, as everywhere below
const TIMEOUT = 4_000;
const DOUBLE_PRESS = 400; // a frightened hand presses twice, and must not undo what it did

let blank = null; // what the wall is known to be; null before the first answer
let requested = null; // what the operator wants the wall to be, until it is confirmed
let failures = 0;
let wait = null; // before the next try
let pressedAt = -Infinity;
let confirmedAt = -Infinity;

// Takes over what a poll read. It counts only if the poll was sent, at `sentAt` of performance.now, after the last answer
// to panic.
export function setBlank(isBlank, sentAt) {
  if (requested !== null || sentAt < confirmedAt) return;
  blank = isBlank;
  paint();
}

export function reset() {
  blank = null;
  paint();
}

// Returns true while a panic is not confirmed.
export function isUncertain() {
  return requested !== null;
}

export async function press() {
  const now = performance.now();
  if (now - pressedAt < DOUBLE_PRESS) return;
  pressedAt = now;
  const isRunning = requested !== null;
  requested = !(requested ?? blank);
  failures = 0;
  paint();
  if (isRunning) return wait?.wake(); // one request at a time, or an old one could win
  try {
    while ((await send()) !== requested);
  } catch {} // the operator has to sign in first, and the page says so
  requested = null;
  confirmedAt = performance.now();
  paint();
}

// Returns what the wall now is, undefined without an answer. Throws where the operator has to sign in first.
async function send() {
  try {
    blank = (await operatorRequest("ops/wall/panic", { body: { on: requested }, timeout: TIMEOUT })).on;
    return blank;
  } catch (error) {
    if (error.status === 401 || error.status === 403) throw error;
    failures += 1;
    paint();
    wait = new Wait(backOff(failures, RETRY)); // whatever Retry-After says: the wall cannot wait
    await wait.over;
  }
}

function paint() {
  const isPressed = requested ?? blank ?? false;
  const confirmed = { true: "blank", false: "live", null: "unknown" }[blank];
  const state = requested === null ? confirmed : requested ? "blanking" : "returning";
  byId("bar").dataset.wall = state;
  write(byId("wall-state"), texts.wall[state]);
  write(byId("unconfirmed"), requested !== null && failures ? texts.unconfirmed : "");
  write(byId("panic-words"), isPressed ? texts.panic_off : texts.panic_on);
  byId("panic").setAttribute("aria-pressed", String(isPressed));
}
