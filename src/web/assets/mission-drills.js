// Drills: start one, see how long something is still broken, end it. Only the laptop has them: elsewhere the panel stays away.

import { fill, operatorRequest, write } from "./console-session.js";
import { duration, make } from "./elements.js";
import { Countdown, follow } from "./stage.js";

const EVERY = 2_000; // milliseconds

// A button that is not possible now keeps the focus.
const allow = (button, isAllowed) => button.setAttribute("aria-disabled", String(!isAllowed));

export function drills(words, onLaptop) {
  const titles = words.drill_titles;
  const heading = make("h2", { id: "drills-title" }, words.drills);
  const state = make("p", { role: "status" });
  const says = make("p", { class: "small-print" });
  const broken = make("p");
  const note = make("p", { class: "unavailable", hidden: true });
  const options = Object.entries(titles).map(([name, title]) => make("option", { value: name }, title));
  const choice = make("select", { id: "drill" }, ...options);
  const start = make("button", { type: "button", class: "quiet" }, words.drill_start);
  const end = make("button", { type: "button", class: "quiet" }, words.drill_end);
  const controls = make("p", { class: "controls" }, make("label", { for: "drill" }, words.drill), choice, start, end);
  const lead = make("p", { class: "muted" }, words.drills_lead);
  const panel = { class: "drills rail", "aria-labelledby": "drills-title", hidden: true };
  const element = make("section", panel, heading, lead, controls, state, says, broken, note);
  const left = new Countdown(showLeft);
  let poll = null;

  function showLeft(seconds) {
    const isBroken = element.dataset.state === "broken";
    const time = seconds ? fill(words.drill_broken, { age: duration(1000 * seconds) }) : words.drill_until;
    write(broken, isBroken ? time : words.drill_nothing);
  }

  function show(answer) {
    if (element.hidden) onLaptop();
    element.hidden = false;
    element.dataset.state = answer.broken ? "broken" : "whole";
    const title = titles[answer.name] ?? answer.name;
    write(state, answer.name ? fill(answer.running ? words.drill_runs : words.drill_ended, { title }) : "");
    write(says, answer.says ?? "");
    left.set(answer.seconds_left ?? 0);
    allow(start, !answer.running);
    allow(end, answer.running || answer.broken);
  }

  async function act(button, method, path) {
    if (button.ariaDisabled === "true") return;
    for (const each of [start, end]) allow(each, false);
    note.hidden = true;
    try {
      show(await operatorRequest(path, { method, timeout: 30_000 }));
    } catch {
      write(note, words.drill_trouble);
      note.hidden = false; // the next answer says what is possible
    }
  }

  start.addEventListener("click", () => act(start, "POST", `stage/drills/${choice.value}`));
  end.addEventListener("click", () => act(end, "DELETE", "stage/drills"));

  return {
    element,
    start() {
      poll ??= follow(() => operatorRequest("stage/drills"), (answer) => "running" in answer && show(answer), EVERY);
    },
    stop() {
      poll?.stop();
      poll = null;
    },
  };
}
