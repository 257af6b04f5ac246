// The rest of each error budget, as a bar and in words, and the numbers of the day.

import { fill, lang, write } from "./console-session.js";
import { make } from "./elements.js";

const LOW = 0.25; // share of a budget, below which it is marked
const number = new Intl.NumberFormat(lang);
const percent = new Intl.NumberFormat(lang, { style: "percent", maximumFractionDigits: 2 });
const wholePercent = (share) => new Intl.NumberFormat(lang, { style: "percent" }).format(Math.floor(share * 100) / 100);

export function budgets(words) {
  const note = make("p", { class: "unavailable", hidden: true });
  const list = make("ul", { class: "budgets", role: "list" });
  const element = make(
    "section",
    { class: "rail", "aria-labelledby": "budgets-title" },
    make("h2", { id: "budgets-title" }, words.budgets),
    note,
    list,
  );

  function show({ slos, alarms }) {
    if (slos == null) return;
    const alarmsOn = new Set((alarms ?? []).filter((alarm) => alarm.state === "ALARM").map((alarm) => alarm.name));
    list.replaceChildren(...slos.map((slo) => row(slo, alarmsOn)));
  }

  function row({ name, title, objective, window_days: days, bad, total, budget_left: budget }, alarmsOn) {
    const isBurning = alarmsOn.has(`slo-${name}-page`) || alarmsOn.has(`slo-${name}-ticket`);
    const [state, status] =
      budget >= 1 || !bad
        ? ["full", words.full]
        : budget <= 0
          ? ["spent", words.spent]
          : [isBurning || budget < LOW ? "burning" : "left", fill(words.left, { percent: wholePercent(budget) })];
    const bar = make("i");
    bar.style.setProperty("--left", `${100 * Math.max(0, Math.min(1, budget))}%`);
    const facts = { bad: number.format(bad), total: number.format(total), goal: percent.format(objective), days };
    return make(
      "li",
      { "data-state": isBurning && state !== "spent" ? "burning" : state },
      make("b", {}, words.slos[name] ?? title),
      make("span", { class: "status" }, isBurning ? `${status} · ${words.burning}` : status),
      make("span", { class: "budget", "aria-hidden": "true" }, bar),
      make("small", {}, objective === 1 ? words.no_budget : fill(total ? words.of_budget : words.unmeasured, facts)),
    );
  }

  return { element, note, needs: ["slos"], show };
}

export function totals(words) {
  const note = make("p", { class: "unavailable", hidden: true });
  const cells = Object.entries(words.of_the_day).map(([key, name]) => {
    const cell = make("td", {}, "–");
    return { key, cell, row: make("tr", {}, make("th", { scope: "row" }, name), cell) };
  });
  const element = make(
    "section",
    { class: "rail day", "aria-labelledby": "day-title" },
    make("h2", { id: "day-title" }, words.day),
    note,
    make("table", {}, make("tbody", {}, ...cells.map(({ row }) => row))),
  );

  function show({ totals: known }) {
    if (known == null) return;
    for (const { key, cell } of cells) write(cell, known[key] == null ? "–" : number.format(known[key]));
  }

  return { element, note, needs: ["totals"], show };
}
