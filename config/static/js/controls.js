// Header, composer and holder of the open thread depend on who is looking, so they are fetched, not pushed.
// Typed text, its quote, the caret and the focus survive every exchange.

import * as composer from "./composer.js";
import { awaken, fetchFragment } from "./fragment.js";
import { mark } from "./mine.js";

let busy = 0; // verbs of this agent whose answers, which draw the same pieces, are on their way
let running = false;
let wanted = null;

/** Listens once for the page's life. */
export function start() {
  document.addEventListener("htmx:beforeSend", (event) => { if (isVerb(event)) busy += 1; });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (!isVerb(event) || event.detail.requestConfig.counted) return;
    event.detail.requestConfig.counted = true; // heard twice when its element is gone
    busy -= 1;
    next();
  });
  document.addEventListener("compositionend", () => setTimeout(next, 0));
}

/** Fetches the pieces again, now or after what is going on; `unless()` says that it has become needless. */
export function refresh({ adopt = false, unless = () => false } = {}) {
  const before = wanted;
  wanted = { adopt: adopt || Boolean(before?.adopt), unless: () => unless() && (before?.unless() ?? true) };
  next();
}

const isVerb = (event) => event.detail.requestConfig.verb !== "get";

async function next() {
  if (!wanted || running || busy || composer.isComposing()) return;
  const { adopt, unless } = wanted, main = document.getElementById("main"), url = main?.dataset.controls;
  wanted = null;
  if (!url || unless()) return;
  running = true;
  try {
    const page = await fetchFragment(url);
    // Meanwhile another thread was opened, or a verb or a word begun: then what was fetched is not wanted any more.
    if (document.getElementById("main") !== main) wanted = null;
    else if (busy || composer.isComposing()) wanted ??= { adopt, unless };
    else exchange(page, adopt);
  } catch {
    // Offline, or the thread is gone: the stream will tell.
  } finally {
    running = false;
    void next();
  }
}

function exchange(page, adopt) {
  for (const fresh of [...page.children]) {
    const shown = document.getElementById(fresh.id);
    if (!shown) continue;
    fresh.removeAttribute("hx-swap-oob");
    mark(fresh);
    if (fresh.id === "composer") exchangeComposer(shown, fresh, adopt);
    else if (fresh.id === "controls-head") exchangeHead(shown, fresh);
    else { shown.replaceWith(fresh); awaken(fresh); }
  }
}

function exchangeComposer(shown, fresh, adopt) {
  if (composer.update(fresh)) { mark(shown); return; }
  const kept = composer.capture();
  shown.replaceWith(fresh);
  awaken(fresh);
  composer.restore(kept, { adopt });
}

/** A menu that is open stays open, with what it offers now. */
function exchangeHead(shown, fresh) {
  const menu = shown.querySelector(".menu:popover-open"), hadFocus = shown.contains(document.activeElement);
  shown.replaceWith(fresh);
  awaken(fresh);
  const again = menu && fresh.querySelector(`#${menu.id}`);
  again?.showPopover();
  if (hadFocus && !again) document.getElementById("main").focus({ preventScroll: true });
}
