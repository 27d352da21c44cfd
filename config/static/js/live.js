// The socket: one ordered stream of frames with a cursor. Paints nothing itself; modules listen with `on`.
// Nothing may be skipped: after any interruption the stream resumes behind the cursor.

const body = document.body;
const SILENCE = 45_000; // ms without a word; the server speaks every 20 s
const RETRY_FIRST = 500, RETRY_MOST = 30_000; // ms
const RELOAD_PAUSE = 10_000; // ms between two reloads, should the page and the server disagree for ever

// A page that says no seq shows nothing that could be outdated: its stream begins now.
let cursor = body.dataset.seq ? Number(body.dataset.seq) : null;
let thread = null; // the conversation on the screen
let unsynced = null; // its changes after this seq have been asked for and not arrived yet
let asked = null; // the thread that the server knows of
let joined = null; // the thread that the current socket was opened with
let socket = null;
let tries = 0, retry = 0, watchdog = 0, heard = 0;
let queue = [], painting = false;

const listeners = new Map();

/** Calls `listener(detail)` for: conversation, broadcast, counts, painted, lost, caught-up. */
export function on(name, listener) {
  listeners.set(name, [...(listeners.get(name) ?? []), listener]);
}

function emit(name, detail) {
  for (const listener of listeners.get(name) ?? []) {
    // One module that fails must not hold up the stream for the others.
    try { listener(detail); } catch (error) { console.error(error); }
  }
}

/** Everything up to this seq has been shown. Take it before a request whose answer will be put on the page. */
export const seen = () => cursor ?? 0;

/** The page shows thread `id` now (or null); what changed in it after `since` is sent at once. */
export function watch(id, since) {
  thread = id;
  unsynced = id === null ? null : since;
  if (socket?.readyState === WebSocket.OPEN) ask();
}

function ask() {
  asked = thread;
  socket.send(JSON.stringify({ thread, since: unsynced }));
}

/** Opens the socket; `body[data-live]` is its path. */
export function start() {
  addEventListener("online", connect);
  addEventListener("offline", () => lost());
  addEventListener("focus", wake);
  document.addEventListener("visibilitychange", () => {
    // A frame that waits for an animation frame would wait until the tab is seen again.
    if (document.hidden) { if (painting) setTimeout(paint, 0); } else { wake(); }
  });
  addEventListener("pagehide", detach); // an open socket keeps the page out of the back/forward cache
  addEventListener("pageshow", (event) => { if (event.persisted) { tries = 0; connect(); } });
  connect();
}

function wake() {
  const alive = socket?.readyState === WebSocket.OPEN && Date.now() - heard < SILENCE;
  if (!alive && socket?.readyState !== WebSocket.CONNECTING) { tries = 0; connect(); }
}

function connect() {
  detach();
  // What was received but not painted comes again: the cursor stands before it.
  queue = [];
  asked = joined = thread;
  const query = new URLSearchParams({ lang: document.documentElement.lang });
  if (cursor !== null) query.set("since", Math.min(cursor, unsynced ?? cursor));
  if (thread !== null) query.set("thread", thread);
  const opened = new WebSocket(`${location.origin.replace(/^http/, "ws")}${body.dataset.live}?${query}`);
  opened.onopen = () => { listening(); if (thread !== asked) ask(); };
  opened.onmessage = (event) => { listening(); receive(JSON.parse(event.data)); };
  opened.onclose = (event) => closed(event.code);
  socket = opened;
  listening();
}

/** Lets go of the socket without waiting for it: a dead connection may take minutes to say that it is closed. */
function detach() {
  clearTimeout(retry);
  clearTimeout(watchdog);
  if (!socket) return;
  socket.onopen = socket.onmessage = socket.onclose = null;
  socket.close();
  socket = null;
}

function listening() {
  heard = Date.now();
  clearTimeout(watchdog);
  watchdog = setTimeout(() => { lost(); connect(); }, SILENCE);
}

function closed(code) {
  detach();
  if (code === 4401) return reload(); // logged out: the server answers with the login page
  if (code === 4403) return location.assign("/"); // not a member any more
  lost();
  // Full jitter: after a restart, a thousand browsers must not come back in the same moment.
  const most = Math.min(RETRY_MOST, 2 * RETRY_FIRST * 2 ** tries++);
  retry = setTimeout(connect, RETRY_FIRST + Math.random() * (most - RETRY_FIRST));
}

function lost() {
  emit("lost");
}

function receive(frame) {
  queue.push(frame);
  if (painting) return;
  painting = true;
  if (document.hidden) setTimeout(paint, 200); else requestAnimationFrame(paint);
}

/** One batch per animation frame, so that a burst costs one layout. */
function paint() {
  painting = false;
  const batch = queue;
  queue = [];
  for (const frame of batch) if (apply(frame) === false) return;
  if (batch.length) emit("painted");
}

function apply(frame) {
  if (frame.reset) { reload(); return false; }
  if (frame.counts) { emit("counts", frame.counts); return; }
  if (frame.caught_up) {
    tries = 0;
    if (joined === thread) unsynced = null;
    reached(frame.seq);
    emit("caught-up");
    return;
  }
  if (frame.conversation) {
    if (frame.seq && cursor !== null && frame.seq <= cursor) return;
    if (!frame.seq && frame.conversation === thread) unsynced = null;
    emit("conversation", frame);
  }
  if (frame.broadcast) emit("broadcast", frame.broadcast);
  // Only the last frame of a batch is a safe place to resume from.
  if (frame.seq && !frame.more) reached(frame.seq);
}

function reached(seq) {
  cursor = Math.max(cursor ?? 0, seq);
}

/** Drafts are saved with every key stroke, so nothing is lost. Never in a tight circle. */
function reload() {
  detach();
  const since = Date.now() - (Number(sessionStorage.getItem("live:reloaded")) || 0);
  setTimeout(() => {
    sessionStorage.setItem("live:reloaded", Date.now());
    location.reload();
  }, since < RELOAD_PAUSE ? RELOAD_PAUSE : 0);
}
