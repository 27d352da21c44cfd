// Server fragments are the same for every agent: what is the reader's own is marked here.

const me = document.body.dataset.me;

/** Whether `id` (a membership's) is the reader. */
export const isMe = (id) => Boolean(me) && String(id ?? "") === me;

// The composer names its holder for comparison only; inside it, a held reply lists what others have done.
const HELD = "[data-holder]:not(#composer)";

/** Gives class is-mine to everything in `root`, itself included, that the reader holds. */
export function mark(root) {
  const held = root.querySelectorAll(HELD);
  for (const element of root.matches?.(HELD) ? [root, ...held] : held) {
    element.classList.toggle("is-mine", isMe(element.dataset.holder));
  }
}

const acted = new Map(); // conversation → when the reader last sent something about it

/** Notes that the reader acts on a conversation: what comes of it is no surprise to them. */
export function acting(path) {
  const id = /\/inbox\/(\d+)\//.exec(path)?.[1];
  if (id) acted.set(id, Date.now());
}

/** Whether the reader acted on the conversation within the last seconds. */
export const justActed = (id) => Date.now() - (acted.get(String(id)) ?? 0) < 5000;
