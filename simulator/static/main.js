// The page's one loop: ask for news every 700 ms, draw, and send what the customer does.
// The address after # is the state ("#<number>/<customer>"), so two tabs can be two people.
import { authorOf, showChat, windowLine } from "./chat.js";
import { byId, clock, initials, post, setText, toast } from "./dom.js";
import { buildSwitches, showCounts, showLately, showSwitches } from "./lab.js";
import { showCustomers, showNumbers, wireDialog } from "./people.js";

const EVERY_MS = 700;
const chosen = { number: "", customer: "" };
let state = null;
let replyTo = null;
let asleep = sessionStorage.getItem("asleep") === "yes";
let round = 0;
let asking = false;

function readAddress() {
  [chosen.number, chosen.customer] = location.hash.slice(1).split("/").concat("", "");
  replyTo = null;
  showReply();
  refresh(true);
}

function go(number, customer) {
  location.hash = `${number}/${customer}`;
}

async function refresh(anew = false) {
  if (asking && !anew) return;
  asking = true;
  const mine = ++round;
  const query = new URLSearchParams({ number: chosen.number, customer: chosen.customer });
  if (state && !anew) query.set("version", state.version);
  try {
    const response = await fetch(`/handset/state?${query}`);
    // An answer that was overtaken by a newer question would draw somebody else's chat.
    if (mine !== round) return;
    if (response.status === 200) draw(await response.json());
    else tick();
  } catch {
    if (mine === round) setText("business-line", "The simulator does not answer…");
    state = null;
  } finally {
    if (mine === round) asking = false;
  }
}

function draw(news) {
  state = news;
  chosen.number = news.number;
  chosen.customer = news.customer;
  const number = news.numbers.find((one) => one.id === news.number);
  byId("business-name").textContent = number.name;
  byId("business-avatar").textContent = initials(number.name);
  showNumbers(news, (id) => go(id, chosen.customer));
  showCustomers(news, (id) => go(chosen.number, id));
  showMarketing(news);
  showChat(news, chooseReply);
  showSwitches(news.switches);
  showCounts(news.counts);
  showLately(news);
  tick();
}

function showMarketing({ stopped }) {
  const button = byId("marketing");
  button.setAttribute("aria-pressed", String(stopped));
  setText("marketing", stopped ? "Resume offers" : "Stop offers");
}

async function chooseMarketing() {
  if (!state) return;
  const order = { phone_number_id: state.number, wa_id: state.customer, value: state.stopped ? "resume" : "stop" };
  try {
    await post("/handset/marketing", order);
    await refresh(true);
  } catch (error) {
    toast(error.message);
  }
}

/** What changes with time alone: clocks, the window, the typing sign; and reading, while the chat is open. */
function tick() {
  if (!state) return;
  const number = state.numbers.find((one) => one.id === state.number);
  const typing = state.thread.typing_until > Date.now() / 1000;
  if (!typing) document.querySelector(".typing")?.remove();
  setText("business-line", typing ? "typing…" : number.phone);
  setText("window-line", windowLine(state));
  for (const id of ["clock", "asleep-clock"]) setText(id, clock(Date.now() / 1000));
  byId("asleep").hidden = !asleep;
  byId("power").setAttribute("aria-pressed", String(asleep));
  const unread = state.thread.unread;
  const news = unread ? `${unread} unread.` : "Messages arrive, nobody reads them.";
  setText("asleep-line", `${news} Tap to take the phone out.`);
  if (unread && !asleep && document.visibilityState === "visible") {
    state.thread.unread = 0;
    post("/handset/look", { phone_number_id: state.number, wa_id: state.customer }).catch((error) => toast(error.message));
  }
}

function chooseReply(message) {
  replyTo = message;
  showReply();
  byId("composer-text").focus();
}

function showReply() {
  byId("reply-bar").hidden = !replyTo;
  if (!replyTo) return;
  byId("reply-author").textContent = authorOf(replyTo, state);
  byId("reply-text").textContent = replyTo.text;
}

async function say(type) {
  const box = byId("composer-text");
  const text = box.value.trim() || (type === "text" ? "" : "Lunch or dinner?");
  if (!text || !state) return;
  const order = { phone_number_id: state.number, wa_id: state.customer, text, type, reply_to: replyTo?.wamid ?? null };
  box.value = "";
  replyTo = null;
  showReply();
  try {
    await post("/handset/say", order);
    await refresh(true);
    byId("chat").scrollTop = byId("chat").scrollHeight;
  } catch (error) {
    box.value = text;
    toast(error.message);
  }
}

function sleep(yes) {
  asleep = yes;
  sessionStorage.setItem("asleep", yes ? "yes" : "no");
  tick();
}

byId("composer").addEventListener("submit", (event) => { event.preventDefault(); say("text"); });
byId("composer-text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); say("text"); }
  if (event.key === "Escape") { replyTo = null; showReply(); }
});
byId("marketing").addEventListener("click", chooseMarketing);
byId("reply-cancel").addEventListener("click", () => { replyTo = null; showReply(); });
byId("more-menu").addEventListener("click", (event) => {
  const type = event.target.closest("[data-type]")?.dataset.type;
  if (type) { byId("more-menu").hidePopover(); say(type); }
});
byId("power").addEventListener("click", () => sleep(!asleep));
byId("asleep").addEventListener("click", () => sleep(false));
wireDialog((waId) => go(chosen.number, waId));
buildSwitches();
addEventListener("hashchange", readAddress);
readAddress();
setInterval(refresh, EVERY_MS);
