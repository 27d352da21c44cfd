// The banner while the connection is gone: only after five seconds, since most interruptions are shorter, and once
// more when everything has been caught up.

import { on } from "./live.js";
import { say } from "./words.js";

const PATIENCE = 5000, FAREWELL = 4000; // ms

/** Watches the stream. */
export function start() {
  const banner = document.getElementById("offline");
  if (!banner) return;
  const text = banner.querySelector("span"), lost = text.textContent;
  let timer = 0, waiting = false;

  on("lost", () => {
    if (waiting) return;
    waiting = true;
    clearTimeout(timer);
    banner.classList.remove("offline--back");
    text.textContent = lost;
    timer = setTimeout(() => { banner.hidden = false; }, PATIENCE);
  });

  on("caught-up", () => {
    if (!waiting) return;
    waiting = false;
    clearTimeout(timer);
    if (banner.hidden) return;
    banner.classList.add("offline--back");
    text.textContent = say("back");
    timer = setTimeout(() => { banner.hidden = true; }, FAREWELL);
  });
}
