// What is stored of some wishes: the events of each, in their order.

import { fill, write } from "./console-session.js";
import { make } from "./elements.js";
import { clock } from "./mission-trace.js";
import { request } from "./poll.js";

const MOST_WISHES = 5;

// `wishIds` are those of a group of traces; a batch of many wishes has none.
export function events(words, wishIds) {
  const shown = [...new Set(wishIds)].filter(Boolean).slice(0, MOST_WISHES);
  if (!shown.length) return make("p", { class: "muted" }, words.no_wish);
  return make("ul", { class: "events", role: "list" }, ...shown.map((id) => eventsOfOne(words, id)));
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
