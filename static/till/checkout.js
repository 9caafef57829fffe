// Codes, payments, totals and the button that charges.

import { onClick, onInput, onSubmit } from "./actions.js";
import { settlePayments } from "./basket.js";
import { commit, giveUp, keepForLater, send, whatIsMissing } from "./commit.js";
import { h, icon } from "./dom.js";
import { askAgain } from "./evaluation.js";
import { basketTotal, shown } from "./lines.js";
import { asideAlert, asideRows, draftError, minutesLocked, remember } from "./lookups.js";
import { cents, editMoney, moneyText, parseMoney, showCents, showMoney } from "./money.js";
import { exceptionsAlert, offlineAlert } from "./offline.js";
import { say, state, update } from "./state.js";
import { redeemedItems } from "./value.js";

export const METHODS = {
  cash: { icon: "money", name: () => gettext("Cash") },
  pix: { icon: "qr", name: () => gettext("Pix") },
  credit: { icon: "card", name: () => gettext("Credit") },
  debit: { icon: "card", name: () => gettext("Debit") },
};

// What came back for an exchange pays, too; it comes from a return (returns.js), not from a button.
const EXCHANGE = { icon: "undo", name: () => gettext("Exchange") };
export const methodOf = (method) => METHODS[method] ?? (method === "exchange" ? EXCHANGE : { icon: "money", name: () => method });

const paymentOf = (id) => state.sale.payments.find((payment) => payment.id === Number(id));

function pay(method) {
  update(() => {
    const { payments } = state.sale;
    const open = payments.find((payment) => !payment.amount.trim());
    // Until an amount is written, another method replaces the first: the customer changed their mind.
    if (open) open.method = method;
    else payments.push({ id: (payments.at(-1)?.id ?? 0) + 1, method, amount: "" });
  });
}

onInput({
  "code.text": (value) => update(() => { state.codeDraft = { text: value, error: "" }; }),
  "payment.amount": (value, { id }) => update(() => { paymentOf(id).amount = value; }),
});

onSubmit({
  "code.add": () => update(() => {
    const code = state.codeDraft.text.trim().toUpperCase();
    if (!code) return;
    if (minutesLocked()) {
      state.codeDraft.locked = true;
      return;
    }
    remember(code, "codeDraft", state.codeDraft.text);
    state.sale.aside = state.sale.aside.filter((item) => item.code !== code);
    if (!state.sale.promo_codes.includes(code)) state.sale.promo_codes.push(code);
    state.codeDraft = { text: "", error: "" };
  }),
});

onClick({
  "code.remove": ({ code }) => update(() => { state.sale.promo_codes = state.sale.promo_codes.filter((item) => item !== code); }),
  "payment.add": ({ method }) => pay(method),
  "payment.remove": ({ id }) => update(() => {
    const { method, amount } = paymentOf(id);
    state.sale.payments = state.sale.payments.filter((payment) => payment.id !== Number(id));
    if (method === "exchange") state.dialog = { name: "payout", amount };
  }),
  "sale.charge": charge,
  "sale.agree": () => {
    update(() => { state.dialog = null; });
    return commit({ agreed: true });
  },
  "sale.send": send,
  "sale.giveUp": giveUp,
  "sale.keep": keepForLater,
  "evaluation.retry": askAgain,
});

async function charge() {
  const missing = whatIsMissing();
  if (!missing) {
    await commit();
    return;
  }
  const reasons = {
    "search-input": gettext("There is nothing in the basket yet."),
    payments: gettext("Choose how it is paid, for exactly what is due."),
    charge: gettext("Wait for the total, or mend what is marked in red."),
    "stored-input": gettext("Without connection cards and vouchers cannot be checked."),
  };
  update(() => { state.device.panel = missing === "search-input" ? "basket" : "checkout"; });
  say(reasons[missing]);
  document.querySelector(missing.endsWith("-input") ? `#${missing}` : "#payments button")?.focus();
}

export function codesView() {
  const results = new Map((state.evaluation.result?.promo_codes ?? []).map((item) => [item.code, item]));
  const error = draftError(state.codeDraft) || state.evaluation.errors["code-input"];
  const aside = asideRows(false);
  return h("section", { class: "block", "aria-labelledby": "codes-title" },
    h("h2", { id: "codes-title" }, gettext("Promotional codes")),
    h("form", { class: "inline", data: { submit: "code.add" } },
      h("label", { class: "visually-hidden", for: "code-input" }, gettext("Promotional code")),
      h("input", { id: "code-input", autocomplete: "off", autocapitalize: "characters", enterkeyhint: "done", placeholder: gettext("Enter a code"), value: state.codeDraft.text, "aria-invalid": error ? "true" : null, "aria-describedby": error ? "code-error" : null, data: { input: "code.text" } }),
      h("button", { class: "button", type: "submit" }, icon("plus"), gettext("Apply")),
    ),
    error && h("p", { class: "field-error", id: "code-error", role: "alert" }, error),
    state.sale.promo_codes.length + aside.length > 0 && h("ul", { class: "codes" }, state.sale.promo_codes.map((code) => codeView(code, results.get(code))), aside),
  );
}

function codeView(code, result) {
  const statuses = {
    applied: ["badge-success", gettext("applied")],
    not_activated: ["badge-warning", gettext("not yet active")],
    not_usable: ["badge-danger", gettext("cannot be used")],
  };
  const [tone, text] = statuses[result?.status] ?? ["", "…"];
  return h("li", { data: { key: `code-${code}` } },
    h("code", {}, code),
    h("span", { class: `badge ${tone}` }, text),
    h("button", { class: "button button-quiet button-icon", type: "button", "aria-label": interpolate(gettext("Remove the code %(code)s"), { code }, true), data: { action: "code.remove", code } }, icon("x")),
  );
}

export function paymentsView() {
  const { payments } = state.sale;
  const due = basketTotal();
  const settled = due === null ? { payments: [], left: 0, change: 0 } : settlePayments(state.sale, cents(due));
  const error = state.evaluation.errors.payments;
  return h("section", { class: "block", id: "payments", "aria-labelledby": "payments-title" },
    h("h2", { id: "payments-title" }, gettext("Payment")),
    h("div", { class: "methods", role: "group", "aria-labelledby": "payments-title" }, Object.entries(METHODS).map(([method, about]) => h("button", {
      class: "method", type: "button", "aria-pressed": String(payments.some((payment) => payment.method === method)), data: { action: "payment.add", method, key: method },
    }, icon(about.icon), about.name()))),
    payments.length > 0 && h("ul", { class: "payments" }, payments.map((payment) => paymentView(payment, settled))),
    error && h("p", { class: "field-error", role: "alert" }, error),
    payments.length > 0 && settled.left > 0 && h("p", { class: "left" }, gettext("Still to pay"), h("b", {}, showCents(settled.left))),
    settled.left < 0 && h("p", { class: "left over" }, gettext("Too much"), h("b", {}, showCents(-settled.left))),
    settled.change > 0 && h("p", { class: "left change" }, gettext("Change"), h("b", {}, showCents(settled.change))),
  );
}

function paymentView(payment, settled) {
  const id = `payment-${payment.id}-amount`;
  const name = methodOf(payment.method).name();
  const error = state.evaluation.errors[id];
  const taken = settled.payments.find((item) => item.id === payment.id);
  const edit = (text) => (parseMoney(text) === null ? text : editMoney(moneyText(parseMoney(text))));
  return h("li", { data: { key: `payment-${payment.id}` } },
    h("label", { for: id }, icon(methodOf(payment.method).icon), name, h("span", { class: "visually-hidden" }, " ", gettext("amount"))),
    h("input", {
      id, inputmode: "decimal", autocomplete: "off", readonly: payment.method === "exchange", value: shown(id, payment.amount, edit),
      placeholder: taken && !payment.amount ? editMoney(moneyText(taken.amount)) : gettext("the rest"),
      "aria-invalid": error ? "true" : null, "aria-describedby": error ? `${id}-error` : null,
      data: { input: "payment.amount", id: payment.id },
    }),
    h("button", { class: "button button-quiet button-icon", type: "button", "aria-label": interpolate(gettext("Remove %(name)s"), { name }, true), data: { action: "payment.remove", id: payment.id } }, icon("x")),
    error && h("p", { class: "field-error", id: `${id}-error` }, error),
  );
}

export const showTotal = (net) => (net === null ? "—" : showMoney(net));

export function totalsView() {
  const { result, status } = state.evaluation;
  const net = basketTotal();
  const totals = result?.totals ?? { gross: net, markdown: "0.00", exchange: "0.00", discount: "0.00", redeemed: "0.00", net };
  const row = (label, amount, kind = "") => h("div", { class: kind }, h("dt", {}, label), h("dd", {}, amount));
  const minus = (label, amount, kind) => cents(amount) > 0 && row(label, `− ${showMoney(amount)}`, kind);
  return h("section", { class: "block totals-block", "aria-labelledby": "totals-title" },
    h("h2", { id: "totals-title", class: "visually-hidden" }, gettext("Totals")),
    h("dl", { class: "totals", "aria-busy": String(status === "pending") },
      net !== null && row(gettext("Items"), showMoney(totals.gross)),
      minus(gettext("Marked down"), totals.markdown, "saving"),
      minus(gettext("Given back"), totals.exchange),
      minus(gettext("Promotions"), totals.discount, "saving"),
      redeemedItems(result?.redeemed).filter((item) => !item.ofDelivery).map(({ label, amount, isGift }) => (isGift ? row(label, gettext("gift"), "saving") : minus(label, amount, "saving"))),
      row(gettext("To pay"), showTotal(net), "net"),
      result?.exchange_left && row(gettext("Left of what was given back"), showMoney(result.exchange_left)),
      result && cents(result.delivery.fee) > 0 && row(gettext("Delivery, charged apart"), showMoney(result.delivery.net)),
    ),
    chargeButton(net),
  );
}

// Drawn twice, in the checkout and in the bar that a phone shows on every panel. Null: what is due is not known.
export function chargeButton(net, key = "charge") {
  const busy = state.committing || state.evaluation.status === "pending";
  return h("button", {
    class: "button button-primary charge", type: "button", "aria-busy": String(busy), "aria-keyshortcuts": "F9",
    disabled: net === null || state.committing || Boolean(state.history.pending), data: { action: "sale.charge", key },
  }, icon("check"), state.committing ? gettext("Recording…") : net === null ? gettext("Charge") : interpolate(gettext("Charge %(amount)s"), { amount: showMoney(net) }, true));
}

// What stands above everything else until it is settled.
export function alertsView() {
  const { pending } = state.history;
  const { status, problem, errors } = state.evaluation;
  return [
    pending && !state.committing && pending.unproved && h("div", { class: "alert alert-warning", role: "alert", data: { key: "unproved" } }, icon("alert"),
      h("div", { class: "grow" }, h("strong", {}, interpolate(gettext("Ticket %(ticket)s waits for the customer to show who it is."), { ticket: pending.body.ticket }, true))),
      h("div", { class: "cluster" },
        h("button", { class: "button button-primary", type: "button", data: { action: "sale.send" } }, icon("refresh"), gettext("Ask again")),
        h("button", { class: "button", type: "button", data: { action: "proof.giveUp" } }, gettext("Back to the basket")))),
    pending && !state.committing && !pending.unproved && h("div", { class: "alert alert-warning", role: "alert", data: { key: "pending" } }, icon("alert"),
      h("div", { class: "grow" },
        h("strong", {}, interpolate(gettext("No answer for ticket %(ticket)s (%(amount)s)."), { ticket: pending.body.ticket, amount: showMoney(pending.body.total) }, true)),
        h("p", {}, gettext("Send it again: a sale that was recorded already is not recorded twice."))),
      h("div", { class: "cluster" },
        h("button", { class: "button button-primary", type: "button", data: { action: "sale.send" } }, icon("refresh"), gettext("Send again")),
        h("button", { class: "button", type: "button", data: { action: "sale.keep" } }, icon("clock"), gettext("Paid: send it later")),
        h("button", { class: "button", type: "button", data: { action: "sale.giveUp" } }, gettext("Cancel this sale")))),
    state.history.returning && !state.committing && h("div", { class: "alert alert-warning", role: "alert", data: { key: "returning" } }, icon("alert"),
      h("div", { class: "grow" },
        h("strong", {}, interpolate(gettext("No answer for the return from ticket %(ticket)s."), { ticket: state.history.returning.ticket }, true)),
        h("p", {}, gettext("Send it again: a return that was recorded already is not recorded twice."))),
      h("button", { class: "button button-primary", type: "button", data: { action: "return.send" } }, icon("refresh"), gettext("Send again"))),
    state.history.issuing && !state.committing && h("div", { class: "alert alert-warning", role: "alert", data: { key: "issuing" } }, icon("alert"),
      h("div", { class: "grow" },
        h("strong", {}, state.history.issuing.what === "loaded" ? gettext("No answer for what was loaded.") : gettext("No answer for the card that was sold.")),
        h("p", {}, gettext("Send it again: what was done already is not done twice."))),
      h("button", { class: "button button-primary", type: "button", data: { action: "value.send" } }, icon("refresh"), gettext("Send again"))),
    asideAlert(),
    offlineAlert(),
    exceptionsAlert(),
    problem && h("div", { class: "alert alert-danger", role: "alert", data: { key: "problem" } }, icon("x-circle"),
      h("div", { class: "grow" },
        h("strong", {}, problem.detail || problem.title),
        (problem.errors ?? []).length > 0 && h("ul", {}, problem.errors.map(({ path, message }) => h("li", {}, h("code", {}, path), " ", message)))),
      problem.status === 401 && h("button", { class: "button", type: "button", data: { action: "pairing.open" } }, icon("key"), gettext("Pair this browser"))),
    status === "invalid" && Object.keys(errors).length > 0 && h("p", { class: "visually-hidden", role: "alert" }, Object.values(errors)[0]),
  ];
}
