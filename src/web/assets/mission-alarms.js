// What is wrong right now: the alarms that are on, as the audience feels them. All others only on request.

import { byId, fill, write } from "./console-session.js";
import { duration, make } from "./elements.js";

const MOST_TOLD = 3;

export function alarms(words) {
  const title = make("h2", { id: "alarms-title" }, words.asking);
  const lead = make("p", { class: "soft" });
  const note = make("p", { class: "cannot", hidden: true });
  const on = make("ul", { class: "on", role: "list" });
  const rows = make("ul", { role: "list" });
  const all = make("details", { class: "all" }, make("summary", {}, words.all_alarms), rows);
  const element = make("section", { class: "alarms", "aria-labelledby": "alarms-title" }, title, lead, note, on, all);
  let told = null; // the names of what was on

  function show({ alarms: known, now }) {
    element.dataset.state = known == null ? "missing" : known.some(isOn) ? "on" : "quiet";
    if (known == null) {
      // What was on may still be; that all is quiet nobody knows any more.
      if (!told) write(title, words.alarms);
      write(lead, "");
      return;
    }
    const lit = known.filter(isOn);
    const watched = known.filter((alarm) => !alarm.signal).length;
    const names = lit.map((alarm) => alarm.name);
    const heading = fill([words.quiet, words.one_on][lit.length] ?? words.many_on, { count: lit.length });
    write(title, heading);
    write(lead, lit.length ? "" : fill(watched ? words.watched : words.not_watched, { count: watched }));
    on.replaceChildren(...lit.map((alarm) => card(alarm, now)));
    rows.replaceChildren(...known.map(row));
    // What the first answer says is on the page already, unless it is bad; what changes is news.
    if (names.join() === told) return;
    if (told !== null || lit.length) byId("said").textContent = [heading, ...names.slice(0, MOST_TOLD)].join(". ");
    told = names.join();
  }

  function card({ name, description, runbook, reason, since }, now) {
    const age = duration(Math.max(0, Date.parse(now) - Date.parse(since)));
    return make(
      "li",
      {},
      make("h3", {}, name, " ", make("small", {}, fill(words.since, { age }))),
      make("p", { class: "audience" }, description ?? ""),
      make("p", { class: "fine" }, `${words.runbook} `, make("code", {}, runbook ?? "–"), make("br"), reason ?? ""),
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

// A window of a burn-rate alarm only says half of it, and notifies nobody.
const isOn = ({ state, signal }) => state === "ALARM" && !signal;
