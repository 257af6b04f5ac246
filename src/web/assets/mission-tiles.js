// The six main numbers, each with its last half hour. Each is a panel of its own.

import { fill, lang, write } from "./console-session.js";
import { duration, make } from "./elements.js";
import { chart, newestOf } from "./mission-chart.js";

const number = new Intl.NumberFormat(lang, { maximumFractionDigits: 0 });
const count = (value) => (value == null ? "–" : number.format(value));
const seconds = (value) => (value != null && value < 60 ? `${Math.round(value)} s` : duration(value && value * 1000));
const COUNTS = ["accepted", "boarded", "refused", "errors"];
const PERCENTILES = ["p95", "p50", "p99"];
const QUEUES = ["Inbox", "Pods", "Projector"];
const BACKED_OFF = 60; // seconds: whoever waits that long had failed several times

export function tiles(words) {
  return [wishes(words), times("post", "post", 100, words), times("boarding", "boarded", 1000, words)].concat(
    queue("Inbox", "inbox", words),
    queue("Pods", "pods", words),
    deadLetters(words),
  );
}

function wishes(words) {
  const view = tile("wishes", words, COUNTS, { lines: ["accepted", "boarded"], format: count, least: 5 });
  return panel(view, ["series"], (answer) => {
    for (const key of COUNTS) view.write(key, count(perMinute(answer.series[key], answer)));
    view.draw(answer);
  });
}

function times(name, of, least, words) {
  const lines = PERCENTILES.map((key) => `${of}_${key}`);
  const view = tile(name, words, PERCENTILES, { lines, format: duration, least });
  return panel(view, ["series"], (answer) => {
    for (const key of PERCENTILES) view.write(key, duration(newestOf(answer.series[`${of}_${key}`])));
    const steps = answer.series[lines[0]];
    const missing = steps.length - 1 - steps.findLastIndex((value) => value != null);
    const isOld = missing > 1 && missing < steps.length;
    view.writeLabel(isOld ? fill(words.ago, { age: duration(missing * answer.step_s * 1000) }) : "");
    view.draw(answer);
  });
}

function queue(name, key, words) {
  const drawing = { lines: [`${key}_depth`], format: count, least: 5 };
  const view = tile(key, words, ["visible", "in_flight", "oldest"], drawing);
  const hint = make("p", { class: "verdict", hidden: true }, words.retry_hint);
  view.element.append(hint);
  return panel(view, ["queues", "series"], (answer) => {
    const now = answer.queues?.find((queue) => queue.name === name);
    if (now) {
      view.write("visible", count(now.visible));
      view.write("in_flight", count(now.in_flight));
      view.write("oldest", seconds(now.oldest_s));
      hint.hidden = !(now.in_flight && now.oldest_s >= BACKED_OFF);
    }
    if (answer.series) view.draw(answer);
  });
}

function deadLetters(words) {
  const view = tile("dead", words, ["dead", ...QUEUES]);
  const verdict = make("p", { class: "verdict" });
  view.element.append(verdict);
  return panel(view, ["queues"], ({ queues }) => {
    const dead = QUEUES.map((name) => queues.find((queue) => queue.name === name)?.dead ?? null);
    const sum = dead.reduce((one, other) => one + (other ?? 0), 0);
    const isKnown = dead.every((count) => count != null);
    QUEUES.forEach((name, index) => view.write(name, count(dead[index])));
    view.write("dead", isKnown || sum ? count(sum) : "–");
    view.element.dataset.state = sum ? "lost" : "fine";
    write(verdict, sum ? words.dead_some : isKnown ? words.dead_none : words.missing);
  });
}

function panel({ element, note }, needs, show) {
  return { element, note, needs, show: (answer) => needs.some((part) => answer[part] != null) && show(answer) };
}

// The first of `keys` is the big number, and the first line, if there are any; the others stand beside it.
function tile(name, words, keys, drawing) {
  const title = words.tiles[name];
  const drawn = drawing?.lines.length ?? 0;
  const named = drawing?.lines.map((key, index) => ({ key, name: words.names[keys[index]] ?? keys[index] }));
  const graph = drawing && chart(named, { ...drawing, title, words });
  const values = Object.fromEntries(keys.map((key) => [key, make(key === keys[0] ? "b" : "dd", {}, "–")]));
  const pair = (key, index) => {
    const swatch = index + 1 < drawn ? [make("i", { class: `swatch line-${index + 1}`, "aria-hidden": "true" })] : [];
    return make("div", {}, make("dt", {}, ...swatch, words.names[key] ?? key), values[key]);
  };
  const unit = words.names[keys[0]] ?? keys[0];
  const label = make("span", {}, unit);
  const stroke = drawn > 1 ? [make("i", { class: "swatch line-0", "aria-hidden": "true" })] : [];
  const big = make("p", { class: "big" }, values[keys[0]], " ", ...stroke, label);
  const note = make("p", { class: "unavailable", hidden: true });
  const element = make(
    "article",
    { class: "tile", "data-tile": name },
    make("div", { class: "head" }, make("h3", {}, title), ...(graph ? [graph.button] : [])),
    note,
    make("div", { class: "values" }, big, make("dl", {}, ...keys.slice(1).map(pair))),
    ...(graph ? [graph.element] : []),
  );
  return {
    element,
    note,
    write: (key, text) => (key === keys[0] ? writeBig(values[key], text) : write(values[key], text)),
    writeLabel: (more) => write(label, more ? `${unit} · ${more}` : unit),
    draw: (answer) => graph.show(answer),
  };
}

// The number is large, its unit small.
function writeBig(element, text) {
  const [number, unit] = text.split(" ");
  element.replaceChildren(number, ...(unit ? [make("small", {}, ` ${unit}`)] : []));
}

// Returns the last whole minute, or the running one as soon as it has more: it rises at once and falls a minute late.
export function perMinute(step, { from, now, step_s: seconds }) {
  const running = Math.min(step.length - 1, Math.floor((Date.parse(now) - Date.parse(from)) / 1000 / seconds));
  return (60 / seconds) * Math.max(step[running - 1] ?? 0, step[running] ?? 0);
}
