// The sky: each wish on the wall is a light in its ship's pods, at most PODS a ship, and some of them are read aloud.
// Only transform and opacity are ever animated, between ends that are known here, so nothing is measured and nothing laid
// out again. Every element is made once and used again.

const PODS = 100;
const PLACES = [
  { y: "53vh", scale: 1, opacity: 1 },
  { y: "26vh", scale: 0.62, opacity: 0.82 },
  { y: "7.9vh", scale: 0.44, opacity: 0.65 },
];
const EARTH = "translate(50vw, calc(100vh - 14em))";
const CENTRE = { mars: "12.5em", jupiter: "calc(100vw - 12.5em)" };
const FLIGHTS = 15; // of one answer; more than that are a smear, and the others just light up
const GLOW = 0.92;
const MOVE = 1_100;
const HOLD = 1_600; // how long the newest stays large when the next one waits
const HOLD_UNREAD = 2_600; // when the next one has waited in its pod already
const HOLD_AGAIN = 7_000; // when all have been read, and one is read again

const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** The final state is the element's own style; the animation only leads there, and leaves nothing behind. */
function lead(element, from, to, duration, delay = 0) {
  for (const [property, value] of Object.entries(to)) element.style.setProperty(property, value);
  if (calm.matches) return element.animate([{ opacity: from.opacity ?? 0 }, { opacity: to.opacity }], 400);
  return element.animate([from, to], { duration, delay, fill: "backwards", easing: "cubic-bezier(.25, 0, .2, 1)" });
}

/** Somewhere along the Earth's rim. */
function horizon() {
  const x = (Math.random() - 0.5) * 60;
  return `translate(calc(50vw + ${x.toFixed(1)}em), calc(100vh - ${(15.4 - x * x / 300).toFixed(1)}em))`;
}

/** Where a pod is: a sunflower around its world, filled from the inside. */
function podPlace(ship, index) {
  const angle = index * 2.399963;
  const radius = Math.sqrt(7.4 ** 2 + (11.2 ** 2 - 7.4 ** 2) * ((index + 0.5) / PODS));
  const [x, y] = [radius * Math.cos(angle), radius * Math.sin(angle)].map((part) => part.toFixed(2));
  return `translate(calc(${CENTRE[ship]} + ${x}em), calc(20.5vh + ${y}em))`;
}

/** How much room a text wants, in letters: a CJK or emoji character is as wide as two. */
function breadth(text) {
  let letters = 0;
  for (const character of text) letters += character === "\n" ? 20 : character.codePointAt(0) > 0x2e7f ? 2 : 1;
  return letters;
}

export class Sky {
  #wishes = new Map(); // wish_id -> {wish, pod, isRead, isLit}: what is on the wall, oldest first
  #pods = { mars: [], jupiter: [] };
  #next = { mars: 0, jupiter: 0 };
  #reading = []; // the voices in their places, newest first
  #leaving = new Set(); // voices on their way to their pods
  #spare = [];
  #lastStep = -Infinity;
  #isBlank = false;
  #isPaused = false;

  constructor(stage, names) {
    this.stage = stage;
    this.names = names;
    for (const ship of ["mars", "jupiter"]) this.#build(ship);
    for (let made = 0; made < 8; made += 1) this.#spare.push(this.#voice());
    setInterval(() => this.#step(), 200);
  }

  get isEmpty() { return this.#wishes.size === 0; }

  /** New wishes, oldest first. The newest of them is read at once if the stage is free; every one gets its light. */
  arrive(wishes) {
    for (const wish of wishes) this.#board(wish);
    this.#step();
    wishes.forEach(({ wish_id: id }, index) => {
      const entry = this.#wishes.get(id);
      if (!entry || entry.isLit || this.#isOnStage(entry)) return;
      const isInFlight = wishes.length - index <= FLIGHTS;
      this.#light(entry, isInFlight ? horizon() : null, Math.min(1_000, wishes.length * 100));
    });
  }

  /** What is on the wall now and nothing else: after a pause too long to replay. */
  renew(wishes) {
    const stays = new Set(wishes.map((wish) => wish.wish_id));
    this.withdraw([...this.#wishes.keys()].filter((id) => !stays.has(id)));
    this.arrive(wishes.filter((wish) => !this.#wishes.has(wish.wish_id)));
  }

  /** Off the wall at once, wherever it is. */
  withdraw(ids) {
    for (const id of ids) {
      const entry = this.#wishes.get(id);
      for (const voice of [...this.#reading, ...this.#leaving]) if (voice.entry.wish.wish_id === id) this.#silence(voice);
      if (!entry) continue;
      this.#wishes.delete(id);
      this.#darken(entry.pod);
    }
  }

  /** While blank nothing typed is in the document. The lights, which say nothing, stay. */
  set isBlank(blank) {
    this.#isBlank = blank;
    if (!blank) return;
    for (const voice of [...this.#reading, ...this.#leaving]) {
      voice.entry.isRead = false; // it was cut short: read it again first
      if (!voice.entry.isLit && this.#wishes.get(voice.entry.wish.wish_id) === voice.entry) this.#light(voice.entry);
      this.#silence(voice);
    }
  }

  /** Paused, nothing moves and nothing new is read; what is withdrawn still goes. */
  set isPaused(paused) {
    this.#isPaused = paused;
    for (const animation of document.getAnimations()) paused ? animation.pause() : animation.play();
  }

  #build(ship) {
    const crowd = document.createElement("div");
    crowd.className = `crowd ${ship}`;
    crowd.setAttribute("aria-hidden", "true");
    for (let index = 0; index < PODS; index += 1) {
      const light = document.createElement("i");
      const place = podPlace(ship, index);
      light.style.setProperty("transform", place);
      light.style.setProperty("opacity", "0");
      this.#pods[ship].push({ light, place, entry: null });
      crowd.append(light);
    }
    this.stage.before(crowd);
  }

  #voice() {
    const figure = document.createElement("figure");
    const [quote, caption, name, to] = ["blockquote", "figcaption", "bdi", "span"].map((tag) => document.createElement(tag));
    quote.dir = "auto";
    caption.append(name, to);
    figure.append(quote, caption);
    return { figure, quote, name, to, entry: null };
  }

  /** A pod for a wish: the oldest wish of a full ship makes room. */
  #board(wish) {
    const ship = wish.destination;
    const pod = this.#pods[ship][this.#next[ship]];
    this.#next[ship] = (this.#next[ship] + 1) % PODS;
    if (pod.entry) this.#wishes.delete(pod.entry.wish.wish_id);
    this.#darken(pod);
    pod.entry = { wish, pod, isRead: false, isLit: false };
    this.#wishes.set(wish.wish_id, pod.entry);
  }

  #light(entry, from = null, spread = 0) {
    const { light, place } = entry.pod;
    entry.isLit = true;
    const start = { transform: from ?? place, opacity: 0 };
    // A second's worth of wishes comes in one answer: they leave within that second, not as one.
    const duration = from ? 2_000 + Math.random() * 800 : 500;
    const flight = lead(light, start, { transform: place, opacity: GLOW }, duration, Math.random() * spread);
    if (this.#isPaused) flight.finish();
  }

  #darken(pod) {
    for (const animation of pod.light.getAnimations()) animation.cancel();
    pod.light.style.setProperty("opacity", "0");
    pod.entry = null;
  }

  #isOnStage(entry) { return this.#reading.some((voice) => voice.entry === entry); }

  #step() {
    if (this.#isBlank || this.#isPaused || document.hidden || !this.#spare.length) return;
    const held = performance.now() - this.#lastStep;
    if (held < HOLD) return;
    const entry = this.#newestUnread(held) ?? (held >= HOLD_AGAIN ? this.#anyAgain() : null);
    if (entry) this.#read(entry);
  }

  #newestUnread(held) {
    let newest = null;
    for (const entry of this.#wishes.values()) if (!entry.isRead) newest = entry;
    return newest?.isLit && held < HOLD_UNREAD ? null : newest;
  }

  #anyAgain() {
    const silent = [...this.#wishes.values()].filter((entry) => !this.#isOnStage(entry));
    return this.#wishes.size > PLACES.length ? silent[Math.floor(Math.random() * silent.length)] : null;
  }

  #read(entry) {
    const voice = this.#spare.pop();
    const { wish } = entry;
    const letters = breadth(wish.message);
    voice.entry = entry;
    voice.figure.className = `voice ${wish.destination} ${letters > 85 ? "longest" : letters > 42 ? "longer" : ""}`;
    voice.quote.textContent = wish.message;
    voice.quote.lang = /[\u3040-\u30ff]/.test(wish.message) ? "ja" : ""; // kana tell; of most texts nobody knows
    voice.name.textContent = wish.name ?? "";
    voice.name.hidden = !wish.name;
    voice.to.textContent = `→ ${this.names[wish.destination]}`;
    const from = entry.isLit ? entry.pod.place : EARTH;
    entry.isRead = true;
    this.#lastStep = performance.now();
    this.#reading.unshift(voice);
    if (this.#reading.length > PLACES.length) this.#leave(this.#reading.pop());
    this.stage.prepend(voice.figure);
    // The others make room first, so that no two texts cross.
    this.#reading.slice(1).forEach((other, index) => lead(other.figure, placed(index), placed(index + 1), MOVE));
    lead(voice.figure, { transform: `${from} scale(.04)`, opacity: 0 }, placed(0), MOVE, MOVE / 3);
  }

  #leave(voice) {
    const { entry } = voice;
    const isOnWall = this.#wishes.get(entry.wish.wish_id) === entry;
    const to = isOnWall ? `${entry.pod.place} scale(.04)` : placed(PLACES.length - 1).transform;
    this.#leaving.add(voice);
    if (isOnWall && !entry.isLit) this.#light(entry);
    lead(voice.figure, placed(PLACES.length - 1), { transform: to, opacity: 0 }, MOVE).onfinish = () => this.#silence(voice);
  }

  #silence(voice) {
    if (!voice.entry) return;
    for (const animation of voice.figure.getAnimations()) animation.cancel();
    voice.figure.remove();
    voice.quote.textContent = voice.name.textContent = "";
    this.#leaving.delete(voice);
    this.#reading = this.#reading.filter((other) => other !== voice);
    voice.entry = null;
    this.#spare.push(voice);
  }
}

function placed(index) {
  const { y, scale, opacity } = PLACES[index];
  return { transform: `translate(50vw, ${y}) scale(${scale})`, opacity };
}
