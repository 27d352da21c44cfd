// The page's script: wakes the modules, and tells them when htmx has put another list, thread or composer on the page.
// Everything here only helps: each link leads somewhere and each form can be sent without it.

import * as broadcast from "./broadcast.js";
import * as composer from "./composer.js";
import * as countdown from "./countdown.js";
import * as counts from "./counts.js";
import * as dialog from "./dialog.js";
import { csrfToken } from "./fragment.js";
import * as keys from "./keys.js";
import * as list from "./list.js";
import * as live from "./live.js";
import * as menu from "./menu.js";
import { acting, mark } from "./mine.js";
import * as offline from "./offline.js";
import * as thread from "./thread.js";
import * as typed from "./typed.js";

const shown = {};

/** Looks whether list, thread or composer are other elements than before. */
function look() {
  const before = { ...shown };
  for (const id of ["list", "main"]) shown[id] = document.getElementById(id);
  if (shown.main !== before.main) {
    thread.enter(shown.main);
    composer.enter();
    list.showCurrent(thread.open());
  }
  if (shown.list !== before.list) list.enter(shown.list);
  countdown.tick();
}

/** What had the focus may have been exchanged or removed: it goes to what took its place, never to nowhere. */
function keepFocus(exchanged) {
  if (document.activeElement !== document.body) return;
  const place = exchanged === "list" ? document.querySelector("#list .tabs [aria-current]") : null;
  (place ?? document.getElementById("main"))?.focus({ preventScroll: true });
}

document.documentElement.classList.remove("js-off");
menu.start();
typed.start();
dialog.start();

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRFToken"] = csrfToken();
  if (event.detail.verb !== "get") acting(event.detail.path);
});

if (document.body.dataset.live) {
  list.start();
  thread.start();
  composer.start();
  countdown.start();
  counts.start();
  broadcast.start();
  offline.start();
  keys.start();
  look();
  list.restorePlace();
  document.addEventListener("htmx:load", (event) => mark(event.detail.elt));
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id === "rows") list.adopt();
    look();
    thread.look(); // who has just become the holder looks at what is new
    setTimeout(keepFocus, 0, event.detail.target?.id);
  });
  document.addEventListener("htmx:oobAfterSwap", look);
  document.addEventListener("htmx:historyRestore", () => { look(); list.restorePlace(); });
  live.start();
}
