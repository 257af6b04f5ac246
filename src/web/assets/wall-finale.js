// The finale of a show on the wall: the audit as lights. Each wish that has a seat lights it, in the disc of its ship;
// then the verdict. wall-vote.js asks the stage, and tells it by an event. On AWS there is none, so nothing is shown.

import { fill, loadedTexts, write } from "./elements.js";

const LIGHTING = 12_000; // milliseconds until all seats are lit
const TURN = 2.399963; // the golden angle: seats like the seeds of a sunflower
const SHIPS = [["mars", 0.21], ["jupiter", 0.79]]; // the centres of the discs, in widths of the screen

const root = document.documentElement;
const texts = loadedTexts.finale;
const number = new Intl.NumberFormat(root.lang);
const motion = matchMedia("(prefers-reduced-motion: reduce)");

const section = document.createElement("section");
const [canvas, verdict, counts] = ["canvas", "h2", "p"].map((tag) => document.createElement(tag));
section.id = "finale";
section.hidden = true;
section.setAttribute("role", "status");
canvas.setAttribute("aria-hidden", "true");
section.append(canvas, verdict, counts);
document.querySelector("main").append(section);

let finale = null; // what the stage says
let began = 0;
let frame = 0;

document.addEventListener("stage", ({ detail }) => {
  const isNew = finale === null;
  finale = detail.finale ?? null;
  section.hidden = finale === null;
  cancelAnimationFrame(frame);
  if (finale === null) return;
  if (isNew) began = performance.now();
  draw();
});
addEventListener("resize", () => finale && draw());

function draw() {
  const passed = motion.matches ? 1 : Math.min(1, (performance.now() - began) / LIGHTING);
  const width = (canvas.width = innerWidth * devicePixelRatio);
  const height = (canvas.height = innerHeight * devicePixelRatio);
  const pen = canvas.getContext("2d");
  let lit = 0;
  for (const [ship, x] of SHIPS) {
    pen.fillStyle = getComputedStyle(root).getPropertyValue(`--${ship}`);
    lit += disc(pen, { x: x * width, y: height / 2, radius: Math.min(0.17 * width, 0.42 * height) }, finale.seats[ship], passed);
  }
  const seats = finale.seats.mars + finale.seats.jupiter;
  say(passed < 1 && lit < seats ? null : finale, lit);
  if (passed < 1) frame = requestAnimationFrame(draw);
}

// Draws the seats of one ship that are lit by now, from the inside. Returns how many.
function disc(pen, { x, y, radius }, seats, passed) {
  const lit = Math.floor(seats * passed);
  const size = Math.min(radius / 14, (0.75 * radius) / Math.sqrt(seats));
  for (let seat = 0; seat < lit; seat += 1) {
    const distance = radius * Math.sqrt((seat + 0.5) / seats);
    pen.beginPath();
    pen.arc(x + distance * Math.cos(seat * TURN), y + distance * Math.sin(seat * TURN), size, 0, 2 * Math.PI);
    pen.fill();
  }
  return lit;
}

// Writes the verdict, and until then how many seats are lit. A live region repeats only what has changed.
function say(audit, lit) {
  const words = audit === null ? number.format(lit) : texts[audit.ok ? "ok" : audit.in_flight ? "counting" : "differs"];
  write(verdict, words);
  const lines = audit && [
    fill(texts.stored, { n: number.format(audit.stored), all: number.format(audit.accepted) }),
    ...["in_flight", "dead_lettered"]
      .filter((name) => audit[name])
      .map((name) => fill(texts[name], { n: number.format(audit[name]) })),
  ];
  write(counts, lines ? lines.join(" · ") : texts.seats);
  section.classList.toggle("ok", Boolean(audit?.ok));
}
