// The two lists. Nothing moves under the operator's hand: what is held stays in its place, also when it is done, until
// it is put away; the latest come in on top only while nobody is busy in that list.

import { act, clock, isSure, learn, newCard, open, setClock, tell } from "./console-card.js";
import { byId, fill, texts, write } from "./console-session.js";

const MOST_HELD = 100; // in an answer: there may be more
const MOST_LATEST = 60;
const MOST_PUT_AWAY = 1000;
const BUSY = 5_000; // ms after a touch
const MOVED = 400; // ms: nobody aims that fast

const held = new Map(); // wish id → card, as are these two
const latest = new Map();
const arrived = new Map(); // wish id → wish: came, and waits to be shown
const putAway = new Set();
let movedAt = -Infinity;
let touchedAt = -Infinity;

for (const list of [byId("held"), byId("latest")]) {
  list.addEventListener("keydown", onKey);
  list.addEventListener("click", onClick);
  list.addEventListener("focusin", (event) => makeCurrent(event.target.closest("li")));
}
byId("latest").addEventListener("pointerdown", touched);
byId("latest").addEventListener("touchmove", touched, { passive: true });
byId("held-more").addEventListener("click", clear);
byId("latest-more").addEventListener("click", () => letIn(true));
addEventListener("resize", () => requestAnimationFrame(measure));

// What a poll brought.
export function show(queue) {
  setClock(Date.parse(queue.now));
  for (const wish of queue.latest) if (!wish.message) wish.visibility = "erased"; // everybody types something
  const seen = new Map(queue.latest.map((wish) => [wish.wish_id, wish.visibility]));
  const waiting = new Set(queue.held.map((wish) => wish.wish_id));
  for (const [id, card] of held) if (!waiting.has(id)) learn(card, seen.get(id) ?? withoutNews(card));
  for (const [id, card] of latest) learn(card, seen.get(id) ?? withoutNews(card));
  for (const wish of queue.held) {
    const card = held.get(wish.wish_id);
    if (card) learn(card, "held");
    else if (!putAway.has(wish.wish_id)) hold(wish);
  }
  for (const wish of queue.latest.toReversed()) if (!latest.has(wish.wish_id)) arrived.set(wish.wish_id, wish);
  for (const id of arrived.keys()) if (!seen.has(id)) arrived.delete(id);
  letIn(false);
  summarise();
  measure();
}

// Everything that anybody typed leaves the page.
export function empty() {
  for (const each of [held, latest, arrived, putAway]) each.clear();
  byId("held").replaceChildren();
  byId("latest").replaceChildren();
  summarise();
}

// Once a second: how long ago, how soon.
export function tick() {
  for (const card of [...held.values(), ...latest.values()]) tell(card);
}

export function waiting() {
  return [...held.values()].filter((card) => card.wish.visibility === "held").length;
}

// What a wish is that the poll does not name: no longer held, shown if it is time, else what it was.
function withoutNews({ wish }) {
  if (wish.visibility === "held") return "gone";
  return wish.visibility === "pending" && Date.parse(wish.shown_at) <= clock() ? "shown" : wish.visibility;
}

// --- the lists ---

function hold(wish) {
  const card = newCard({ ...wish, visibility: "held" });
  held.set(wish.wish_id, card);
  byId("held").append(card.element);
}

function letIn(isWanted) {
  const list = byId("latest");
  if (arrived.size && (isWanted || !isBusy(list))) {
    for (const wish of arrived.values()) {
      latest.set(wish.wish_id, newCard(wish));
      list.prepend(latest.get(wish.wish_id).element);
    }
    arrived.clear();
    for (const [id, card] of [...latest].slice(0, Math.max(0, latest.size - MOST_LATEST))) {
      if (card.busy || card.element.contains(document.activeElement)) continue;
      card.element.remove();
      latest.delete(id);
    }
    if (isWanted) list.firstElementChild.focus();
    else movedAt = performance.now();
  }
  summarise();
  measure();
}

function isBusy(list) {
  const hovered = matchMedia("(hover: hover)").matches && list.matches(":hover");
  const focused = list.querySelector(":focus-visible") !== null;
  return hovered || focused || list.scrollTop > 0 || performance.now() - touchedAt < BUSY;
}

function touched() {
  touchedAt = performance.now();
}

// Puts away what is done, and goes on where the operator was.
function clear() {
  const cards = [...held.values()];
  const next = cards.find((card) => card.wish.visibility === "held");
  for (const card of cards) {
    if (card.wish.visibility === "held" || card.busy) continue;
    card.element.remove();
    held.delete(card.wish.wish_id);
    putAway.add(card.wish.wish_id);
  }
  for (const id of [...putAway].slice(0, Math.max(0, putAway.size - MOST_PUT_AWAY))) putAway.delete(id);
  summarise();
  (next?.element ?? byId("where")).focus();
}

function summarise() {
  const count = waiting();
  const done = held.size - count;
  write(byId("held-count"), `${count}${count < MOST_HELD ? "" : "+"}`);
  write(byId("held-more"), fill(texts.put_away, { count: done }));
  write(byId("latest-more"), fill(texts.arrived, { count: arrived.size }));
  byId("held-more").hidden = done === 0;
  byId("latest-more").hidden = arrived.size === 0;
  byId("held-none").hidden = held.size > 0;
  byId("latest-none").hidden = latest.size > 0;
  for (const list of [byId("held"), byId("latest")]) {
    if (!list.querySelector(":scope > [tabindex='0']")) makeCurrent(list.firstElementChild);
  }
}

// Which texts do not fit, and so can be opened. All reads before all writes.
function measure() {
  const closed = [...document.querySelectorAll(".wish:not(.open) .text")];
  const clipped = closed.map((text) => text.scrollHeight > text.clientHeight + 2);
  closed.forEach((text, index) => {
    text.parentElement.querySelector(".more").hidden = !clipped[index];
  });
}

// --- the operator's hand ---

// One stop for Tab per list, and behind it the buttons of that wish; j and k move it.
function makeCurrent(element) {
  if (!element?.matches(".wish")) return;
  const old = element.parentElement.querySelector(":scope > [tabindex='0']");
  if (old === element) return;
  if (old) setStops(old, -1);
  setStops(element, 0);
}

function setStops(element, tabindex) {
  element.tabIndex = tabindex;
  for (const button of element.querySelectorAll("button")) button.tabIndex = tabindex;
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const element = event.target.closest(".wish");
  const scrolls = event.target.matches(".open .text") && event.key.startsWith("Arrow");
  if (!element || scrolls) return;
  const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
  const action = { r: "release", h: "hide" }[event.key];
  if (step) (step > 0 ? element.nextElementSibling : element.previousElementSibling)?.focus();
  else if (action && !event.repeat) act(cardOf(element), action).then(summarise);
  else return;
  event.preventDefault();
}

function onClick(event) {
  const button = event.target.closest("button");
  if (!button) return;
  const card = cardOf(button.closest(".wish"));
  // What has just moved to where the finger is was not what it aimed at.
  if (button.closest("#latest") && event.detail > 0 && performance.now() - movedAt < MOVED) return;
  if (button.matches(".more")) open(card, button);
  else if (button.dataset.act !== "erase" || isSure(card)) act(card, button.dataset.act).then(summarise);
}

function cardOf(element) {
  return (element.parentElement.id === "held" ? held : latest).get(element.dataset.id);
}
