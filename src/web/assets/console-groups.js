// Held wishes in groups, by reason and by equal text: an operator acts on a whole group at once, one post for each wish.
// The groups are in a part of their own that is closed at first, so that no list moves under the operator's hand.

import { confirmed, perform } from "./console-card.js";
import { byId, fill, texts, write } from "./console-session.js";
import { make } from "./elements.js";

const AT_ONCE = 4; // posts
const STAYS = 10_000; // milliseconds: how long the result of a finished group can be read
const words = texts.groups;
const rows = new Map(); // key → row, in the order of their first appearance

// Shows the groups of what is held; `held` are the cards by wish id, `changed` is called after each post.
export function showGroups(held, changed) {
  const groups = groupsOf([...held.values()].filter((card) => card.wish.visibility === "held"));
  for (const [key, group] of groups) {
    if (!rows.has(key)) addRow(key, newRow(group, held, changed));
  }
  for (const [key, row] of rows) {
    row.cards = groups.get(key)?.cards ?? [];
    const isInUse = row.isBusy || row.element.contains(document.activeElement);
    const isRead = performance.now() - row.finishedAt > STAYS;
    if (held.size === 0 || (row.cards.length === 0 && isRead && !isInUse)) removeRow(key);
    else paint(row);
  }
  write(byId("groups-count"), String(groups.size || ""));
  byId("groups").classList.toggle("none", rows.size === 0);
}

// Returns {label, cards} by key, of at least two wishes each; one that is left of a group can be tried again. `label()` makes
// an element. A text that makes up all of its reason is no group of its own.
function groupsOf(cards) {
  const reasons = grouped(cards, ({ wish }) => wish.reason);
  const groups = [];
  for (const [reason, ofReason] of reasons) {
    groups.push([`reason ${reason}`, { label: () => make("b", {}, texts.reasons[reason] ?? texts.held_other), cards: ofReason }]);
    for (const [text, ofText] of grouped(ofReason, ({ wish }) => wish.message)) {
      const key = `text ${reason} ${text}`;
      if (ofText.length === ofReason.length && !rows.has(key)) continue;
      const label = () => make("span", {}, `${words.same}: `, make("bdi", { dir: "auto" }, text));
      groups.push([key, { label, cards: ofText }]);
    }
  }
  return new Map(groups.filter(([key, group]) => group.cards.length > 1 || rows.has(key)));
}

// As Map.groupBy, which older browsers do not have.
function grouped(cards, keyOf) {
  const groups = new Map();
  for (const card of cards) groups.set(keyOf(card), [...(groups.get(keyOf(card)) ?? []), card]);
  return groups;
}

function newRow({ label, cards }, held, changed) {
  const buttons = ["release", "hide"].map((action) => make("button", { type: "button", "data-action": action }));
  const status = make("span", { class: "result" });
  const what = make("p", { class: "what" }, label());
  const element = make("li", {}, what, make("div", { class: "actions" }, ...buttons, status));
  const row = { element, buttons, status, cards, isBusy: false, confirming: null, finishedAt: -Infinity };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      if (!row.isBusy && row.cards.length && confirmed(row, paint, button)) act(row, button.dataset.action, held, changed);
    });
  }
  return row;
}

function addRow(key, row) {
  rows.set(key, row);
  byId("groups-rows").append(row.element);
}

function removeRow(key) {
  rows.get(key).element.remove();
  rows.delete(key);
}

function paint({ element, buttons, cards, isBusy, confirming }) {
  element.setAttribute("aria-busy", String(isBusy));
  for (const button of buttons) {
    const isConfirming = confirming?.button === button;
    button.classList.toggle("confirming", isConfirming);
    button.setAttribute("aria-disabled", String(isBusy || cards.length === 0));
    const label = (isConfirming ? words.sure : words.acts)[button.dataset.action];
    if (!isBusy) write(button, fill(label, { count: cards.length }));
  }
}

async function act(row, action, held, changed) {
  const cards = [...row.cards];
  const waiting = [...cards];
  let done = 0;
  Object.assign(row, { isBusy: true, confirming: null });
  const progress = () => write(row.status, fill(words.progress, { done, count: cards.length }));
  progress();
  paint(row);
  async function work() {
    for (let card = waiting.shift(); card && held.has(card.wish.wish_id); card = waiting.shift()) {
      await perform(card, action);
      done += card.wish.visibility !== "held";
      progress();
      changed();
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const left = cards.length - done;
  Object.assign(row, { isBusy: false, finishedAt: performance.now() });
  write(row.status, fill(left ? words.partly : words.done, { done, left }));
  byId("announcement").textContent = row.status.textContent;
  changed();
}
