// Slow and failed traces of the last minutes, grouped by hop and error. A group has the line of code that raised, the log
// lines around, the events of its wishes, and its traces as waterfalls. While one is in use, the list does not move.

import { fill } from "./console-session.js";
import { make } from "./elements.js";
import { events } from "./mission-events.js";
import { logView } from "./mission-logs.js";
import { clock, disclosure, kindOf, traceRow } from "./mission-trace.js";

const FIRST = 5; // rows of a group, until somebody asks for more
const KINDS = ["fault", "throttled", "error", "slow"]; // the worst first

export function traces(words) {
  const note = make("p", { class: "unavailable", hidden: true });
  const empty = make("p", { class: "empty", hidden: true }, words.no_traces);
  const groups = groupList(words);
  const xray = make("a", { rel: "noreferrer", target: "_blank", hidden: true }, words.xray);
  const element = make(
    "section",
    { class: "traces-panel", "aria-labelledby": "traces-title" },
    make("div", { class: "top" }, make("h2", { id: "traces-title" }, words.traces), xray),
    make("p", { class: "muted" }, words.traces_lead),
    note,
    groups.element,
    empty,
  );
  function show({ traces: known, xray_url: url }) {
    xray.hidden = !url?.startsWith("https://");
    if (!xray.hidden) xray.href = url;
    if (known == null) return;
    groups.show(known);
    empty.hidden = groups.element.childElementCount > 0;
  }

  return { element, note, needs: ["traces"], show };
}

// The groups of some traces, as a list that does not move while it is in use.
export function groupList(words) {
  const list = make("ul", { class: "groups", role: "list" });
  const groups = new Map(); // of those that are shown: {element, update}, by what they have in common

  function show(known) {
    if (!list.matches(":hover, :focus-within")) update(known);
  }

  // An open group stays, also when it is too old for the list.
  function update(known) {
    const found = new Map();
    for (const trace of known) found.set(keyOf(trace), [...(found.get(keyOf(trace)) ?? []), trace]);
    for (const [key, { element: shown }] of groups) {
      if (found.has(key) || shown.querySelector("[aria-expanded=true]")) continue;
      shown.remove();
      groups.delete(key);
    }
    const worst = [...found].sort(([, [one]], [, [other]]) => KINDS.indexOf(kindOf(one)) - KINDS.indexOf(kindOf(other)));
    for (const [key, members] of worst) {
      if (!groups.has(key)) groups.set(key, group(words));
      groups.get(key).update(members);
    }
    const elements = worst.map(([key]) => groups.get(key).element);
    const isInOrder = elements.every((each, place) => list.children[place] === each);
    if (!isInOrder) list.prepend(...elements); // only then: what moves loses how far it was scrolled
  }

  return { element: list, show };
}

function keyOf(trace) {
  return [kindOf(trace), trace.origin?.hop, trace.origin?.error].join("\n");
}

function group(words) {
  const name = make("b", {});
  const raisedAt = make("code", {});
  const newest = make("span", { class: "at" });
  const parts = make("div", { class: "parts" });
  const rows = make("ul", { class: "traces", role: "list" });
  const more = make("button", { type: "button", class: "quiet", hidden: true });
  const shown = new Map(); // trace id → its row
  let members = [];
  let showsAll = false;

  const around = () => ({ around: members[0].origin?.at ?? members[0].started });
  part(words.logs_around, () => logView(words, around()));
  part(words.events, () => events(words, members.map((trace) => trace.wish_id), around()));
  const [button, details] = disclosure("group", [name, raisedAt, newest], () => details.replaceChildren(parts, rows, more));
  more.addEventListener("click", () => {
    showsAll = true;
    showRows();
    rows.children[FIRST].querySelector("button").focus();
  });
  const element = make("li", {}, button, details);

  // A part reads what it shows each time it is opened: a group may have newer traces by then.
  function part(title, read) {
    parts.append(...disclosure("quiet", [title], (opened) => opened.replaceChildren(read())));
  }

  function update(latest) {
    members = latest;
    const [{ origin, started }] = members;
    const kind = kindOf(members[0]);
    const error = origin?.error ?? words.kinds[kind];
    name.dataset.kind = kind;
    name.textContent = fill(words.group, { hop: origin?.hop ?? "?", error, count: members.length });
    raisedAt.textContent = origin?.raised_at ?? "";
    newest.textContent = clock.format(new Date(origin?.at ?? started));
    const ids = new Set(members.map((trace) => trace.trace_id));
    for (const [id, row] of shown) {
      if (ids.has(id) || row.querySelector("[aria-expanded=true]")) continue;
      row.remove();
      shown.delete(id);
    }
    for (const trace of members.toReversed()) {
      if (shown.has(trace.trace_id)) continue;
      shown.set(trace.trace_id, traceRow(trace, words));
      rows.prepend(shown.get(trace.trace_id));
    }
    showRows();
  }

  // The newest; one that is open stays.
  function showRows() {
    const isMore = (row, place) => !showsAll && place >= FIRST && !row.querySelector("[aria-expanded=true]");
    [...rows.children].forEach((row, place) => (row.hidden = isMore(row, place)));
    const count = rows.querySelectorAll(":scope > [hidden]").length;
    more.hidden = !count;
    more.textContent = fill(words.more_traces, { count });
  }

  return { element, update };
}
