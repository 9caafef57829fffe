// Gift cards, e-purses, vouchers and credit notes: what they are called, how they are written, and how they look on
// paper. Whoever knows a code has the money, so that only paper made for its owner shows one.

import { barcode } from "./barcode.js";
import { h } from "./dom.js";
import { cents, showMoney, showQuantity } from "./money.js";
import { showLastDay } from "./moments.js";
import { qrCode } from "./qr.js";
import { pairing, state } from "./state.js";

const KINDS = {
  gift_card: () => gettext("Gift card"),
  e_purse: () => gettext("E-purse"),
  voucher: () => gettext("Voucher"),
  credit_note: () => gettext("Credit note"),
};

// The card of a customer with a rate of discount. It is entered like a promotional code, and is no money.
export const isVip = (code) => code.startsWith("#VIP#");
export const isStored = (kind) => kind in KINDS;
export const kindName = (kind) => KINDS[kind]?.() ?? kind;
export const MASK = "····";
// Of a short code of one's own only as much as leaves four symbols unsaid.
export const masked = (code) => `${MASK}${code.slice(4).slice(-4)}`;
// An answer that was kept, or a code that nobody can read any more.
export const isMasked = (code) => code.startsWith("·");
export const worth = ({ balance, percent }) => (percent ? `${showQuantity(percent)}%` : showMoney(balance));
export const validity = (end) => (end ? interpolate(gettext("Valid until %(date)s"), { date: showLastDay(end) }, true) : gettext("Never expires"));

// Where codes of stored values stand in what goes over the wire.
const HOLDERS = new Set(["stored_values", "redeemed", "not_redeemed", "vouchers", "credit_note"]);
const hasCode = (value, holder) => HOLDERS.has(holder) || value.kind === "stored_value" || "last4" in value || "reference" in value;

// Return a document with those codes masked: what is shown of an exchange stands on the screen until the next one.
export function withoutCodes(value, holder = "") {
  if (Array.isArray(value)) return value.map((item) => withoutCodes(item, holder));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [
    name, name === "code" && typeof item === "string" && hasCode(value, holder) ? masked(item) : withoutCodes(item, name),
  ]));
}

// `name` is what it is called, `amount` what it is worth, both as text.
export function valuePaper({ name, amount, until, customer, code }) {
  const { store, receipt } = pairing();
  const heading = receipt?.header.length ? receipt.header : [store.name || store.code];
  return h("article", { class: "receipt value-paper", "aria-label": name },
    h("header", {},
      heading.map((text) => h("strong", {}, text)),
      h("p", {}, name),
      customer && h("p", {}, customer)),
    h("p", { class: "value-worth" }, amount),
    h("div", { class: "value-code" }, qrCode(code), barcode(code), h("code", {}, code)),
    h("footer", {}, h("p", {}, validity(until)), h("p", {}, gettext("Whoever has this code can pay with it: keep it safe."))));
}

// On the customer's card: what there is, and by which last symbols the card of it is known.
export function storedBalancesView() {
  const values = state.sale.customer?.card?.stored_values ?? [];
  return values.length > 0 && h("dl", { class: "balances", "aria-label": gettext("Cards and vouchers") }, values.map((value) => h("div", { data: { key: `stored-${value.stored_value}` } },
    h("dt", {}, `${value.name} ····${value.last4}`),
    h("dd", {}, worth(value)),
    value.expires_at && h("dd", { class: "balance-remarks" }, h("span", { class: "faint" }, validity(value.expires_at))))));
}

// Return sentences for the receipt: what a sale left on what it used.
export function leftTexts(redeemed = []) {
  return redeemed.filter((used) => isStored(used.kind) && cents(String(used.balance_after)) > 0)
    .map((used) => `${kindName(used.kind)} ${masked(used.code)}: ${showMoney(used.balance_after)}`);
}
