// The form, for bad Wi-Fi: it keeps the text and sends it again until the wish is accepted. The draft owns the
// idempotency key, so a double tap, a retry and a reload during one are all the same wish.

import { backOff, request, Wait } from "./poll.js";

// The retry of a wish: without an end, by the rule in poll.js. lastwish/polling.py has the same numbers,
// for `submit` and `load`, which give up in the end.
const RETRY = { first: 1_000, longest: 30_000 }; // milliseconds, as everywhere below
const LAUNCH = 700; // duration of the animation
const COUNT_PAUSE = 800; // without a key, after which a screen reader reads the count
const NEARLY_FULL = 50; // characters left, from which on they are read
const DRAFT = "last-wish-draft";
const FIELDS = ["message", "destination", "name"];

const texts = JSON.parse(document.getElementById("texts").textContent);
const form = document.querySelector("form");
const { message, name, destination, idempotency_key: key } = form.elements;
const byId = (id) => document.getElementById(id);
const [button, problem, reason, countdown] = ["send", "problem", "reason", "countdown"].map(byId);
const [counter, announcement] = ["count", "announcement"].map(byId);
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, field) => values[field]);
// As the server counts: code points of the composed, trimmed text. An emoji is not two.
const length = (text) => [...text.normalize("NFC").trim()].length;
const control = (field) => (field === "destination" ? form.querySelector("fieldset") : form.elements[field]);

// crypto.randomUUID exists on https only; phones come over http on venue Wi-Fi. RFC 9562, version 4.
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

// Storage may be blocked: then the draft is lost with the page, and nothing else changes.
const storage = (use) => {
  try {
    return use(sessionStorage);
  } catch {
    return undefined;
  }
};
const storedDraft = () => storage((store) => JSON.parse(store.getItem(DRAFT)));
const saveDraft = () =>
  storage((store) => {
    const draft = { message: message.value, destination: destination.value, name: name.value, key: key.value };
    store.setItem(DRAFT, JSON.stringify(draft));
  });
const deleteDraft = () => storage((store) => store.removeItem(DRAFT));

let receipt = null; // the URL of the receipt, once the wish was accepted
let isSending = false;
let wait = null; // before the next attempt
let countTimer;

function showCount() {
  const max = Number(counter.dataset.max);
  const left = max - length(message.value);
  counter.textContent = `${max - left} / ${max}`;
  counter.hidden = false;
  clearTimeout(countTimer);
  countTimer = setTimeout(() => {
    const words = fill(left < 0 ? texts.over : texts.left, { count: Math.abs(left) });
    announcement.textContent = left <= NEARLY_FULL ? words : "";
  }, COUNT_PAUSE);
}

function validate() {
  const errors = [];
  const [typed, max] = [length(message.value), Number(counter.dataset.max)];
  if (typed < 1 || typed > max) errors.push({ field: "message", code: "message-length" });
  if (!destination.value) errors.push({ field: "destination", code: "destination" });
  if (length(name.value) > Number(name.dataset.max)) errors.push({ field: "name", code: "name-length" });
  return errors;
}

function showError(field, error) {
  byId(`${field}-error`).textContent = error ? (texts.errors.fields[error.code] ?? error.detail) : "";
  if (error) control(field).setAttribute("aria-invalid", "true");
  else control(field).removeAttribute("aria-invalid");
}

// Shows the errors beside their fields and `words` above the form, and moves the focus to the first error.
function showErrors(errors, words = "") {
  for (const field of FIELDS) showError(field, errors.find((error) => error.field === field));
  const line = document.createElement("p");
  line.textContent = words;
  problem.replaceChildren(...(words ? [line] : []));
  form.querySelector('[aria-invalid="true"]:not(fieldset), [aria-invalid="true"] input')?.focus();
}

// Removes the error of each field that is valid by now.
function clearFixedErrors() {
  const invalid = validate().map((error) => error.field);
  for (const field of FIELDS) if (!invalid.includes(field)) showError(field);
}

function setReadOnly(isReadOnly) {
  message.readOnly = name.readOnly = isReadOnly;
  button.removeAttribute("aria-disabled");
  if (isReadOnly) button.setAttribute("aria-disabled", "true");
}

// One attempt. Returns the receipt's links or a problem; throws where a retry may help.
async function post() {
  const wish = { message: message.value, destination: destination.value, name: name.value || undefined };
  try {
    const response = await request(form.action, { body: wish, headers: { "Idempotency-Key": key.value } });
    const { links } = await response.json();
    if (!links) throw new Error("not an answer of ours"); // a captive portal answers 200 with a page of its own
    return { links };
  } catch (error) {
    if (!error.isFinal) throw error;
    return { problem: await error.response.json() };
  }
}

async function send() {
  for (let failures = 0; ; ) {
    const errors = validate();
    showErrors(errors);
    if (errors.length) return;
    saveDraft();
    setReadOnly(true);
    button.textContent = texts.sending;
    const launched = failures ? null : launch();
    let answer;
    try {
      answer = await post();
    } catch (error) {
      failures += 1;
      setReadOnly(false);
      await waitForRetry(backOff(failures, RETRY, error), whyNot(error.status));
      continue;
    }
    if (answer.links) return openReceipt(answer.links.self, launched);
    setReadOnly(false);
    return showProblem(answer.problem);
  }
}

// A crowd, a part of ours that does not answer, a fault of ours, and no connection: each is told as what it is.
function whyNot(status) {
  return { 429: texts.busy, 503: texts.unavailable }[status] ?? (status ? texts.broken : texts.offline);
}

async function waitForRetry(milliseconds, words) {
  const until = Date.now() + milliseconds;
  reason.textContent = words;
  announcement.textContent = texts.by_itself; // read once, instead of every second
  button.textContent = texts.try_now;
  wait = new Wait(milliseconds);
  const tick = () => {
    const left = until - Date.now();
    if (left <= 0) wait.wake(); // a phone that slept: its timers stood still, its clock did not
    countdown.textContent = fill(texts.retry, { seconds: Math.max(0, Math.ceil(left / 1000)) });
  };
  const ticking = setInterval(tick, 250);
  tick();
  button.scrollIntoView({ block: "nearest" });
  await wait.over;
  wait = null;
  clearInterval(ticking);
  countdown.textContent = "";
}

function showProblem(refusal) {
  const kind = String(refusal?.type).split(":").pop();
  showErrors(refusal?.errors ?? [], texts.errors[kind] ?? texts.errors.internal);
}

async function openReceipt(link, launched) {
  receipt = new URL(link, form.action);
  receipt.hash = "sent"; // so that the page says that the wish is on its way: the server cannot know that yet
  const lang = new URLSearchParams(location.search).get("lang");
  if (lang) receipt.searchParams.set("lang", lang);
  deleteDraft();
  key.value = newKey();
  await Promise.race([launched, new Promise((resolve) => setTimeout(resolve, LAUNCH))]);
  location.assign(receipt);
}

// The wish leaves Earth. It rises while it is being sent, so nobody waits for it.
async function launch() {
  if (reducedMotion.matches) return;
  const light = document.createElement("i");
  light.className = "light";
  document.body.append(light);
  const path = { transform: ["translateY(0)", "translateY(-105vh)"], opacity: [1, 1, 0] };
  await light.animate(path, { duration: LAUNCH, easing: "cubic-bezier(.5, 0, .8, .5)" }).finished;
  light.remove();
}

form.noValidate = true; // our own messages, in the language of the page, beside the fields
form.addEventListener("input", () => {
  clearFixedErrors();
  saveDraft();
  showCount();
});
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (wait) return wait.wake();
  if (receipt) return location.assign(receipt);
  if (isSending) return;
  isSending = true;
  await send();
  isSending = false;
  reason.textContent = "";
  if (!receipt) button.textContent = texts.send;
});

// Runs also when the back button restores the page, with everything as it was.
addEventListener("pageshow", ({ persisted: isRestored }) => {
  const isBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  const draft = storedDraft();
  if (draft) {
    message.value = draft.message;
    destination.value = draft.destination;
    name.value = draft.name;
    key.value = draft.key;
  } else if (isRestored ? receipt : isBack && draft === null) {
    message.value = name.value = "";
    for (const radio of destination) radio.checked = false;
  }
  if (receipt) {
    receipt = null;
    setReadOnly(false);
    button.textContent = texts.send;
  }
  key.value ||= newKey();
  showCount();
});
// The keyboard of a phone would cover half of the screen.
if (matchMedia("(hover: hover) and (pointer: fine)").matches && !problem.textContent && !message.value) {
  message.focus({ preventScroll: true });
}
