// The numbers on tabs, rail and in the title. They are the server's; nothing is added up here.

import { on } from "./live.js";

const NOTHING = { unclaimed: 0, claimed: 0, closed: 0, outbound: 0, holders: {} };
let waiting = 0;

/** Watches the stream and keeps the title's number when htmx changes the title. */
export function start() {
  waiting = Number(document.querySelector(".rail [data-count=unclaimed]")?.textContent) || 0;
  on("counts", show);
  new MutationObserver(title).observe(document.head, { childList: true, subtree: true, characterData: true });
  title();
}

function show(counts) {
  const { number, me } = document.body.dataset;
  const listed = (number ? counts[number] : counts.all) ?? NOTHING;
  for (const element of document.querySelectorAll("[data-count]")) {
    // The rail speaks of the whole workspace, the list of the chosen number.
    const from = element.closest(".rail") ? counts.all : listed;
    const name = element.dataset.count;
    const value = name === "mine" ? (from.holders[me] ?? 0) : (from[name] ?? 0);
    element.textContent = value;
    const badge = element.closest(".badge");
    if (badge) badge.hidden = value === 0;
  }
  waiting = counts.all.unclaimed;
  title();
}

function title() {
  const plain = document.title.replace(/^\(\d+\) /, "");
  const wanted = waiting ? `(${waiting}) ${plain}` : plain;
  if (document.title !== wanted) document.title = wanted;
}
