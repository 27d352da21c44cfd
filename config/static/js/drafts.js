// What an agent has typed and not sent, per conversation, kept in this browser with every key stroke.

const me = document.body.dataset.me;
const key = (id) => `draft:${me}:${id}`;

/** The unsent text of a conversation, "" for none. */
export const draftOf = (id) => localStorage.getItem(key(id)) ?? "";

/** Keeps the text; an empty one is forgotten. */
export function keepDraft(id, text) {
  try {
    if (text.trim()) localStorage.setItem(key(id), text); else localStorage.removeItem(key(id));
  } catch {
    // A full or forbidden storage costs the draft its safety, never the typing.
  }
}

/** Whether an event of the browser's storage is about a draft: the conversation's id, or null. */
export function draftChanged(event) {
  return event.key?.startsWith(`draft:${me}:`) ? event.key.split(":")[2] : null;
}
