// The six numbers that say how it goes, each with its last half hour. Each is a panel of its own.

import { fill, lang, write } from "./console-session.js";
import { duration, make } from "./elements.js";
import { chart, newestOf } from "./mission-chart.js";

const counted = new Intl.NumberFormat(lang, { maximumFractionDigits: 0 });
const count = (value) => (value == null ? "–" : counted.format(value));
const seconds = (value) => (value != null && value < 60 ? `${Math.round(value)} s` : duration(value && value * 1000));
const COUNTS = ["accepted", "boarded", "refused", "errors"];
const PERCENTILES = ["p95", "p50", "p99"];
const QUEUES = ["Inbox", "Pods", "Projector"];

export function tiles(words) {
  return [wishes(words), times("post", "post", 100, words), times("boarding", "boarded", 1000, words)].concat(
    queue("Inbox", "inbox", words),
    queue("Pods", "pods", words),
    deadLetters(words),
  );
}

function wishes(words) {
  const mine = tile("wishes", words, COUNTS, { lines: ["accepted", "boarded"], format: count, least: 5 });
  return panel(mine, ["series"], (answer) => {
    for (const key of COUNTS) mine.say(key, count(perMinute(answer.series[key], answer)));
    mine.draw(answer);
  });
}

function times(name, of, least, words) {
  const lines = PERCENTILES.map((key) => `${of}_${key}`);
  const mine = tile(name, words, PERCENTILES, { lines, format: duration, least });
  return panel(mine, ["series"], (answer) => {
    for (const key of PERCENTILES) mine.say(key, duration(newestOf(answer.series[`${of}_${key}`])));
    const steps = answer.series[lines[0]];
    const behind = steps.length - 1 - steps.findLastIndex((value) => value != null);
    const isOld = behind > 1 && behind < steps.length;
    mine.label(isOld ? fill(words.ago, { age: duration(behind * answer.step_s * 1000) }) : "");
    mine.draw(answer);
  });
}

function queue(name, key, words) {
  const drawing = { lines: [`${key}_depth`], format: count, least: 5 };
  const mine = tile(key, words, ["visible", "in_flight", "oldest"], drawing);
  return panel(mine, ["queues", "series"], (answer) => {
    const now = answer.queues?.find((each) => each.name === name);
    if (now) {
      mine.say("visible", count(now.visible));
      mine.say("in_flight", count(now.in_flight));
      mine.say("oldest", seconds(now.oldest_s));
    }
    if (answer.series) mine.draw(answer);
  });
}

function deadLetters(words) {
  const mine = tile("dead", words, ["dead", ...QUEUES]);
  const verdict = make("p", { class: "verdict" });
  mine.element.append(verdict);
  return panel(mine, ["queues"], ({ queues }) => {
    const dead = QUEUES.map((name) => queues.find((each) => each.name === name)?.dead ?? null);
    const sum = dead.reduce((one, other) => one + (other ?? 0), 0);
    const isKnown = dead.every((each) => each != null);
    QUEUES.forEach((name, index) => mine.say(name, count(dead[index])));
    mine.say("dead", isKnown || sum ? count(sum) : "–");
    mine.element.dataset.state = sum ? "lost" : "fine";
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
  const own = words.names[keys[0]] ?? keys[0];
  const label = make("span", {}, own);
  const stroke = drawn > 1 ? [make("i", { class: "swatch line-0", "aria-hidden": "true" })] : [];
  const big = make("p", { class: "big" }, values[keys[0]], " ", ...stroke, label);
  const note = make("p", { class: "cannot", hidden: true });
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
    say: (key, text) => (key === keys[0] ? enlarge(values[key], text) : write(values[key], text)),
    label: (more) => write(label, more ? `${own} · ${more}` : own),
    draw: (answer) => graph.show(answer),
  };
}

// The number is what counts; its unit steps back.
function enlarge(element, text) {
  const [number, unit] = text.split(" ");
  element.replaceChildren(number, ...(unit ? [make("small", {}, ` ${unit}`)] : []));
}

// The last whole minute, or the running one as soon as it has more: it rises at once and falls a minute late.
function perMinute(step, { from, now, step_s: seconds }) {
  const running = Math.min(step.length - 1, Math.floor((Date.parse(now) - Date.parse(from)) / 1000 / seconds));
  return (60 / seconds) * Math.max(step[running - 1] ?? 0, step[running] ?? 0);
}
