// One wish on the page: its text, what an operator can do about it, and doing it. Text goes in by textContent only.

import { byId, fill, lang, operatorRequest, texts, write } from "./console-session.js";
import { backOff, Wait } from "./poll.js";

const RETRY = { first: 600, longest: 2_400 }; // milliseconds, as everywhere below
const MOST_TRIES = 4;
const READ_MODEL_LAG = 15_000; // for which the answer to an action counts more than a poll: the read model is behind it
const CONFIRM_AFTER = 400; // a double click is not a confirmation
const CONFIRM_UNTIL = 4_000;
const relative = new Intl.RelativeTimeFormat(lang, { style: "narrow", numeric: "always" });
let clockOffset = 0; // from this clock to that of the server

export function setServerTime(now) {
  clockOffset = now - Date.now();
}

export function serverTime() {
  return Date.now() + clockOffset;
}

export function newCard(wish) {
  const element = byId("wish").content.firstElementChild.cloneNode(true);
  const card = { wish, element, changedAt: -Infinity, isBusy: false, confirming: null };
  const part = (name) => element.querySelector(name);
  element.dataset.id = wish.wish_id;
  element.classList.add(wish.destination);
  part(".destination").textContent = texts[wish.destination];
  part(".sender").textContent = wish.name ?? texts.nameless;
  part(".text").textContent = wish.message;
  paint(card);
  return card;
}

// Takes over the visibility that a poll read.
export function update(card, visibility) {
  const isAhead = card.isBusy || performance.now() - card.changedAt < READ_MODEL_LAG;
  if (isAhead || card.wish.visibility === "erased" || card.wish.visibility === visibility) return;
  card.wish.visibility = visibility;
  paint(card);
}

// By visibility. The buttons keep their places: one that does not apply leaves a gap.
const ACTIONS = {
  held: ["release", "hide", "erase"],
  pending: ["release", "hide", "erase"],
  shown: ["hide", "erase"],
  hidden: ["release", "erase"],
  gone: ["release", "hide", "erase"],
  erased: [],
};

function paint(card) {
  const { element, wish } = card;
  element.dataset.visibility = wish.visibility;
  element.setAttribute("aria-busy", String(card.isBusy));
  for (const button of element.querySelectorAll("[data-action]")) paintButton(card, button);
  if (wish.visibility === "erased") {
    const text = element.querySelector(".text");
    text.style.setProperty("min-height", `${text.getBoundingClientRect().height}px`); // what is below stays in its place
    write(text, "");
    write(element.querySelector(".sender"), texts.nameless);
  }
  showState(card);
}

function paintButton({ element, wish, confirming }, button) {
  const action = button.dataset.action;
  const applies = ACTIONS[wish.visibility].includes(action);
  const isConfirming = confirming?.button === button;
  if (!applies && button === document.activeElement) element.focus({ preventScroll: true });
  button.classList.toggle("not-applicable", !applies);
  button.classList.toggle("confirming", isConfirming);
  write(button, isConfirming ? texts.sure : texts.acts[action]);
}

// Shows the state of the wish, with the times in it.
export function showState({ element, wish, isBusy }) {
  const now = serverTime();
  const seconds = Math.ceil((Date.parse(wish.shown_at) - now) / 1000);
  const reason = texts.reasons[wish.reason] ?? texts.held_other;
  let words = texts.states[wish.visibility];
  if (isBusy) words = texts.working;
  else if (wish.visibility === "held") words = `${reason} · ${ago(wish.held_at, now)}`;
  else if (wish.visibility === "pending" && seconds > 0) words = fill(texts.due, { seconds });
  write(element.querySelector(".state"), words);
}

function ago(iso, now) {
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000));
  if (seconds < 60) return relative.format(-seconds, "second");
  if (seconds < 3600) return relative.format(-Math.floor(seconds / 60), "minute");
  return relative.format(-Math.floor(seconds / 3600), "hour");
}

export function toggleText(card, button) {
  const isOpen = card.element.classList.toggle("open");
  button.setAttribute("aria-expanded", String(isOpen));
  write(button, isOpen ? texts.less : texts.more);
  const text = card.element.querySelector(".text");
  if (isOpen) text.tabIndex = 0; // it can scroll, with keys too
  else text.removeAttribute("tabindex");
}

// Returns true for the second press on the same button, a moment later but not much later. `item` keeps in `confirming` which
// button waits for it, and is painted anew when that changes.
export function confirmed(item, repaint, button) {
  const now = performance.now();
  if (item.confirming?.button === button) return now - item.confirming.at >= CONFIRM_AFTER;
  const confirming = (item.confirming = { button, at: now });
  repaint(item);
  setTimeout(() => {
    if (item.confirming !== confirming) return;
    item.confirming = null;
    repaint(item);
  }, CONFIRM_UNTIL);
  return false;
}

export const confirmErase = (card, button) => confirmed(card, paint, button);

export async function perform(card, action) {
  if (card.isBusy || !ACTIONS[card.wish.visibility].includes(action)) return;
  card.isBusy = true;
  card.confirming = null;
  showFailure(card, "");
  paint(card);
  try {
    const { status, visibility } = await post(`ops/wishes/${card.wish.wish_id}/${action}`);
    card.changedAt = performance.now();
    card.wish.visibility = status === "erased" ? "erased" : visibility;
    byId("announcement").textContent = texts.states[card.wish.visibility];
  } catch (error) {
    const isSignedOut = error.status === 401 || error.status === 403; // the page says so by then
    if (!isSignedOut) showFailure(card, texts.trouble[error.status] ?? texts.trouble.silent);
  }
  card.isBusy = false;
  paint(card);
}

// Repeating an action changes nothing, so it is safe where an answer was lost.
async function post(path) {
  for (let failures = 1; ; failures += 1) {
    try {
      return await operatorRequest(path, { body: {} });
    } catch (error) {
      if (failures === MOST_TRIES || error.isFinal) throw error;
      await new Wait(backOff(failures, RETRY, error)).over;
    }
  }
}

function showFailure({ element }, words) {
  const line = element.querySelector(".failure");
  line.hidden = !words;
  write(line, words);
  if (words) byId("announcement").textContent = words;
}
