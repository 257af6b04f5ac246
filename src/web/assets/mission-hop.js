// One hop of the map, opened: its alarms with what the audience notices, and its newest traces as waterfalls.

import { operatorRequest, write } from "./console-session.js";
import { duration, make } from "./elements.js";
import { waterfall } from "./waterfall.js";

export function hopDetails(words) {
  const says = words.map;
  const title = make("h3", { id: "hop-title" });
  const alarms = make("ul", { class: "hop-alarms", role: "list" });
  const lead = make("p", { class: "muted" });
  const traces = make("ul", { class: "traces", role: "list" });
  const element = make("section", { class: "hop", "aria-labelledby": "hop-title", hidden: true }, title, alarms, lead, traces);
  let shown = null; // the name of the hop

  // `opened`: {name, alarms, hop}, where the hop has its traces; null closes it. While a trace is in use, the list stays.
  function show(opened) {
    const isNew = opened?.name !== shown;
    shown = opened?.name ?? null;
    element.hidden = !opened;
    if (!opened) return;
    write(title, says.names[shown] ?? shown);
    alarms.replaceChildren(...opened.alarms.map(alarm));
    const isInUse = traces.matches(":hover, :focus-within") || traces.querySelector("[aria-expanded=true]");
    if (isInUse && !isNew) return;
    const known = opened.hop?.traces ?? [];
    write(lead, known.length ? says.traces : says.no_traces);
    traces.replaceChildren(...known.map(row));
  }

  const alarm = ({ name, description, runbook }) =>
    make("li", {}, make("b", {}, `▲ ${name}`), " ", description, " ", make("code", {}, runbook ?? ""));

  function row(trace) {
    const kind = trace.fault ? "fault" : "slow";
    const button = make(
      "button",
      { type: "button", class: "trace", "aria-expanded": "false" },
      make("span", { class: "took" }, duration(trace.duration_ms)),
      " ",
      make("b", { "data-kind": kind }, trace.fault ? words.kinds.fault : says.fine),
      " ",
      make("code", {}, trace.wish_id ?? trace.trace_id),
    );
    const details = make("div", { class: "details", hidden: true });
    button.addEventListener("click", () => {
      details.hidden = !details.hidden;
      button.setAttribute("aria-expanded", String(!details.hidden));
      if (!details.hidden) showWaterfall(details, trace);
    });
    return make("li", {}, button, details);
  }

  async function showWaterfall(details, trace) {
    const status = make("p", { class: "muted", role: "status" }, words.asking);
    details.replaceChildren(status);
    try {
      const answer = await operatorRequest(`ops/traces/${encodeURIComponent(trace.trace_id)}`);
      details.replaceChildren(waterfall(answer, words.travel), make("p", { class: "muted" }, make("code", {}, trace.trace_id)));
    } catch {
      write(status, words.no_trace);
    }
  }

  return { element, show };
}
