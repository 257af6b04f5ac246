// The presenter's page: the cue that is on, what is next, the time that is left, and the show's orders. Panic of the console, the
// button in the bar, is for the wall alone; the show's panic ends its fault and its load besides.

import { byId, fill, loadedTexts, loadStyles, operatorRequest, write } from "./console-session.js";
import { make } from "./elements.js";
import { follow } from "./stage.js";

const EVERY = 1_000; // milliseconds, as everywhere below
const STALE = 6_000;
const words = loadedTexts.presenter;

const view = byId("view-presenter");
const place = make("p", { class: "muted" });
const title = make("h2", { id: "cue-title" }, words.none);
const left = make("b");
const leftOfShow = make("b");
const clocks = make(
  "p",
  { class: "clocks" },
  make("span", {}, left, " ", make("small", {}, words.left)),
  make("span", {}, leftOfShow, " ", make("small", {}, words.left_of_show)),
);
const state = make("p", { class: "note", role: "status" });
const note = make("p", { class: "note" }); // of the show: what it does, what went wrong
const text = make("p", { class: "say" });
const look = make("dl");
const see = make("ul");
const next = make("p", { class: "next" });
const buttons = Object.entries(words.orders).map(([order, name]) => make("button", { type: "button", value: order }, name));
const orders = make("p", { class: "orders" }, ...buttons);
const [lookTitle, seeTitle] = [words.look, words.see].map((name) => make("h3", {}, name));
const cue = make("div", { class: "cue", hidden: true }, clocks, orders, note, text, lookTitle, look, seeTitle, see, next);
view.replaceChildren(make("section", { "aria-labelledby": "cue-title" }, place, title, state, cue));
await loadStyles(view);

let poll = null;
let show = {}; // the last answer; without a show {}
let answeredAt = performance.now();

for (const button of buttons) button.addEventListener("click", () => give(button));
setInterval(showTime, 250);

export function start() {
  poll ??= follow(() => operatorRequest("stage/show"), showShow, EVERY);
}

export function stop() {
  poll?.stop();
  poll = null;
}

function showShow(answer) {
  show = answer;
  answeredAt = performance.now();
  cue.hidden = !show.cue;
  write(place, show.cue ? `${show.title} · ${fill(words.place, show)}` : "");
  write(title, show.cue?.title ?? words.none);
  showTime();
  if (!show.cue) return;
  write(note, show.note ?? "");
  write(text, joined(show.cue.say));
  const rows = Object.entries(show.cue.look).map(([where, what]) => {
    const [name, href] = [words.places[where] ?? where, show.links?.[where]];
    return make("div", {}, make("dt", {}, href ? make("a", { href, target: "_blank" }, name) : name), make("dd", {}, what));
  });
  look.replaceChildren(...rows);
  see.replaceChildren(...show.cue.see.map(({ what, seen }) => {
    return make("li", { "data-seen": seen }, what, ...(seen ? [" ", make("small", {}, words.seen)] : []));
  }));
  lookTitle.hidden = !rows.length;
  seeTitle.hidden = !show.cue.see.length;
  write(next, show.next ? `${words.next}: ${show.next}` : words.last);
}

function showTime() {
  if (view.hidden || !show.cue) return;
  const passed = show.paused ? 0 : (performance.now() - answeredAt) / 1000;
  write(left, minutes(show.left - passed));
  write(leftOfShow, minutes(show.left_of_show - passed));
  clocks.classList.toggle("late", show.left < passed);
  const isStale = performance.now() - answeredAt > STALE;
  if (isStale) write(state, words.stale);
  else if (show.paused) write(state, words.paused);
  else if (state.textContent === words.stale || state.textContent === words.paused) write(state, "");
}

// The lines of a paragraph of the sheet are one: the page breaks them by its own width. Japanese has no spaces to join by.
const joined = (say) => say.trim().replace(/([^\x00-\x7f])\n(?!\n)(?=[^\x00-\x7f])/g, "$1").replace(/([^\n])\n(?!\n)/g, "$1 ");

function minutes(seconds) {
  const whole = Math.abs(Math.round(seconds));
  return `${Math.round(seconds) < 0 ? "-" : ""}${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

async function give(button) {
  try {
    await operatorRequest(`stage/show/${button.value}`, { method: "POST" });
    write(state, fill(words.given, { order: button.textContent }));
  } catch {
    write(state, words.trouble);
  }
}
