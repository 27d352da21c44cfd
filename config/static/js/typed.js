/**
 * What is typed while a form is fetched anew stays typed: the answer only knows what stood there when it was asked for.
 * For forms marked [data-typed], which are exchanged as a whole and keep their id.
 */

const FIELDS = "textarea, input:not([type=hidden], [type=file], [type=radio], [type=checkbox])";
const asked = new Map(); // id of a form → what stood in it when it was last asked for
const typed = new Map(); // id of a form → what is to be put back into the one that comes

export function start() {
  document.addEventListener("htmx:beforeSend", ({ detail }) => {
    if (isMarked(detail.target)) asked.set(detail.target.id, texts(detail.target));
  });
  document.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
    if (!isMarked(target)) return;
    const before = asked.get(target.id) ?? new Map();
    const changed = [...texts(target)].filter(([name, value]) => before.has(name) && before.get(name) !== value);
    typed.set(target.id, new Map(changed));
  });
  document.addEventListener("htmx:afterSettle", () => {
    for (const [id, texts] of typed) putBack(document.getElementById(id), texts);
    typed.clear();
  });
}

function isMarked(element) {
  return element?.matches?.("[data-typed]") && element.id !== "";
}

/** Every text field by its name, and by its place among those of the same name. */
function fields(form) {
  const found = new Map();
  for (const field of form.querySelectorAll(FIELDS)) {
    let place = 0;
    while (found.has(`${field.name} ${place}`)) place += 1;
    found.set(`${field.name} ${place}`, field);
  }
  return found;
}

function texts(form) {
  return new Map([...fields(form)].map(([name, field]) => [name, field.value]));
}

function putBack(form, texts) {
  if (!form || texts.size === 0) return;
  const found = fields(form);
  for (const [name, text] of texts) {
    const field = found.get(name);
    if (!field || field.value === text) continue;
    field.value = text;
    // Whoever is still writing there says so by leaving the field.
    if (field !== document.activeElement) field.dispatchEvent(new Event("change", { bubbles: true }));
  }
}
