// The wall: asks for wishes and totals, and shows them. There is no live region on purpose: at a hundred wishes a minute
// a screen reader would never fall silent. The wishes are ordinary text in reading order instead.

import { Poller } from "./wall-feed.js";
import { Sky } from "./wall-sky.js";

const LIMIT = 100;
const MOST_SEEN = 5_000;
const MOST_PAGES_BEHIND = 4;
const LATE = 6_000;
const RATE_SPAN = 10_000;

const { root, wall: texts, ...names } = JSON.parse(document.getElementById("texts").textContent);
const lang = document.documentElement.lang;
const number = new Intl.NumberFormat(lang);
const part = new Intl.NumberFormat(lang, { style: "percent" });
const find = (id) => document.getElementById(id);
const say = (text, n) => text.replace("{n}", n);
function show(element, text) { if (element.textContent !== text) element.textContent = text; }

const sky = new Sky(find("stage"), names);
const seen = new Set(); // ids, oldest first
let cursor = "latest";
let pagesBehind = 0;
let isBlank = false;
let isPaused = false;
let waiting = []; // what came while paused

const feedPath = () => `${root}wishes?after=${encodeURIComponent(cursor)}&limit=${LIMIT}`;
const feed = new Poller(feedPath, 1_000, showFeed, () => { cursor = "latest"; });
const manifest = new Poller(() => `${root}manifest`, 2_000, showManifest);
setInterval(showAge, 1_000);

function showFeed(answer, isNew) {
  if (!isNew) return undefined;
  const isRebuilt = cursor !== "latest" && cursor.split("-")[0] !== answer.cursor.split("-")[0];
  const isFromLatest = cursor === "latest";
  pagesBehind = answer.more && !isFromLatest ? pagesBehind + 1 : 0;
  if (answer.blank) {
    hush(true);
    cursor = "latest"; // so that the wall comes back with what may be shown then, and nothing else
    return undefined;
  }
  if (isRebuilt || pagesBehind > MOST_PAGES_BEHIND) {
    // A rebuilt feed begins anew, and one that runs away from us is not caught up with page by page: begin near its end.
    cursor = "latest";
    pagesBehind = 0;
    return 100;
  }
  cursor = answer.cursor;
  isFromLatest ? renew(answer.wishes) : arrive(answer.wishes);
  withdraw(answer.withdrawn);
  hush(false);
  return answer.more ? 250 : undefined;
}

function renew(wishes) {
  waiting = [];
  seen.clear();
  wishes.forEach(isFresh);
  sky.renew(wishes.slice(-LIMIT)); // no more than a ship has lights for: what is there already must not come anew
}

function arrive(wishes) {
  const fresh = wishes.filter(isFresh);
  if (isPaused) waiting = [...waiting, ...fresh].slice(-2 * LIMIT);
  else sky.arrive(fresh);
}

/** Reads overlap, so a wish may come again. */
function isFresh(wish) {
  if (seen.has(wish.wish_id)) return false;
  seen.add(wish.wish_id);
  if (seen.size > MOST_SEEN) seen.delete(seen.values().next().value);
  return true;
}

function withdraw(ids) {
  for (const id of ids) seen.delete(id); // it may be released again
  waiting = waiting.filter((wish) => !ids.includes(wish.wish_id));
  sky.withdraw(ids);
}

function hush(blank) {
  if (blank !== isBlank) sky.isBlank = isBlank = blank;
  show(find("hush"), isBlank ? texts.blank : texts.empty);
  find("hush").classList.toggle("over", !isBlank && !sky.isEmpty);
}

let totals = []; // {at, count}, as far back as the rate looks

function showManifest({ destinations, generation }) {
  const { mars, jupiter } = destinations;
  const count = [mars, jupiter].reduce((sum, ship) => sum + ship.boarded + ship.waitlisted + ship.rejected, 0);
  const at = performance.now();
  // After a rebuild or a reset the old totals say nothing.
  if (totals.length && (totals[0].generation !== generation || totals.at(-1).count > count)) totals = [];
  totals = [...totals.filter((total) => at - total.at <= RATE_SPAN + 1_000), { at, count, generation }];
  if (isPaused) return;
  const perSecond = totals.length > 1 ? ((count - totals[0].count) / (at - totals[0].at)) * 1_000 : 0;
  show(find("rate"), number.format(perSecond < 10 ? Math.round(perSecond * 10) / 10 : Math.round(perSecond)));
  showShip("mars", mars);
  showShip("jupiter", jupiter);
  tug(mars.boarded, jupiter.boarded);
}

function showShip(name, { boarded, waitlisted, seats_left: left }) {
  show(find(`${name}-boarded`), number.format(boarded));
  const seats = left || !waitlisted ? say(texts.seats_left, number.format(left)) : say(texts.waiting, number.format(waitlisted));
  show(find(`${name}-seats`), seats);
}

/** Both pull at a rope along the Earth's rim: the knot is where their crowds balance. */
function tug(mars, jupiter) {
  const share = mars + jupiter ? mars / (mars + jupiter) : 0.5;
  const reach = (Math.asin(46 / 150) * 180) / Math.PI;
  find("pull-mars").style.setProperty("stroke-dasharray", `${share * 100} 200`);
  find("pull-jupiter").style.setProperty("stroke-dasharray", `${(1 - share) * 100} 200`);
  find("knot").style.setProperty("transform", `rotate(${(2 * share - 1) * reach}deg)`);
  show(find("mars-share"), part.format(share));
  show(find("jupiter-share"), part.format(1 - share));
}

/** Says softly that what is shown is not live, and how old it is. */
function showAge() {
  const age = performance.now() - Math.min(feed.lastAnswer, manifest.lastAnswer);
  find("late").hidden = document.hidden || age < LATE;
  const seconds = Math.round(age / 1_000);
  show(find("age"), seconds < 100 ? say(texts.seconds_ago, seconds) : say(texts.minutes_ago, Math.round(seconds / 60)));
}

// The presenter's controls.
function pause() {
  isPaused = !isPaused;
  sky.isPaused = isPaused;
  find("pause").setAttribute("aria-pressed", String(isPaused));
  if (isPaused) return;
  sky.arrive(waiting);
  waiting = [];
}

function fullscreen() {
  document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen().catch(() => {});
}

find("pause").addEventListener("click", pause);
find("fullscreen").hidden = !document.fullscreenEnabled;
find("fullscreen").addEventListener("click", fullscreen);
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("button, a")) return;
  if (event.key === "f" && document.fullscreenEnabled) fullscreen();
  if (event.key === " ") { event.preventDefault(); pause(); }
});

let restless;
function awake() {
  document.body.classList.remove("idle");
  clearTimeout(restless);
  restless = setTimeout(() => document.body.classList.add("idle"), 3_000);
}
for (const event of ["pointermove", "keydown", "pointerdown"]) addEventListener(event, awake, { passive: true });
awake();

// Only https and localhost have it, and it is gone whenever the tab was hidden.
async function stayLit() {
  if (!document.hidden) await navigator.wakeLock?.request("screen").catch(() => {});
}
document.addEventListener("visibilitychange", stayLit);
stayLit();
