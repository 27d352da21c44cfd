// What the clock changes: the time left of a service window, and offers that open after a while.
// The server decides what is closed; at zero it is only asked.

import { refresh } from "./controls.js";
import { say } from "./words.js";

const TICK = 10_000, LOW = 2 * 3_600_000, WINDOW = 24 * 3_600_000; // ms
let askedFor = 0; // the end of a window for which the composer has been fetched again

/** Starts ticking, also at once when the tab is seen again. */
export function start() {
  setInterval(tick, TICK);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });
}

/** Draws all that depends on the time. */
export function tick() {
  const now = Date.now();
  for (const element of document.querySelectorAll("[data-expires]")) draw(element, time(element.dataset.expires) - now);
  for (const element of document.querySelectorAll("[data-until]")) {
    const rest = time(element.dataset.until) - now;
    element.textContent = rest > 0 ? say("left", { time: left(rest, { exact: true }) }) : say("templateOnly");
  }
  for (const element of document.querySelectorAll("[data-show-at][hidden]")) {
    if (time(element.dataset.showAt) <= now) element.hidden = false;
  }
}

const time = (text) => Number(text) || Date.parse(text);

function draw(element, rest) {
  const inComposer = element.classList.contains("window");
  element.classList.toggle(inComposer ? "window--low" : "win--low", rest < LOW);
  const share = Math.max(0, Math.min(100, Math.round((rest / WINDOW) * 100)));
  element.querySelectorAll("circle")[1]?.setAttribute("stroke-dasharray", `${share} 100`);
  if (inComposer) {
    element.querySelector("b").textContent = say("left", { time: left(rest, { exact: true }) });
    if (rest <= 0) ended(time(element.dataset.expires));
  } else if (rest > 0) {
    element.lastChild.textContent = ` ${left(rest)}`;
  } else {
    element.className = "win win--shut";
    element.textContent = say("templateOnly");
    delete element.dataset.expires;
  }
}

/** Once for each end: a browser whose clock is ahead must not ask again and again. */
function ended(at) {
  if (askedFor === at) return;
  askedFor = at;
  refresh();
}

/** 23h · 1h 12m below two hours · 12m in the last one; with minutes always if `exact`. */
function left(rest, { exact = false } = {}) {
  const minutes = Math.max(0, Math.floor(rest / 60_000));
  const h = Math.floor(minutes / 60), m = minutes % 60;
  if (!h) return say("minutes", { m });
  return exact || h < 2 ? say("hoursMinutes", { h, m }) : say("hours", { h });
}
