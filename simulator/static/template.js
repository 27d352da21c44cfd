// What a template message has beyond its text: header, footer, buttons, and the cards of a carousel.
import { el, post, toast } from "./dom.js";

const HEADERS = { image: "Picture", video: "Video", document: "Document", gif: "Moving picture", location: "Map" };
const SIGNS = { URL: "↗", PHONE_NUMBER: "☎", COPY_CODE: "⧉", OTP: "⧉", FLOW: "☰" };
const COLLAPSED = 3;

/** The parts around the text of a template message: {above, below, buttons}, each a list of elements. */
export function templateParts(message) {
  const { header, footer, buttons, cards, ends } = message.template;
  const above = header ? [headerOf(header)] : [];
  if (ends) above.push(el("p", { class: "offer" }, `Until ${new Date(ends).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" })}`));
  const below = footer ? [el("p", { class: "footer", dir: "auto" }, footer)] : [];
  const rows = [];
  if (buttons.length) rows.push(buttonsOf(message, buttons, null));
  if (cards.length) rows.push(el("ul", { class: "cards", "aria-label": "Cards" }, ...cards.map((card, index) => cardOf(message, card, index))));
  return { above, below, buttons: rows };
}

function headerOf(header) {
  if (header.format === "text") return el("p", { class: "headline", dir: "auto" }, header.text);
  return el("div", { class: `attached ${header.format}` },
    el("strong", {}, HEADERS[header.format] ?? header.format),
    el("span", { dir: "auto", title: header.text }, header.text.split("/").at(-1)),
  );
}

function cardOf(message, card, index) {
  return el("li", { class: "card" },
    card.header ? headerOf(card.header) : null,
    el("p", { class: "text", dir: "auto" }, card.body),
    buttonsOf(message, card.buttons, index),
  );
}

function buttonsOf(message, buttons, card) {
  const rows = buttons.map((button, index) => buttonOf(message, button, index, card));
  if (rows.length <= COLLAPSED) return el("div", { class: "taps" }, ...rows);
  const rest = el("details", {}, el("summary", {}, "See all options"), ...rows.slice(COLLAPSED - 1));
  return el("div", { class: "taps" }, ...rows.slice(0, COLLAPSED - 1), rest);
}

function buttonOf(message, button, index, card) {
  if (button.kind === "QUICK_REPLY") {
    const tap = () => post("/handset/tap", { wamid: message.wamid, index, card }).catch((error) => toast(error.message));
    return el("button", { type: "button", "data-tap": index, onclick: tap }, "↩ ", el("bdi", {}, button.text));
  }
  // Nothing on this phone opens a browser or dials: the button says what it would do.
  const label = `${SIGNS[button.kind] ?? ""} `;
  return el("button", { type: "button", class: "inert", title: button.value, onclick: () => toast(button.value || button.text) }, label, el("bdi", {}, button.text));
}
