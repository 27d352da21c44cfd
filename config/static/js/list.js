// The list of conversations: rows arrive, change, move and leave as the filter on the screen demands.
// Rows never move under the pointer or the keyboard's focus; what arrives meanwhile waits in the strip above.

import { draftChanged } from "./drafts.js";
import { awaken, elements, fetchFragment } from "./fragment.js";
import { on } from "./live.js";
import { isMe, justActed } from "./mine.js";
import { dress, isNewer, keepPlace, refresh, showDraft } from "./row.js";
import { say } from "./words.js";

const ROWS_MOST = 200;
const AT_TOP = 8; // px
const SEEK_AGAIN = 5000; // ms
const CALM_AFTER = 300; // ms after the pointer or the focus has left
const canHover = matchMedia("(hover: hover)").matches;

let list = null, rows = null, scroller = null, strip = null, current = null, settling = 0, top = 0;
const recent = new Map(); // conversation → its last frame, for a list that was asked for before the frame came
const sought = new Map(); // broadcast that is not on the page → when it was last looked for
const later = new Map(); // conversation, or id of a broadcast's element → what is to happen to its row: new, moved or gone

/** Listens once for the page's life. */
export function start() {
  on("conversation", (frame) => {
    if (!frame.row) return;
    recent.delete(frame.conversation);
    recent.set(frame.conversation, frame);
    if (recent.size > 100) recent.delete(recent.keys().next().value);
    if (rows) take(frame);
  });
  on("broadcast", (id) => { if (rows?.dataset.tab === "marketing") void seek(id); });
  on("painted", settle);
  for (const name of ["pointerout", "focusout", "toggle", "scroll"]) {
    document.addEventListener(name, (event) => {
      if (!scroller?.contains(event.target)) return;
      // A phone hides the list behind the thread, and a hidden list says that it is at its top.
      if (scroller.clientHeight) top = scroller.scrollTop;
      soon();
    }, { capture: true, passive: true });
  }
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".newstrip")) return;
    flush();
    if (event.detail === 0) rows.querySelector(".row")?.focus(); // pressed with the keyboard
  });
  addEventListener("pagehide", () => {
    if (rows) sessionStorage.setItem("list:place", JSON.stringify([list.dataset.query, top]));
  });
  addEventListener("storage", (event) => {
    const row = document.getElementById(`row-${draftChanged(event)}`);
    if (row) showDraft(row, current);
  });
}

/** The list on the page is another one now. */
export function enter(element) {
  list = element;
  rows = list?.querySelector("#rows") ?? null;
  scroller = rows?.closest(".rows") ?? null;
  strip = list?.querySelector(".newstrip") ?? null;
  later.clear();
  top = 0;
  if (!rows) return;
  adopt();
  showStrip();
  // What arrived while the list was on its way is in it or comes now; `take` knows by the list's seq.
  for (const frame of recent.values()) take(frame);
}

/** Back from another page, the list stands where it was left. */
export function restorePlace() {
  const [query, place] = JSON.parse(sessionStorage.getItem("list:place") ?? "[]");
  if (rows && query === list.dataset.query) scroller.scrollTop = place;
}

/** htmx put more rows under the others: each conversation once, the one that was there is the fresher. */
export function adopt() {
  const ids = new Set();
  for (const row of [...rows.children]) {
    if (ids.has(row.id)) { row.remove(); continue; }
    ids.add(row.id);
    dress(row, current);
  }
  limit();
}

/** Marks the row of the conversation on the screen. */
export function showCurrent(id) {
  const before = current;
  current = id;
  for (const each of [before, id]) {
    const row = each !== null && document.getElementById(`row-${each}`);
    if (row) dress(row, current);
  }
}

/** Shows what waits in the strip, and goes to the top. */
export function flush() {
  scroller?.scrollTo({ top: 0 });
  apply();
}

/** The row after (1) or before (-1) the one in focus, else the open one. */
export function neighbour(step) {
  const links = [...(rows?.querySelectorAll(".rows__item:not(.is-leaving) > .row") ?? [])];
  const from = links.indexOf(document.activeElement?.closest(".row"));
  const at = from >= 0 ? from : links.findIndex((link) => link.hasAttribute("aria-current"));
  return at < 0 ? links[0] : (links[at + step] ?? links[at]);
}

function take(frame) {
  if (frame.seq <= Number(list.dataset.seq)) return;
  const fresh = elements(frame.row)[0];
  const id = frame.conversation;
  const shown = document.getElementById(`row-${id}`);
  const waiting = later.get(id);
  // What was found, and whom a broadcast was sent to, are the same people in whatever state, in the same order.
  const fixed = list.dataset.q !== "" || Boolean(list.dataset.group);
  const belongs = fixed ? Boolean(shown) : fits(fresh);
  keepPlace(fresh, list.dataset.query);
  if (shown) {
    refresh(shown, fresh);
    dress(shown, current);
    shown.classList.toggle("is-leaving", !belongs);
    if (!belongs) later.set(id, { change: "gone", row: shown });
    else if (!fixed && isOutOfPlace(shown)) later.set(id, { change: "moved", row: shown });
    else later.delete(id);
  } else if (belongs && isWithin(fresh)) {
    dress(fresh, current);
    later.set(id, { change: "new", row: fresh });
  } else if (waiting) {
    later.delete(id);
  }
  if (later.has(id) && justActed(id)) carryOut(id);
  showStrip();
}

/** Something was sent since the broadcasts were listed. */
async function seek(id) {
  // It may not have begun yet, or be another number's: it is looked for again, but not with every word about it.
  if (document.getElementById(`group-${id}`) || later.has(`group-${id}`) || Date.now() - (sought.get(id) ?? 0) < SEEK_AGAIN) return;
  sought.set(id, Date.now());
  const here = rows;
  try {
    const url = location.pathname.replace(/\/inbox\/.*/, "/inbox/") + list.dataset.query;
    const page = await fetchFragment(url, { target: "rows" });
    for (const group of page.querySelectorAll(".rows__item")) {
      if (rows !== here || document.getElementById(group.id) || !isWithin(group)) continue;
      later.set(group.id, { change: "new", row: group });
    }
  } catch {
    // Offline: the stream says it again.
  }
  showStrip();
  settle();
}

function fits(row) {
  const { tab, owner, number } = list.dataset;
  if (row.dataset.state !== tab || (number && row.dataset.number !== number)) return false;
  return tab !== "claimed" || owner !== "mine" || isMe(row.dataset.holder);
}

/** Rows that are not loaded yet come with the next page. */
function isWithin(row) {
  const last = rows.lastElementChild;
  return !moreLink() || !last || isNewer(row, last);
}

function isOutOfPlace(row) {
  const { previousElementSibling: above, nextElementSibling: below } = row;
  return Boolean((above && isNewer(row, above)) || (below && isNewer(below, row)));
}

function soon() {
  clearTimeout(settling);
  settling = setTimeout(settle, CALM_AFTER);
}

function settle() {
  if (!rows || !later.size || isTouched()) return;
  if (scroller.scrollTop <= AT_TOP) apply(); else leave();
}

/** The pointer is on the list, the keyboard in it, or one of its menus open. */
function isTouched() {
  return (canHover && scroller.matches(":hover")) || scroller.querySelector(":focus-visible, .menu:popover-open") !== null;
}

function apply() {
  for (const id of [...later.keys()]) carryOut(id);
  showStrip();
}

/** Further down the list nothing new is put in, but what has left goes; the rows in sight keep their place. */
function leave() {
  const edge = scroller.getBoundingClientRect().top;
  const anchor = [...rows.children].find((row) =>
    row.getBoundingClientRect().bottom > edge && later.get(Number(row.dataset.id))?.change !== "gone");
  const before = anchor?.getBoundingClientRect().top;
  for (const [id, { change }] of [...later]) if (change === "gone") carryOut(id);
  if (anchor) scroller.scrollTop += anchor.getBoundingClientRect().top - before;
}

function carryOut(id) {
  const { change, row } = later.get(id);
  later.delete(id);
  if (change === "gone") return remove(row);
  const below = [...rows.children].find((other) => other !== row && isNewer(row, other)) ?? null;
  if (row.nextElementSibling === below && row.parentElement === rows) return;
  const focused = row.contains(document.activeElement) ? document.activeElement : null;
  rows.insertBefore(row, below);
  focused?.focus({ preventScroll: true });
  if (change === "new") {
    row.classList.add("is-new");
    awaken(row);
    trim();
  }
  showEmpty();
}

function remove(row) {
  if (row.contains(document.activeElement)) {
    const heir = row.nextElementSibling ?? row.previousElementSibling;
    (heir?.querySelector(".row") ?? scroller).focus();
  }
  row.remove();
  showEmpty();
}

function showEmpty() {
  const empty = document.getElementById("rows-empty");
  if (empty) empty.hidden = rows.childElementCount > 0;
}

/** The oldest rows go when there are too many, and the next page begins where they began. */
function trim() {
  if (rows.childElementCount <= ROWS_MOST) return;
  while (rows.childElementCount > ROWS_MOST) rows.lastElementChild.remove();
  const last = rows.lastElementChild;
  linkMore(`${list.dataset.query}&before=${last.dataset.at}_${last.dataset.id}`, say("more"));
}

/** A full list grows no further by itself: its last link leads to a page of its own, as without a script. */
function limit() {
  const link = moreLink();
  if (link?.hasAttribute("hx-get") && rows.childElementCount >= ROWS_MOST) linkMore(link.href, link.textContent);
}

function linkMore(href, text) {
  const plain = document.createElement("a");
  plain.className = "rows__more";
  plain.href = href;
  plain.textContent = text;
  document.getElementById("rows-more")?.replaceChildren(plain);
}

const moreLink = () => scroller.querySelector(".rows__more");

function showStrip() {
  if (!strip) return;
  const count = (change) => [...later.values()].filter((each) => each.change === change).length;
  const added = count("new"), moved = count("moved");
  strip.hidden = added + moved === 0;
  if (strip.hidden) return;
  const news = rows.dataset.tab === "marketing" ? "newCampaigns" : "new";
  strip.querySelector("[data-newstrip]").textContent = added ? say(news, { n: added }) : say("moved", { n: moved });
}
