// What the clock changes: the time left of a service window, and offers that open after a while.
// The server decides what is closed; at zero it is only asked.

import { refresh } from "./controls.js";
import { on } from "./live.js";
import { say } from "./words.js";

const TICK = 10_000, LOW = 2 * 3_600_000, WINDOW = 24 * 3_600_000; // ms
let timer = 0, due = 0; // the next tick, and when it comes at the latest
let asked = 0; // when the composer was fetched again because its window had ended

/** Starts ticking, also at once when the tab is seen again. */
export function start() {
  on("painted", wait);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });
  tick();
}

/** Waits for the next tick, or for what ends or opens before it. */
function wait() {
  const now = Date.now();
  const moments = [...document.querySelectorAll("[data-expires], [data-show-at][hidden]")]
    .map((element) => time(element.dataset.expires ?? element.dataset.showAt) - now)
    .filter((rest) => rest > 0);
  clearTimeout(timer);
  timer = setTimeout(tick, Math.max(0, Math.min(due - now, ...moments)));
}

/** Draws all that depends on the time. */
export function tick() {
  const now = Date.now();
  due = now + TICK;
  wait();
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
    if (rest <= 0) ended();
  } else if (rest > 0) {
    element.lastChild.textContent = ` ${left(rest)}`;
  } else {
    element.className = "win win--shut";
    element.textContent = say("templateOnly");
    delete element.dataset.expires;
  }
}

/** Asks the server, once per tick: where this browser's clock is ahead, it says for a while that nothing has ended. */
function ended() {
  if (Date.now() - asked < TICK) return;
  asked = Date.now();
  refresh();
}

/** 23h · 1h 12m below two hours · 12m in the last one; with minutes always if `exact`. */
function left(rest, { exact = false } = {}) {
  const minutes = Math.max(0, Math.floor(rest / 60_000));
  const h = Math.floor(minutes / 60), m = minutes % 60;
  if (!h) return say("minutes", { m });
  return exact || h < 2 ? say("hoursMinutes", { h, m }) : say("hours", { h });
}
