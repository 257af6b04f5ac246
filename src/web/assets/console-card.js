// One wish on the page: what it says, what can be done about it, and doing it. Text is text: textContent only.

import { asOperator, byId, fill, lang, Refused, sleep, texts, write } from "./console-session.js";

const BEHIND = 15_000; // ms for which an answer to a press counts more than a poll: the read model is a moment behind
const SURE_AFTER = 400; // ms: a double click is not a second thought
const SURE_UNTIL = 4_000;
const TRIES = 4;
const age = new Intl.RelativeTimeFormat(lang, { style: "narrow", numeric: "always" });
let ahead = 0; // ms that the server's clock is ahead of this one

// The server's time, in milliseconds.
export function setClock(now) {
  ahead = now - Date.now();
}

export function clock() {
  return Date.now() + ahead;
}

export function newCard(wish) {
  const element = byId("wish").content.firstElementChild.cloneNode(true);
  const card = { wish, element, learnt: -Infinity, busy: false, sureAt: null };
  const part = (name) => element.querySelector(name);
  element.dataset.id = wish.wish_id;
  element.classList.add(wish.destination);
  part(".to").textContent = texts[wish.destination];
  part(".who").textContent = wish.name ?? texts.nameless;
  part(".text").textContent = wish.message;
  paint(card);
  return card;
}

export function learn(card, visibility) {
  if (card.busy || performance.now() - card.learnt < BEHIND || card.wish.visibility === "erased") return;
  if (card.wish.visibility === visibility) return;
  card.wish.visibility = visibility;
  paint(card);
}

// The buttons keep their places: one that does not apply leaves a gap.
const APPLIES = {
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
  element.setAttribute("aria-busy", String(card.busy));
  for (const button of element.querySelectorAll("[data-act]")) {
    const act = button.dataset.act;
    const applies = APPLIES[wish.visibility].includes(act);
    if (!applies && button === document.activeElement) element.focus({ preventScroll: true });
    button.classList.toggle("gap", !applies);
    const isSure = act === "erase" && card.sureAt !== null;
    button.classList.toggle("sure", isSure);
    write(button, isSure ? texts.sure : texts.acts[act]);
  }
  if (wish.visibility === "erased") {
    const text = element.querySelector(".text");
    text.style.setProperty("min-height", `${text.getBoundingClientRect().height}px`); // what is below stays where it is
    write(text, "");
    write(element.querySelector(".who"), texts.nameless);
  }
  tell(card);
}

export function tell({ element, wish, busy }) {
  const now = clock();
  const soon = Math.ceil((Date.parse(wish.shown_at) - now) / 1000);
  const why = texts.reasons[wish.reason] ?? texts.held_other;
  let words = texts.states[wish.visibility];
  if (busy) words = texts.working;
  else if (wish.visibility === "held") words = `${why} · ${ago(wish.held_at, now)}`;
  else if (wish.visibility === "pending" && soon > 0) words = fill(texts.due, { seconds: soon });
  write(element.querySelector(".now"), words);
}

function ago(iso, now) {
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000));
  if (seconds < 60) return age.format(-seconds, "second");
  if (seconds < 3600) return age.format(-Math.floor(seconds / 60), "minute");
  return age.format(-Math.floor(seconds / 3600), "hour");
}

export function open(card, button) {
  const isOpen = card.element.classList.toggle("open");
  button.setAttribute("aria-expanded", String(isOpen));
  write(button, isOpen ? texts.less : texts.more);
  const text = card.element.querySelector(".text");
  if (isOpen) text.tabIndex = 0; // it can scroll, with keys too
  else text.removeAttribute("tabindex");
}

// Erasing takes a second press on the same button, a moment later but not much later.
export function isSure(card) {
  const now = performance.now();
  if (card.sureAt !== null) return now - card.sureAt >= SURE_AFTER;
  card.sureAt = now;
  paint(card);
  setTimeout(() => {
    if (card.sureAt !== now) return;
    card.sureAt = null;
    paint(card);
  }, SURE_UNTIL);
  return false;
}

export async function act(card, action) {
  if (card.busy || !APPLIES[card.wish.visibility].includes(action)) return;
  card.busy = true;
  card.sureAt = null;
  complain(card, "");
  paint(card);
  try {
    const { status, visibility } = await insist(`ops/wishes/${card.wish.wish_id}/${action}`);
    card.learnt = performance.now();
    card.wish.visibility = status === "erased" ? "erased" : visibility;
    byId("said").textContent = texts.states[card.wish.visibility];
  } catch (error) {
    const isDoor = error.status === 401 || error.status === 403; // the page shows it by then
    if (!isDoor) complain(card, texts.trouble[error.status] ?? texts.trouble.silent);
  }
  card.busy = false;
  paint(card);
}

// Again is the same, so a lost answer is asked for again.
async function insist(path) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await (await asOperator(path, { body: {} })).json();
    } catch (error) {
      if (tries === TRIES || (error instanceof Refused && error.isFinal)) throw error;
      await sleep(2 ** tries * 150 * (0.5 + Math.random()));
    }
  }
}

function complain({ element }, words) {
  const line = element.querySelector(".trouble");
  line.hidden = !words;
  write(line, words);
  if (words) byId("said").textContent = words;
}
