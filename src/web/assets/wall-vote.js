// The show's part of the wall: a vote with its countdown, its winner, and what is broken on purpose. It asks the stage once a
// second, and tells every other script of the wall what it heard: the event "stage", with the answer.

import { loadedTexts, make, write } from "./elements.js";
import { request } from "./poll.js";
import { Countdown, drillTitle, follow } from "./stage.js";

const EVERY = 1_000; // milliseconds, as everywhere below
const MENDED = 15_000; // for which the wall says that it is mended

const texts = loadedTexts.stage;
const { root } = JSON.parse(document.getElementById("texts").textContent);
const number = new Intl.NumberFormat(document.documentElement.lang);
const hall = document.getElementById("hall");

const title = make("h2", { id: "hall-title" });
const what = make("p", { class: "what" });
const clock = make("p", { class: "clock", "aria-hidden": "true" });
const choices = make("ol", { role: "list" });
const countdown = new Countdown((seconds) => write(clock, seconds ? number.format(seconds) : ""));
hall.replaceChildren(title, clock, what, choices);

let mended = { of: null, at: 0 }; // the drill, and when this page heard of its end

follow(async () => (await request(`${root}stage`)).json(), show, EVERY);

function show(stage) {
  document.dispatchEvent(new CustomEvent("stage", { detail: stage }));
  const { vote, winner, drill } = stage;
  const isOpen = vote?.seconds_left > 0;
  const state = isOpen ? "vote" : drill ? (drill.ended ? "mended" : "broken") : winner ? "winner" : "";
  if (state === "mended" && mended.of !== drill.began) mended = { of: drill.began, at: performance.now() };
  hall.hidden = !state || (state === "mended" && performance.now() - mended.at > MENDED);
  hall.dataset.state = state;
  write(title, { vote: texts.ask, winner: texts.winner, broken: texts.broken, mended: texts.mended }[state] ?? "");
  write(what, isOpen ? "" : drill ? drillTitle(drill, texts) : winner ? drillTitle(winner, texts) : "");
  countdown.set((isOpen ? vote : drill)?.seconds_left ?? 0);
  choices.replaceChildren(...(isOpen ? vote.choices.map((choice) => row(choice, vote.counts)) : []));
}

function row(choice, counts) {
  const most = Math.max(1, ...Object.values(counts));
  const bar = make("i", { "aria-hidden": "true" });
  bar.style.setProperty("--share", counts[choice.id] / most);
  return make("li", {}, make("span", {}, drillTitle(choice, texts)), " ", make("b", {}, number.format(counts[choice.id])), bar);
}
