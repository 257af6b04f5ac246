// What all functions logged around a moment, which is now or the time that somebody types; of many lines the earliest.

import { fill, operatorRequest, write } from "./console-session.js";
import { make } from "./elements.js";
import { stack } from "./waterfall.js";

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });
const SERVICES = ["frontend", "console", "parser", "worker", "projector"];
const SPANS = [3, 10, 60]; // seconds
const DAY = 86_400_000; // milliseconds
// The same in every line of a function, or in X-Ray: of no use when looking for a fault.
const NOT_SHOWN = new Set([
  "location", "cold_start", "function_name", "function_memory_size", "function_arn",
  "function_request_id", "xray_trace_id", "sampling_rate", "stack",
]);

// The lines that a query finds, asked for at once. `query`: {around, span, service, wish_id}, as GET ops/logs takes them.
export function logView(words, query) {
  const says = words.logs;
  const status = make("p", { class: "muted", role: "status" }, words.asking);
  const filter = make("input", { type: "search", autocomplete: "off", spellcheck: "false" });
  const narrow = make("label", { class: "filter", hidden: true }, says.filter, " ", filter);
  const list = make("ol", { class: "log", role: "list", tabindex: "0", "aria-label": says.title }); // it scrolls, by keyboard too
  filter.addEventListener("input", show);
  read();
  return make("div", { class: "logs" }, narrow, status, list);

  async function read() {
    try {
      const given = Object.entries(query).filter(([, value]) => value);
      const { lines, more } = await operatorRequest(`ops/logs?${new URLSearchParams(given)}`);
      list.replaceChildren(...lines.map(row));
      narrow.hidden = !lines.length;
      write(status, lines.length ? fill(more ? says.more : says.found, { count: lines.length }) : says.none);
    } catch {
      write(status, words.missing);
    }
  }

  function show() {
    const wanted = filter.value.toLowerCase();
    for (const line of list.children) line.hidden = !line.textContent.toLowerCase().includes(wanted);
  }
}

function row({ time: at, service, level, message, facts }) {
  const words = Object.entries(facts).filter(([name, fact]) => !NOT_SHOWN.has(name) && fact !== null);
  const text = words.map(([name, fact]) => `${name}=${typeof fact === "string" ? fact : JSON.stringify(fact)}`);
  return make(
    "li",
    { "data-level": level },
    make("time", { datetime: at }, clock.format(new Date(at))),
    " ",
    make("b", {}, service),
    " ",
    make("span", { class: "level" }, level),
    " ",
    message,
    " ",
    make("code", {}, text.join(" ")),
    ...(Array.isArray(facts.stack) && facts.stack.length ? [" ", stack(facts.stack, facts.stack.at(-1))] : []),
  );
}

export function logs(words) {
  const says = words.logs;
  const note = make("p", { class: "unavailable", hidden: true });
  const around = make("input", { type: "time", step: "1" });
  const span = make("select", {}, ...SPANS.map((seconds) => make("option", { value: seconds }, `± ${seconds} s`)));
  const all = make("option", { value: "" }, says.all);
  const service = make("select", {}, all, ...SERVICES.map((name) => make("option", {}, name)));
  const found = make("div", {});
  const form = make(
    "form",
    { class: "log-query" },
    make("label", {}, says.around, " ", around),
    make("label", {}, says.span, " ", span),
    make("label", {}, says.service, " ", service),
    make("button", { type: "submit", class: "quiet" }, says.show),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const query = { around: moment(around.value), span: span.value, service: service.value };
    found.replaceChildren(logView(words, query));
  });
  const lead = make("p", { class: "muted" }, says.lead);
  const title = make("h2", { id: "logs-title" }, says.title);
  const element = make("section", { class: "logs-panel", "aria-labelledby": "logs-title" }, title, lead, note, form, found);
  return { element, note, needs: [], show: () => {} };
}

// A time of day is the last one that there was; nothing is now.
function moment(timeOfDay) {
  const at = new Date();
  if (timeOfDay) at.setHours(...timeOfDay.split(":"), 0);
  return new Date(at > Date.now() ? at - DAY : at).toISOString();
}
