// Codes of gift cards, e-purses, vouchers and credit notes that pay in this sale. Each goes along with the basket; what it
// pays, and what would be lost with it, is the API's answer, and it is shown before anything is recorded.

import { onClick, onInput, onSubmit } from "./actions.js";
import { h, icon } from "./dom.js";
import { asideRows, draftError, lockedText, minutesLocked, remember } from "./lookups.js";
import { cents, editMoney, showMoney } from "./money.js";
import { pairing, say, state, update } from "./state.js";
import { isStored, isVip, kindName, masked } from "./stored.js";

const MOST = 20;

// The same code with or without hyphens is one code.
const plain = (code) => code.replace(/[\s-]/g, "");
const usedBy = (code) => (state.evaluation.result?.redeemed ?? []).find((used) => used.code === code);
const refusalsAt = (index) => (state.evaluation.result?.not_redeemed ?? []).filter(({ path }) => path === `redeem.stored_values[${index}]`);

// Return "" when the code pays from now on, else why not.
export function present(text) {
  const code = text.trim().toUpperCase();
  const { stored_values: values, promo_codes: codes } = state.sale;
  if (!code) return gettext("Scan or type a code.");
  if (minutesLocked()) return lockedText();
  if (!isVip(code)) {
    if (values.some((value) => plain(value.code) === plain(code))) return gettext("This code was given already.");
    if (values.length >= MOST) return gettext("No more codes can be used in one sale.");
  }
  remember(code, "storedDraft", text);
  update(({ sale }) => {
    sale.aside = sale.aside.filter((item) => plain(item.code) !== plain(code));
    if (!isVip(code)) values.push({ code, amount: "max" });
    else if (!codes.includes(code)) codes.push(code);
  });
  return "";
}

// Without connection nobody can tell whether a code is good. The store may take some all the same, up to an amount.
export function refusedOffline() {
  const { status, pricing, result } = state.evaluation;
  if (status !== "offline" || !state.sale.stored_values.length) return false;
  return pricing !== "known" || cents(result.totals.redeemed) > cents(pairing()?.store.offline_redeem_limit ?? "0.00");
}

// What the sale would destroy: a gift card is used whole.
export const forfeits = () => (state.evaluation.result?.redeemed ?? []).filter((used) => isStored(used.kind) && cents(used.forfeited ?? "0.00") > 0);

onInput({
  "stored.text": (value) => update(() => { state.storedDraft = { text: value, error: "" }; }),
  "stored.amount": (value, { index }) => update(() => { state.sale.stored_values[Number(index)].amount = value; }),
});

onSubmit({
  "stored.add": () => {
    const error = present(state.storedDraft.text);
    update(() => { state.storedDraft = error ? { text: state.storedDraft.text, error, locked: minutesLocked() > 0 } : { text: "", error: "" }; });
  },
});

onClick({
  "stored.max": ({ index }) => update(() => { state.sale.stored_values[Number(index)].amount = "max"; }),
  "stored.remove": ({ index }) => update(() => { state.sale.stored_values.splice(Number(index), 1); }),
  "stored.use": ({ code }) => {
    const error = present(code);
    update(() => { state.dialog = null; state.device.panel = "checkout"; });
    say(error || (isVip(code) ? gettext("The card counts in this sale.") : gettext("The code pays in this sale.")));
  },
});

// --- What is shown -----------------------------------------------------------------------------------------

export function presentedView() {
  const { text } = state.storedDraft;
  const error = draftError(state.storedDraft);
  const { stored_values: values } = state.sale;
  const aside = asideRows(true);
  return h("section", { class: "block", "aria-labelledby": "stored-title" },
    h("h2", { id: "stored-title" }, gettext("Cards and vouchers")),
    h("form", { class: "inline", data: { submit: "stored.add" } },
      h("label", { class: "visually-hidden", for: "stored-input" }, gettext("Code of a gift card, e-purse, voucher or credit note")),
      h("input", {
        id: "stored-input", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", enterkeyhint: "done", placeholder: gettext("Scan or type a code"), value: text,
        "aria-invalid": error ? "true" : null, "aria-describedby": error ? "stored-error" : null, data: { input: "stored.text" },
      }),
      h("button", { class: "button", type: "submit" }, icon("plus"), gettext("Use"))),
    error && h("p", { class: "field-error", id: "stored-error", role: "alert" }, error),
    refusedOffline() && h("p", { class: "alert alert-danger", role: "alert" }, gettext("Without connection cards and vouchers cannot be checked. Take them out of this sale, or wait for the connection.")),
    values.length + aside.length > 0 && h("ul", { class: "redeem" }, values.map(presentedRow), aside));
}

function presentedRow({ code, amount }, index) {
  const id = `stored-${index}`;
  const used = usedBy(code);
  const error = state.evaluation.errors[id];
  const name = used ? kindName(used.kind) : gettext("Code");
  const label = `${name} ${masked(code)}`;
  return h("li", { data: { key: `stored-${code}` } },
    h("label", { for: id }, icon("card"), h("span", {}, name, h("span", { class: "faint" }, masked(code)))),
    h("input", {
      id, inputmode: "decimal", autocomplete: "off", value: amount === "max" ? "" : amount, placeholder: used ? editMoney(used.amount) : gettext("amount"),
      "aria-invalid": error ? "true" : null, "aria-describedby": error ? `${id}-error` : null, data: { input: "stored.amount", index },
    }),
    h("span", { class: "stored-buttons" },
      h("button", { class: "button max", type: "button", "aria-pressed": String(amount === "max"), "aria-label": interpolate(gettext("As much of %(name)s as is allowed"), { name: label }, true), data: { action: "stored.max", index } }, gettext("Max.")),
      h("button", { class: "button button-quiet button-icon", type: "button", "aria-label": interpolate(gettext("Remove %(name)s"), { name: label }, true), data: { action: "stored.remove", index } }, icon("x"))),
    error && h("p", { class: "field-error", id: `${id}-error` }, error),
    used && h("p", { class: "redeem-used" }, icon("check"), paysText(used)),
    used && cents(used.forfeited ?? "0.00") > 0 && h("p", { class: "stored-lost", role: "status" }, icon("alert"), interpolate(gettext("%(amount)s would be lost: a gift card is used whole."), { amount: showMoney(used.forfeited) }, true)),
    refusalsAt(index).map((refusal) => h("p", { class: "redeem-refused", role: "status" }, refusal.text || refusal.reason)));
}

// A gift card that was used up and a voucher in percent leave nothing worth naming.
function paysText({ amount, balance_after: left }) {
  return cents(String(left)) > 0 ? interpolate(gettext("%(amount)s used, %(left)s left"), { amount: showMoney(amount), left: showMoney(left) }, true)
    : interpolate(gettext("%(amount)s used"), { amount: showMoney(amount) }, true);
}

export function forfeitView() {
  const lost = forfeits();
  return {
    title: gettext("Part of a gift card would be lost"),
    body: [
      h("p", { class: "alert alert-danger", role: "alert" }, gettext("A gift card is used whole. What this sale does not need of it cannot be given back or used later.")),
      h("dl", { class: "totals" }, lost.map((used) => [
        h("div", {}, h("dt", {}, interpolate(gettext("%(name)s pays"), { name: `${kindName(used.kind)} ${masked(used.code)}` }, true)), h("dd", {}, showMoney(used.amount))),
        h("div", { class: "net" }, h("dt", {}, gettext("Lost")), h("dd", {}, showMoney(used.forfeited))),
      ])),
      h("p", { class: "faint" }, gettext("Ask the customer first, or add something to the sale.")),
    ],
    actions: [
      h("button", { class: "button button-primary", type: "button", autofocus: true, data: { action: "dialog.close" } }, gettext("Back to the basket")),
      h("button", { class: "button button-danger", type: "button", data: { action: "sale.agree" } }, gettext("Charge, and lose the rest")),
    ],
  };
}
