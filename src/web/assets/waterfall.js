// A trace as a waterfall: a row per segment, its name, when it began, how long it took, and a bar to scale.

import { duration, make } from "./elements.js";

// `trace` as GET wishes/ID/trace and ops/traces/ID answer it; `words` are the page's texts of the journey. For the
// audience only the hops, under their words; an operator sees all segments, under their names.
export function waterfall(trace, words, { isForAudience = false } = {}) {
  const segments = trace.segments.filter((segment) => !isForAudience || segment.hop);
  const ends = segments.map((segment) => segment.offset_ms + (segment.duration_ms ?? 0));
  const whole = Math.max(1, trace.duration_ms ?? 0, ...ends);
  const rows = segments.map((segment) => row(segment, whole, words, isForAudience));
  return make("ol", { class: `waterfall${isForAudience ? " audience" : ""}`, role: "list" }, ...rows);
}

function row(segment, whole, words, isForAudience) {
  const { name, hop, offset_ms: offset, duration_ms: took } = segment;
  const inWords = words.hops[hop];
  const isOver = segment.end != null;
  const technical = make("code", {}, isForAudience ? hop : name);
  const title = isForAudience ? [make("b", {}, inWords ?? hop), " ", technical] : [technical];
  if (!isForAudience && inWords) title.push(" ", make("span", { class: "soft" }, inWords));
  const bar = make("i", { class: isOver ? "span" : "span open" });
  bar.style.setProperty("--from", `${(100 * offset) / whole}%`);
  bar.style.setProperty("--to", `${isOver ? (100 * (offset + took)) / whole : 100}%`);
  const state = segment.fault ? "failed" : hop === "Inbox" || hop === "Pods" ? "waits" : null;
  const element = make(
    "li",
    { "data-hop": hop, "data-state": state },
    make("span", { class: "name" }, ...title, ...marks(segment, words, isForAudience)),
    make("span", { class: "at" }, `+${duration(offset)}`),
    make("span", { class: "took" }, isOver ? duration(took) : words.under_way),
    make("span", { class: "track", "aria-hidden": "true" }, bar),
  );
  if (!isForAudience) element.style.setProperty("--depth", Math.min(8, segment.depth));
  return element;
}

function marks({ fault, error, outcome, receive_count: count }, words, isForAudience) {
  const said = [];
  if (fault) said.push(make("strong", { class: "failed" }, words.failed));
  // A 4xx inside: a condition that did not hold, say. Whoever called went on from there.
  else if (error) said.push(make("span", { class: "mark" }, words.refused));
  if (count > 1) said.push(make("span", { class: "mark" }, words.attempt.replace("{count}", count)));
  const ended = words.outcomes[outcome] ?? (isForAudience ? null : outcome);
  if (ended) said.push(make("span", { class: "mark" }, ended));
  return said.flatMap((each) => [" ", each]);
}
