// Mission control: reads the state of the stack, and gives each part of the answer to the panel that shows it. Without an
// answer the page keeps what it knew, with its age; a part that the server could not read is marked.

import { byId, fill, loadedTexts, loadStyles, operatorRequest, write } from "./console-session.js";
import { duration, make } from "./elements.js";
import { alarms } from "./mission-alarms.js";
import { budgets, totals } from "./mission-budgets.js";
import { letters } from "./console-letters.js";
import { drills } from "./mission-drills.js";
import { logs } from "./mission-logs.js";
import { map } from "./mission-map.js";
import { tiles } from "./mission-tiles.js";
import { traces } from "./mission-traces.js";
import { Poll } from "./poll.js";

const POLL = { every: 5_000, first: 10_000, longest: 60_000 }; // milliseconds
const STALE = 15_000; // milliseconds without an answer, after which the page says so
const words = { ...loadedTexts.mission, travel: loadedTexts.travel, drill_titles: loadedTexts.stage.drills };

const view = byId("view-mission");
const age = make("p", { class: "muted", id: "mission-age" }, words.asking);
const tilePanels = tiles(words);
const railPanels = [alarms(words), budgets(words), totals(words), traces(words), logs(words)];
const mapPanel = map(words); // a view of its own, of the same answers
const panels = [...railPanels, mapPanel, ...tilePanels];
const lettersPanel = letters(words); // this and the next are for the laptop only
const drillsPanel = drills(words, lettersPanel.reveal); // asks by itself
const poll = new Poll(() => operatorRequest("ops/mission"), show, POLL);
let answer = null;

const [first, ...others] = railPanels.map((panel) => panel.element);
const grid = make("section", { class: "tiles", "aria-label": words.numbers }, ...tilePanels.map((panel) => panel.element));
view.replaceChildren(first, mapPanel.element, grid, drillsPanel.element, lettersPanel.element, ...others);
byId("shortcuts").after(age); // the shortcuts are for moderation
await loadStyles(view);
setInterval(showAge, 1000);

export function start() {
  view.dataset.view = location.hash === "#map" ? "map" : "numbers";
  for (const each of [poll, drillsPanel]) each.start();
}
export const stop = () => [poll, drillsPanel].forEach((each) => each.stop());

function show(latest) {
  answer = latest;
  for (const panel of panels) showPanel(panel);
  showAge();
}

// A panel names the parts of the answer that it needs. Without them it keeps what it showed, and is marked.
function showPanel(panel) {
  const isMissing = panel.needs.some((part) => answer[part] == null);
  panel.element.classList.toggle("missing", isMissing);
  if (!isMissing) panel.updatedAt = poll.answeredAt;
  panel.show(answer);
  panel.note.hidden = !isMissing;
  if (!isMissing) return;
  const panelAge = panel.updatedAt && duration(performance.now() - panel.updatedAt);
  write(panel.note, panelAge ? fill(words.missing_old, { age: panelAge }) : words.missing);
}

function showAge() {
  if (view.hidden) return;
  const silence = performance.now() - poll.answeredAt;
  const isStale = silence > STALE;
  view.classList.toggle("stale", isStale);
  age.classList.toggle("stale", isStale);
  if (isStale) write(age, fill(words.stale, { age: duration(silence) }));
  else if (answer) write(age, fill(words.fresh, { age: `${Math.floor(silence / 1000)} s` }));
}
