// Mission control: asks how it goes, and hands each part of the answer to the panel that shows it. What was known stays
// on the page, with its age, when nobody answers; a part that the server could not read says so.

import { asOperator, byId, fill, texts, write } from "./console-session.js";
import { duration, make } from "./elements.js";
import { alarms } from "./mission-alarms.js";
import { budgets, totals } from "./mission-budgets.js";
import { tiles } from "./mission-tiles.js";
import { traces } from "./mission-traces.js";

const EVERY = 5_000; // ms
const MOST = 60_000; // ms between tries while nothing answers
const OLD = 15_000; // ms without an answer, after which the page says so
const words = texts.mission;

const view = byId("view-mission");
const age = make("p", { class: "soft", id: "mission-age" }, words.asking);
const numbers = tiles(words);
const panels = [alarms(words), budgets(words), totals(words), traces(words), ...numbers];
let round = 0; // of the polling: what belongs to an older one stops
let running = false;
let wake = () => {};
let answer = null;
let answeredAt = performance.now();

const [first, ...others] = panels.filter((panel) => !numbers.includes(panel)).map((panel) => panel.element);
const grid = make("section", { class: "tiles", "aria-label": words.numbers }, ...numbers.map((panel) => panel.element));
view.replaceChildren(first, grid, ...others);
byId("keys").after(age); // the keys are for moderation
await Promise.all(view.dataset.styles.split(" ").map(styled));
document.addEventListener("visibilitychange", () => wake());
addEventListener("online", () => wake());
setInterval(() => running && tellAge(), 1000);

export function start() {
  if (running) return;
  running = true;
  round += 1;
  poll(round);
}

export function stop() {
  running = false;
  round += 1;
  wake();
}

function styled(href) {
  const link = make("link", { rel: "stylesheet", href });
  document.head.append(link);
  return new Promise((resolve) => {
    link.onload = link.onerror = resolve;
  });
}

async function poll(mine) {
  let failures = 0;
  while (mine === round) {
    if (document.hidden) await pause(Infinity);
    if (mine !== round) return;
    failures = (await ask(mine)) ? 0 : failures + 1;
    if (mine !== round) return;
    // Full jitter: many consoles do not come back at the same moment.
    await pause(failures ? 1000 + Math.random() * Math.min(MOST, EVERY * 2 ** failures) : EVERY);
  }
}

// Ends early when the network or the operator is back.
function pause(ms) {
  return new Promise((resolve) => {
    wake = resolve;
    if (ms < Infinity) setTimeout(resolve, ms);
  });
}

async function ask(mine) {
  try {
    const latest = await (await asOperator("ops/mission")).json();
    if (mine !== round) return true;
    answer = latest;
    answeredAt = performance.now();
    for (const panel of panels) show(panel);
    return true;
  } catch {
    return false;
  } finally {
    tellAge();
  }
}

// A panel says which parts of the answer it needs. One without them keeps what it showed, marked as what it is.
function show(panel) {
  const isMissing = panel.needs.some((part) => answer[part] == null);
  panel.element.classList.toggle("missing", isMissing);
  if (!isMissing) panel.seenAt = answeredAt;
  panel.show(answer);
  panel.note.hidden = !isMissing;
  if (!isMissing) return;
  const old = panel.seenAt && duration(performance.now() - panel.seenAt);
  write(panel.note, old ? fill(words.missing_old, { age: old }) : words.missing);
}

function tellAge() {
  const silence = performance.now() - answeredAt;
  const isOld = silence > OLD;
  view.classList.toggle("stale", isOld);
  age.classList.toggle("old", isOld);
  if (isOld) write(age, fill(words.stale, { age: duration(silence) }));
  else if (answer) write(age, fill(words.fresh, { age: `${Math.floor(silence / 1000)} s` }));
}
