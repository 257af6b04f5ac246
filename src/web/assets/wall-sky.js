// The sky: each wish on the wall is a light in a pod of its ship, at most PODS a ship. Some wishes are shown as cards on
// the stage, the newest first. Only transform and opacity are ever animated, between ends that are known here, so the
// browser measures and lays out nothing. Every element is made once and used again.

const PODS = 100;
// Of the cards, newest first.
const POSITIONS = [
  { y: "53vh", scale: 1, opacity: 1 },
  { y: "26vh", scale: 0.62, opacity: 0.82 },
  { y: "7.9vh", scale: 0.44, opacity: 0.65 },
];
const SPARE_CARDS = 8;
const EARTH = "translate(50vw, calc(100vh - 14em))";
const CENTRE = { mars: "12.5em", jupiter: "calc(100vw - 12.5em)" };
const FLIGHTS = 15; // of one answer; more would be a smear, so the other lights just come on
const GLOW = 0.92; // opacity of a light
const STEP = 200; // milliseconds, as everywhere below
const MOVE = 1_100; // of a card
const HOLD = 1_600; // how long the newest card stays in front when a new wish waits
const HOLD_LIT = 2_600; // when the next wish has a light in its pod already
const HOLD_AGAIN = 7_000; // when every wish had its card, and one gets it again

const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

// Sets the final style on the element; the animation only leads there, and leaves nothing behind. It ends an earlier one of
// the element: on a busy machine that may have begun late, outlast this one, and take a card back to where the next one is.
function animate(element, from, to, duration, delay = 0) {
  for (const earlier of element.getAnimations()) earlier.cancel();
  for (const [property, value] of Object.entries(to)) element.style.setProperty(property, value);
  if (reducedMotion.matches) return element.animate([{ opacity: from.opacity ?? 0 }, { opacity: to.opacity }], 400);
  return element.animate([from, to], { duration, delay, fill: "backwards", easing: "cubic-bezier(.25, 0, .2, 1)" });
}

// A random place on the Earth's rim.
function horizonPosition() {
  const x = (Math.random() - 0.5) * 60;
  return `translate(calc(50vw + ${x.toFixed(1)}em), calc(100vh - ${(15.4 - x * x / 300).toFixed(1)}em))`;
}

// The place of a pod: the seeds of a sunflower around its world, filled from the inside.
function podPosition(ship, index) {
  const angle = index * 2.399963;
  const radius = Math.sqrt(7.4 ** 2 + (11.2 ** 2 - 7.4 ** 2) * ((index + 0.5) / PODS));
  const [x, y] = [radius * Math.cos(angle), radius * Math.sin(angle)].map((value) => value.toFixed(2));
  return `translate(calc(${CENTRE[ship]} + ${x}em), calc(20.5vh + ${y}em))`;
}

// The width of a text in letters: a CJK character or an emoji is as wide as two.
function textWidth(text) {
  let letters = 0;
  for (const character of text) letters += character === "\n" ? 20 : character.codePointAt(0) > 0x2e7f ? 2 : 1;
  return letters;
}

export class Sky {
  #entries = new Map(); // wish_id -> {wish, pod, hadCard, isLit}: what is on the wall, oldest first
  #pods = { mars: [], jupiter: [] };
  #nextPod = { mars: 0, jupiter: 0 };
  #cards = []; // in their positions, newest first
  #leaving = new Set(); // cards on their way to their pods
  #spare = []; // cards without a wish
  #lastCardAt = -Infinity;
  #isBlank = false;
  #isPaused = false;

  constructor(stage, names) {
    this.stage = stage;
    this.names = names;
    for (const ship of ["mars", "jupiter"]) this.#makeLights(ship);
    for (let made = 0; made < SPARE_CARDS; made += 1) this.#spare.push(this.#makeCard());
    setInterval(() => this.#showNextCard(), STEP);
  }

  get isEmpty() { return this.#entries.size === 0; }

  // Adds new wishes, oldest first. The newest gets a card at once if the stage is free; each gets its light.
  add(wishes) {
    for (const wish of wishes) this.#assignPod(wish);
    this.#showNextCard();
    wishes.forEach(({ wish_id: id }, index) => {
      const entry = this.#entries.get(id);
      if (!entry || entry.isLit || this.#hasCard(entry)) return;
      const isFlying = wishes.length - index <= FLIGHTS;
      this.#lightUp(entry, isFlying ? horizonPosition() : null, Math.min(1_000, wishes.length * 100));
    });
  }

  // Shows these wishes and no others, without an arrival of those that are there already.
  replaceAll(wishes) {
    const stays = new Set(wishes.map((wish) => wish.wish_id));
    this.withdraw([...this.#entries.keys()].filter((id) => !stays.has(id)));
    this.add(wishes.filter((wish) => !this.#entries.has(wish.wish_id)));
  }

  // Takes these wishes off the wall at once, wherever they are.
  withdraw(ids) {
    for (const id of ids) {
      const entry = this.#entries.get(id);
      for (const card of [...this.#cards, ...this.#leaving]) if (card.entry.wish.wish_id === id) this.#removeCard(card);
      if (!entry) continue;
      this.#entries.delete(id);
      this.#turnOff(entry.pod);
    }
  }

  // While the wall is blank the document holds no typed text. The lights, which have none, stay.
  set isBlank(blank) {
    this.#isBlank = blank;
    if (!blank) return;
    for (const card of [...this.#cards, ...this.#leaving]) {
      card.entry.hadCard = false; // its time was cut short: show it first, later
      if (!card.entry.isLit && this.#entries.get(card.entry.wish.wish_id) === card.entry) this.#lightUp(card.entry);
      this.#removeCard(card);
    }
  }

  // While the wall is paused nothing moves and no card is new; withdrawn wishes still go.
  set isPaused(paused) {
    this.#isPaused = paused;
    for (const animation of document.getAnimations()) paused ? animation.pause() : animation.play();
  }

  #makeLights(ship) {
    const lights = document.createElement("div");
    lights.className = `lights ${ship}`;
    lights.setAttribute("aria-hidden", "true");
    for (let index = 0; index < PODS; index += 1) {
      const light = document.createElement("i");
      const position = podPosition(ship, index);
      light.style.setProperty("transform", position);
      light.style.setProperty("opacity", "0");
      this.#pods[ship].push({ light, position, entry: null });
      lights.append(light);
    }
    this.stage.before(lights);
  }

  #makeCard() {
    const figure = document.createElement("figure");
    const [quote, caption, name, to] = ["blockquote", "figcaption", "bdi", "span"].map((tag) => document.createElement(tag));
    quote.dir = "auto";
    caption.append(name, to);
    figure.append(quote, caption);
    return { figure, quote, name, to, entry: null };
  }

  // Gives a wish a pod: the oldest wish of a full ship makes room.
  #assignPod(wish) {
    const ship = wish.destination;
    const pod = this.#pods[ship][this.#nextPod[ship]];
    this.#nextPod[ship] = (this.#nextPod[ship] + 1) % PODS;
    if (pod.entry) this.#entries.delete(pod.entry.wish.wish_id);
    this.#turnOff(pod);
    pod.entry = { wish, pod, hadCard: false, isLit: false };
    this.#entries.set(wish.wish_id, pod.entry);
  }

  #lightUp(entry, from = null, spread = 0) {
    const { light, position } = entry.pod;
    entry.isLit = true;
    const start = { transform: from ?? position, opacity: 0 };
    // One answer holds the wishes of a second: they leave within a second, not all at once.
    const duration = from ? 2_000 + Math.random() * 800 : 500;
    const flight = animate(light, start, { transform: position, opacity: GLOW }, duration, Math.random() * spread);
    if (this.#isPaused) flight.finish();
  }

  #turnOff(pod) {
    for (const animation of pod.light.getAnimations()) animation.cancel();
    pod.light.style.setProperty("opacity", "0");
    pod.entry = null;
  }

  #hasCard(entry) { return this.#cards.some((card) => card.entry === entry); }

  #showNextCard() {
    if (this.#isBlank || this.#isPaused || document.hidden || !this.#spare.length) return;
    const held = performance.now() - this.#lastCardAt;
    if (held < HOLD) return;
    const entry = this.#newestWithoutCard(held) ?? (held >= HOLD_AGAIN ? this.#anyWithoutCardNow() : null);
    if (entry) this.#showCard(entry);
  }

  #newestWithoutCard(held) {
    let newest = null;
    for (const entry of this.#entries.values()) if (!entry.hadCard) newest = entry;
    return newest?.isLit && held < HOLD_LIT ? null : newest;
  }

  #anyWithoutCardNow() {
    const candidates = [...this.#entries.values()].filter((entry) => !this.#hasCard(entry));
    return this.#entries.size > POSITIONS.length ? candidates[Math.floor(Math.random() * candidates.length)] : null;
  }

  #showCard(entry) {
    const card = this.#spare.pop();
    const { wish } = entry;
    const letters = textWidth(wish.message);
    card.entry = entry;
    card.figure.className = `card ${wish.destination} ${letters > 85 ? "longest" : letters > 42 ? "longer" : ""}`;
    card.quote.textContent = wish.message;
    card.quote.lang = /[\u3040-\u30ff]/.test(wish.message) ? "ja" : ""; // kana are Japanese; other texts have no known language
    card.name.textContent = wish.name ?? "";
    card.name.hidden = !wish.name;
    card.to.textContent = `→ ${this.names[wish.destination]}`;
    const from = entry.isLit ? entry.pod.position : EARTH;
    entry.hadCard = true;
    this.#lastCardAt = performance.now();
    this.#cards.unshift(card);
    if (this.#cards.length > POSITIONS.length) this.#sendToPod(this.#cards.pop());
    this.stage.prepend(card.figure);
    // The others make room first, so that no two texts cross.
    this.#cards.slice(1).forEach((other, index) => animate(other.figure, styleAt(index), styleAt(index + 1), MOVE));
    animate(card.figure, { transform: `${from} scale(.04)`, opacity: 0 }, styleAt(0), MOVE, MOVE / 3);
  }

  #sendToPod(card) {
    const { entry } = card;
    const isOnWall = this.#entries.get(entry.wish.wish_id) === entry;
    const last = styleAt(POSITIONS.length - 1);
    const transform = isOnWall ? `${entry.pod.position} scale(.04)` : last.transform;
    this.#leaving.add(card);
    if (isOnWall && !entry.isLit) this.#lightUp(entry);
    animate(card.figure, last, { transform, opacity: 0 }, MOVE).onfinish = () => this.#removeCard(card);
  }

  #removeCard(card) {
    if (!card.entry) return;
    for (const animation of card.figure.getAnimations()) animation.cancel();
    card.figure.remove();
    card.quote.textContent = card.name.textContent = "";
    this.#leaving.delete(card);
    this.#cards = this.#cards.filter((other) => other !== card);
    card.entry = null;
    this.#spare.push(card);
  }
}

function styleAt(index) {
  const { y, scale, opacity } = POSITIONS[index];
  return { transform: `translate(50vw, ${y}) scale(${scale})`, opacity };
}
