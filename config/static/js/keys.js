// Single keys, matched by their place on the keyboard so that they work on an Arabic layout too.
// Never in a field, never with Alt, and they can be switched off (WCAG 2.1.4).

import { flush, neighbour } from "./list.js";
import { say } from "./words.js";

const OFF = "keys:off";
const SHEET = [
  ["J", "keyNext"], ["K", "keyPrevious"], ["R", "keyReply"], ["C", "keyClaim"], ["E", "keyClose"],
  ["U", "keyUnclaim"], ["T", "keyTransfer"], ["/", "keySearch"], ["Home", "keyTop"], ["?", "keySheet"],
];

/** Listens once for the page's life. */
export function start() {
  document.addEventListener("keydown", pressed);
}

function pressed(event) {
  if (event.key === "Escape" && event.target.id === "q") return leaveSearch(event);
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented || event.repeat) return;
  if (event.target.closest?.("input, textarea, select, [contenteditable], dialog, .menu:popover-open")) return;
  if (event.key === "?") return done(event, sheet());
  if (localStorage.getItem(OFF)) return;
  if (event.key === "Home" && event.target.closest?.(".list")) return done(event, flush());
  if (event.key === "/" || (event.code === "Slash" && !event.shiftKey)) return done(event, search());
  if (event.shiftKey) return;
  if (event.code === "KeyJ" || event.code === "KeyK") return done(event, go(event.code === "KeyJ" ? 1 : -1));
  if (event.code === "KeyR") return done(event, document.querySelector("#composer :is(textarea:not([readonly]), [data-slots] input:not([type=hidden]), [data-pick] a)")?.focus());
  // Whatever else there is to press, the page itself names: only what this member may do now is on it.
  const button = document.querySelector(`#main [data-key="${event.code}"]`);
  if (button) done(event, button.click());
}

const done = (event) => event.preventDefault();

function search() {
  const field = document.getElementById("q");
  field?.focus();
  field?.select();
}

/** Escape gives the list back that the search took the place of. */
function leaveSearch(event) {
  const clear = document.querySelector(".list__note a");
  event.preventDefault();
  if (clear) clear.click(); else event.target.blur();
}

function go(step) {
  const link = neighbour(step);
  link?.focus();
  if (link && !link.hasAttribute("aria-current")) link.click();
}

function sheet() {
  if (document.getElementById("keys")) return;
  const dialog = make("dialog", "dialog dialog--sm"), form = make("form");
  const head = make("header", "dialog__head"), body = make("div", "dialog__body fields");
  form.method = "dialog";
  dialog.id = "keys";
  dialog.dataset.modal = "";
  const title = make("h2", "", say("keys")), close = make("button", "btn", say("close"));
  title.id = "keys-title";
  dialog.setAttribute("aria-labelledby", title.id);
  close.type = "button";
  close.dataset.close = "";
  head.append(title, close);
  const list = make("dl", "facts facts--wide");
  for (const [key, name] of SHEET) {
    const term = make("dt");
    term.append(make("kbd", "", key));
    list.append(term, make("dd", "", say(name)));
  }
  const label = make("label", "switch"), box = make("input");
  box.type = "checkbox";
  box.setAttribute("role", "switch");
  box.checked = !localStorage.getItem(OFF);
  box.addEventListener("change", () => {
    if (box.checked) localStorage.removeItem(OFF); else localStorage.setItem(OFF, "1");
  });
  label.append(box, make("span", "", say("keysOn")));
  body.append(list, label);
  form.append(head, body);
  dialog.append(form);
  document.body.append(dialog);
  dialog.showModal();
}

function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}
