// Units of a sale that come back: which, what that gives, and the money or the exchange that follows. What goes back is
// quoted by the API before anybody agrees, and the return is kept before it is sent, as sales are (commit.js).

import { onClick, onInput } from "./actions.js";
import { Problem, Unreachable, call, query } from "./api.js";
import { h, icon } from "./dom.js";
import { cents, parseQuantity, quantityText, showMoney, showQuantity } from "./money.js";
import { newId, say, state, unitName, update } from "./state.js";
import { isMasked, isStored, kindName, valuePaper } from "./stored.js";

const PAUSE_MS = 200;
const ONE = 1000;

let timer = 0;
let asked = 0;

const returnsOf = (sale) => `sales/${query(sale)}/returns/`;
const nameOf = (sku) => state.history.names[sku] || sku;

// Return by line what was sold and what came back so far, in thousandths of a unit.
function linesOf(sale) {
  const returned = new Map();
  for (const { lines } of sale.returns ?? []) for (const { line, quantity } of lines) returned.set(line, (returned.get(line) ?? 0) + parseQuantity(quantity));
  return sale.answer.lines.map(({ line, sku, quantity, net }) => {
    const sold = parseQuantity(quantity);
    return { line, sku, net, sold, left: sold - (returned.get(line) ?? 0) };
  });
}

// Return {lines, wrong}: what the document names, and the numbers of lines whose quantity is not to be had.
function chosen({ sale, quantities }) {
  const lines = [];
  const wrong = new Set();
  for (const { line, left } of linesOf(sale)) {
    const text = (quantities[line] ?? "").trim();
    if (text === "" || text === "0") continue;
    const quantity = parseQuantity(text);
    if (!quantity || quantity > left) wrong.add(line);
    else lines.push({ line, quantity: quantityText(quantity) });
  }
  return { lines, wrong };
}

function failed(error) {
  if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
  return error instanceof Problem ? error.message : gettext("There is no connection.");
}

export async function openReturn(id) {
  try {
    const { body } = await call("GET", `sales/${query(id)}/`);
    update(() => { state.dialog = { name: "return", id: newId(), sale: body, quantities: {}, quote: null, error: "" }; });
  } catch (error) {
    say(failed(error));
  }
}

function choose(line, text) {
  update(() => {
    state.dialog.quantities = { ...state.dialog.quantities, [line]: text };
    Object.assign(state.dialog, { quote: null, error: "" });
  });
  clearTimeout(timer);
  timer = setTimeout(quote, PAUSE_MS);
}

function step(line, direction) {
  const { left } = linesOf(state.dialog.sale).find((item) => item.line === line);
  const now = parseQuantity(state.dialog.quantities[line] ?? "") ?? 0;
  const next = Math.min(Math.max(now + direction * ONE, 0), left);
  choose(line, next ? quantityText(next) : "");
}

// What the chosen units would give back; nothing is recorded by asking.
async function quote() {
  const { dialog } = state;
  if (dialog?.name !== "return") return;
  asked += 1;
  const question = asked;
  const { lines, wrong } = chosen(dialog);
  if (!lines.length || wrong.size) return;
  try {
    const { body } = await call("POST", `sales/${query(dialog.sale.sale)}/returns/quote/`, { body: { return: dialog.id, lines } });
    if (question === asked && state.dialog === dialog) update(() => { dialog.quote = body; });
  } catch (error) {
    const text = failed(error);
    if (question === asked && state.dialog === dialog) update(() => { dialog.error = text; });
  }
}

async function confirm({ exchange = false, asNote = false }) {
  const { dialog } = state;
  update(() => {
    state.history.returning = {
      sale: dialog.sale.sale,
      ticket: dialog.sale.ticket,
      body: { return: dialog.id, lines: chosen(dialog).lines, ...(asNote ? { refund_as: "credit_note" } : {}) },
      exchange,
    };
  });
  await sendReturn();
}

// Send what is kept, as often as it takes: the return's own id makes one of them.
export async function sendReturn() {
  const { returning } = state.history;
  if (!returning || state.committing) return;
  update(() => { state.committing = true; });
  try {
    const { body } = await call("POST", returnsOf(returning.sale), { body: returning.body });
    settle(returning, body);
  } catch (error) {
    const text = failed(error);
    update(() => {
      // A refusal is final; without an answer nobody knows, and it stays to be sent again.
      if (error instanceof Problem && error.isFinal) state.history.returning = null;
      if (state.dialog?.name === "return") state.dialog.error = text;
    });
  } finally {
    update(() => { state.committing = false; });
  }
}

function settle(returning, body) {
  const money = cents(body.refund.amount) > 0;
  update(() => {
    state.history.returning = null;
    if (body.refund.credit_note) state.history.lastCode = { path: returnsOf(returning.sale), body: returning.body };
    const kept = state.history.sales.find((item) => item.sale === body.sale);
    if (kept) kept.state = body.state;
    if (returning.exchange && money) {
      const id = (state.sale.payments.at(-1)?.id ?? 0) + 1;
      state.sale.payments.push({ id, method: "exchange", amount: body.refund.amount });
    }
    state.dialog = { name: "returned", ticket: returning.ticket, answer: body, exchange: returning.exchange && money };
  });
  document.getElementById("note-print")?.focus();
}

onInput({ "return.quantity": (value, { line }) => choose(Number(line), value) });

onClick({
  "return.open": ({ sale }) => openReturn(sale),
  "return.more": ({ line }) => step(Number(line), 1),
  "return.less": ({ line }) => step(Number(line), -1),
  "return.all": () => {
    for (const { line, left } of linesOf(state.dialog.sale)) state.dialog.quantities[line] = left ? quantityText(left) : "";
    choose(0, "");
  },
  "return.confirm": () => confirm({}),
  "return.exchange": () => confirm({ exchange: true }),
  "return.note": () => confirm({ asNote: true }),
  "return.send": sendReturn,
});

// --- What is shown -----------------------------------------------------------------------------------------

export function returnView(dialog) {
  const { sale, quote: quoted, error } = dialog;
  const { lines, wrong } = chosen(dialog);
  const ready = quoted !== null && !state.committing && !state.history.returning;
  return {
    title: interpolate(gettext("Return from ticket %(ticket)s"), { ticket: sale.ticket }, true),
    body: [
      h("ul", { class: "lines return-lines" }, linesOf(sale).map((line) => lineView(line, dialog, wrong.has(line.line)))),
      h("button", { class: "link-button", type: "button", data: { action: "return.all" } }, gettext("Everything comes back")),
      error && h("p", { class: "alert alert-danger", role: "alert" }, error),
      quoted ? undoneView(quoted, gettext("To give back")) : h("p", { class: "faint" }, lines.length && !error ? gettext("Working out what goes back…") : gettext("Choose what comes back.")),
    ],
    actions: [
      h("button", { class: "button", type: "button", disabled: !ready || cents(quoted.refund.amount) === 0, data: { action: "return.exchange" } }, icon("refresh"), gettext("Exchange")),
      h("button", { class: "button", type: "button", disabled: !ready || cents(quoted.refund.amount) === 0, data: { action: "return.note" } }, icon("file"), gettext("Credit note")),
      h("button", { class: "button button-primary", type: "button", disabled: !ready, data: { action: "return.confirm" } }, icon("undo"),
        quoted ? interpolate(gettext("Give back %(amount)s"), { amount: showMoney(quoted.refund.amount) }, true) : gettext("Return")),
    ],
  };
}

// Not within a template literal: texts in there are not found for translation.
function leftText(left) {
  return left === 0 ? gettext("all came back") : interpolate(gettext("%(quantity)s left"), { quantity: showQuantity(quantityText(left)) }, true);
}

function lineView({ line, sku, net, sold, left }, { quantities }, wrong) {
  const id = `return-${line}-quantity`;
  const name = nameOf(sku);
  const step = (action, iconName, label) => h("button", { type: "button", disabled: left === 0, "aria-label": interpolate(label, { name }, true), data: { action, line } }, icon(iconName));
  return h("li", { class: "return-line", data: { key: `return-${line}` } },
    h("div", { class: "grow" }, h("strong", {}, name),
      h("p", { class: "faint" }, `${showQuantity(quantityText(sold))} × · ${showMoney(net)}`, left < sold && [" · ", leftText(left)])),
    h("div", { class: "stepper" },
      step("return.less", "minus", gettext("One %(name)s less comes back")),
      h("label", { class: "visually-hidden", for: id }, interpolate(gettext("How many of %(name)s come back"), { name }, true)),
      h("input", { id, inputmode: "decimal", autocomplete: "off", disabled: left === 0, value: quantities[line] ?? "", placeholder: "0", "aria-invalid": wrong ? "true" : null, "aria-describedby": wrong ? `${id}-error` : null, data: { input: "return.quantity", line } }),
      step("return.more", "plus", gettext("One %(name)s more comes back"))),
    wrong && h("p", { class: "field-error", id: `${id}-error` }, interpolate(gettext("At most %(quantity)s can come back."), { quantity: showQuantity(quantityText(left)) }, true)));
}

const UNITS = { cashback: () => gettext("Cashback"), points: () => gettext("Points"), stamps: () => gettext("Stamps"), reward: () => gettext("Reward") };

function movedText(moved) {
  // Points say what they are worth, too; what moves is points.
  const units = moved.points ?? moved.stamps;
  const number = units === undefined ? showMoney(moved.amount) : showQuantity(String(units));
  const name = unitName(moved.program ?? moved.plan ?? moved.code ?? "");
  if (isStored(moved.kind) && moved.uses !== undefined) return `${kindName(moved.kind)} (${name})`;
  return [`${UNITS[moved.kind]?.() ?? kindName(moved.kind)}${name ? ` (${name})` : ""}: ${number}`, moved.expired && gettext("already expired")].filter(Boolean).join(", ");
}

const STAYS = {
  gift: (item) => interpolate(gettext("The gift %(name)s went home with the customer."), { name: nameOf(item.sku ?? "") }, true),
  reward: (item) => interpolate(gettext("The reward of %(name)s went home with the customer."), { name: item.program ?? "" }, true),
  code: (item) => interpolate(gettext("The code %(name)s of this sale was used already."), { name: item.code ?? item.campaign ?? "" }, true),
  delivery: (item) => interpolate(gettext("The delivery of %(name)s stays charged."), { name: showMoney(item.amount) }, true),
};

// What a return or a cancellation gives back, takes back, and cannot undo.
export function undoneView(answer, title) {
  const { refund, restored = [], taken_back: taken = [], owed = [], not_undone: stays = [] } = answer;
  const list = (label, moved) => moved.length > 0 && h("div", {}, h("dt", {}, label), h("dd", {}, moved.map((one) => h("span", {}, movedText(one)))));
  return h("section", { class: "undone", data: { key: "undone" } },
    h("dl", { class: "totals" },
      h("div", { class: "net" }, h("dt", {}, title), h("dd", {}, showMoney(refund.credit_note?.amount ?? refund.amount))),
      cents(refund.withheld) > 0 && h("div", {}, h("dt", {}, gettext("Withheld: what the sale had earned is spent")), h("dd", {}, showMoney(refund.withheld))),
      list(gettext("Goes back to the balance"), restored),
      list(gettext("Taken back from the balance"), taken),
      list(gettext("The customer owes"), owed)),
    stays.length > 0 && h("ul", { class: "alert alert-warning stays" }, stays.map((item) => h("li", {}, STAYS[item.kind]?.(item) ?? item.kind))));
}

export function returnedView({ ticket, answer, exchange }) {
  const note = answer.refund.credit_note;
  if (note) return noteView(ticket, answer, note);
  return {
    title: interpolate(gettext("Ticket %(ticket)s: the return is recorded"), { ticket }, true),
    body: [
      exchange ? h("p", { class: "alert alert-info" }, interpolate(gettext("%(amount)s pays towards the new sale. What it does not need is given in money."), { amount: showMoney(answer.refund.amount) }, true))
        : h("p", {}, gettext("Give the customer this money.")),
      undoneView(answer, exchange ? gettext("For the exchange") : gettext("To give back")),
    ],
    actions: [h("button", { class: "button button-primary", type: "button", autofocus: true, data: { action: "receipt.new" } }, icon("arrow-right"), exchange ? gettext("On to the new sale") : gettext("Done"))],
  };
}

// The note instead of money: its code is shown now, and by nobody later.
function noteView(ticket, answer, note) {
  const readable = !isMasked(note.code);
  return {
    title: interpolate(gettext("Ticket %(ticket)s: the return is recorded"), { ticket }, true),
    body: [
      readable ? h("p", {}, gettext("Print the credit note and give it to the customer: its code is shown only now."))
        : h("p", { class: "alert alert-warning" }, interpolate(gettext("This return was recorded before. The code of its note that ends in %(last4)s cannot be shown again; a manager can replace it."), { last4: note.last4 }, true)),
      readable && valuePaper({ name: kindName("credit_note"), amount: showMoney(note.amount), until: note.expires_at, code: note.code }),
      undoneView(answer, gettext("Credit note")),
    ],
    actions: [
      readable && h("button", { id: "note-print", class: "button", type: "button", autofocus: true, data: { action: "receipt.print" } }, icon("printer"), gettext("Print")),
      h("button", { class: "button button-primary", type: "button", autofocus: !readable, data: { action: "receipt.new" } }, icon("arrow-right"), gettext("Done")),
    ],
  };
}

// What was to be exchanged is given in money after all.
export function payoutView({ amount }) {
  return {
    title: gettext("Give it back in money"),
    body: [h("dl", { class: "totals" }, h("div", { class: "net" }, h("dt", {}, gettext("To give back")), h("dd", {}, showMoney(amount))))],
    actions: [h("button", { class: "button button-primary", type: "button", autofocus: true, data: { action: "dialog.close" } }, gettext("Done"))],
  };
}
