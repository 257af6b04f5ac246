// Slow and failed wishes of the last minutes. Each opens as a waterfall; while one is in use, the list does not move.

import { operatorRequest, write } from "./console-session.js";
import { duration, make } from "./elements.js";
import { waterfall } from "./waterfall.js";

const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

export function traces(words) {
  const note = make("p", { class: "unavailable", hidden: true });
  const empty = make("p", { class: "empty", hidden: true }, words.no_traces);
  const list = make("ul", { class: "traces", role: "list" });
  const xray = make("a", { rel: "noreferrer", target: "_blank", hidden: true }, words.xray);
  const element = make(
    "section",
    { class: "traces-panel", "aria-labelledby": "traces-title" },
    make("div", { class: "top" }, make("h2", { id: "traces-title" }, words.traces), xray),
    make("p", { class: "muted" }, words.traces_lead),
    note,
    list,
    empty,
  );
  const rows = new Map(); // trace id → its row

  function show({ traces: known, xray_url: url }) {
    xray.hidden = !url?.startsWith("https://");
    if (!xray.hidden) xray.href = url;
    if (known == null) return;
    if (!list.matches(":hover, :focus-within")) update(known);
    empty.hidden = rows.size > 0;
  }

  // An open trace stays, also when it is too old for the list.
  function update(known) {
    const knownIds = new Set(known.map((trace) => trace.trace_id));
    for (const [id, row] of rows) {
      if (knownIds.has(id) || row.querySelector("[aria-expanded=true]")) continue;
      row.remove();
      rows.delete(id);
    }
    for (const trace of known.toReversed()) {
      if (rows.has(trace.trace_id)) continue;
      rows.set(trace.trace_id, newRow(trace));
      list.prepend(rows.get(trace.trace_id));
    }
  }

  function newRow(trace) {
    const kind = ["fault", "error", "throttled"].find((name) => trace[name]) ?? "slow";
    const button = make(
      "button",
      { type: "button", class: "trace", "aria-expanded": "false" },
      make("span", {}, clock.format(new Date(trace.started))),
      " ",
      make("b", { "data-kind": kind }, words.kinds[kind]),
      " ",
      make("span", { class: "took" }, duration(trace.duration_ms)),
      " ",
      make("code", {}, trace.wish_id ?? trace.trace_id),
    );
    const details = make("div", { class: "details", hidden: true });
    button.addEventListener("click", () => {
      const isOpen = details.hidden;
      details.hidden = !isOpen;
      button.setAttribute("aria-expanded", String(isOpen));
      if (isOpen) showWaterfall(details, trace);
    });
    return make("li", {}, button, details);
  }

  async function showWaterfall(details, trace) {
    const status = make("p", { class: "muted", role: "status" }, words.asking);
    details.replaceChildren(status);
    try {
      const answer = await operatorRequest(`ops/traces/${encodeURIComponent(trace.trace_id)}`);
      details.replaceChildren(waterfall(answer, words.travel), status);
      write(status, answer.complete || !answer.wish_id ? "" : words.travel.partly);
      status.after(make("p", { class: "muted" }, make("code", {}, trace.trace_id)));
    } catch {
      write(status, words.no_trace);
    }
  }

  return { element, note, needs: ["traces"], show };
}
