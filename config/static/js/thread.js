// The thread on the screen: what the stream says about it, who has read it, and what a screen reader hears of it.

import * as composer from "./composer.js";
import * as controls from "./controls.js";
import { elements, post } from "./fragment.js";
import { on, watch } from "./live.js";
import { newestId, put } from "./log.js";
import { isMe, justActed, mark } from "./mine.js";
import * as scroll from "./scroll.js";
import { say } from "./words.js";

const READ_AFTER = 400; // ms on the screen
const SPOKEN_MOST = 3; // messages read out one by one

let main = null, log = null, reading = 0, unread = false, heard = [];

/** Listens once for the page's life. */
export function start() {
  scroll.start();
  controls.start();
  on("conversation", (frame) => { if (frame.conversation === open()) take(frame); });
  on("painted", announce);
  document.addEventListener("visibilitychange", look);
  document.addEventListener("scroll", (event) => { if (event.target === log) look(); }, { capture: true, passive: true });
}

/** The id of the conversation on the screen, or null. */
export const open = () => Number(main?.dataset.thread) || null;

/** Another thread, or none, is on the page. */
export function enter(element) {
  main = element;
  log = main?.querySelector("#log") ?? null;
  heard = [];
  if (main) mark(main);
  const panel = document.getElementById("panel");
  if (panel) mark(panel);
  document.querySelector(".app")?.setAttribute("data-pane", main?.dataset.pane ?? "list");
  scroll.enter(log);
  watch(open(), Number(main?.dataset.seq));
  unread = Boolean(log?.querySelector(".unread-line"));
  look();
}

function take(frame) {
  if (frame.seq && frame.seq <= Number(main.dataset.seq)) return;
  const items = elements(frame.thread ?? "");
  items.forEach(mark);
  let added = [];
  scroll.keeping(() => {
    added = put(log, items);
    return added.length;
  }, { toTheEnd: items.some((item) => isMe(item.dataset.who) && !document.getElementById(item.id)) });
  const incoming = added.filter((item) => item.dataset.who === "in");
  if (incoming.length) {
    unread = true;
    heard.push(...incoming);
    look();
  }
  composer.screen({ message: newestId(log), version: frame.version });
  if (incoming.length) {
    controls.refresh(); // the customer's message opens the window again, or makes it longer
  } else if (hasChanged(frame)) {
    controls.refresh({ adopt: justActed(frame.conversation), unless: () => !hasChanged(frame) });
  }
  showWindow(frame);
}

/** The panel's time left, from the row. */
function showWindow(frame) {
  const until = document.querySelector("#panel [data-until]");
  const expires = elements(frame.row ?? "")[0]?.querySelector("[data-expires]")?.dataset.expires;
  if (until && expires) until.dataset.until = expires;
}

/** Whether header and composer were drawn for another state of the conversation. */
function hasChanged(frame) {
  if (!frame.state || frame.conversation !== open()) return false;
  const { state, holder, version } = document.getElementById("composer")?.dataset ?? {};
  return frame.state !== state || String(frame.holder ?? "") !== holder || String(frame.version) !== version;
}

/** The holder looks at new messages: after a moment they count as read. Nobody else's look changes anything. */
export function look() {
  clearTimeout(reading);
  if (!unread || !log || document.hidden || !isMe(document.getElementById("controls-head")?.dataset.holder)) return;
  const url = main.dataset.read;
  reading = setTimeout(() => {
    if (document.hidden || main?.dataset.read !== url || !scroll.isAtEnd()) return;
    unread = false;
    post(url).catch(() => { unread = true; });
  }, READ_AFTER);
}

/** Reads out new messages of the open thread, after they are on the page. */
function announce() {
  if (!heard.length) return;
  const region = document.getElementById("announce");
  const text = (item) => item.querySelector(".text, .unsupported")?.textContent.trim() ?? "";
  const name = main.getAttribute("aria-label");
  if (region) {
    region.textContent = heard.length > SPOKEN_MOST
      ? say("spokenMany", { n: heard.length })
      : heard.map((item) => say("spoken", { name, text: text(item) })).join(" ");
  }
  heard = [];
}
