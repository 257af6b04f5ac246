// What is stored of some wishes: the events of each, in their order.

import { fill, operatorRequest, write } from "./console-session.js";
import { make } from "./elements.js";
import { clock } from "./mission-trace.js";
import { request } from "./poll.js";

const MOST_WISHES = 5;

// `wishIds` are those of a group of traces. That of a batch has none: then the warnings of the seconds `around` name them.
export function events(words, wishIds, { around }) {
  const status = make("p", { class: "muted", role: "status" });
  const list = make("ul", { class: "events", role: "list" });
  if (!show(wishIds)) readLogs();
  return make("div", {}, status, list);

  function show(ids) {
    const shown = [...new Set(ids)].filter(Boolean).slice(0, MOST_WISHES);
    list.replaceChildren(...shown.map((id) => eventsOfOne(words, id)));
    return shown.length;
  }

  async function readLogs() {
    write(status, words.asking);
    try {
      const { lines } = await operatorRequest(`ops/logs?${new URLSearchParams({ around })}`);
      const bad = lines.filter(({ level }) => ["WARNING", "ERROR", "CRITICAL"].includes(level));
      write(status, show(bad.map(({ facts }) => facts.wish_id)) ? words.wishes_of_logs : words.no_wish);
    } catch {
      write(status, words.missing);
    }
  }
}

function eventsOfOne(words, id) {
  const status = make("p", { class: "muted", role: "status" }, words.asking);
  const list = make("ol", { role: "list" });
  const url = `wishes/${encodeURIComponent(id)}`;
  const link = make("a", { href: url, target: "_blank" }, make("code", {}, id));
  read();
  return make("li", {}, link, status, list);

  async function read() {
    try {
      const { history } = await (await request(url, { credentials: "omit" })).json();
      list.replaceChildren(...history.map(row));
      write(status, "");
    } catch (error) {
      write(status, error.status === 404 ? words.not_stored : words.missing);
    }
  }

  function row({ version, type, time }) {
    const says = fill(words.event, { version, type: type.replace("lastwish.wish.", "") });
    return make("li", {}, make("span", { class: "at" }, clock.format(new Date(time))), " ", make("code", {}, says));
  }
}
