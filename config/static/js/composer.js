// The place where an agent writes: drafts, Enter, quotes, and text that survives whatever happens around it.

import { draftOf, keepDraft } from "./drafts.js";
import { awaken } from "./fragment.js";
import { say } from "./words.js";

const growsByItself = CSS.supports("field-sizing", "content");
// Where the focus goes in a composer without a text to write: the first field of a template, the search, the first card.
const FIRST = "[data-slots] :is(input:not([type=hidden]), textarea, select), [data-pick] :is(input[type=search], a)";
let composing = false;
let pending = null; // the exchange that htmx is making
let sendNext = false; // Enter was pressed while the reply before was on its way
let begun = null; // what a form with text in it says it has seen, also while there is no form to say it
let newest = { message: 0, version: 0 }; // what the screen shows; the form says it when the agent begins to type

const form = () => document.getElementById("composer");
const field = () => form()?.querySelector("textarea[name=text]:not([readonly])") ?? null;
const thread = () => document.getElementById("main")?.dataset.thread ?? "";

/** Listens once for the page's life. */
export function start() {
  document.addEventListener("input", (event) => { if (event.target === field()) typed(); });
  document.addEventListener("keydown", (event) => { if (event.target === field()) pressed(event); });
  document.addEventListener("click", (event) => {
    const quote = event.target.closest("[data-quote]");
    if (quote && form()?.matches("[data-reply]")) {
      event.preventDefault();
      setQuote(quote.closest(".msg"));
      field().focus();
    }
    if (event.target.closest("[data-unquote]")) { setQuote(null); field()?.focus(); }
  });
  document.addEventListener("compositionstart", (event) => { composing = event.target === field(); });
  document.addEventListener("compositionend", () => { composing = false; });
  document.addEventListener("htmx:beforeRequest", sending);
  for (const name of ["htmx:beforeSwap", "htmx:oobBeforeSwap"]) document.addEventListener(name, leaving);
  for (const name of ["htmx:afterSwap", "htmx:oobAfterSwap"]) document.addEventListener(name, arrived);
  for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
    document.addEventListener(name, (event) => { if (event.target === form()) fail(); });
  }
}

/** Whether an input method is at work: to exchange the field now would break the word. */
export const isComposing = () => composing;

/** Another thread is on the page: its draft comes back. */
export function enter() {
  newest = { message: Number(hidden("seen_message")?.value) || 0, version: Number(form()?.dataset.version) || 0 };
  composing = false;
  begun = null;
  const text = field(), draft = draftOf(thread());
  if (text && !text.value && draft) text.value = draft;
  else if (!text && draft) keepVisible(draft);
  if (location.hash === "#reply") text?.focus();
  grow();
}

/** What the screen shows now. A form with text in it goes on saying what it showed when the typing began. */
export function screen({ message, version }) {
  newest = { message: Math.max(newest.message, message), version: version ?? newest.version };
  if (!field()?.value && !form()?.dataset.template) sayWhatIsSeen();
}

/** Takes over from a freshly drawn composer what changed around the field, if both are the same kind: the field stays
    with its caret, its undo history and its input method. False if the whole element must be exchanged. */
export function update(fresh) {
  const shown = form();
  // A template that is being chosen or filled in stays for as long as its agent may send it. What it says to have seen
  // stays too: it was begun on that screen.
  const begunToChoose = shown?.dataset.template && shown.dataset.template !== "shut";
  if (shown?.dataset.template && (fresh.dataset.template || (begunToChoose && fresh.matches("[data-reply]")))) {
    for (const name of ["data-holder", "data-state", "data-version"]) shown.setAttribute(name, fresh.getAttribute(name));
    newest.version = Number(fresh.dataset.version);
    return true;
  }
  if (!shown?.matches("[data-reply]") || !fresh.matches("[data-reply]")) return false;
  for (const { name, value } of fresh.attributes) if (name !== "class") shown.setAttribute(name, value);
  shown.querySelector(".composer__top").replaceWith(fresh.querySelector(".composer__top"));
  newest.version = Number(fresh.dataset.version);
  return true;
}

/** What must survive when the composer is exchanged. */
export function capture() {
  const text = field(), kept = form()?.querySelector(".kept textarea");
  if (text?.value && hidden("request_id")) {
    begun = ["request_id", "seen_version", "seen_message"].map((name) => [name, hidden(name).value]);
  }
  return {
    thread: thread(),
    text: text?.value ?? kept?.value ?? "",
    caret: text ? [text.selectionStart, text.selectionEnd, text.selectionDirection] : null,
    hadFocus: Boolean(form()?.contains(document.activeElement)),
    quoted: hidden("quoted")?.value ?? "",
    quote: document.getElementById("composer-quote")?.cloneNode(true) ?? null,
  };
}

/** Puts it back. With text in it, the form still speaks for the screen it was begun on, unless the agent themselves
    changed that screen (`adopt`): the server would hold the reply for a change that is their own. */
export function restore(kept, { adopt = false } = {}) {
  if (kept.thread !== thread()) return;
  const text = field();
  if (!text) {
    if (kept.text.trim()) keepVisible(kept.text);
    if (kept.hadFocus) (form()?.querySelector("[aria-invalid=true]") ?? form()?.querySelector(FIRST) ?? document.getElementById("main"))?.focus({ preventScroll: true });
    return;
  }
  // What is typed while a form is on its way is in no answer of the server.
  if (kept.text) text.value = kept.text;
  if (kept.quoted && hidden("quoted") && !hidden("quoted").value) {
    hidden("quoted").value = kept.quoted;
    document.getElementById("composer-quote")?.replaceWith(kept.quote);
  }
  newest.version = Number(form().dataset.version) || newest.version;
  newest.message = Math.max(newest.message, Number(hidden("seen_message")?.value) || 0);
  if (adopt || !text.value) begun = null;
  if (begun && hidden("request_id")) for (const [name, value] of begun) hidden(name).value = value;
  if (kept.hadFocus) {
    text.focus({ preventScroll: true });
    if (kept.caret) text.setSelectionRange(...kept.caret);
  }
  grow();
}

/** htmx is about to exchange the composer, for the answer to a verb of this agent. */
function leaving({ detail: { target, shouldSwap, requestConfig, xhr } }) {
  if (target?.id !== "composer" || !shouldSwap) return;
  const isReply = xhr?.status === 200 && /\/reply\/$/.test(requestConfig.path.split("?")[0]);
  const sent = isReply ? requestConfig.parameters.text : null;
  pending = { element: form(), kept: capture(), sent };
}

function arrived() {
  if (!pending || pending.element === form()) return;
  const { kept, sent } = pending;
  pending = null;
  // Who pressed a button had it taken away under the pointer: the next words are typed here.
  kept.hadFocus ||= document.activeElement === document.body;
  if (sent !== null) {
    const typed = kept.text.startsWith(sent) ? kept.text.slice(sent.length) : kept.text;
    keepDraft(kept.thread, typed);
    Object.assign(kept, { text: typed, quoted: "", caret: null });
  }
  restore(kept, { adopt: true });
  awaken(form()); // htmx would do so a moment later, and an Enter in between would leave the page
  const follows = sendNext && sent !== null && kept.thread === thread();
  sendNext = false;
  if (follows && field()?.value.trim()) form().requestSubmit(form().querySelector(".send"));
}

function typed() {
  keepDraft(thread(), field().value);
  if (!field().value) { begun = null; sayWhatIsSeen(); }
  grow();
}

function pressed(event) {
  // During composition, Enter belongs to the input method (229: Safari says so only here).
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  const button = form().querySelector(".send");
  if (button.disabled) sendNext ||= !event.repeat;
  else if (field().value.trim()) form().requestSubmit(button);
}

function sending(event) {
  if (event.target !== form()) return;
  if (form().dataset.busy) { event.preventDefault(); return; }
  form().dataset.busy = "1";
  form().querySelector(".composer__error")?.remove();
}

function fail() {
  sendNext = false;
  delete form().dataset.busy;
  form().querySelector(".composer__error")?.remove();
  const error = document.createElement("p");
  error.className = "composer__error";
  error.setAttribute("role", "alert");
  error.textContent = say("failed");
  form().querySelector(".composer__bar").before(error);
}

function setQuote(message) {
  const shown = document.getElementById("composer-quote");
  if (!shown) return;
  hidden("quoted").value = message?.dataset.id ?? "";
  shown.hidden = !message;
  if (!message) return;
  const incoming = message.dataset.who === "in";
  shown.querySelector("bdi").textContent = incoming
    ? document.getElementById("main").getAttribute("aria-label")
    : (message.querySelector(".who")?.textContent.trim() ?? "");
  shown.querySelector("[dir=auto]").textContent =
    message.querySelector(".text, .unsupported")?.textContent.trim().slice(0, 200) ?? "";
}

function sayWhatIsSeen() {
  if (!hidden("seen_message")) return;
  hidden("seen_message").value = newest.message;
  hidden("seen_version").value = newest.version;
}

/** No field to type in: what was typed is kept in sight, and in the draft. */
function keepVisible(text) {
  if (!form() || form().querySelector(".kept")) return;
  const kept = document.createElement("details"), title = document.createElement("summary"), words = document.createElement("textarea");
  kept.className = "kept";
  kept.open = true;
  title.textContent = say("kept");
  words.readOnly = true;
  words.dir = "auto";
  words.value = text;
  words.setAttribute("aria-label", say("kept"));
  kept.append(title, words);
  const bar = form().querySelector(".composer__bar");
  if (bar) bar.before(kept); else form().append(kept);
}

function grow() {
  const text = field();
  if (!text || growsByItself) return;
  text.style.blockSize = "auto";
  text.style.blockSize = `${text.scrollHeight}px`;
}

const hidden = (name) => form()?.querySelector(`input[name=${name}]`) ?? null;
