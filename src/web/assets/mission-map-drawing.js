// The chain as a drawing: two rows on a wide screen, one column on a phone. It knows shapes and places, and no numbers.

import { write } from "./console-session.js";
import { draw } from "./elements.js";

// In the order of the chain. A `dlq` is where the hop's lost messages lie.
export const NODES = [
  { name: "phone", kind: "person" },
  { name: "API", kind: "service" },
  { name: "frontend", kind: "service" },
  { name: "Inbox", kind: "queue", dlq: "InboxDlq" },
  { name: "parser", kind: "service" },
  { name: "Pods", kind: "queue", dlq: "PodsDlq" },
  { name: "worker", kind: "service" },
  { name: "EventStore", kind: "store" },
  { name: "projector", kind: "service", dlq: "ProjectorDlq" },
  { name: "ReadModel", kind: "store" },
];
const LINES = 3; // of text below the name
const PADDING = 14;
const RADIUS = { person: 26, service: 8, queue: 0, store: 26 };
const WIDE = { width: 1020, height: 452, node: [180, 116], dlq: [180, 46], first: 28, step: 23, columns: 5, pitch: [203, 240] };
const TALL = { width: 360, height: 1170, node: [224, 104], dlq: [104, 62], first: 26, step: 22, columns: 1, pitch: [0, 116] };

// Returns {element, show}; `onOpen(name)` is called for a node that was clicked or entered.
export function drawing(title, onOpen) {
  const element = draw("svg", { class: "chain", role: "group", "aria-label": title });
  const isTall = matchMedia("(max-width: 50rem)");
  let nodes = new Map();
  let latest = null;

  function build() {
    const plan = isTall.matches ? TALL : WIDE;
    const focused = element.querySelector(":focus")?.dataset.name;
    element.setAttribute("viewBox", `0 0 ${plan.width} ${plan.height}`);
    element.classList.toggle("tall", isTall.matches);
    nodes = new Map();
    element.replaceChildren(draw("path", { class: "ways", d: ways(plan) }));
    NODES.forEach(({ name, kind, dlq }, index) => {
      add(name, kind, box(plan, index), plan);
      if (dlq) add(dlq, "dlq", dlqBox(plan, index), plan);
    });
    if (latest) show(latest);
    if (focused) nodes.get(focused).group.focus();
  }

  function add(name, kind, [x, y, width, height], plan) {
    const isDlq = kind === "dlq";
    const texts = Array.from({ length: isDlq ? 2 : LINES + 1 }, (_, line) => {
      const at = { x: x + PADDING, y: y + (isDlq ? 19 : plan.first) + line * (isDlq ? 19 : plan.step) };
      return draw("text", { ...at, class: line ? "fact" : "name", lengthAdjust: "spacingAndGlyphs" });
    });
    const sides = kind === "queue" && draw("path", { class: "sides", d: `M${x + 6} ${y}v${height}M${x + width - 6} ${y}v${height}` });
    const rect = draw("rect", { x, y, width, height, rx: RADIUS[kind] ?? 4 });
    const role = kind === "person" ? { role: "img" } : { role: "button", tabindex: "0", "aria-expanded": "false" };
    const group = draw("g", { class: `node ${kind}`, "data-name": name, ...role }, rect, ...(sides ? [sides] : []), ...texts);
    if (kind !== "person") {
      group.addEventListener("click", () => onOpen(name));
      group.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        onOpen(name);
      });
    }
    nodes.set(name, { group, texts, room: width - 2 * PADDING });
    element.append(group);
  }

  // `facts`: name → {state, lines, label, isOpen}; the lines are short texts, the label is all of it for a screen reader.
  function show(facts) {
    latest = facts;
    for (const [name, { group, texts, room }] of nodes) {
      const { title: shown = name, state, lines, label, isOpen } = facts.get(name);
      group.dataset.state = state;
      group.setAttribute("aria-label", label);
      if (group.hasAttribute("tabindex")) group.setAttribute("aria-expanded", String(isOpen));
      texts.forEach((text, index) => fit(text, [shown, ...lines][index] ?? "", room));
    }
  }

  build();
  new ResizeObserver(() => latest && show(latest)).observe(element); // a text is measured in pixels
  isTall.addEventListener("change", build);
  return { element, show };
}

// Writes a text. One that is wider than its room, in whatever font, is drawn narrower.
function fit(text, words, room) {
  write(text, words);
  text.removeAttribute("textLength");
  if (text.getComputedTextLength() > room) text.setAttribute("textLength", room);
}

// Returns x, y, width and height of a node.
function box({ node: [width, height], columns, pitch }, index) {
  return [14 + (index % columns) * pitch[0], 6 + Math.floor(index / columns) * pitch[1], width, height];
}

function dlqBox(plan, index) {
  const [x, y, width, height] = box(plan, index);
  const [dlqWidth, dlqHeight] = plan.dlq;
  if (plan.columns === 1) return [plan.width - dlqWidth - 4, y + (height - dlqHeight) / 2, dlqWidth, dlqHeight];
  return [x, y + height + 24, dlqWidth, dlqHeight];
}

// Returns the arrows between the nodes, and from a node to its dead letters.
function ways(plan) {
  return NODES.map(({ dlq }, index) => {
    const [x, y, width, height] = box(plan, index);
    const toDlq = dlq ? (plan.columns === 1 ? right(x + width, y + height / 2, plan.width - plan.dlq[0] - 4) : down(x + width / 2, y + height, y + height + 24)) : "";
    if (index === 0) return toDlq;
    const [fromX, fromY] = box(plan, index - 1);
    if (plan.columns === 1) return down(x + 40, fromY + height, y) + toDlq;
    if (fromY === y) return right(fromX + width, y + height / 2, x) + toDlq;
    const turn = `M${fromX + width / 2} ${fromY + height}V${y - 24}H${x + width / 2}`; // on to the next row
    return turn + down(x + width / 2, y - 24, y) + toDlq;
  }).join("");
}

const right = (x, y, to) => `M${x} ${y}H${to - 2}m-7 -6l7 6l-7 6`;
const down = (x, y, to) => `M${x} ${y}V${to - 2}m-6 -7l6 7l6 -7`;
