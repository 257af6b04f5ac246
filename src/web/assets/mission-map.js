// The map: what each hop of the chain did just now, and where it hurts. A hop opens with its alarms and its traces.

import { fill, lang } from "./console-session.js";
import { duration, make } from "./elements.js";
import { isOn } from "./mission-alarms.js";
import { newestOf } from "./mission-chart.js";
import { hopDetails, nameOf } from "./mission-hop.js";
import { drawing, NODES } from "./mission-map-drawing.js";
import { perMinute } from "./mission-tiles.js";
import { kindOf } from "./mission-trace.js";

const number = new Intl.NumberFormat(lang, { maximumFractionDigits: 0 });
const RATES = {
  phone: "accepted",
  API: "requests",
  frontend: "accepted",
  parser: "parsed",
  worker: "worked",
  EventStore: "recorded",
  projector: "projected",
  ReadModel: "projected",
};
const QUEUE_OF = { InboxDlq: "Inbox", PodsDlq: "Pods", ProjectorDlq: "Projector" };
const MARKS = { alarm: "▲ ", hurts: "! ", unknown: "? ", fine: "" };

export function map(words) {
  const says = words.map;
  const note = make("p", { class: "unavailable", hidden: true });
  const chain = drawing(says.title, open);
  const details = hopDetails(words);
  const element = make(
    "section",
    { class: "map", "aria-labelledby": "map-title" },
    make("h2", { id: "map-title" }, says.title),
    make("p", { class: "muted" }, says.lead),
    note,
    chain.element,
    details.element,
  );
  let answer = null;
  let opened = null; // the name of a hop

  function open(name) {
    opened = opened === name ? null : name;
    if (answer) show(answer);
    if (opened) details.element.scrollIntoView({ block: "nearest" });
  }

  function show(latest) {
    answer = latest;
    const facts = new Map();
    for (const { name, kind, dlq } of NODES) {
      facts.set(name, factsOf(name, kind));
      if (dlq) facts.set(dlq, deadLetters(dlq));
    }
    chain.show(facts);
    details.show(opened && { name: opened, alarms: alarmsOf(opened), hop: hopOf(opened), failed: failed() });
  }

  const failed = () => (answer.traces ?? []).filter((trace) => kindOf(trace) !== "slow");
  const hopOf = (name) => answer.hops?.find((hop) => hop.name === name);
  const alarmsOf = (name) => (answer.alarms ?? []).filter((alarm) => alarm.hop === name && isOn(alarm));

  function factsOf(name, kind) {
    const hop = hopOf(name);
    const queue = answer.queues?.find((each) => each.name === name);
    const [p50, p95] = name === "ReadModel" ? ["wall_p50", "wall_p95"].map(newest) : [hop?.p50_ms, hop?.p95_ms];
    const within = (name === "ReadModel" ? hopOf("projector") : hop)?.within_ms;
    const failed = hop?.failed ? fill(says.failed, { failed: hop.failed, seen: hop.seen }) : "";
    const isSlow = p95 > within || (queue?.oldest_s ?? 0) * 1000 > within;
    const facts = [
      queue ? fill(says.waiting, { count: number.format(queue.visible), busy: number.format(queue.in_flight) }) : rate(name),
      p95 == null ? "" : fill(says.times, { p50: duration(p50), p95: duration(p95) }),
      failed || (queue?.oldest_s ? oldest(queue) : isSlow ? fill(says.slow, { time: duration(within) }) : ""),
    ];
    const needed = { person: answer.series, queue, service: answer.hops, store: answer.hops }[kind];
    return node(name, facts, needed != null, Boolean(failed) || isSlow);
  }

  function deadLetters(name) {
    const dead = answer.queues?.find((each) => each.name === QUEUE_OF[name])?.dead;
    return node(name, [dead == null ? "" : fill(says.dead, { count: number.format(dead) })], dead != null, dead > 0);
  }

  function node(name, facts, isKnown, hurts) {
    const alarms = alarmsOf(name);
    const isFine = isKnown && answer.alarms != null; // an alarm may be on that could not be read
    const state = alarms.length ? "alarm" : hurts ? "hurts" : isFine ? "fine" : "unknown";
    const title = nameOf(says, name);
    const lines = facts.filter(Boolean);
    const names = alarms.map((alarm) => alarm.name);
    const label = [title === name ? name : `${title} (${name})`, ...lines, says.states[state], ...names].join(", ");
    return { title: MARKS[state] + title, lines, label, state, isOpen: name === opened };
  }

  const newest = (key) => answer.series && newestOf(answer.series[key]);
  const oldest = (queue) => fill(says.oldest, { age: duration(queue.oldest_s * 1000) });

  function rate(name) {
    const series = answer.series?.[RATES[name]];
    return series ? fill(says.rate, { count: number.format(perMinute(series, answer)) }) : "";
  }

  return { element, note, needs: ["hops", "queues", "series", "alarms"], show };
}
