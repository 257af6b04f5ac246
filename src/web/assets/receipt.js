// Follows one wish until its receipt is final. Typed text goes in by textContent only.

import { Poll, request, whenThere } from "./poll.js";

const byId = (id) => document.getElementById(id);
const texts = JSON.parse(document.getElementById("texts").textContent);
const lang = document.documentElement.lang;
const address = location.origin + location.pathname; // without ?lang: the next reader has a language of their own
const isTravelling = byId("travelling") !== null; // the wish is accepted, but not stored yet

// Milliseconds, as everywhere below. A wish that does not change is read less and less often.
const WISH = { every: 1_000, first: isTravelling ? 500 : 1_000, longest: isTravelling ? 5_000 : 30_000 };
const TRACE = { every: 1_000, first: 1_000, longest: 10_000 };
const MOST_TRACE_READS = 20;
const SLOW = 20_000; // after which the page says that it takes longer than usual

// The pause after so many answers without a change: it grows by half each time, and differs between phones.
function slower(answers, { every, longest }) {
  const most = Math.min(longest, every * 1.5 ** answers);
  return most / 2 + (Math.random() * most) / 2;
}

// --- the wish ---

const opened = Date.now();
const wishPoll = new Poll(readWish, showNews, WISH);
let shown = ""; // the wish on the page, as JSON
let unchanged = 0; // answers

async function readWish() {
  try {
    return await (await request(address)).json();
  } finally {
    if (isTravelling && Date.now() - opened > SLOW) byId("lead").textContent = texts.slow;
  }
}

function showNews(wish) {
  if (isTravelling) return location.reload();
  const json = JSON.stringify(wish);
  unchanged = shown && json !== shown ? 1 : unchanged + 1;
  if (json !== shown) showWish(wish);
  shown = json;
  if (!mayChange(wish)) wishPoll.stop();
  // The wall shows the wish at `shown_at`, and not before. A phone's clock may be wrong: wait for the delay, as stored.
  const delay = Date.parse(wish.shown_at) - Date.parse(wish.history.at(-1)?.time);
  const due = wish.visibility === "pending" ? Math.min(WISH.longest, delay || 0) : 0;
  return Math.max(due, slower(unchanged, WISH));
}

const mayChange = ({ status, visibility }) =>
  status === "waitlisted" || (status === "boarded" && ["pending", "held"].includes(visibility));

function showWish(wish) {
  document.title = document.title.replace(byId("status").textContent, texts[wish.status]);
  write("status", texts[wish.status]);
  write("lead", texts.lead[wish.reason ?? wish.status]);
  write("wall", wish.status === "erased" ? "" : texts.wall[wish.visibility]);
  write("passenger", wish.name);
  write("pod", wish.pod);
  write("seat", wish.seat);
  write("arrives", wish.arrives_on && day(wish.arrives_on));
  write("message", wish.message);
  byId("seats").toggleAttribute("hidden", !wish.seat);
  const index = (wish.seat ?? 1) - 1;
  const seat = byId("seats").querySelector(".own");
  seat.setAttribute("cx", (index % 10) * 10 + 5);
  seat.setAttribute("cy", (Math.floor(index / 10) % 10) * 10 + 5);
  const history = [...wish.history].sort((one, other) => Date.parse(one.time) - Date.parse(other.time));
  byId("journey").replaceChildren(...history.flatMap(step));
}

// A row without a value is hidden.
function write(id, value) {
  byId(id).textContent = value ?? "";
  byId(id).closest("dl > div, figure")?.toggleAttribute("hidden", value == null || value === "");
}

function day(iso) {
  const format = new Intl.DateTimeFormat(lang === "ja" ? "ja" : "en-GB", { dateStyle: "long", timeZone: "UTC" });
  return format.format(new Date(iso));
}

function step({ type, time }) {
  const kind = type.split(".")[2];
  if (!(kind in texts.steps)) return [];
  const [item, name, clock] = ["li", "span", "time"].map((tag) => document.createElement(tag));
  item.className = kind;
  name.textContent = texts.steps[kind];
  clock.textContent = time.slice(11, 23);
  clock.dateTime = time;
  item.append(name, " ", clock);
  return [item];
}

if (isTravelling || "mayChange" in byId("pass").dataset) wishPoll.start(slower(0, WISH));

// --- the trace: read while it is open and not complete ---

const tracePoll = new Poll(readTrace, showTrace, TRACE);
let trace = null;
let traceReads = 0;
let styles = null; // a promise, once somebody opened it
let traceWords = null; // once they are loaded

function toggleTrace() {
  tracePoll.stop();
  if (!byId("trace").open || trace?.complete) return;
  traceReads = 0;
  announce(texts.travel.asking);
  tracePoll.start();
}

async function readTrace() {
  traceReads += 1;
  try {
    const [{ waterfall }, elements] = await Promise.all([import("./waterfall.js"), import("./elements.js")]);
    if (!traceWords) await elements.loadTexts(byId("trace"));
    traceWords = elements.loadedTexts.travel;
    await (styles ??= elements.loadStyles(byId("trace")));
    const response = await request(`${address}/trace`, { cache: "default" });
    return { waterfall, answer: await response.json() };
  } catch (error) {
    const isUntraced = error.status === 404 && !error.retryAfter; // not every wish is traced
    if (isUntraced || traceReads === MOST_TRACE_READS) giveUpTrace();
    throw error;
  }
}

function showTrace({ waterfall, answer }) {
  trace = answer;
  byId("waterfall").replaceChildren(waterfall(trace, traceWords, { isForAudience: true }));
  announce(trace.complete ? "" : traceWords.incomplete);
  if (trace.complete) tracePoll.stop();
  else if (traceReads === MOST_TRACE_READS) giveUpTrace();
  return slower(traceReads, TRACE);
}

function giveUpTrace() {
  tracePoll.stop();
  if (byId("trace").open) announce(trace ? traceWords.partly : texts.travel.none);
}

function announce(words) {
  if (byId("trace-status").textContent !== words) byId("trace-status").textContent = words;
}

// --- the buttons ---

function showButton(id, onClick) {
  byId(id).hidden = false;
  byId(id).addEventListener("click", onClick);
}

if (!isTravelling) {
  byId("trace").hidden = false;
  byId("trace").addEventListener("toggle", toggleTrace);
  // The clipboard and the share sheet exist on https only; without them there is still the address.
  const title = document.querySelector('meta[property="og:title"]').content;
  if (navigator.share) {
    showButton("share", () => navigator.share({ title, url: address }).catch(() => {})); // closed without sharing
  } else if (navigator.clipboard) {
    showButton("copy", async () => {
      await navigator.clipboard.writeText(address);
      byId("copy").textContent = byId("copied").textContent = texts.copied;
    });
  }
  showButton("print", () => print());
}

// --- the stage: on a laptop, in a show, the hall votes here. Elsewhere there is none: a tab asks for it once ---

const NO_STAGE = "last-wish-no-stage";

// Storage may be blocked: then each receipt asks.
function storage(use) {
  try {
    return use(sessionStorage);
  } catch {
    return null;
  }
}

if (!storage((store) => store.getItem(NO_STAGE))) {
  whenThere(byId("hall").dataset.stage, joinShow, () => storage((store) => store.setItem(NO_STAGE, "true")));
}

async function joinShow() {
  const { loadStyles, loadTexts } = await import("./elements.js");
  await Promise.all([loadStyles(byId("hall")), loadTexts(byId("hall"))]);
  await import("./vote.js");
}
