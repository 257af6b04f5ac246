// One hop of the map, opened: its alarms with what the audience notices, its logs, and its newest traces.

import { write } from "./console-session.js";
import { make } from "./elements.js";
import { page, symptom } from "./mission-alarms.js";
import { logView } from "./mission-logs.js";
import { disclosure, traceRow } from "./mission-trace.js";
import { groupList } from "./mission-traces.js";

const LOGS_SPAN = 60; // seconds
// Whose log says what happened at a hop that has none: the function that reads the queue, or that writes the table.
const LOGS_OF = {
  API: "frontend",
  Inbox: "parser",
  InboxDlq: "parser",
  Pods: "worker",
  PodsDlq: "worker",
  EventStore: "worker",
  ReadModel: "projector",
  ProjectorDlq: "projector",
};

// In whose traces a call of a hop fails that is no function: those of the function that calls it.
const CALLER_OF = { ...LOGS_OF, Inbox: "frontend", Pods: "parser" };

export const nameOf = (says, hop) => (hop.endsWith("Dlq") ? says.names.Dlq : (says.names[hop] ?? hop));

export function hopDetails(words) {
  const says = words.map;
  const ofTrace = { ...words, kinds: { ...words.kinds, slow: says.done } };
  const title = make("h3", { id: "hop-title" });
  const alarms = make("ul", { class: "hop-alarms", role: "list" });
  const logs = make("div", { class: "hop-logs" });
  const groupsLead = make("p", { class: "muted" }, says.groups);
  let groups = groupList(words);
  const lead = make("p", { class: "muted" });
  const traces = make("ul", { class: "traces", role: "list" });
  const element = make("section", { class: "hop", "aria-labelledby": "hop-title", hidden: true }, title, alarms, logs, groupsLead, groups.element, lead, traces);
  let shown = null; // the name of the hop

  // `opened`: {name, alarms, hop, failed}, where the hop has its traces, and `failed` are those of all hops; null closes it.
  // While a trace is in use, the list stays.
  function show(opened) {
    const isNew = opened?.name !== shown;
    shown = opened?.name ?? null;
    element.hidden = !opened;
    if (!opened) return;
    alarms.replaceChildren(...opened.alarms.map(alarm));
    if (isNew) open(opened);
    const ofHop = [opened.name, CALLER_OF[opened.name]];
    groups.show(opened.failed.filter(({ origin }) => ofHop.includes(origin?.hop)));
    groupsLead.hidden = !groups.element.childElementCount;
    if (!isNew && (traces.matches(":hover, :focus-within") || traces.querySelector("[aria-expanded=true]"))) return;
    const known = opened.hop?.traces ?? [];
    write(lead, known.length ? says.traces : groupsLead.hidden ? says.no_traces : "");
    traces.replaceChildren(...known.map((trace) => traceRow(trace, ofTrace)));
  }

  function open({ name }) {
    write(title, nameOf(says, name));
    const emptied = groupList(words); // of another hop
    groups.element.replaceWith(emptied.element);
    groups = emptied;
    const read = () => logView(words, { service: LOGS_OF[name] ?? name, span: LOGS_SPAN });
    logs.replaceChildren(...disclosure("quiet", [says.logs], (details) => details.replaceChildren(read())));
  }

  const alarm = (each) =>
    make("li", {}, make("b", {}, `▲ ${each.name}`), " ", symptom(words, each), " ", page(each.runbook));

  return { element, show };
}
