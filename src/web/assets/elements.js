// Makes elements by calls, and writes what they say: the page's policy lets no script make HTML of text. Children that are
// strings stay text.

import { request } from "./poll.js";

const SVG = "http://www.w3.org/2000/svg";

export const make = (name, attributes, ...children) => filled(document.createElement(name), attributes, children);
export const draw = (name, attributes, ...children) =>
  filled(document.createElementNS(SVG, name), attributes, children);

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === false || value == null) continue;
    element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

// Loads the style sheets of an element, which stand in it. Resolves also where one does not come: the page works without.
export const loadStyles = ({ dataset }) => Promise.all(dataset.styles.split(" ").map(loadStyle));

function loadStyle(href) {
  const link = make("link", { rel: "stylesheet", href });
  document.head.append(link);
  return new Promise((resolve) => {
    link.onload = link.onerror = resolve;
  });
}

// Texts that a page does not have, by their part: files that stand in an element, and here once they are loaded.
export const loadedTexts = {};

export async function loadTexts({ dataset }) {
  const files = dataset.texts.split(" ").map(async (file) => (await request(file, { cache: "default" })).json());
  Object.assign(loadedTexts, ...(await Promise.all(files)));
}

// Writes only a change: a screen reader reads whatever is written to a live region.
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

// Returns milliseconds as text, in units that every language writes alike: 85 ms, 1.2 s, 4 min, 3 h.
export function duration(ms) {
  if (ms == null) return "–";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 60_000) return `${Math.round(ms / 1000)} s`;
  return ms < 3_600_000 ? `${Math.floor(ms / 60_000)} min` : `${Math.floor(ms / 3_600_000)} h`;
}
