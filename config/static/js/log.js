// The thread as a document: messages and lines in the order of data-at, in sections by day, in runs by one sender.
// Whatever arrives twice replaces itself. Knows nothing of scrolling, sockets or who is reading.

const ITEM = "[id^=message-], [id^=line-]";

/** The link to the earlier messages, above the first day. */
export const OLDER = ".log__older[href*='/older/']";

/** Puts items into the log, or in the place of their older selves. Returns the messages that are new. */
export function put(log, parts) {
  const added = [];
  for (const group of groups(parts)) {
    const item = group[0], shown = document.getElementById(item.id);
    if (shown) {
      tail(shown).forEach((each) => each.remove());
      shown.replaceWith(...group);
    } else if (isLoaded(log, item)) {
      insert(section(log, item), group);
      if (isMessage(item)) added.push(item);
    } else {
      continue;
    }
    markRun(item);
    markRun(beside(item, "nextElementSibling"));
  }
  return added;
}

/** Puts a page of older sections before the first one; a day that goes on there stays one section. */
export function putOlder(log, sections) {
  const first = log.querySelector(".daygroup");
  for (const section of sections) {
    for (const item of section.querySelectorAll(ITEM)) remove(document.getElementById(item.id));
    if (first?.dataset.day !== section.dataset.day) {
      log.insertBefore(section, first);
      continue;
    }
    const seam = first.querySelector(ITEM);
    for (const item of section.querySelectorAll(ITEM)) for (const part of [item, ...tail(item)]) first.insertBefore(part, seam);
    markRun(seam);
  }
}

/** Takes the oldest items out until `most` messages are left; returns the oldest one left, or null if none went. */
export function trim(log, most) {
  const messages = log.querySelectorAll(".msg[id]");
  if (messages.length <= most) return null;
  const oldest = messages[messages.length - most];
  for (const item of [...log.querySelectorAll(ITEM)]) {
    if (item === oldest) break;
    remove(item);
  }
  for (const section of [...log.querySelectorAll(".daygroup")]) if (!section.querySelector(ITEM)) section.remove();
  return oldest;
}

/** The greatest id of a message on the screen. */
export function newestId(log) {
  return Math.max(0, ...Array.from(log.querySelectorAll(".msg[data-id]"), (each) => Number(each.dataset.id)));
}

/** Each item with what follows it without an id of its own: the note of a transfer. */
function groups(parts) {
  const found = [];
  for (const part of parts) if (part.matches(ITEM)) found.push([part]); else found.at(-1)?.push(part);
  return found;
}

function tail(item) {
  const found = [];
  while ((found.at(-1) ?? item).nextElementSibling?.matches(".event__note")) found.push((found.at(-1) ?? item).nextElementSibling);
  return found;
}

function remove(item) {
  if (item) for (const part of [...tail(item), item]) part.remove();
}

const isMessage = (item) => item?.matches(".msg") ?? false;

/** What is older than the oldest item on the page comes with the earlier messages. */
function isLoaded(log, item) {
  // A page of earlier messages ends with a link to the newest ones: what arrives belongs behind that link.
  if (log.querySelector(".daygroup ~ .log__older")) return false;
  const oldest = log.querySelector(ITEM);
  return !log.querySelector(OLDER) || !oldest || Number(item.dataset.at) >= Number(oldest.dataset.at);
}

function section(log, item) {
  const { day, dayLabel } = item.dataset;
  const sections = [...log.querySelectorAll(".daygroup")];
  const found = sections.find((each) => each.dataset.day === day);
  if (found) return found;
  const made = document.createElement("section"), pill = document.createElement("div"), label = document.createElement("span");
  made.className = "daygroup";
  made.dataset.day = day;
  made.setAttribute("aria-label", dayLabel);
  pill.className = "day";
  label.textContent = dayLabel;
  pill.append(label);
  made.append(pill);
  const later = sections.find((each) => each.dataset.day > day);
  if (later) later.before(made); else log.append(made);
  return made;
}

function insert(day, group) {
  // From the end: almost everything that arrives is the newest.
  const items = [...day.querySelectorAll(`:scope > :is(${ITEM})`)];
  const before = items.findLast((each) => isBefore(each, group[0])) ?? day.querySelector(".day");
  (tail(before).at(-1) ?? before).after(...group);
}

/** At the same instant a line comes first (the claim, then the reply that followed it), then the smaller id. */
function isBefore(each, item) {
  const difference = Number(each.dataset.at) - Number(item.dataset.at);
  if (difference) return difference < 0;
  if (isMessage(each) !== isMessage(item)) return isMessage(item);
  return Number(each.dataset.id) < Number(item.dataset.id);
}

/** Marks whether a message starts a run by one sender. */
function markRun(item) {
  if (!isMessage(item)) return;
  const above = beside(item, "previousElementSibling");
  item.classList.toggle("is-first", !isMessage(above) || above.dataset.who !== item.dataset.who);
}

/** The neighbour; the line above what is unread does not end a run. */
function beside(item, direction) {
  let found = item[direction];
  while (found?.matches(".unread-line")) found = found[direction];
  return found;
}
