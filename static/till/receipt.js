// The receipt of a recorded sale, on the screen and on paper, and the sales of this terminal: reprint, cancel.

import { onClick, onSubmit } from "./actions.js";
import { Problem, Unreachable, call, query } from "./api.js";
import { methodOf } from "./checkout.js";
import { field, h, icon } from "./dom.js";
import { showMoment, today } from "./moments.js";
import { cents, moneyText, showMoney, showQuantity } from "./money.js";
import { earnedItems } from "./promotions.js";
import { undoneView } from "./returns.js";
import { pairing, rememberNames, say, state, update } from "./state.js";
import { isMasked, kindName, leftTexts, valuePaper, worth } from "./stored.js";
import { surveyButton } from "./survey.js";
import { sendButton } from "./sending.js";
import { balanceTexts, redeemedItems } from "./value.js";

const STATES = {
  committed: () => gettext("recorded"),
  cancelled: () => gettext("cancelled"),
  partially_returned: () => gettext("partly returned"),
  returned: () => gettext("returned"),
};

function fail(error) {
  if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
  const text = error instanceof Problem ? error.message : gettext("There is no connection.");
  update(() => { if (state.dialog) state.dialog.error = text; });
  say(text);
}

// A stored sale is what was answered when it was recorded, with its state and payments of today.
async function show(path) {
  try {
    const { body } = await call("GET", path);
    if (!body.answer) {
      fail(new Problem(409, { detail: gettext("This ticket was cancelled before its sale arrived.") }));
      return;
    }
    const { answer, ...stored } = body;
    update(() => { state.dialog = { name: "receipt", sale: { ...answer, ...stored }, reprint: true }; });
    await learnNames(answer.lines);
  } catch (error) {
    fail(error);
  }
}

// Sales of another browser name products that this one never saw.
async function learnNames(lines) {
  const unknown = [...new Set(lines.map((line) => line.sku))].filter((sku) => !state.history.names[sku]);
  for (const sku of unknown.slice(0, 20)) {
    const { body } = await call("GET", `products/lookup/?q=${query(sku)}&limit=1`, { quiet: true });
    update(() => rememberNames(body.results.filter((product) => product.sku === sku)));
  }
}

async function cancel(id) {
  try {
    const { body } = await call("POST", `sales/${query(id)}/cancel/`, { body: {} });
    update(() => {
      const kept = state.history.sales.find((sale) => sale.sale === id);
      if (kept) kept.state = "cancelled";
      state.dialog = { name: "cancelled", answer: body };
    });
  } catch (error) {
    fail(error);
  }
}

onClick({
  "sales.open": () => update(() => { state.dialog = { name: "sales", error: "" }; }),
  "sales.reprint": ({ sale }) => show(`sales/${query(sale)}/`),
  "sales.askCancel": ({ sale }) => update(() => { state.dialog = { name: "cancel", sale, error: "" }; }),
  "sales.cancel": ({ sale }) => cancel(sale),
  "receipt.print": () => window.print(),
  "receipt.new": () => {
    update(() => { state.dialog = null; state.device.panel = "basket"; });
    document.getElementById("search-input")?.focus();
  },
});

onSubmit({
  "sales.find": ({ ticket, day }) => show(`sales/?ticket=${query(ticket.trim())}&business_date=${query(day)}`),
});

export function salesView(dialog) {
  return {
    title: gettext("Sales of this terminal"),
    body: [
      h("form", { class: "find-sale", data: { submit: "sales.find" } },
        field({ id: "sale-ticket", name: "ticket", label: gettext("Ticket"), inputmode: "numeric", required: true, autofocus: true }),
        field({ id: "sale-day", name: "day", label: gettext("Day"), type: "date", value: dialog.day ?? today(), required: true }),
        h("button", { class: "button", type: "submit" }, icon("search"), gettext("Find"))),
      dialog.error && h("p", { class: "alert alert-danger", role: "alert" }, dialog.error),
      state.history.sales.length ? h("ul", { class: "sales" }, state.history.sales.map(saleView))
        : h("p", { class: "faint pad" }, gettext("Nothing was sold in this browser yet.")),
    ],
  };
}

function saleView({ sale, ticket, at, net, state: saleState, customer }) {
  const cancelled = saleState === "cancelled";
  const gone = cancelled || saleState === "returned";
  return h("li", { data: { key: sale } },
    h("div", { class: "grow" },
      h("strong", {}, `#${ticket}`), " ", h("span", { class: cancelled ? "struck" : "" }, showMoney(net)), " ",
      saleState !== "committed" && h("span", { class: `badge ${cancelled ? "badge-danger" : "badge-warning"}` }, STATES[saleState]?.() ?? saleState),
      h("p", { class: "faint" }, [showMoment(at), customer].filter(Boolean).join(" · "))),
    h("button", { class: "button", type: "button", data: { action: "sales.reprint", sale } }, icon("printer"), gettext("Reprint")),
    !gone && h("button", { class: "button", type: "button", data: { action: "return.open", sale } }, icon("undo"), gettext("Return")),
    !gone && h("button", { class: "button button-danger-quiet", type: "button", data: { action: "sales.askCancel", sale } }, icon("x"), gettext("Cancel")));
}

export function cancelView({ sale, error }) {
  const kept = state.history.sales.find((item) => item.sale === sale);
  return {
    title: gettext("Cancel this sale?"),
    body: [
      h("p", {}, kept ? interpolate(gettext("Ticket %(ticket)s, %(amount)s. Discounts, limits and codes that it used are given back."), { ticket: kept.ticket, amount: showMoney(kept.net) }, true)
        : gettext("Discounts, limits and codes that it used are given back.")),
      error && h("p", { class: "alert alert-danger", role: "alert" }, error),
    ],
    actions: [
      h("button", { class: "button", type: "button", data: { action: "sales.open" } }, gettext("Keep it")),
      h("button", { class: "button button-danger", type: "button", data: { action: "sales.cancel", sale } }, gettext("Cancel the sale")),
    ],
  };
}

export function cancelledView({ answer }) {
  return {
    title: interpolate(gettext("Ticket %(ticket)s is cancelled"), { ticket: answer.ticket ?? "" }, true),
    body: [undoneView(answer, gettext("To give back"))],
    actions: [h("button", { class: "button button-primary", type: "button", autofocus: true, data: { action: "sales.open" } }, gettext("Done"))],
  };
}

// At the foot of the receipt: what a rule gave the customer, with the code that was made for it.
function voucherSlips(vouchers = []) {
  return vouchers.filter(({ code }) => code && !isMasked(code))
    .map(({ amount, percent, valid_until: until, code }) => valuePaper({ name: kindName("voucher"), amount: worth({ balance: amount, percent }), until, code }));
}

const canComeBack = ({ state: saleState }) => saleState === "committed" || saleState === "partially_returned";

export function receiptView(dialog) {
  const kept = dialog.offline ? dialog.sale : state.history.sales.find((item) => item.sale === dialog.sale.sale);
  return {
    title: dialog.reprint ? gettext("Receipt") : dialog.offline ? gettext("Sale kept in this browser") : gettext("Sale recorded"),
    body: [
      dialog.replayed && h("p", { class: "alert alert-info" }, gettext("This sale had been recorded already; nothing was done twice.")),
      dialog.offline && h("p", { class: "alert alert-info" }, gettext("It is sent when the connection is back. What the customer earns is known then.")),
      dialog.error && h("p", { class: "alert alert-danger", role: "alert" }, dialog.error),
      !dialog.reprint && kept && cents(kept.change) > 0 && h("p", { class: "left change" }, gettext("Change"), h("b", {}, showMoney(kept.change))),
      paperView(dialog, kept),
      voucherSlips(dialog.sale.earned?.vouchers),
    ],
    actions: [
      h("button", { class: "button", type: "button", data: { action: "receipt.print" } }, icon("printer"), gettext("Print")),
      sendButton(dialog),
      surveyButton(dialog),
      dialog.reprint
        ? canComeBack(dialog.sale) && [
          h("button", { class: "button", type: "button", data: { action: "return.open", sale: dialog.sale.sale } }, icon("undo"), gettext("Return")),
          h("button", { class: "button button-danger-quiet", type: "button", data: { action: "sales.askCancel", sale: dialog.sale.sale } }, icon("x"), gettext("Cancel the sale")),
        ]
        : h("button", { class: "button button-primary", type: "button", autofocus: true, data: { action: "receipt.new" } }, icon("arrow-right"), gettext("Next customer")),
    ],
  };
}

function paperView({ sale, reprint: copy, ticket }, kept) {
  const { totals } = sale;
  const { store, terminal, receipt } = pairing();
  const heading = receipt?.header.length ? receipt.header : [store.name || store.code];
  const payments = sale.payments ?? kept?.payments ?? [];
  const row = (label, amount, kind = "") => h("div", { class: kind }, h("dt", {}, label), h("dd", {}, amount));
  const minus = (label, amount) => cents(amount) > 0 && row(label, `− ${showMoney(amount)}`);
  const names = { ...state.history.names, ...kept?.names };
  // What a card held then is no news when a receipt is printed again.
  const balances = [...balanceTexts(sale.balances), ...(copy ? [] : leftTexts(sale.redeemed))];
  return h("article", { class: "receipt", id: "receipt", "aria-label": gettext("Receipt") },
    h("header", {},
      heading.map((text) => h("strong", {}, text)),
      h("p", {}, interpolate(gettext("Terminal %(terminal)s · Ticket %(ticket)s"), { terminal: terminal.name || terminal.code, ticket: sale.ticket ?? ticket ?? kept?.ticket ?? "" }, true)),
      h("p", {}, showMoment(sale.occurred_at ?? kept?.at)),
      (kept?.customer || sale.customer) && h("p", {}, kept?.customer || sale.customer),
      copy && h("p", { class: "copy" }, gettext("Copy")),
      sale.state && sale.state !== "committed" && h("p", { class: "copy" }, (STATES[sale.state]?.() ?? sale.state).toUpperCase())),
    h("ul", {}, sale.lines.map((line) => h("li", {},
      h("span", { class: "receipt-name" }, line.name || names[line.sku] || line.sku),
      h("span", {}, `${showQuantity(line.quantity)} × ${showMoney(line.unit_price)}`),
      h("span", { class: "number" }, showMoney(line.gross)),
      (cents(line.discount) > 0 || cents(line.markdown) > 0) && h("span", { class: "receipt-saving" }, gettext("discount"), h("span", { class: "number" }, `− ${showMoney(sum([line.discount, line.markdown]))}`)),
    ))),
    (sale.gifts ?? []).some((gift) => gift.chosen.length) && h("ul", {}, sale.gifts.flatMap((gift) => gift.chosen).map((gift) => h("li", {},
      h("span", { class: "receipt-name" }, gift.name || gift.sku), h("span", {}, `${showQuantity(gift.quantity)} ×`), h("span", { class: "number" }, gettext("gift"))))),
    h("dl", { class: "totals" },
      row(gettext("Items"), showMoney(totals.gross)),
      minus(gettext("Marked down"), totals.markdown),
      minus(gettext("Given back"), totals.exchange),
      (sale.activations ?? []).filter((item) => cents(item.discount) > 0).map((item) => row(item.name || item.campaign, `− ${showMoney(item.discount)}`)),
      redeemedItems(sale.redeemed).map(({ label, amount, isGift }) => (isGift ? row(label, gettext("gift")) : minus(label, amount))),
      row(gettext("Total"), showMoney(totals.net), "net"),
      sale.delivery && cents(sale.delivery.fee) > 0 && row(gettext("Delivery"), showMoney(sale.delivery.net)),
      (sale.returns ?? []).map((one) => row(gettext("Given back in a return"), `− ${showMoney(one.refund.amount)}`)),
      payments.map((payment) => row(methodOf(payment.method).name(), showMoney(payment.amount)))),
    earnedItems(sale.earned).length > 0 && h("ul", { class: "receipt-earned", "aria-label": gettext("Earned") }, h("li", {}, h("b", {}, gettext("Earned"))), earnedItems(sale.earned).map(({ text }) => h("li", {}, text))),
    balances.length > 0 && h("ul", { class: "receipt-earned", "aria-label": gettext("Balance") }, h("li", {}, h("b", {}, gettext("Balance"))), balances.map((text) => h("li", {}, text))),
    h("footer", {}, (receipt?.footer.length ? receipt.footer : [gettext("Thank you, come back soon!")]).map((text) => h("p", {}, text)), sale.sale && h("p", { class: "receipt-id" }, sale.sale)),
  );
}

const sum = (amounts) => moneyText(amounts.reduce((all, amount) => all + cents(amount), 0));

// The API answered that the sale would now come to something else: the customer decides.
export function changedView({ problem, before, redeemed, fresh }) {
  // "As much as allowed" refuses nothing: that less is there than before shows in what it comes to.
  const less = redeemedItems(redeemed).map((item) => ({ ...item, now: redeemedItems(fresh.redeemed).find((other) => other.label === item.label)?.amount ?? "0.00" }))
    .filter((item) => cents(item.now) < cents(item.amount));
  const lost = problem.code === "benefit_unavailable" || less.length > 0;
  return {
    title: lost ? gettext("A benefit is no longer available") : gettext("The total has changed"),
    body: [
      problem.code === "benefit_unavailable" || !less.length ? h("p", {}, problem.detail || problem.title)
        : h("p", {}, gettext("The customer's balance was used meanwhile.")),
      h("dl", { class: "totals" },
        less.map((item) => h("div", {}, h("dt", {}, item.label), h("dd", {}, h("s", {}, showMoney(item.amount)), " ", showMoney(item.now)))),
        h("div", {}, h("dt", {}, gettext("Agreed with the customer")), h("dd", { class: "struck" }, showMoney(before))),
        h("div", { class: "net" }, h("dt", {}, gettext("Now to pay")), h("dd", {}, showMoney(fresh.totals.net)))),
      (fresh.not_redeemed ?? []).length > 0 && h("ul", { class: "reasons" }, fresh.not_redeemed.map((refusal) => h("li", {}, refusal.text || refusal.reason))),
      (fresh.not_activated ?? []).length > 0 && h("ul", { class: "reasons" }, fresh.not_activated.slice(0, 5).map((refusal) => h("li", {}, h("strong", {}, refusal.name || refusal.campaign), ": ", refusal.text || refusal.reason))),
      h("p", { class: "faint" }, gettext("Nothing has been recorded yet.")),
    ],
    actions: [
      h("button", { class: "button", type: "button", data: { action: "dialog.close" } }, gettext("Back to the basket")),
      h("button", { class: "button button-primary", type: "button", autofocus: true, data: { action: "sale.acceptFresh" } }, interpolate(gettext("Charge %(amount)s"), { amount: showMoney(fresh.totals.net) }, true)),
    ],
  };
}
