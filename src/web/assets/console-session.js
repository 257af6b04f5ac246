// What the console's scripts share: the page's texts, the operator's session, requests with its token.

import { request } from "./poll.js";

export { fill, loadedTexts, loadStyles, loadTexts, write } from "./elements.js";

export const texts = JSON.parse(document.getElementById("texts").textContent);
export const lang = document.documentElement.lang;
export const byId = (id) => document.getElementById(id);

const KEY = "lastwish.operator";

// {token, until}. Where storage is blocked, the session lasts as long as the page.
let session = storedSession();

function storedSession() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    return null;
  }
}

export function isSignedIn() {
  return session !== null;
}

export async function signIn(name, password) {
  const response = await request("sign-in", { body: { name, password }, credentials: "omit" });
  const { token, expires_in } = await response.json();
  session = { token, until: Date.now() + expires_in * 1000 };
  try {
    sessionStorage.setItem(KEY, JSON.stringify(session));
  } catch {}
}

export function signOut() {
  session = null;
  try {
    sessionStorage.removeItem(KEY);
  } catch {}
}

// Sends a request with the operator's token, and resolves to the JSON of the answer. Where the token is refused the page
// gets the event "signed-out" with the reason.
export async function operatorRequest(path, options) {
  const current = session;
  const headers = current && { Authorization: `Bearer ${current.token}` };
  try {
    return await (await request(path, { ...options, headers, credentials: "omit" })).json();
  } catch (error) {
    const isExpired = current && Date.now() >= current.until;
    const reason = { 401: isExpired ? "expired" : "refused", 403: "forbidden" }[error.status];
    if (reason && current && current === session) document.dispatchEvent(new CustomEvent("signed-out", { detail: reason }));
    throw error;
  }
}
