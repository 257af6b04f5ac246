// The operator's console: the sign-in, then moderation (what is held, the latest, the counts), panic and mission control.

import * as panic from "./console-panic.js";
import { byId, fill, isSignedIn, lang, loadTexts, operatorRequest, signIn, signOut, texts, write } from "./console-session.js";
import * as wishes from "./console-wishes.js";
import { Poll, request } from "./poll.js";

const POLL = { every: 2_000, first: 4_000, longest: 15_000 }; // milliseconds, as everywhere below
const STALE = 6_000; // without an answer, after which the page says so
const ANNOUNCE_EVERY = 10_000; // of how many are held
// Views besides moderation, by their hash: each has texts and a script, which are loaded when somebody opens it.
const MISSION = { id: "view-mission", load: () => import("./mission.js") };
const VIEWS = { "#mission": MISSION, "#map": MISSION, "#presenter": { id: "view-presenter", load: () => import("./presenter.js") } };

let announcedAt = -Infinity;
let announcedCount = 0;

const language = document.querySelector(".language");
const queue = new Poll(readQueue, showQueue, POLL);
const counts = new Poll(readCounts, showCounts, POLL);

byId("sign-in").addEventListener("submit", submitSignIn);
byId("sign-out").addEventListener("click", () => closeConsole("out"));
byId("panic").addEventListener("click", panic.press);
document.addEventListener("signed-out", (event) => closeConsole(event.detail));
addEventListener("hashchange", showView);
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.repeat || event.isComposing || !isSignedIn()) return;
  event.preventDefault();
  panic.press();
});
setInterval(showAge, 1000);

if (isSignedIn()) openConsole();
else showSignIn();

// --- the session ---

function showSignIn(words = "") {
  showView();
  byId("console").hidden = true;
  byId("sign-in-view").hidden = false;
  document.body.prepend(language);
  byId("sign-in-problem").hidden = !words;
  write(byId("sign-in-problem"), words);
  document.title = `${texts.sign_in} · ${texts.title}`;
  byId("name").focus();
}

async function submitSignIn(event) {
  event.preventDefault();
  const button = event.target.querySelector("button");
  if (button.getAttribute("aria-disabled") === "true") return;
  setBusy(button, true);
  const { name, password } = event.target.elements;
  try {
    await signIn(name.value, password.value);
    password.value = "";
    openConsole();
    byId("page-title").focus();
  } catch (error) {
    const why = error.status === 429 ? "locked" : error.isFinal ? "wrong" : "silent";
    showSignIn(texts.why[why]);
    if (error.isFinal) password.focus();
  }
  setBusy(button, false);
}

function setBusy(button, isBusy) {
  button.setAttribute("aria-disabled", String(isBusy));
  write(button, isBusy ? texts.signing_in : texts.sign_in);
}

function openConsole() {
  byId("sign-in-view").hidden = true;
  byId("console").hidden = false;
  byId("toolbar").prepend(language); // the bar covers its place
  queue.answeredAt = performance.now();
  announcedCount = 0;
  queue.start();
  counts.start();
  showView();
  findStage();
}

function closeConsole(reason) {
  const isUncertain = panic.isUncertain();
  queue.stop();
  counts.stop();
  signOut();
  wishes.removeAll();
  panic.reset();
  showSignIn(texts.why[reason] + (isUncertain ? ` ${texts.why.panic}` : ""));
}

// --- the views ---

// API Gateway serves /console to nobody without a token, and its redirect to the sign-in drops the hash. So the address of
// another view is that of the sign-in, also when signed in: a reload or a bookmark leads there again.
async function showView() {
  const hash = location.hash in VIEWS ? location.hash : "";
  const shown = VIEWS[hash];
  history.replaceState(null, "", (isSignedIn() && !hash ? "console" : "sign-in") + location.search + hash);
  for (const link of language.querySelectorAll("a")) link.href = `sign-in${new URL(link.href).search}${hash}`;
  for (const link of byId("views").children) link.ariaCurrent = String(link.hash === (hash || "#moderation"));
  byId("view-moderation").hidden = hash !== "";
  for (const each of Object.values(VIEWS)) byId(each.id).hidden = each !== shown;
  try {
    if (shown && isSignedIn()) shown.script ??= await loadView(shown); // moderation does not wait for it
  } catch {
    byId(shown.id).textContent = texts.not_loaded;
  }
  for (const each of new Set(Object.values(VIEWS))) {
    if (each === VIEWS[location.hash] && isSignedIn()) each.script?.start();
    else each.script?.stop();
  }
}

// The texts first: the script needs them as it begins.
async function loadView({ id, load }) {
  await loadTexts(byId(id));
  return load();
}

// The presenter's page is the laptop's only, and so is its link.
async function findStage() {
  const link = byId("to-presenter");
  if (!link.hidden) return;
  try {
    await operatorRequest("stage/drills");
    link.hidden = false;
  } catch {}
}

// --- the queue and the counts ---

async function readQueue() {
  const sentAt = performance.now();
  return { ...(await operatorRequest("ops/queue")), sentAt };
}

function showQueue(answer) {
  panic.setBlank(answer.blank, answer.sentAt);
  wishes.show(answer);
  showAge();
}

// no-cache sends the ETag of what the browser has; a 304 costs little.
async function readCounts() {
  return (await request("manifest", { cache: "no-cache", credentials: "omit" })).json();
}

function showCounts({ destinations }) {
  for (const cell of byId("counts").querySelectorAll("td[data-of]")) {
    write(cell, destinations[cell.dataset.of][cell.dataset.count].toLocaleString(lang));
  }
}

function showAge() {
  if (!isSignedIn()) return;
  const held = wishes.heldCount();
  const age = performance.now() - queue.answeredAt;
  const isStale = age > STALE && !document.hidden;
  byId("console").classList.toggle("stale", isStale);
  write(byId("stale-note"), isStale ? fill(texts.stale, { seconds: Math.round(age / 1000) }) : "");
  document.title = `${held ? `(${held}) ` : ""}${texts.title} · ${byId("wall-state").textContent}`;
  wishes.showTimes();
  if (held === announcedCount || performance.now() - announcedAt < ANNOUNCE_EVERY) return;
  [announcedCount, announcedAt] = [held, performance.now()];
  byId("announcement").textContent = fill(texts.count, { count: held });
}
