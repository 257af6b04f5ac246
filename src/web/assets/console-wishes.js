// The two lists. Nothing moves under the operator's hand: a held wish keeps its place, also when it is done, until it is
// put away; the latest come in on top only while nobody is busy in that list.

import { confirmErase, newCard, perform, serverTime, setServerTime, showState, toggleText, update } from "./console-card.js";
import { byId, fill, texts, write } from "./console-session.js";

const MOST_HELD = 100; // in an answer: there may be more
const MOST_LATEST = 60;
const MOST_PUT_AWAY = 1000; // ids that are remembered
const TOUCH = 5_000; // milliseconds for which a touch keeps a list busy
const REACTION = 400; // milliseconds: nobody aims faster

const held = new Map(); // wish id → card
const latest = new Map(); // wish id → card
const arrived = new Map(); // wish id → wish: new, and not in the list yet
const putAway = new Set(); // wish ids
let groups = null; // the module, once there was something to group
let movedAt = -Infinity;
let touchedAt = -Infinity;

for (const list of [byId("held"), byId("latest")]) {
  list.addEventListener("keydown", onKey);
  list.addEventListener("click", onClick);
  list.addEventListener("focusin", (event) => makeCurrent(event.target.closest("li")));
}
byId("latest").addEventListener("pointerdown", onTouch);
byId("latest").addEventListener("touchmove", onTouch, { passive: true });
byId("held-action").addEventListener("click", putDoneAway);
byId("latest-action").addEventListener("click", () => showArrived(true));
addEventListener("resize", () => requestAnimationFrame(findClippedTexts));

// Shows the answer of a poll.
export function show(queue) {
  setServerTime(Date.parse(queue.now));
  for (const wish of queue.latest) if (!wish.message) wish.visibility = "erased"; // no wish is sent without a text
  const visibilities = new Map(queue.latest.map((wish) => [wish.wish_id, wish.visibility]));
  const heldIds = new Set(queue.held.map((wish) => wish.wish_id));
  for (const [id, card] of held) if (!heldIds.has(id)) update(card, visibilities.get(id) ?? assumedVisibility(card));
  for (const [id, card] of latest) update(card, visibilities.get(id) ?? assumedVisibility(card));
  for (const wish of queue.held) {
    const card = held.get(wish.wish_id);
    if (card) update(card, "held");
    else if (!putAway.has(wish.wish_id)) addHeld(wish);
  }
  for (const wish of queue.latest.toReversed()) if (!latest.has(wish.wish_id)) arrived.set(wish.wish_id, wish);
  for (const id of arrived.keys()) if (!visibilities.has(id)) arrived.delete(id);
  showArrived(false);
}

// Removes everything that anybody typed from the page.
export function removeAll() {
  for (const collection of [held, latest, arrived, putAway]) collection.clear();
  byId("held").replaceChildren();
  byId("latest").replaceChildren();
  showCounts();
}

// Is called once a second.
export function showTimes() {
  for (const card of [...held.values(), ...latest.values()]) showState(card);
}

export function heldCount() {
  return [...held.values()].filter((card) => card.wish.visibility === "held").length;
}

// Returns the visibility of a wish that the poll does not name: no longer held, shown if it is time, else unchanged.
function assumedVisibility({ wish }) {
  if (wish.visibility === "held") return "gone";
  return wish.visibility === "pending" && Date.parse(wish.shown_at) <= serverTime() ? "shown" : wish.visibility;
}

// --- the lists ---

function addHeld(wish) {
  const card = newCard({ ...wish, visibility: "held" });
  held.set(wish.wish_id, card);
  byId("held").append(card.element);
}

function showArrived(isRequested) {
  const list = byId("latest");
  if (arrived.size && (isRequested || !isBusy(list))) {
    for (const wish of arrived.values()) {
      latest.set(wish.wish_id, newCard(wish));
      list.prepend(latest.get(wish.wish_id).element);
    }
    arrived.clear();
    for (const [id, card] of [...latest].slice(0, Math.max(0, latest.size - MOST_LATEST))) {
      if (card.isBusy || card.element.contains(document.activeElement)) continue;
      card.element.remove();
      latest.delete(id);
    }
    if (isRequested) list.firstElementChild.focus();
    else movedAt = performance.now();
  }
  showCounts();
  findClippedTexts();
}

function isBusy(list) {
  const isHovered = matchMedia("(hover: hover)").matches && list.matches(":hover");
  const isFocused = list.querySelector(":focus-visible") !== null;
  return isHovered || isFocused || list.scrollTop > 0 || performance.now() - touchedAt < TOUCH;
}

function onTouch() {
  touchedAt = performance.now();
}

// Removes what is done from the list, and moves the focus to the next held wish.
function putDoneAway() {
  const cards = [...held.values()];
  const next = cards.find((card) => card.wish.visibility === "held");
  for (const card of cards) {
    if (card.wish.visibility === "held" || card.isBusy) continue;
    card.element.remove();
    held.delete(card.wish.wish_id);
    putAway.add(card.wish.wish_id);
  }
  for (const id of [...putAway].slice(0, Math.max(0, putAway.size - MOST_PUT_AWAY))) putAway.delete(id);
  showCounts();
  (next?.element ?? byId("page-title")).focus();
}

function showCounts() {
  const count = heldCount();
  const done = held.size - count;
  write(byId("held-count"), `${count}${count < MOST_HELD ? "" : "+"}`);
  write(byId("held-action"), fill(texts.put_away, { count: done }));
  write(byId("latest-action"), fill(texts.arrived, { count: arrived.size }));
  byId("held-action").hidden = done === 0;
  byId("latest-action").hidden = arrived.size === 0;
  byId("held-empty").hidden = held.size > 0;
  byId("latest-empty").hidden = latest.size > 0;
  showGroups();
  for (const list of [byId("held"), byId("latest")]) {
    if (!list.querySelector(":scope > [tabindex='0']")) makeCurrent(list.firstElementChild);
  }
}

async function showGroups() {
  if (held.size < 2 && !groups) return;
  groups ??= import("./console-groups.js").catch(() => (groups = null)); // tried again with the next answer
  (await groups)?.showGroups(held, showCounts);
}

// Offers "more" for the texts that do not fit. All reads come before all writes.
function findClippedTexts() {
  const closed = [...document.querySelectorAll(".wish:not(.open) .text")];
  const clipped = closed.map((text) => text.scrollHeight > text.clientHeight + 2);
  closed.forEach((text, index) => {
    text.parentElement.querySelector(".more").hidden = !clipped[index];
  });
}

// --- keys and clicks ---

// Tab stops once per list, then at the buttons of that wish; j and k move the stop.
function makeCurrent(element) {
  if (!element?.matches(".wish")) return;
  const old = element.parentElement.querySelector(":scope > [tabindex='0']");
  if (old === element) return;
  if (old) setTabIndex(old, -1);
  setTabIndex(element, 0);
}

function setTabIndex(element, tabIndex) {
  element.tabIndex = tabIndex;
  for (const button of element.querySelectorAll("button")) button.tabIndex = tabIndex;
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const element = event.target.closest(".wish");
  const isScroll = event.target.matches(".open .text") && event.key.startsWith("Arrow");
  if (!element || isScroll) return;
  const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
  const action = { r: "release", h: "hide" }[event.key];
  if (step) (step > 0 ? element.nextElementSibling : element.previousElementSibling)?.focus();
  else if (action && !event.repeat) perform(cardOf(element), action).then(showCounts);
  else return;
  event.preventDefault();
}

function onClick(event) {
  const button = event.target.closest("button");
  if (!button) return;
  const card = cardOf(button.closest(".wish"));
  // A button that has just moved under the finger was not its aim.
  if (button.closest("#latest") && event.detail > 0 && performance.now() - movedAt < REACTION) return;
  if (button.matches(".more")) toggleText(card, button);
  else if (button.dataset.action !== "erase" || confirmErase(card, button)) perform(card, button.dataset.action).then(showCounts);
}

function cardOf(element) {
  return (element.parentElement.id === "held" ? held : latest).get(element.dataset.id);
}
