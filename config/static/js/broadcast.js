// What a mass message did: every piece of the page that shows its figures is fetched again, but never in a rush.
// Such a piece is [data-broadcast="<id>"] with hx-trigger="live"; what it fetches, it says itself.

import { on } from "./live.js";

const PAUSE = 2000; // ms between two fetches for one broadcast; the server speaks up to once a second
const UNSEEN = 0; // no timer: it waits until somebody looks at the page

const due = new Map(); // broadcast → when its pieces may be fetched again
const waiting = new Map(); // broadcast → the timer that will do it

/** Listens once for the page's life. */
export function start() {
  on("broadcast", (id) => {
    if (!waiting.has(id)) waiting.set(id, setTimeout(refetch, Math.max(0, (due.get(id) ?? 0) - Date.now()), id));
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    for (const [id, timer] of [...waiting]) if (timer === UNSEEN) refetch(id);
  });
}

function refetch(id) {
  if (document.hidden) { waiting.set(id, UNSEEN); return; }
  waiting.delete(id);
  due.set(id, Date.now() + PAUSE);
  for (const piece of document.querySelectorAll(`[data-broadcast="${id}"]`)) piece.dispatchEvent(new CustomEvent("live"));
}
