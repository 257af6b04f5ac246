// Panic blanks the wall, and brings it back. What was asked for is shown at once, and as done only once it is known.

import { asOperator, byId, sleep, texts, write } from "./console-session.js";

const TWICE = 400; // ms: a frightened hand presses twice, and must not undo what it did
const PAUSES = [200, 400, 800, 1500]; // ms between tries
const PATIENCE = 4_000;

let blank = null; // what the wall is known to be; null before the first answer
let wanted = null; // what the operator asked for, until it is known to be so
let tries = 0;
let failed = false;
let pressedAt = -Infinity;
let settledAt = -Infinity;
let hurry = () => {};

addEventListener("online", () => hurry());

// What a poll said. `askedAt` is performance.now: one that was sent before an answer to panic came says nothing.
export function know(isBlank, askedAt) {
  if (wanted !== null || askedAt < settledAt) return;
  blank = isBlank;
  paint();
}

export function forget() {
  blank = null;
  paint();
}

// Whether a panic is under way that the wall has not confirmed.
export function isUncertain() {
  return wanted !== null;
}

export async function press() {
  const now = performance.now();
  if (now - pressedAt < TWICE) return;
  pressedAt = now;
  const isUnderWay = wanted !== null;
  wanted = !(wanted ?? blank);
  tries = 0;
  failed = false;
  paint();
  if (isUnderWay) return hurry(); // one request at a time, or an old one could win
  try {
    while ((await ask()) !== wanted);
  } catch {} // somebody has to sign in first, and the page says so
  wanted = null;
  settledAt = performance.now();
  paint();
}

// What the wall now is, undefined where nobody knows. Throws where the operator has to sign in first.
async function ask() {
  tries += 1;
  try {
    const answer = await asOperator("ops/wall/panic", { body: { on: wanted }, patience: PATIENCE });
    blank = (await answer.json()).on;
    return blank;
  } catch (error) {
    if (error.status === 401 || error.status === 403) throw error;
    failed = true;
    paint();
    const pause = sleep(PAUSES[Math.min(tries, PAUSES.length) - 1] ?? 0);
    await Promise.race([pause, new Promise((resolve) => (hurry = resolve))]);
  }
}

function paint() {
  const on = wanted ?? blank ?? false;
  const sure = { true: "blank", false: "live", null: "unknown" }[blank];
  const state = wanted === null ? sure : wanted ? "blanking" : "returning";
  byId("bar").dataset.wall = state;
  write(byId("state"), texts.wall[state]);
  write(byId("unconfirmed"), wanted !== null && failed ? texts.unconfirmed : "");
  write(byId("panic-words"), on ? texts.panic_off : texts.panic_on);
  byId("panic").setAttribute("aria-pressed", String(on));
}
