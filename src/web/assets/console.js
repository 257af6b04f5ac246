// The operator's console: the door, and behind it what is held, the latest, the counts, and panic.

import * as panic from "./console-panic.js";
import { asOperator, byId, close, fill, lang, open, Refused, request } from "./console-session.js";
import { signedIn, texts, write } from "./console-session.js";
import * as wishes from "./console-wishes.js";

const EVERY = 2_000; // ms
const MOST = 15_000; // ms between tries while nothing answers
const OLD = 6_000; // ms without an answer, after which the page says so
const SAY_EVERY = 10_000; // ms between announcements of how many are held
const MISSION = "#mission";

let round = 0; // of the session: what belongs to an older one stops
let wake = () => {};
let answeredAt = 0;
let saidAt = -Infinity;
let saidCount = 0;
let mission = null; // the module, once it was looked at

byId("sign-in").addEventListener("submit", signIn);
byId("sign-out").addEventListener("click", () => leave("out"));
byId("panic").addEventListener("click", panic.press);
document.addEventListener("signed-out", (event) => leave(event.detail));
document.addEventListener("visibilitychange", () => wake());
addEventListener("online", () => wake());
addEventListener("hashchange", look);
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.repeat || event.isComposing || !signedIn()) return;
  event.preventDefault();
  panic.press();
});
setInterval(tick, 1000);

const language = document.querySelector(".language");

if (signedIn()) enter();
else knock();

// --- the door ---

function knock(words = "") {
  look();
  byId("console").hidden = true;
  byId("door").hidden = false;
  document.body.prepend(language);
  byId("why").hidden = !words;
  write(byId("why"), words);
  document.title = `${texts.sign_in} · ${texts.title}`;
  byId("name").focus();
}

async function signIn(event) {
  event.preventDefault();
  const button = event.target.querySelector("button");
  if (button.getAttribute("aria-disabled") === "true") return;
  busy(button, true);
  const { name, password } = event.target.elements;
  try {
    const answer = await request("sign-in", { body: { name: name.value, password: password.value } });
    open(await answer.json());
    password.value = "";
    enter();
    byId("where").focus();
  } catch (error) {
    const isWrong = error instanceof Refused && error.isFinal;
    knock(isWrong ? texts.why.wrong : texts.why.silent);
    if (isWrong) password.focus();
  }
  busy(button, false);
}

function busy(button, isBusy) {
  button.setAttribute("aria-disabled", String(isBusy));
  write(button, isBusy ? texts.signing_in : texts.sign_in);
}

function enter() {
  byId("door").hidden = true;
  byId("console").hidden = false;
  byId("tools").prepend(language); // the bar covers where it was
  round += 1;
  answeredAt = performance.now();
  saidCount = 0;
  poll(round);
  look();
}

function leave(why) {
  const isUncertain = panic.isUncertain();
  round += 1;
  close();
  wishes.empty();
  panic.forget();
  knock(texts.why[why] + (isUncertain ? ` ${texts.why.panic}` : ""));
  wake();
}

// --- the two views ---

// API Gateway lets nobody load console without a token, and the way from there to the door drops what follows #. So the
// address of mission control is that of the door, also behind it: reloaded or bookmarked, it leads there again.
async function look() {
  const isMission = location.hash === MISSION;
  const hash = isMission ? MISSION : "";
  history.replaceState(null, "", (signedIn() && !isMission ? "console" : "sign-in") + location.search + hash);
  for (const link of language.querySelectorAll("a")) link.href = `sign-in${new URL(link.href).search}${hash}`;
  for (const link of byId("views").children) link.ariaCurrent = String((link.hash === MISSION) === isMission);
  byId("view-moderation").hidden = isMission;
  byId("view-mission").hidden = !isMission;
  try {
    if (isMission && signedIn()) mission ??= await import("./mission.js"); // what only moderates does not wait for it
  } catch {
    byId("view-mission").textContent = texts.mission.not_loaded;
  }
  if (location.hash === MISSION && signedIn()) mission?.start();
  else mission?.stop();
}

// --- what is new ---

async function poll(mine) {
  let failures = 0;
  while (mine === round) {
    if (document.hidden) await pause(Infinity);
    if (mine !== round) return;
    const [isFine] = await Promise.all([ask(mine), count(mine)]);
    failures = isFine ? 0 : failures + 1;
    // Full jitter: many consoles do not come back at the same moment.
    await pause(isFine ? EVERY : 500 + Math.random() * Math.min(MOST, EVERY * 2 ** failures));
  }
}

// Ends early when the network or the operator is back.
function pause(ms) {
  return new Promise((resolve) => {
    wake = resolve;
    if (ms < Infinity) setTimeout(resolve, ms);
  });
}

async function ask(mine) {
  const askedAt = performance.now();
  try {
    const answer = await asOperator("ops/queue");
    const queue = await answer.json();
    if (mine !== round) return true;
    panic.know(queue.blank, askedAt);
    wishes.show(queue);
    answeredAt = performance.now();
    tick();
    return true;
  } catch {
    return false;
  }
}

async function count(mine) {
  try {
    // no-cache asks with the ETag of what the browser has; a 304 costs nobody anything.
    const { destinations } = await (await request("manifest", { cache: "no-cache" })).json();
    if (mine !== round) return;
    for (const cell of byId("counts").querySelectorAll("td[data-of]")) {
      write(cell, destinations[cell.dataset.of][cell.dataset.count].toLocaleString(lang));
    }
  } catch {} // asked again in the next round; the queue fails with it, and the page says how old it is
}

function tick() {
  if (!signedIn()) return;
  const held = wishes.waiting();
  const silence = performance.now() - answeredAt;
  const isOld = silence > OLD && !document.hidden;
  byId("console").classList.toggle("old", isOld);
  write(byId("note"), isOld ? fill(texts.stale, { seconds: Math.round(silence / 1000) }) : "");
  document.title = `${held ? `(${held}) ` : ""}${texts.title} · ${byId("state").textContent}`;
  wishes.tick();
  if (held === saidCount || performance.now() - saidAt < SAY_EVERY) return;
  [saidCount, saidAt] = [held, performance.now()];
  byId("said").textContent = fill(texts.count, { count: held });
}
