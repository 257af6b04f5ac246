// The alarms that are on, with what the audience notices of each. All others are shown only on request.

import { byId, fill, write } from "./console-session.js";
import { duration, make } from "./elements.js";

const MOST_ANNOUNCED = 3; // names

export function alarms(words) {
  const title = make("h2", { id: "alarms-title" }, words.asking);
  const lead = make("p", { class: "muted" });
  const note = make("p", { class: "unavailable", hidden: true });
  const on = make("ul", { class: "on", role: "list" });
  const rows = make("ul", { role: "list" });
  const all = make("details", { class: "all" }, make("summary", {}, words.all_alarms), rows);
  const element = make("section", { class: "alarms", "aria-labelledby": "alarms-title" }, title, lead, note, on, all);
  let announced = null; // the names of the alarms that were on

  function show({ alarms: known, now }) {
    element.dataset.state = known == null ? "missing" : known.some(isOn) ? "on" : "quiet";
    if (known == null) {
      // Alarms that were on may still be on. "All quiet" is not known any more.
      if (!announced) write(title, words.alarms);
      write(lead, "");
      return;
    }
    const alarmsOn = known.filter(isOn);
    const watched = known.filter((alarm) => !alarm.signal).length;
    const names = alarmsOn.map((alarm) => alarm.name);
    const heading = fill([words.quiet, words.one_on][alarmsOn.length] ?? words.many_on, { count: alarmsOn.length });
    write(title, heading);
    write(lead, alarmsOn.length ? "" : fill(watched ? words.watched : words.not_watched, { count: watched }));
    on.replaceChildren(...alarmsOn.map((alarm) => card(alarm, now)));
    rows.replaceChildren(...known.map(row));
    // Only a change is announced, and a first answer with an alarm in it.
    if (names.join() === announced) return;
    const isNew = announced !== null || alarmsOn.length > 0;
    if (isNew) byId("announcement").textContent = [heading, ...names.slice(0, MOST_ANNOUNCED)].join(". ");
    announced = names.join();
  }

  function card({ name, description, runbook, reason, since }, now) {
    const age = duration(Math.max(0, Date.parse(now) - Date.parse(since)));
    return make(
      "li",
      {},
      make("h3", {}, name, " ", make("small", {}, fill(words.since, { age }))),
      make("p", { class: "audience" }, symptom(words, { name, description })),
      make("p", { class: "small-print" }, `${words.runbook} `, page(runbook), make("br"), reason ?? ""),
    );
  }

  const row = ({ name, state, signal }) =>
    make(
      "li",
      { "data-state": state },
      make("span", {}, name, ...(signal ? [" ", make("small", {}, words.signal)] : [])),
      " ",
      make("b", {}, words.states[state] ?? state),
    );

  return { element, note, needs: ["alarms"], show };
}

// What the audience notices; English is the alarm's own.
export const symptom = (words, { name, description }) => words.symptoms[name] ?? description ?? "";

// A runbook has an address where the template's RunbooksUrl is one, and below this stack's own on a laptop.
export function page(runbook) {
  const name = make("code", {}, runbook?.replace("./", "") ?? "–");
  if (!/^(https:\/\/|\.\/)/.test(runbook)) return name;
  return make("a", { href: runbook, hreflang: "en", target: "_blank", rel: "noreferrer" }, name);
}

// A signal is one window of a burn-rate alarm: alone it is no alarm, and notifies nobody.
export const isOn = ({ state, signal }) => state === "ALARM" && !signal;
