// A chart of half an hour: up to three lines over one axis, and on request the same numbers as a table. Lines differ by
// stroke as well as by colour; a minute without a measurement is a gap.

import { write } from "./console-session.js";
import { draw, make } from "./elements.js";

const HEIGHT = 100; // units of the drawing, which is stretched to its place
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "short" });

// `lines`: {key, name}; the first is the main one, and is filled. `format` makes text of a value. `least`: the axis never
// ends below it, so that noise on an idle stack does not look like a mountain.
export function chart(lines, { title, words, format, least }) {
  const paths = lines.map((_, index) => draw("path", { class: `line line-${index}` }));
  const area = draw("path", { class: "area" });
  const grid = draw("path", { class: "grid" });
  const dots = draw("path", { class: "line line-0 dots" });
  const svg = draw("svg", { role: "img", preserveAspectRatio: "none" }, area, grid, ...paths.toReversed(), dots);
  const top = make("span", { class: "top-value", "aria-hidden": "true" });
  const from = make("span");
  const to = make("span");
  const axis = make("div", { class: "axis", "aria-hidden": "true" }, from, to);
  const table = make("div", { class: "numbers", role: "region", "aria-label": title, tabindex: "0", hidden: true });
  const button = make("button", { type: "button", class: "quiet", "aria-pressed": "false" }, words.table);
  const hiddenTitle = make("span", { class: "visually-hidden" }, `: ${title}`);
  const plot = make("div", { class: "plot" }, svg, top);
  const element = make("div", { class: "chart" }, plot, axis, table);
  let latest = null;
  button.append(hiddenTitle);
  button.addEventListener("click", () => {
    const isTable = table.hidden;
    table.hidden = !isTable;
    plot.hidden = axis.hidden = isTable;
    button.setAttribute("aria-pressed", String(isTable));
    if (latest) show(latest);
  });

  // `series`: key → numbers or null, oldest first; `from`, `now` are ISO times, `step_s` the seconds of a step.
  function show(answer) {
    latest = answer;
    const steps = lines.map(({ key }) => answer.series[key]);
    if (!table.hidden) return showTable(answer, steps);
    const count = Math.max(2, ...steps.map((step) => step.length));
    const highest = ceiling(Math.max(least, ...steps.flat().filter((value) => value != null)));
    const y = (value) => HEIGHT - (HEIGHT * value) / highest;
    svg.setAttribute("viewBox", `0 0 ${count - 1} ${HEIGHT}`);
    steps.forEach((step, index) => paths[index].setAttribute("d", line(step, y)));
    area.setAttribute("d", filled(steps[0], y));
    dots.setAttribute("d", isolated(steps[0], y));
    grid.setAttribute("d", `M0 0H${count - 1}M0 ${HEIGHT / 2}H${count - 1}M0 ${HEIGHT}H${count - 1}`);
    write(top, format(highest));
    write(from, clock.format(new Date(answer.from)));
    write(to, clock.format(new Date(answer.now)));
    const newest = lines.map(({ name }, index) => `${name} ${format(newestOf(steps[index]))}`);
    svg.setAttribute("aria-label", `${title}: ${newest.join(", ")}`);
  }

  function showTable({ from: began, step_s: step }, steps) {
    const head = make("tr", {}, make("td"), ...lines.map(({ name }) => make("th", { scope: "col" }, name)));
    const minutes = steps[0].map((_, index) => {
      const at = clock.format(new Date(Date.parse(began) + index * step * 1000));
      const cells = steps.map((values) => make("td", {}, format(values[index])));
      return make("tr", {}, make("th", { scope: "row" }, at), ...cells);
    });
    table.replaceChildren(make("table", {}, make("thead", {}, head), make("tbody", {}, ...minutes.reverse())));
  }

  return { element, button, show };
}

export const newestOf = (step) => step.findLast((value) => value != null) ?? null;

function line(step, y) {
  return step.map((value, x) => (value == null ? "" : `${step[x - 1] == null ? "M" : "L"}${x} ${y(value)}`)).join("");
}

// A value without neighbours is a line of no length; its round cap makes it a dot.
function isolated(step, y) {
  const isIsolated = (value, x) => value != null && step[x - 1] == null && step[x + 1] == null;
  return step.map((value, x) => (isIsolated(value, x) ? `M${x} ${y(value)}h0` : "")).join("");
}

function filled(step, y) {
  return step
    .map((value, x) => {
      if (value == null) return "";
      const begins = step[x - 1] == null ? `M${x} ${HEIGHT}V${y(value)}` : `L${x} ${y(value)}`;
      return step[x + 1] == null ? `${begins}V${HEIGHT}Z` : begins;
    })
    .join("");
}

// The next of 1, 2, 5, 10, 20, 50 …
function ceiling(value) {
  const tens = 10 ** Math.floor(Math.log10(value));
  return tens * [1, 2, 5, 10].find((step) => step * tens >= value * 0.9999);
}
