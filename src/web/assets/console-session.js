// What the console's scripts share: the page's texts, the operator's token, the way to the API.

export const texts = JSON.parse(document.getElementById("texts").textContent);
export const lang = document.documentElement.lang;
export const byId = (id) => document.getElementById(id);
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Only a change is written: a live region reads aloud whatever is written.
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const KEY = "lastwish.operator";
const PATIENCE = 10_000;

// {token, until}. Storage can be blocked: then it lasts as long as the page.
let session = stored();

function stored() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    return null;
  }
}

export function signedIn() {
  return session !== null;
}

export function open({ token, expires_in }) {
  session = { token, until: Date.now() + expires_in * 1000 };
  try {
    sessionStorage.setItem(KEY, JSON.stringify(session));
  } catch {}
}

export function close() {
  session = null;
  try {
    sessionStorage.removeItem(KEY);
  } catch {}
}

// The server answered, and it was no.
export class Refused extends Error {
  constructor(status) {
    super(`answered ${status}`);
    this.status = status;
  }

  // Whether the same again can help. No answer at all is no Refused, and always worth another try.
  get isFinal() {
    return this.status < 500 && this.status !== 429;
  }
}

export async function request(path, { body, token, cache = "no-store", patience = PATIENCE } = {}) {
  const headers = { Accept: "application/json" };
  if (body) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = `Bearer ${token}`;
  const response = await fetch(path, {
    method: body ? "POST" : "GET",
    headers,
    body: body && JSON.stringify(body),
    cache,
    credentials: "omit",
    signal: AbortSignal.timeout(patience),
  });
  if (!response.ok) throw new Refused(response.status);
  return response;
}

// The same with the operator's token. Where it is refused the page hears "signed-out", with the reason.
export async function asOperator(path, options) {
  const mine = session;
  try {
    return await request(path, { ...options, token: mine?.token });
  } catch (error) {
    const late = mine && Date.now() >= mine.until;
    const why = { 401: late ? "expired" : "refused", 403: "forbidden" }[error.status];
    if (why && mine && mine === session) document.dispatchEvent(new CustomEvent("signed-out", { detail: why }));
    throw error;
  }
}
