// Where the reader is in the thread: at the end it follows what arrives, elsewhere it never moves under their eyes.

import { fetchFragment } from "./fragment.js";
import { mark } from "./mine.js";
import { OLDER, putOlder, trim } from "./log.js";
import { say } from "./words.js";

const NEAR = 100; // px from the end that still count as the end
const OLDER_BEFORE = 400; // px from the start at which earlier messages are fetched
const MESSAGES_MOST = 300;
const PAGES_FOR_A_QUOTE = 10;

let log = null, button = null, missed = 0, loading = null, following = false;

/** Listens once for the page's life. */
export function start() {
  document.addEventListener("click", (event) => {
    if (event.target.closest(".jump")) { event.preventDefault(); toEnd(); log.focus({ preventScroll: true }); }
    if (!isPlain(event)) return;
    const quote = event.target.closest("a.quote[href^='#message-']");
    if (quote) { event.preventDefault(); void show(quote.hash.slice(1)); }
    if (event.target.closest(OLDER)) { event.preventDefault(); void loadOlder(); }
  });
  document.addEventListener("scroll", (event) => { if (event.target === log) moved(); }, { capture: true, passive: true });
}

/** Another thread is on the page: at its first unread message, else at its end. */
export function enter(element) {
  log = element;
  button = document.querySelector(".jump");
  missed = 0;
  loading = null;
  if (!log) return;
  const target = /^#message-\d+$/.test(location.hash) ? location.hash.slice(1) : null;
  const unread = log.querySelector(".unread-line");
  if (target) void show(target);
  else if (unread) unread.scrollIntoView({ block: "center" });
  else toEnd();
  following = isAtEnd();
  sizes.disconnect();
  sizes.observe(log);
  showButton();
}

/** Whether the reader sees the end. */
export const isAtEnd = () => log !== null && log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;

/** Runs `change` on the log and keeps the reader where they are: at the end, or at the same words. */
export function keeping(change, { toTheEnd = false } = {}) {
  const wasAtEnd = isAtEnd();
  const added = change();
  if (wasAtEnd || toTheEnd) {
    const oldest = trim(log, MESSAGES_MOST);
    if (oldest) linkOlder(oldest);
    toEnd();
  } else {
    missed += added;
    showButton();
  }
}

// The composer grows, the keyboard of a phone opens: who was at the end stays there.
const sizes = new ResizeObserver(() => { if (following) toEnd(); });

function toEnd() {
  log.scrollTop = log.scrollHeight;
  missed = 0;
  following = true;
  showButton();
}

function moved() {
  following = isAtEnd();
  if (following) missed = 0;
  showButton();
  if (log.scrollTop < OLDER_BEFORE) void loadOlder();
}

function showButton() {
  if (!button) return;
  button.hidden = isAtEnd();
  const badge = button.querySelector(".badge");
  if (badge) { badge.textContent = missed; badge.hidden = missed === 0; }
  if (missed) button.setAttribute("aria-label", say("jump", { n: missed }));
}

/** Fetches the messages before the oldest one; the ones on the screen keep their exact place. */
async function loadOlder() {
  const link = log.querySelector(OLDER);
  if (!link || loading) return loading;
  const here = log;
  loading = fetchFragment(link.href)
    .then((page) => {
      if (here !== log) return;
      mark(page);
      const fromEnd = log.scrollHeight - log.scrollTop;
      const again = page.querySelector(OLDER);
      if (again) link.replaceWith(again); else link.remove();
      putOlder(log, [...page.querySelectorAll(".daygroup")]);
      log.scrollTop = log.scrollHeight - fromEnd;
    })
    .catch(() => {}) // the link is still there to be pressed
    .finally(() => { loading = null; });
  return loading;
}

/** Shows a message, fetching earlier ones until it is there, and lets it flash. */
async function show(id) {
  for (let page = 0; page < PAGES_FOR_A_QUOTE && !document.getElementById(id); page += 1) {
    if (!log.querySelector(OLDER)) break;
    await loadOlder();
  }
  const message = document.getElementById(id);
  if (!message) return;
  message.scrollIntoView({ block: "center" });
  message.classList.remove("is-flash");
  requestAnimationFrame(() => message.classList.add("is-flash"));
}

/** After trimming, the earlier messages begin before `oldest`. */
function linkOlder(oldest) {
  const before = `${oldest.dataset.at}_${oldest.dataset.id}`;
  let link = log.querySelector(OLDER);
  if (!link) {
    link = document.createElement("a");
    link.className = "log__older";
    link.textContent = say("earlier");
    log.prepend(link);
  }
  link.href = `${location.pathname}older/?before=${before}`;
}

const isPlain = (event) => !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button);
