// Dead letters: look at them, redrive or park one or many. Only the laptop has them: elsewhere the panel stays away. Nobody
// looks by themselves: SQS hides a letter from all others while somebody reads it.

import { fill, operatorRequest, write } from "./console-session.js";
import { duration, make } from "./elements.js";

const TIMEOUT = 120_000; // milliseconds: moving many takes a while, and then all wishes are counted

export function letters(words) {
  const state = make("p", { role: "status" });
  const list = make("ul", { class: "letters", role: "list" });
  const button = (label, act) => {
    const made = make("button", { type: "button", class: "quiet" }, label);
    made.addEventListener("click", () => made.ariaDisabled !== "true" && act());
    return made;
  };
  const all = [
    button(words.letters_look, look),
    button(words.letters_redrive, () => move("redrive")),
    button(words.letters_park, () => move("park")),
  ];
  const element = make(
    "section",
    { class: "letters-panel rail", "aria-labelledby": "letters-title", hidden: true },
    make("h2", { id: "letters-title" }, words.letters),
    make("p", { class: "muted" }, words.letters_lead),
    make("p", { class: "controls" }, ...all),
    state,
    list,
  );

  // One at a time. A button that is not possible now keeps the focus.
  async function ask(says, path, method) {
    const allow = (is) => element.querySelectorAll("button").forEach((each) => each.setAttribute("aria-disabled", String(!is)));
    allow(false);
    write(state, says);
    try {
      return await operatorRequest(path, { method, timeout: TIMEOUT });
    } catch {
      write(state, words.letters_trouble);
      return null;
    } finally {
      allow(true);
    }
  }

  async function look() {
    const answer = await ask(words.letters_looking, "stage/letters", "GET");
    if (!answer) return;
    list.replaceChildren(...answer.letters.map(row));
    write(state, fill(words.letters_count, { count: answer.letters.length, hidden: answer.hidden, parked: answer.parked }));
  }

  async function move(action, id) {
    const path = ["stage/letters", ...(id ? [id] : []), action].join("/");
    const answer = await ask(words.letters_moving, path, "POST");
    if (!answer) return;
    for (const { message_id: moved } of answer.letters) list.querySelector(`[data-letter="${CSS.escape(moved)}"]`)?.remove();
    const count = answer.differences.length;
    write(state, fill(count ? words.letters_differ : words.letters_moved, { done: answer.done, left: answer.left, count }));
  }

  function row(letter) {
    const { message_id: id, queue, receives } = letter;
    const about = [letter.wish_id, letter.reason].filter(Boolean).join(" · ");
    return make(
      "li",
      { "data-letter": id },
      make("b", {}, words.letter_classes[letter.class]),
      make("span", { class: "muted" }, fill(words.letter_facts, { queue, receives, age: duration(1000 * letter.age_s) })),
      make("span", { class: "small-print" }, about), // a stranger may have written it: it stays text
      make("span", { class: "controls" },
        button(words.letter_redrive, () => move("redrive", id)),
        button(words.letter_park, () => move("park", id)),
      ),
    );
  }

  return {
    element,
    reveal() {
      element.hidden = false;
    },
  };
}
