// One row of the list: drawn by the server for everybody, dressed here for this reader.

import { draftOf } from "./drafts.js";
import { mark } from "./mine.js";
import { say } from "./words.js";

/** Whether row `a` stands above row `b`. */
export function isNewer(a, b) {
  return a.dataset.at === b.dataset.at
    ? Number(a.dataset.id) > Number(b.dataset.id)
    : Number(a.dataset.at) > Number(b.dataset.at);
}

/** Makes a row this reader's: what is theirs, what they have not sent, which one is open (`current`, an id or null). */
export function dress(row, current) {
  mark(row);
  showDraft(row, current);
  const link = row.querySelector(":scope > .row");
  if (Number(row.dataset.id) === current) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
}

/** Brings a row up to date where it stands. Its link stays, since it may have the focus; so does an open menu. */
export function refresh(shown, fresh) {
  copyAttributes(shown, fresh);
  const link = shown.querySelector(":scope > .row"), drawn = fresh.querySelector(":scope > .row");
  copyAttributes(link, drawn);
  link.replaceChildren(...drawn.childNodes);
}

function copyAttributes(to, from) {
  for (const { name, value } of from.attributes) to.setAttribute(name, value);
}

/** A row in a frame is the same for everybody; its links keep this reader's list (`query`) beside the thread. */
export function keepPlace(row, query) {
  for (const link of row.querySelectorAll(".row, .row__more")) {
    for (const name of ["href", "hx-get"]) {
      const [path, own] = link.getAttribute(name).split("?");
      link.setAttribute(name, path + query + (own ? `&${own}` : ""));
    }
  }
}

/** "Draft: …" instead of the preview, except where the text itself is on the screen. */
export function showDraft(row, current) {
  const preview = row.querySelector(".row__prev");
  if (!preview) return;
  const id = Number(row.dataset.id), text = id === current ? "" : draftOf(id);
  row.querySelector(".row__draft")?.remove();
  preview.hidden = Boolean(text);
  if (!text) return;
  const draft = preview.cloneNode(false);
  draft.hidden = false;
  draft.classList.add("row__draft");
  const label = document.createElement("span"), words = document.createElement("bdi");
  label.className = "draft";
  label.textContent = say("draft");
  words.dir = "auto";
  words.textContent = text.slice(0, 120);
  draft.append(label, words);
  preview.after(draft);
}
