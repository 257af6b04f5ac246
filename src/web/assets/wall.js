// The wall: reads wishes and totals, and shows them. It has no live region on purpose: at a hundred wishes a minute a
// screen reader would never fall silent. The wishes are ordinary text in reading order instead.

import { Poll, request, whenThere } from "./poll.js";
import { Sky } from "./wall-sky.js";

// Milliseconds, as everywhere below. A hidden wall reads on, rarely: on its return it must not show what was withdrawn.
const FEED = { every: 1_000, first: 2_000, longest: 15_000, whileHidden: 30_000 };
const TOTALS = { ...FEED, every: 2_000 };
const ACCEPTED = { every: 1_000, first: 1_000, longest: 10_000, whileHidden: 30_000 };
const TIMEOUT = 5_000;
const NEXT_PAGE = 250; // before the next page of the feed, where there is one
const RESTART = 100; // before the feed is read from its end
const LIMIT = 100; // wishes in an answer
const MOST_SEEN = 5_000; // ids that are remembered
const MOST_PAGES_BEHIND = 4;
const STALE = 6_000; // age from which on the wall says that it is not live
const RATE_SPAN = 10_000; // over which wishes per second are counted
const IDLE = 3_000; // without a touch or a key, after which controls and cursor vanish

const { root, wall: texts, ...names } = JSON.parse(document.getElementById("texts").textContent);
const lang = document.documentElement.lang;
const number = new Intl.NumberFormat(lang);
const percent = new Intl.NumberFormat(lang, { style: "percent" });
const byId = (id) => document.getElementById(id);
const fill = (text, n) => text.replace("{n}", n);
function write(element, text) { if (element.textContent !== text) element.textContent = text; }

// --- reading ---

// Returns a function that reads `path()`. It keeps the ETag and the last answer itself, because the address changes with
// the cursor, and old cursors would fill the browser's cache. A request with an ETag of ours passes that cache by.
function conditionally(path) {
  let url, etag, body;
  return async () => {
    const next = path();
    const headers = next === url && etag ? { "If-None-Match": etag } : {};
    const response = await request(next, { headers, timeout: TIMEOUT });
    if (response.status === 304) return { body, isNew: false };
    body = await response.json();
    url = next;
    etag = response.headers.get("ETag");
    return { body, isNew: true };
  };
}

const sky = new Sky(byId("stage"), names);
const seen = new Set(); // ids, oldest first
let cursor = "latest";
let pagesBehind = 0;
let isBlank = false;
let isPaused = false;
let arrived = []; // wishes that came while paused

const readPage = conditionally(() => `${root}wishes?after=${encodeURIComponent(cursor)}&limit=${LIMIT}`);
const feed = new Poll(readFeed, showFeed, FEED);
const manifest = new Poll(conditionally(() => `${root}manifest`), ({ body }) => showTotals(body), TOTALS);
const promised = new Poll(readAccepted, showOnTheirWay, ACCEPTED);
let totals = []; // {at, count, generation}, as far back as RATE_SPAN

async function readFeed() {
  try {
    return await readPage();
  } catch (error) {
    if (error.status === 422) cursor = "latest"; // the cursor is not valid any more
    throw error;
  }
}

// --- the feed ---

function showFeed({ body, isNew }) {
  if (!isNew) return undefined;
  const isRebuilt = cursor !== "latest" && cursor.split("-")[0] !== body.cursor.split("-")[0];
  const isLatest = cursor === "latest";
  pagesBehind = body.more && !isLatest ? pagesBehind + 1 : 0;
  if (body.blank) {
    setBlank(true);
    cursor = "latest"; // so that the wall comes back with what may be shown then, and nothing else
    return undefined;
  }
  if (isRebuilt || pagesBehind > MOST_PAGES_BEHIND) {
    // A rebuilt feed begins anew. A feed that is too far ahead is not read page by page: begin near its end.
    cursor = "latest";
    pagesBehind = 0;
    return RESTART;
  }
  cursor = body.cursor;
  isLatest ? replaceAll(body.wishes) : add(body.wishes);
  withdraw(body.withdrawn);
  setBlank(false);
  return body.more ? NEXT_PAGE : undefined;
}

function replaceAll(wishes) {
  arrived = [];
  seen.clear();
  wishes.forEach(isUnseen);
  sky.replaceAll(wishes.slice(-LIMIT)); // no more than a ship has lights for: none of them may arrive a second time
}

function add(wishes) {
  const unseen = wishes.filter(isUnseen);
  if (isPaused) arrived = [...arrived, ...unseen].slice(-2 * LIMIT);
  else sky.add(unseen);
}

// Pages overlap, so a wish may come again.
function isUnseen(wish) {
  if (seen.has(wish.wish_id)) return false;
  seen.add(wish.wish_id);
  if (seen.size > MOST_SEEN) seen.delete(seen.values().next().value);
  return true;
}

function withdraw(ids) {
  for (const id of ids) seen.delete(id); // it may be released again
  arrived = arrived.filter((wish) => !ids.includes(wish.wish_id));
  sky.withdraw(ids);
}

function setBlank(blank) {
  if (blank !== isBlank) sky.isBlank = isBlank = blank;
  write(byId("placeholder"), isBlank ? texts.blank : texts.empty);
  byId("placeholder").classList.toggle("gone", !isBlank && !sky.isEmpty);
}

// --- the totals ---

function showTotals({ destinations, generation }) {
  const { mars, jupiter } = destinations;
  const count = [mars, jupiter].reduce((sum, ship) => sum + ship.boarded + ship.waitlisted + ship.rejected, 0);
  const at = performance.now();
  // After a rebuild or a reset the old totals mean nothing.
  if (totals.length && (totals[0].generation !== generation || totals.at(-1).count > count)) totals = [];
  totals = [...totals.filter((total) => at - total.at <= RATE_SPAN + 1_000), { at, count, generation }];
  if (isPaused) return;
  const perSecond = totals.length > 1 ? ((count - totals[0].count) / (at - totals[0].at)) * 1_000 : 0;
  write(byId("rate"), number.format(perSecond < 10 ? Math.round(perSecond * 10) / 10 : Math.round(perSecond)));
  showShip("mars", mars);
  showShip("jupiter", jupiter);
  showShares(mars.boarded, jupiter.boarded);
}

function showShip(name, { boarded, waitlisted, seats_left: left }) {
  write(byId(`${name}-boarded`), number.format(boarded));
  const seats = left || !waitlisted ? fill(texts.seats_left, number.format(left)) : fill(texts.waiting, number.format(waitlisted));
  write(byId(`${name}-seats`), seats);
}

// A tug of war along the Earth's rim: the knot stands where the two shares meet.
function showShares(mars, jupiter) {
  const share = mars + jupiter ? mars / (mars + jupiter) : 0.5;
  const reach = (Math.asin(46 / 150) * 180) / Math.PI;
  byId("rope-mars").style.setProperty("stroke-dasharray", `${share * 100} 200`);
  byId("rope-jupiter").style.setProperty("stroke-dasharray", `${(1 - share) * 100} 200`);
  byId("knot").style.setProperty("transform", `rotate(${(2 * share - 1) * reach}deg)`);
  write(byId("mars-share"), percent.format(share));
  write(byId("jupiter-share"), percent.format(1 - share));
}

// Says in the corner that the wall is not live, and how old it is.
function showAge() {
  const age = performance.now() - Math.min(feed.answeredAt, manifest.answeredAt);
  byId("stale").hidden = document.hidden || age < STALE;
  const seconds = Math.round(age / 1_000);
  write(byId("age"), seconds < 100 ? fill(texts.seconds_ago, seconds) : fill(texts.minutes_ago, Math.round(seconds / 60)));
}

// How many wishes are promised: a laptop's proxy tells it, also while the chain behind it is busy with a burst. On AWS nobody
// answers, and the wall shows nothing.
async function readAccepted() {
  try {
    return (await (await request(`${root}stage/accepted`)).json()).accepted;
  } catch (error) {
    if (error.status === 404) promised.stop();
    throw error;
  }
}

// So that a burst shows at once, and not only when its first wish has boarded.
function showOnTheirWay(accepted) {
  const count = totals.length ? Math.max(0, accepted - totals.at(-1).count) : 0;
  if (!isPaused) write(byId("on-their-way"), count ? fill(texts.on_their_way, number.format(count)) : "");
}

feed.start();
manifest.start();
promised.start();
whenThere(`${root}stage`, joinShow);
setInterval(showAge, 1_000);

// The finale first: it listens to what the other hears from the stage.
async function joinShow() {
  const { loadStyles, loadTexts } = await import("./elements.js");
  await Promise.all([loadStyles(byId("hall")), loadTexts(byId("hall"))]);
  await import("./wall-finale.js");
  await import("./wall-vote.js");
}

// --- the presenter's controls ---

function togglePause() {
  isPaused = !isPaused;
  sky.isPaused = isPaused;
  byId("pause").setAttribute("aria-pressed", String(isPaused));
  if (isPaused) return;
  sky.add(arrived);
  arrived = [];
}

function toggleFullscreen() {
  document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen().catch(() => {});
}

if (byId("join").querySelector("img")) offerCode(byId("join"), byId("code")); // else phones cannot reach this laptop
byId("pause").addEventListener("click", togglePause);
byId("fullscreen").hidden = !document.fullscreenEnabled;
byId("fullscreen").addEventListener("click", toggleFullscreen);
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("button, a")) return;
  if (event.key === "f" && document.fullscreenEnabled) toggleFullscreen();
  if (event.key === " ") { event.preventDefault(); togglePause(); }
});

// The form's QR code, as large as the screen: for the last row of a hall. Key q, the button, or a touch of the code itself.
function offerCode(code, button) {
  button.hidden = false;
  const show = (isFull) => {
    code.classList.toggle("full", isFull);
    button.setAttribute("aria-pressed", String(isFull));
  };
  const toggle = () => show(!code.classList.contains("full"));
  button.addEventListener("click", toggle);
  code.addEventListener("click", toggle);
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.key === "q") toggle();
    if (event.key === "Escape") show(false);
  });
}

let idleTimer;
function showControls() {
  document.body.classList.remove("idle");
  clearTimeout(idleTimer);
  idleTimer = setTimeout(() => document.body.classList.add("idle"), IDLE);
}
for (const type of ["pointermove", "keydown", "pointerdown"]) addEventListener(type, showControls, { passive: true });
showControls();

// Keeps the screen on. Only https and localhost have it, and it is lost whenever the tab was hidden.
async function keepScreenOn() {
  if (!document.hidden) await navigator.wakeLock?.request("screen").catch(() => {});
}
document.addEventListener("visibilitychange", keepScreenOn);
keepScreenOn();
