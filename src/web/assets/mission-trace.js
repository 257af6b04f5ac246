// One trace in a list: a button with what it is about, which opens its waterfall.

import { operatorRequest, write } from "./console-session.js";
import { duration, make } from "./elements.js";
import { logView } from "./mission-logs.js";
import { waterfall } from "./waterfall.js";

export const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
export const kindOf = (trace) => ["fault", "error", "throttled"].find((name) => trace[name]) ?? "slow";

export function traceRow(trace, words) {
  const kind = kindOf(trace);
  const about = [
    make("span", {}, clock.format(new Date(trace.started))),
    make("b", { "data-kind": kind }, words.kinds[kind]),
    make("span", { class: "took" }, duration(trace.duration_ms)),
    make("code", {}, trace.wish_id ?? trace.trace_id),
  ];
  return make("li", {}, ...disclosure("trace", about, (details) => showWaterfall(details, trace, words)));
}

// A button and what it opens: `show(details)` fills it, each time it is opened.
export function disclosure(kind, children, show) {
  const spaced = children.flatMap((child) => [child, " "]);
  const button = make("button", { type: "button", class: kind, "aria-expanded": "false" }, ...spaced);
  const details = make("div", { class: "details", hidden: true });
  button.addEventListener("click", () => {
    details.hidden = !details.hidden;
    button.setAttribute("aria-expanded", String(!details.hidden));
    if (!details.hidden) show(details);
  });
  return [button, details];
}

async function showWaterfall(details, trace, words) {
  const status = make("p", { class: "muted", role: "status" }, words.asking);
  details.replaceChildren(status);
  try {
    const answer = await operatorRequest(`ops/traces/${encodeURIComponent(trace.trace_id)}`);
    details.replaceChildren(waterfall(answer, words.travel), status);
    const at = trace.origin?.at ?? new Date(Date.parse(trace.started) + trace.duration_ms).toISOString();
    const logs = disclosure("quiet", [words.logs_around], (opened) => opened.replaceChildren(logView(words, { around: at })));
    write(status, answer.complete || !answer.wish_id ? "" : words.travel.partly);
    status.after(make("p", { class: "muted" }, make("code", {}, trace.trace_id)), ...logs);
  } catch {
    write(status, words.no_trace);
  }
}
