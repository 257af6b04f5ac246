// Follows one wish until nothing more will happen to it soon. What somebody typed goes in by textContent only.
const texts = JSON.parse(document.getElementById("texts").textContent);
const part = (id) => document.getElementById(id);
const lang = document.documentElement.lang;
const address = location.origin + location.pathname; // without ?lang: whoever gets the link has a language of their own
const isTravelling = part("travelling") !== null;
const LONGEST_WAIT = isTravelling ? 5_000 : 30_000; // milliseconds, as everywhere below
const SLOW = 20_000;

const goesOn = ({ status, visibility }) =>
  status === "waitlisted" || (status === "boarded" && ["pending", "held"].includes(visibility));
const day = (iso) =>
  new Intl.DateTimeFormat(lang === "ja" ? "ja" : "en-GB", { dateStyle: "long", timeZone: "UTC" }).format(new Date(iso));

function put(id, value) {
  part(id).textContent = value ?? "";
  part(id).closest("dl > div, figure")?.toggleAttribute("hidden", value == null || value === "");
}

function show(wish) {
  const live = ["boarded", "waitlisted"].includes(wish.status);
  document.title = document.title.replace(part("status").textContent, texts[wish.status]);
  put("status", texts[wish.status]);
  put("lead", texts.lead[wish.reason ?? wish.status]);
  put("wall", live ? texts.wall[wish.visibility] : "");
  put("passenger", wish.name);
  put("pod", wish.pod);
  put("seat", wish.seat);
  put("arrives", wish.arrives_on && day(wish.arrives_on));
  put("message", wish.message);
  part("seats").toggleAttribute("hidden", !wish.seat);
  const place = (wish.seat ?? 1) - 1;
  const own = part("seats").querySelector(".own");
  own.setAttribute("cx", (place % 10) * 10 + 5);
  own.setAttribute("cy", (Math.floor(place / 10) % 10) * 10 + 5);
  const inTime = [...wish.history].sort((one, other) => Date.parse(one.time) - Date.parse(other.time));
  part("journey").replaceChildren(...inTime.flatMap(step));
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

const visible = () =>
  document.hidden && new Promise((seen) => document.addEventListener("visibilitychange", seen, { once: true }));
const pause = (wait) => new Promise((resume) => setTimeout(resume, wait));

async function look() {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), 10_000);
  try {
    const headers = { Accept: "application/json" };
    const answer = await fetch(address, { headers, cache: "no-store", signal: abort.signal });
    if (!answer.ok) return { after: Number(answer.headers.get("Retry-After")) * 1000 || 0 };
    const wish = await answer.json();
    // No use in asking much before its time has come. The phone's clock may be anything, so: at most the whole delay.
    const delay = Date.parse(wish.shown_at) - Date.parse(wish.history.at(-1)?.time);
    return { wish, after: wish.visibility === "pending" ? Math.min(LONGEST_WAIT, delay || 0) : 0 };
  } catch {
    return { after: 0 };
  } finally {
    clearTimeout(timer);
  }
}

async function follow() {
  const began = Date.now();
  let seen = "";
  for (let attempt = 0, after = 0; ; attempt++) {
    const longest = Math.min(LONGEST_WAIT, 1000 * 1.5 ** attempt);
    await pause(Math.max(after, longest / 2 + (Math.random() * longest) / 2));
    await visible();
    const found = await look();
    after = found.after ?? 0;
    if (isTravelling && found.wish) return location.reload();
    if (isTravelling && Date.now() - began > SLOW) part("lead").textContent = texts.slow;
    if (!found.wish) continue;
    const now = JSON.stringify(found.wish);
    if (now !== seen) show(found.wish);
    if (seen && now !== seen) attempt = 0;
    seen = now;
    if (!goesOn(found.wish)) return;
  }
}

if (isTravelling || "goesOn" in part("pass").dataset) follow();

// The clipboard and the share sheet exist on https only; without them there is still the address.
function offer(id, act) {
  part(id).hidden = false;
  part(id).addEventListener("click", act);
}
if (!isTravelling) {
  const title = document.querySelector('meta[property="og:title"]').content;
  if (navigator.share) {
    offer("share", () => navigator.share({ title, url: address }).catch(() => {})); // closed without sharing
  } else if (navigator.clipboard) {
    offer("copy", async () => {
      await navigator.clipboard.writeText(address);
      part("copy").textContent = part("copied").textContent = texts.copied;
    });
  }
  offer("print", () => print());
}

// How it travelled, asked for while it is open and not all of it has arrived.
const MOST_ASKED = 20;

async function travel() {
  const details = part("travelled");
  const say = (words) => words !== part("travelled-said").textContent && (part("travelled-said").textContent = words);
  if (!details.open || details.dataset.asked) return;
  details.dataset.asked = "now"; // closed and opened again is still one that asks
  say(texts.travel.asking);
  let found = null;
  for (let attempt = 0; details.open && attempt < MOST_ASKED && !found?.complete; attempt++) {
    if (attempt) await pause(Math.min(10_000, 1000 * 1.5 ** attempt));
    await visible();
    try {
      const { waterfall } = await import("./waterfall.js");
      const answer = await fetch(`${address}/trace`, { headers: { Accept: "application/json" } });
      if (answer.status === 404 && !answer.headers.has("retry-after")) break; // not every wish is traced
      if (!answer.ok) continue;
      found = await answer.json();
      part("waterfall").replaceChildren(waterfall(found, texts.travel, { isForAudience: true }));
      say(found.complete ? "" : texts.travel.incomplete);
    } catch {} // no network for a moment
  }
  if (found?.complete) return;
  delete details.dataset.asked;
  if (details.open) say(found ? texts.travel.partly : texts.travel.none);
}

if (!isTravelling) {
  part("travelled").hidden = false;
  part("travelled").addEventListener("toggle", travel);
}
