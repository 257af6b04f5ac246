// The hall's part of a receipt: while a vote is open, what shall be broken; then what is broken, and what became of this wish.

import { duration, fill, loadedTexts, make, write } from "./elements.js";
import { Poll, request } from "./poll.js";
import { Countdown, drillTitle, follow } from "./stage.js";

const EVERY = 4_000; // milliseconds, as everywhere below
const TRACE = { every: 3_000, first: 3_000, longest: 15_000 };
const MOST_TRACE_READS = 10;
const KEPT = "last-wish-vote"; // {vote, wish, choice} of this tab

const hall = document.getElementById("hall");
const texts = loadedTexts.stage;
const address = location.origin + location.pathname;
const wish = address.split("/").at(-1);

const kind = make("span");
const clock = make("small", { class: "clock", "aria-hidden": "true" });
const title = make("h2", { id: "hall-title" }, kind, " ", clock);
const what = make("p", { class: "what" });
const ballot = make("div", { class: "ballot", role: "group", "aria-labelledby": "hall-title" });
const note = make("p", { role: "status" });
const again = make("a", { href: hall.dataset.form }, texts.send);
const countdown = new Countdown((seconds) => write(clock, seconds ? fill(texts.seconds, { n: seconds }) : ""));
hall.replaceChildren(title, what, ballot, note, again);

let voteId = null; // of the ballot on the page
let story = null; // of the drill that this wish was in: {began, words}

follow(async () => (await request(hall.dataset.stage)).json(), show, EVERY);

function show({ vote, winner, drill }) {
  const isOpen = vote?.seconds_left > 0;
  hall.dataset.state = isOpen ? "vote" : drill ? (drill.ended ? "mended" : "broken") : "winner";
  ballot.hidden = !isOpen;
  what.hidden = isOpen;
  again.hidden = !drill || drill.ended !== null;
  if (isOpen) showVote(vote);
  else if (drill) showDrill(drill);
  else if (winner) showWinner(winner);
  hall.hidden = !(isOpen || (drill ? !drill.ended || story.words : winner));
}

// --- the vote ---

function showVote(vote) {
  write(kind, texts.ask);
  countdown.set(vote.seconds_left);
  if (vote.id === voteId) return;
  voteId = vote.id;
  const buttons = vote.choices.map((choice) => make("button", { type: "button", value: choice.id }, drillTitle(choice, texts)));
  for (const button of buttons) button.addEventListener("click", () => cast(button.value));
  ballot.replaceChildren(...buttons);
  write(note, texts.lead);
  const kept = storage((store) => JSON.parse(store.getItem(KEPT)));
  if (kept?.vote === voteId && kept.wish === wish) showChoice(kept.choice);
}

async function cast(choice) {
  const vote = voteId;
  try {
    await request(`${hall.dataset.stage}/vote`, { body: { vote, choice, wish_id: wish } });
  } catch (error) {
    if (error.status === 403) ballot.replaceChildren();
    return write(note, error.status === 403 ? texts.not_yours : error.isFinal ? texts.over : texts.silent);
  }
  storage((store) => store.setItem(KEPT, JSON.stringify({ vote, wish, choice })));
  if (vote === voteId) showChoice(choice);
}

function showChoice(choice) {
  for (const button of ballot.children) button.setAttribute("aria-pressed", String(button.value === choice));
  write(note, texts.voted);
}

// Storage may be blocked: then a reload forgets which choice it was, and nothing else changes.
function storage(use) {
  try {
    return use(sessionStorage);
  } catch {
    return null;
  }
}

function showWinner(winner) {
  write(kind, texts.winner);
  write(what, drillTitle(winner, texts));
  write(note, "");
  countdown.set(0);
}

// --- what is broken, and what became of this wish ---

function showDrill(drill) {
  write(kind, drill.ended ? texts.mended : texts.broken);
  write(what, drillTitle(drill, texts));
  countdown.set(drill.seconds_left ?? 0);
  if (story?.began !== drill.began) story = { began: drill.began, words: "" };
  story.words ||= begin(drill);
  write(note, story.words);
}

// Returns the first words, and asks for the rest. The times are those of one laptop, so they can be compared.
function begin(drill) {
  const isSent = location.hash === "#sent"; // of another id nobody knows whether there is such a wish
  if (document.getElementById("travelling")) return isSent && !drill.ended ? texts.story.travelling : "";
  const [sent, boarded] = ["submitted", "boarded"].map((step) => {
    return Date.parse(document.querySelector(`#journey .${step} time`)?.dateTime);
  });
  if (boarded < Date.parse(drill.began)) return texts.story.before;
  if (!boarded || (drill.ended && sent > Date.parse(drill.ended))) return "";
  tell(story, boarded - sent);
  return texts.story.caught;
}

// A trace says how often the wish was received: by the parser or by the worker, whichever tried more often.
function tell(told, milliseconds) {
  let reads = 0;
  const read = async () => {
    if (reads++ === MOST_TRACE_READS) return poll.stop();
    return (await request(`${address}/trace`, { cache: "default" })).json();
  };
  const poll = new Poll(read, ({ segments, complete }) => {
    const count = Math.max(1, ...segments.map((segment) => segment.receive_count ?? 1));
    const words = count > 1 ? texts.story.often : texts.story.once;
    told.words = fill(words, { count, age: duration(milliseconds) });
    if (told === story && !what.hidden) write(note, told.words);
    if (complete) poll.stop();
  }, TRACE);
  poll.start(Math.random() * TRACE.every);
}
