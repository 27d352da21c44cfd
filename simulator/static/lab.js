// The right panel: switches in plain words, counts, and what happened lately.
import { byId, changed, clock, el, post, toast } from "./dom.js";

const GROUPS = [
  ["When the business sends", [
    ["enforce_window", "Enforce the 24-hour window", "off: free text is accepted at any time"],
    ["window_refusal", "A late message is refused", "131047 comes in the answer or as a failed receipt", { response: "in the answer", receipt: "by a receipt" }],
    ["latency_ms", "Answer late by (ms)", "the message is accepted first"],
    ["lose_response", "Lose the next answers", "accepted, but the connection dies"],
    ["lose_how", "How the connection dies", "", { close: "closed", reset: "reset", hang: "silence" }],
  ]],
  ["Limits", [
    ["pair_rate", "Limit per person", "1 in 6 s, 45 at once, then 131056"],
    ["number_rate", "Limit per number", "80 a second, 1,000 with high throughput, then 130429"],
    ["portfolio_limit", "Limit of people a day", "outside windows, by the tier, then 131048"],
    ["stopped_refusal", "Marketing to who stopped it", "131050 comes in the answer or by a receipt", { response: "in the answer", receipt: "by a receipt" }],
  ]],
  ["Templates", [
    ["review", "Reviewers", "of new and edited templates", { approve: "approve", reject: "reject", wait: "let them wait" }],
    ["review_ms", "A review takes (ms)", ""],
    ["pacing_first", "Hold after so many sends", "until the template is assessed; 0: never"],
  ]],
  ["Receipts", [
    ["receipts", "Receipts go as far as", "", { all: "read", delivered: "delivered", sent: "sent", none: "none at all" }],
    ["receipt_delay_ms", "Pause before each (ms)", ""],
    ["auto_read", "Read everything at once", "also with the phone in the pocket"],
    ["receipts_first", "Receipts before the answer", "the sender hears “sent” before its own 200"],
    ["shuffle", "Shuffle the order", "“read” may come before “sent”"],
  ]],
  ["Webhooks", [
    ["webhooks", "Deliver webhooks", "off: silence, nothing is kept for later"],
    ["retry", "Try again until 200", "half a second, then later and later"],
    ["duplicates", "Extra copies of each", "posted at the same moment"],
    ["batch", "Items in one POST, up to", "0: each on its own"],
    ["batch_ms", "A batch waits for (ms)", ""],
  ]],
];
const CALM = { enforce_window: true, window_refusal: "response", latency_ms: 0, lose_response: 0, lose_how: "close", pair_rate: false, number_rate: false, portfolio_limit: false, stopped_refusal: "response", review: "approve", review_ms: 3000, pacing_first: 0, receipts: "all", receipt_delay_ms: 300, auto_read: false, receipts_first: false, shuffle: false, webhooks: true, retry: true, duplicates: 0, batch: 0, batch_ms: 500, fail: [] };
const CODES = [[130429, "sending too fast"], [131056, "too fast to one person"], [131047, "window closed"], [131026, "not on WhatsApp"], [131049, "kept back by WhatsApp"], [131050, "stopped marketing"], [132015, "template paused"], [131000, "unknown error"], [131016, "service unavailable"], [131048, "number restricted"], [131042, "payment problem"], [190, "token expired"], [null, "broken gateway (HTML)"]];
const COUNTS = [["accepted", "accepted"], ["rejected", "rejected", true], ["lost", "answers lost", true], ["inbound", "from customers"], ["receipts", "receipts"], ["webhooks:failed attempts", "webhooks not 200", true]];

let fail = [];

export function buildSwitches() {
  byId("switches").append(...GROUPS.map(([title, rows], index) => el("fieldset", {},
    el("legend", {}, title),
    ...rows.map(control),
    ...(index === 0 ? failForm() : []),
  )));
  byId("switches").addEventListener("submit", (event) => event.preventDefault());
  byId("calm").addEventListener("click", () => change({ ...CALM, batch: 0 }));
}

function control([name, label, hint, options]) {
  const calm = CALM[name];
  let input;
  if (options) input = el("select", { name }, ...Object.entries(options).map(([value, text]) => el("option", { value }, text)));
  else if (typeof calm === "boolean") input = el("input", { type: "checkbox", role: "switch", name });
  else input = el("input", { type: "number", min: 0, name });
  const read = () => (input.type === "checkbox" ? input.checked : input.type === "number" ? Number(input.value) : input.value);
  input.addEventListener("change", () => change({ [name]: read() }));
  return el("label", { class: "switch", "data-switch": name }, el("span", {}, label), input, hint ? el("small", {}, hint) : null);
}

function failForm() {
  const code = el("select", { class: "code", "aria-label": "Error code" }, ...CODES.map(([value, text]) => el("option", { value: value ?? "" }, value ? `${value} · ${text}` : text)));
  const times = el("input", { type: "number", min: 1, value: 1, "aria-label": "How many sends" });
  const where = el("select", { "aria-label": "Where the error shows" }, el("option", { value: "response" }, "in the answer"), el("option", { value: "receipt" }, "by a receipt"));
  const order = () => change({ fail: [...fail, { code: code.value ? Number(code.value) : null, times: Number(times.value), where: where.value }] });
  const button = el("button", { type: "button", class: "quiet", onclick: order }, "Fail them");
  return [el("div", { class: "fail-form" }, el("span", {}, "Fail the next"), times, code, where, button), el("div", { class: "fails", id: "fails" })];
}

async function change(changes) {
  try {
    showSwitches(await post("/control/switches", changes));
  } catch (error) {
    toast(error.message);
  }
}

/** Show the switches as they are, but never overwrite a field somebody is typing in. */
export function showSwitches(switches) {
  fail = switches.fail;
  let odd = fail.length;
  for (const row of document.querySelectorAll("[data-switch]")) {
    const name = row.dataset.switch;
    const input = row.querySelector("input, select");
    const different = switches[name] !== CALM[name];
    odd += different;
    row.classList.toggle("on", different);
    if (input === document.activeElement && input.type === "number") continue;
    if (input.type === "checkbox") input.checked = switches[name];
    else input.value = switches[name];
  }
  byId("fails").replaceChildren(...fail.map((one) => el("span", { class: "chip warn" }, `${one.times} × ${one.code ?? "gateway"}${one.where === "receipt" ? " by receipt" : ""}`)));
  byId("verdict").textContent = odd ? `${odd} switched` : "All is well";
  byId("verdict").classList.toggle("warn", odd > 0);
}

export function showCounts(counts) {
  byId("counts").replaceChildren(...COUNTS.map(([key, label, bad]) => el("div", { class: bad && counts[key] ? "bad" : null, "data-count": key }, el("dt", {}, label), el("dd", {}, String(counts[key] ?? 0)))));
}

/** The newest sends, accepted or not, and the newest webhooks. */
export function showLately(state) {
  if (!changed("lately", state.accepted, state.rejected, state.webhooks)) return;
  const sends = [...state.accepted.map(acceptedRow), ...state.rejected.map(refusedRow)];
  show("sends", sends.sort((a, b) => b.at - a.at).slice(0, 8));
  show("posts", state.webhooks.map(webhookRow).slice(0, 8));
}

function show(id, rows) {
  byId(id).replaceChildren(...(rows.length ? rows.map(eventRow) : [el("p", { class: "soft" }, "Nothing yet.")]));
}

function acceptedRow(one) {
  const what = one.lost ? "accepted, answer lost" : one.dropped ? "accepted, then dropped" : one.held ? "accepted, held back" : "accepted";
  const { text, template } = one.request;
  return { at: one.time, what, ok: !one.lost && !one.dropped && !one.held, text: template ? `${template.name} · ${template.language.code}` : text?.body ?? "" };
}

const refusedRow = (one) => ({ at: one.time, what: `refused ${one.code ?? one.http_status}`, ok: false, text: one.details });

function webhookRow(one) {
  const last = one.attempts.at(-1);
  const answer = last ? last.status ?? "no answer" : "under way";
  const again = one.attempts.length > 1 ? ` · attempt ${one.attempts.length}` : "";
  return { at: one.started, what: `webhook ${answer}${again}`, ok: one.done, text: one.items > 1 ? `${one.items} items: ${one.what}` : one.what };
}

const eventRow = (row) => el("div", { class: "event" },
  el("span", { class: row.ok ? "what ok" : "what no" }, row.what), el("span"),
  el("time", {}, clock(row.at)), el("span", { class: "text", dir: "auto" }, row.text));
