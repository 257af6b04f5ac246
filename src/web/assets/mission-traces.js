// Slow and failed wishes of the last minutes. Opening one shows its way as a waterfall; nothing moves meanwhile.

import { asOperator, write } from "./console-session.js";
import { duration, make } from "./elements.js";
import { waterfall } from "./waterfall.js";

const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

export function traces(words) {
  const note = make("p", { class: "cannot", hidden: true });
  const none = make("p", { class: "none", hidden: true }, words.no_traces);
  const list = make("ul", { class: "traces", role: "list" });
  const xray = make("a", { rel: "noreferrer", target: "_blank", hidden: true }, words.xray);
  const element = make(
    "section",
    { class: "slow", "aria-labelledby": "traces-title" },
    make("div", { class: "top" }, make("h2", { id: "traces-title" }, words.traces), xray),
    make("p", { class: "soft" }, words.traces_lead),
    note,
    list,
    none,
  );
  const rows = new Map(); // trace id → its row

  function show({ traces: known, xray_url: url }) {
    xray.hidden = !url?.startsWith("https://");
    if (!xray.hidden) xray.href = url;
    if (known == null) return;
    if (!list.matches(":hover, :focus-within")) arrange(known);
    none.hidden = rows.size > 0;
  }

  // What is open stays, also when it is no news any more.
  function arrange(known) {
    const seen = new Set(known.map((trace) => trace.trace_id));
    for (const [id, row] of rows) {
      if (seen.has(id) || row.querySelector("[aria-expanded=true]")) continue;
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
    const what = ["fault", "error", "throttled"].find((kind) => trace[kind]) ?? "slow";
    const button = make(
      "button",
      { type: "button", class: "trace", "aria-expanded": "false" },
      make("span", {}, clock.format(new Date(trace.started))),
      " ",
      make("b", { "data-kind": what }, words.kinds[what]),
      " ",
      make("span", { class: "took" }, duration(trace.duration_ms)),
      " ",
      make("code", {}, trace.wish_id ?? trace.trace_id),
    );
    const box = make("div", { class: "way", hidden: true });
    button.addEventListener("click", () => {
      const isOpen = box.hidden;
      box.hidden = !isOpen;
      button.setAttribute("aria-expanded", String(isOpen));
      if (isOpen) fetchInto(box, trace);
    });
    return make("li", {}, button, box);
  }

  async function fetchInto(box, trace) {
    const said = make("p", { class: "soft", role: "status" }, words.asking);
    box.replaceChildren(said);
    try {
      const found = await (await asOperator(`ops/traces/${encodeURIComponent(trace.trace_id)}`)).json();
      box.replaceChildren(waterfall(found, words.travel), said);
      write(said, found.complete || !found.wish_id ? "" : words.travel.partly);
      said.after(make("p", { class: "soft" }, make("code", {}, trace.trace_id)));
    } catch {
      write(said, words.no_trace);
    }
  }

  return { element, note, needs: ["traces"], show };
}
