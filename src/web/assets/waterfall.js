// A trace as a waterfall: a row per segment, its name, when it began, how long it took, and a bar to scale.

import { duration, make } from "./elements.js";

// `trace`: the answer of GET wishes/ID/trace or ops/traces/ID; `words`: the page's texts of the journey. The audience sees
// only the hops, under their words; an operator sees all segments, under their names.
export function waterfall(trace, words, { isForAudience = false } = {}) {
  const segments = trace.segments.filter((segment) => !isForAudience || segment.hop);
  const ends = segments.map((segment) => segment.offset_ms + (segment.duration_ms ?? 0));
  const whole = Math.max(1, trace.duration_ms ?? 0, ...ends);
  const rows = segments.map((segment) => row(segment, whole, words, isForAudience));
  const element = make("ol", { class: `waterfall${isForAudience ? " audience" : ""}`, role: "list" }, ...rows);
  element.querySelector("details")?.setAttribute("open", ""); // the outermost error: those below it caused it
  return element;
}

function row(segment, whole, words, isForAudience) {
  const { name, hop, offset_ms: offset, duration_ms: took } = segment;
  const hopWords = words.hops[hop];
  const hasEnded = segment.end != null;
  const technical = make("code", {}, isForAudience ? hop : name);
  const title = isForAudience ? [make("b", {}, hopWords ?? hop), " ", technical] : [technical];
  if (!isForAudience && hopWords) title.push(" ", make("span", { class: "muted" }, hopWords));
  const bar = make("i", { class: hasEnded ? "span" : "span open" });
  bar.style.setProperty("--from", `${(100 * offset) / whole}%`);
  bar.style.setProperty("--to", `${hasEnded ? (100 * (offset + took)) / whole : 100}%`);
  const state = segment.fault ? "failed" : hop === "Inbox" || hop === "Pods" ? "waits" : null;
  const element = make(
    "li",
    { "data-hop": hop, "data-state": state },
    make("span", { class: "name" }, ...title, ...marksOf(segment, words, isForAudience)),
    make("span", { class: "at" }, `+${duration(offset)}`),
    make("span", { class: "took" }, hasEnded ? duration(took) : words.under_way),
    make("span", { class: "track", "aria-hidden": "true" }, bar),
    ...(segment.exceptions ?? []).map(raised),
  );
  if (!isForAudience) element.style.setProperty("--depth", Math.min(8, segment.depth));
  return element;
}

// An error with its class, the line of ours that raised it, and the stack. Only operators get them, and nobody its text:
// that may quote what a person typed.
const raised = ({ type, raised_at: at, stack: frames }) => stack(frames, at, make("b", {}, type), " ");

// A stack, closed under the line that raised. Its last line is the innermost.
export function stack(frames, raisedAt, ...title) {
  const lines = frames.map((frame) => make("li", {}, make(frame === raisedAt ? "b" : "span", {}, frame)));
  const summary = make("summary", {}, ...title, make("code", {}, raisedAt ?? ""));
  return make("details", { class: "stack" }, summary, make("ol", { role: "list" }, ...lines));
}

function marksOf({ fault, error, outcome, receive_count: count }, words, isForAudience) {
  const marks = [];
  if (fault) marks.push(make("strong", { class: "failed" }, words.failed));
  // A 4xx inside, such as a condition that did not hold: the caller went on from there.
  else if (error) marks.push(make("span", { class: "mark" }, words.refused));
  if (count > 1) marks.push(make("span", { class: "mark" }, words.attempt.replace("{count}", count)));
  const end = words.outcomes[outcome] ?? (isForAudience ? null : outcome);
  if (end) marks.push(make("span", { class: "mark" }, end));
  return marks.flatMap((mark) => [" ", mark]);
}
