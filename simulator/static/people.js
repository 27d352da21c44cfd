// The left panel: which business to write to, who one is, and adding somebody.
import { byId, changed, clock, el, initials, post, tint } from "./dom.js";

export function showNumbers(state, choose) {
  if (!changed("numbers", state.numbers, state.number)) return;
  byId("numbers").replaceChildren(...state.numbers.map((number) => el("label", { class: "number" },
    el("input", { type: "radio", name: "number", value: number.id, checked: number.id === state.number, onchange: () => choose(number.id) }),
    el("strong", {}, number.name),
    el("small", {}, number.phone),
  )));
}

export function showCustomers(state, choose) {
  if (!changed("customers", state.customers, state.customer)) return;
  const focused = document.activeElement?.dataset?.customer;
  byId("customers").replaceChildren(...state.customers.map((person) => el("li", {}, row(person, state, choose))));
  if (focused) document.querySelector(`[data-customer="${CSS.escape(focused)}"]`)?.focus();
}

function row(person, state, choose) {
  const address = person.username_only ? `@${person.username} · phone hidden` : person.phone;
  const current = person.wa_id === state.customer;
  const line = person.last && !current ? [`${clock(person.last.at)} · `, el("bdi", {}, person.last.text)] : [address];
  return el("button", {
    type: "button", class: "customer", title: address, "data-customer": person.wa_id,
    "aria-current": current ? "true" : null, onclick: () => choose(person.wa_id),
  },
    el("span", { class: `avatar ${tint(person.wa_id)}`, "aria-hidden": "true" }, initials(person.name)),
    el("span", { class: "name" }, el("bdi", {}, person.name)),
    person.unread ? el("span", { class: "badge" }, String(person.unread), el("span", { class: "sr" }, " unread")) : null,
    el("span", { class: "line" }, ...line),
  );
}

/** Wire the "Add a customer" dialog; `added` is called with the new WhatsApp id. */
export function wireDialog(added) {
  const dialog = byId("customer-dialog");
  const form = byId("customer-form");
  byId("add-customer").addEventListener("click", () => { byId("customer-error").textContent = ""; form.reset(); dialog.showModal(); });
  byId("customer-cancel").addEventListener("click", () => dialog.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fields = form.elements;
    const order = { wa_id: fields.wa_id.value, name: fields.name.value.trim(), username: fields.username.value };
    order.username_only = fields.username_only.checked;
    order.unreachable = fields.unreachable.checked;
    try {
      const person = await post("/control/customers", order);
      dialog.close();
      added(person.wa_id);
    } catch (error) {
      byId("customer-error").textContent = error.message;
    }
  });
}
