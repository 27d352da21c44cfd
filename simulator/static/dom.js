// Building elements and talking to the simulator. Text always goes in as text, never as HTML.

/** Make an element: el("p", {class: "soft", dir: "auto"}, "text", child, ...). */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

export const byId = (id) => document.getElementById(id);

/** POST JSON; a refusal is thrown as an Error with the simulator's own sentence. */
export async function post(path, body) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? `The simulator answered ${response.status}.`);
  return answer;
}

const shown = new Map();

/** Say whether `value` differs from the last time under this name: what did not change is not redrawn. */
export function changed(name, ...value) {
  const text = JSON.stringify(value);
  if (shown.get(name) === text) return false;
  shown.set(name, text);
  return true;
}

/** Set a text only if it is new, so that assistive technology does not hear it again. */
export function setText(id, text) {
  if (byId(id).textContent !== text) byId(id).textContent = text;
}

let toastTimer;

/** Say what went wrong in one line for a few seconds. */
export function toast(sentence) {
  const place = byId("toast");
  place.textContent = sentence;
  place.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { place.hidden = true; }, 5000);
}

export const clock = (seconds) =>
  new Date(seconds * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

export const initials = (name) =>
  name.replace(/[^\p{L}\p{N} ]/gu, "").split(" ").filter(Boolean).map((word) => [...word][0]).slice(0, 2).join("") || "#";

/** One of five avatar tints, always the same for the same id. */
export const tint = (id) => `tint-${[...id].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 5}`;
