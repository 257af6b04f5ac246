// The form, for bad Wi-Fi: the text is kept until the wish was accepted, and sent again until it is. The draft owns the
// key, so a double tap, a retry and a reload in the middle of one are all the same wish.
const texts = JSON.parse(document.getElementById("texts").textContent);
const form = document.querySelector("form");
const { message, name, destination, idempotency_key: key } = form.elements;
const byId = (id) => document.getElementById(id);
const [button, problem, reason, countdown] = ["send", "problem", "reason", "countdown"].map(byId);
const [counter, left] = ["count", "left"].map(byId);
const DRAFT = "last-wish-draft";
const TIMEOUT = 10_000; // milliseconds, as everywhere below
const LONGEST_WAIT = 30_000;
const ASCENT = 700;
const NEARLY_FULL = 50; // characters left from which on they are read aloud
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const say = (text, values) => text.replace(/\{(\w+)\}/g, (_, word) => values[word]);
// As the server counts: code points of the composed, trimmed text. An emoji is not two.
const length = (text) => [...text.normalize("NFC").trim()].length;

// crypto.randomUUID exists on https only; phones come over http on venue Wi-Fi. RFC 9562, version 4.
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

// Storage may be blocked: then nothing outlives the page, and nothing else changes.
const storage = (use) => {
  try {
    return use(sessionStorage);
  } catch {
    return undefined;
  }
};
const draft = () => storage((held) => JSON.parse(held.getItem(DRAFT)));
const keep = () =>
  storage((held) => {
    const typed = { message: message.value, destination: destination.value, name: name.value, key: key.value };
    held.setItem(DRAFT, JSON.stringify(typed));
  });
const forget = () => storage((held) => held.removeItem(DRAFT));

let receipt = null; // where to go, once the wish was accepted
let busy = false;
let wake = null; // ends the pause before the next attempt

function count() {
  const most = Number(counter.dataset.most);
  const rest = most - length(message.value);
  counter.textContent = `${most - rest} / ${most}`;
  counter.hidden = false;
  clearTimeout(count.later);
  count.later = setTimeout(() => {
    const words = say(rest < 0 ? texts.over : texts.left, { count: Math.abs(rest) });
    left.textContent = rest <= NEARLY_FULL ? words : "";
  }, 800);
}

// What is right by now is no longer called wrong.
function mend() {
  const wrong = faults().map((each) => each.field);
  for (const field of ["message", "destination", "name"].filter((each) => !wrong.includes(each))) {
    byId(`${field}-error`).textContent = "";
    (field === "destination" ? form.querySelector("fieldset") : form.elements[field]).removeAttribute("aria-invalid");
  }
}

// The errors beside their fields, ``words`` above the form, and the focus where something is to be done.
function blame(errors, words = "") {
  for (const field of ["message", "destination", "name"]) {
    const error = errors.find((each) => each.field === field);
    const control = field === "destination" ? form.querySelector("fieldset") : form.elements[field];
    byId(`${field}-error`).textContent = error ? (texts.errors.fields[error.code] ?? error.detail) : "";
    if (error) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  }
  const line = document.createElement("p");
  line.textContent = words;
  problem.replaceChildren(...(words ? [line] : []));
  form.querySelector('[aria-invalid="true"]:not(fieldset), [aria-invalid="true"] input')?.focus();
}

function faults() {
  const found = [];
  const [typed, most] = [length(message.value), Number(counter.dataset.most)];
  if (typed < 1 || typed > most) found.push({ field: "message", code: "message-length" });
  if (!destination.value) found.push({ field: "destination", code: "destination" });
  if (length(name.value) > Number(name.dataset.most)) found.push({ field: "name", code: "name-length" });
  return found;
}

// One attempt: what came of it, or null where trying again may help.
async function post() {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIMEOUT);
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "Idempotency-Key": key.value },
      body: JSON.stringify({ message: message.value, destination: destination.value, name: name.value || undefined }),
      signal: abort.signal,
    });
    const again = answer.status === 429 || answer.status >= 500;
    // A captive portal answers 200 with a page of its own: that is no network either.
    const body = again ? {} : await answer.json();
    if (again || (answer.status < 400 && !body.links)) {
      return { again: true, after: Math.min(60, Number(answer.headers.get("Retry-After")) || 0) * 1000, words: texts.busy };
    }
    return { status: answer.status, body };
  } catch {
    return { again: true, after: 0, words: texts.offline };
  } finally {
    clearTimeout(timer);
  }
}

// Full jitter: a hall that was refused together does not come back together.
const backOff = (attempt, after) => after + Math.random() * Math.min(LONGEST_WAIT, 1000 * 2 ** attempt);

function pause(wait, words) {
  const until = Date.now() + wait;
  reason.textContent = words;
  left.textContent = texts.by_itself; // read aloud once, instead of every second
  button.textContent = texts.try_now;
  return new Promise((resume) => {
    const tick = () => {
      const rest = until - Date.now();
      if (rest <= 0) return wake();
      countdown.textContent = say(texts.retry, { seconds: Math.ceil(rest / 1000) });
    };
    const ticking = setInterval(tick, 250);
    wake = () => {
      clearInterval(ticking);
      removeEventListener("online", wake);
      wake = null;
      countdown.textContent = "";
      resume();
    };
    addEventListener("online", wake);
    tick();
    button.scrollIntoView({ block: "nearest" });
  });
}

function freeze(frozen) {
  message.readOnly = name.readOnly = frozen;
  button.removeAttribute("aria-disabled");
  if (frozen) button.setAttribute("aria-disabled", "true");
}

async function send() {
  for (let attempt = 0; ; attempt++) {
    const found = faults();
    blame(found);
    if (found.length) return;
    keep();
    freeze(true);
    button.textContent = texts.sending;
    const ascent = attempt ? null : launch();
    const answer = await post();
    if (answer.status === 202) return leave(answer.body, ascent);
    freeze(false);
    if (!answer.again) return refuse(answer.body);
    await pause(backOff(attempt, answer.after), answer.words);
  }
}

function refuse(body) {
  const kind = String(body?.type).split(":").pop();
  blame(body?.errors ?? [], texts.errors[kind] ?? texts.errors.internal);
}

async function leave({ links }, ascent) {
  receipt = new URL(links.self, form.action);
  const lang = new URLSearchParams(location.search).get("lang");
  if (lang) receipt.searchParams.set("lang", lang);
  forget();
  key.value = newKey();
  await Promise.race([ascent, new Promise((resume) => setTimeout(resume, ASCENT))]);
  location.assign(receipt);
}

// The wish leaves Earth. It rises while it is being sent, so it costs nobody time.
async function launch() {
  if (calm.matches) return;
  const light = document.createElement("i");
  light.className = "light";
  document.body.append(light);
  const path = { transform: ["translateY(0)", "translateY(-105vh)"], opacity: [1, 1, 0] };
  await light.animate(path, { duration: ASCENT, easing: "cubic-bezier(.5, 0, .8, .5)" }).finished;
  light.remove();
}

form.noValidate = true; // our own sentences, in the page's language, beside the fields
form.addEventListener("input", () => {
  mend();
  keep();
  count();
});
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (wake) return wake();
  if (receipt) return location.assign(receipt);
  if (busy) return;
  busy = true;
  await send();
  busy = false;
  reason.textContent = "";
  if (!receipt) button.textContent = texts.send;
});

// Also when the page comes back by the back button, with everything as it was when it was left.
addEventListener("pageshow", ({ persisted }) => {
  const back = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  const held = draft();
  if (held) {
    message.value = held.message;
    destination.value = held.destination;
    name.value = held.name;
    key.value = held.key;
  } else if (persisted ? receipt : back && held === null) {
    message.value = name.value = "";
    for (const each of destination) each.checked = false;
  }
  if (receipt) {
    receipt = null;
    freeze(false);
    button.textContent = texts.send;
  }
  key.value ||= newKey();
  count();
});
// A keyboard that jumps up would hide half of a phone's screen.
if (matchMedia("(hover: hover) and (pointer: fine)").matches && !problem.textContent && !message.value) {
  message.focus({ preventScroll: true });
}
