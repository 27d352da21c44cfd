// The phone's screen: bubbles, quotes, ticks, the typing sign.
import { byId, changed, clock, el } from "./dom.js";
import { templateParts } from "./template.js";

const TICKS = { sent: "Sent", delivered: "Delivered", read: "Read" };
const NEAR_END_PX = 100;

export function showChat(state, reply) {
  const isTyping = state.thread.typing_until > state.now;
  if (!changed("chat", state.number, state.customer, state.thread.messages, isTyping)) return;
  const chat = byId("chat");
  const atEnd = chat.scrollHeight - chat.scrollTop - chat.clientHeight < NEAR_END_PX;
  const key = `${state.number}/${state.customer}`;
  const opened = chat.dataset.key !== key;
  chat.dataset.key = key;
  const messages = new Map(state.thread.messages.map((message) => [message.wamid, message]));
  const rows = [];
  let previous = null;
  for (const message of state.thread.messages) {
    const day = dayOf(message.at);
    if (!previous || dayOf(previous.at) !== day) rows.push(el("li", { class: "day" }, day));
    const first = previous?.sender !== message.sender;
    rows.push(bubble(message, messages.get(message.quoted), first, state, reply));
    previous = message;
  }
  if (!rows.length) rows.push(el("li", { class: "empty" }, "Nothing here yet. Write the first message."));
  if (isTyping) rows.push(typing());
  chat.replaceChildren(...rows);
  if (opened || atEnd) chat.scrollTop = chat.scrollHeight;
}

export const authorOf = (message, state) =>
  message.sender === "customer" ? "You" : state.numbers.find((number) => number.id === state.number)?.name;

function bubble(message, quoted, first, state, reply) {
  const mine = message.sender === "customer";
  const odd = !["text", "button", "template"].includes(message.type);
  const node = el("li", {
    class: `bubble${mine ? " mine" : ""}${first ? " first" : ""}${message.template ? " template" : ""}`, id: message.wamid,
    "data-sender": message.sender, "data-status": message.status, ondblclick: () => reply(message),
  });
  if (message.quoted) node.append(quoteBlock(message.quoted, quoted, state));
  const drawn = message.template ? templateParts(message) : null;
  if (drawn) node.append(...drawn.above);
  node.append(el("p", { class: odd ? "text odd" : "text", dir: "auto" }, odd ? `Poll: ${message.text}` : message.text));
  if (drawn) node.append(...drawn.below);
  node.append(el("p", { class: "foot" }, el("time", {}, clock(message.at)), mine ? tick(message.status) : null));
  node.append(el("button", { type: "button", class: "reply", "aria-label": "Reply to this message", onclick: () => reply(message) }, "↩"));
  if (drawn) node.append(...drawn.buttons);
  return node;
}

function quoteBlock(wamid, quoted, state) {
  const jump = () => {
    const target = document.getElementById(wamid);
    target?.scrollIntoView({ block: "center" });
    target?.classList.remove("flash");
    requestAnimationFrame(() => target?.classList.add("flash"));
  };
  return el("button", { type: "button", class: "quote", onclick: jump },
    el("strong", {}, quoted ? authorOf(quoted, state) : "Quoted message"),
    el("span", { dir: "auto" }, quoted ? quoted.text : "no longer here"),
  );
}

function tick(status) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const paths = status === "sent" ? ["M3 6.5 6 9.5 12.5 2.5"] : ["M1 6.5 4 9.5 10.5 2.5", "M7.5 9 8 9.5 15 2.5"];
  for (const [name, value] of Object.entries({ viewBox: "0 0 16 12", class: `tick ${status}`, role: "img", "aria-label": TICKS[status] ?? status })) svg.setAttribute(name, value);
  for (const d of paths) {
    const path = document.createElementNS(svg.namespaceURI, "path");
    for (const [name, value] of Object.entries({ d, fill: "none", stroke: "currentColor", "stroke-width": "1.5", "stroke-linecap": "round", "stroke-linejoin": "round" })) path.setAttribute(name, value);
    svg.append(path);
  }
  return svg;
}

const typing = () => el("li", { class: "typing", "aria-label": "The business is typing" }, el("i"), el("i"), el("i"));

function dayOf(seconds) {
  const date = new Date(seconds * 1000);
  if (date.toDateString() === new Date().toDateString()) return "Today";
  return date.toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "short" });
}

/** "The business may answer freely for another 23 h 59 min." */
export function windowLine(state) {
  const until = state.thread.window_until;
  if (until == null) return "This person has not written to this number: only templates may reach them.";
  const left = Math.floor((until - Date.now() / 1000) / 60);
  if (left <= 0) return "The 24-hour window is over: free text is refused with 131047 until you write.";
  return `The business may answer freely for another ${Math.floor(left / 60)} h ${left % 60} min.`;
}
