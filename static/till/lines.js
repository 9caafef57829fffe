// The basket: one row a line with its quantity, price and what each campaign takes off it; exchanged items; delivery.

import { onClick, onInput, onSubmit } from "./actions.js";
import { addProduct, localGross, removeLine, stepLine, unitCount } from "./basket.js";
import { field, h, icon } from "./dom.js";
import { cents, editMoney, editQuantity, grossCents, moneyText, parseMoney, parseQuantity, quantityText, showCents, showMoney } from "./money.js";
import { emptySale, say, state, update } from "./state.js";

let undo = null;

const lineOf = (number) => state.sale.lines.find((line) => line.line === Number(number));
const exchangeOf = (id) => state.sale.exchange.find((item) => item.id === Number(id));

// A field shows what was typed while it is being edited, and the reader's own notation otherwise.
export function shown(id, text, edit) {
  return document.activeElement?.id === id ? text : edit(text);
}

const asMoney = (text) => (parseMoney(text) === null ? text : editMoney(moneyText(parseMoney(text))));
const asQuantity = (text) => (parseQuantity(text) === null ? text : editQuantity(quantityText(parseQuantity(text))));

onInput({
  "line.quantity": (value, { line }) => update(() => { lineOf(line).quantity = value; }),
  "line.price": (value, { line }) => update(() => { lineOf(line).unit_price = value; }),
  "exchange.quantity": (value, { id }) => update(() => { exchangeOf(id).quantity = value; }),
  "exchange.price": (value, { id }) => update(() => { exchangeOf(id).unit_price = value; }),
  "delivery.fee": (value) => update(() => { state.sale.delivery_fee = value; }),
});

onClick({
  "line.more": ({ line }) => update(() => stepLine(state.sale, Number(line), 1)),
  "line.less": ({ line }) => update(() => {
    undo = structuredClone(state.sale);
    stepLine(state.sale, Number(line), -1);
  }),
  "line.remove": ({ line }) => {
    update(() => {
      undo = structuredClone(state.sale);
      removeLine(state.sale, Number(line));
    });
    document.getElementById("search-input")?.focus();
  },
  "basket.clear": () => {
    undo = structuredClone(state.sale);
    // What came back for an exchange is the customer's, whatever is bought with it.
    const payments = state.sale.payments.filter(({ method }) => method === "exchange");
    update(() => { state.sale = { ...emptySale(), payments }; });
    say(gettext("Basket cleared"));
  },
  "basket.undo": () => {
    if (undo) update(() => { state.sale = undo; undo = null; });
  },
  "exchange.open": () => update(() => { state.dialog = { name: "exchange", form: {}, errors: {} }; }),
  "exchange.remove": ({ id }) => update(() => {
    state.sale.exchange = state.sale.exchange.filter((item) => item.id !== Number(id));
  }),
});

// Both forms ask for the same three things; only where the item goes differs.
function readItem(form) {
  const errors = {};
  const sku = form.sku.trim();
  const price = parseMoney(form.price);
  const quantity = parseQuantity(form.quantity);
  if (!sku) errors.sku = gettext("Enter the item's code.");
  if (price === null) errors.price = gettext("Enter an amount such as 12.50.");
  if (!quantity) errors.quantity = gettext("Enter a quantity above zero, with at most three decimals.");
  return { errors, item: { sku, unit_price: moneyText(price ?? 0), quantity: quantityText(quantity ?? 0) } };
}

onSubmit({
  "item.add": (form) => {
    const { errors, item } = readItem(form);
    update(() => {
      if (Object.keys(errors).length) {
        Object.assign(state.dialog, { form, errors });
        return;
      }
      addProduct(state.sale, { sku: item.sku, name: form.name.trim(), price: item.unit_price, catalogue: false }, item.quantity);
      if (form.name.trim()) state.history.names[item.sku] = form.name.trim();
      state.dialog = null;
      Object.assign(state.search, { text: "", status: "idle", results: [] });
    });
  },
  "exchange.add": (form) => {
    const { errors, item } = readItem(form);
    update(() => {
      if (Object.keys(errors).length) {
        Object.assign(state.dialog, { form, errors });
        return;
      }
      state.sale.exchange.push({ id: Date.now(), ...item });
      state.dialog = null;
    });
  },
});

export function itemView({ name, form, errors }) {
  const exchange = name === "exchange";
  return {
    title: exchange ? gettext("Item given back") : gettext("Item by hand"),
    body: h("form", { class: "stack", data: { submit: exchange ? "exchange.add" : "item.add" }, novalidate: true },
      exchange && h("p", { class: "field-help" }, gettext("Its value comes off the sale before any campaign is looked at.")),
      field({ id: "item-sku", name: "sku", label: gettext("Code (SKU)"), value: form.sku ?? "", error: errors.sku, autofocus: !form.sku, required: true }),
      !exchange && field({ id: "item-name", name: "name", label: gettext("Name on the receipt"), value: form.name ?? "" }),
      h("div", { class: "pair" },
        field({ id: "item-price", name: "price", label: gettext("Unit price"), value: form.price ?? "", error: errors.price, inputmode: "decimal", autofocus: Boolean(form.sku), required: true }),
        field({ id: "item-quantity", name: "quantity", label: gettext("Quantity"), value: form.quantity ?? "1", error: errors.quantity, inputmode: "decimal", required: true }),
      ),
      h("button", { class: "button button-primary button-large", type: "submit" }, exchange ? gettext("Take it back") : gettext("Add to the basket")),
    ),
  };
}

export function linesView() {
  const { lines, exchange } = state.sale;
  const results = new Map((state.evaluation.result?.lines ?? []).map((line) => [line.line, line]));
  if (!lines.length && !exchange.length) return emptyView();
  return [
    h("header", { class: "panel-head" },
      h("h2", {}, gettext("Basket")),
      h("span", { class: "faint" }, interpolate(ngettext("%(count)s item", "%(count)s items", unitCount(state.sale)), { count: unitCount(state.sale) }, true)),
      h("button", { class: "button button-quiet", type: "button", data: { action: "basket.clear" } }, icon("trash"), gettext("Clear")),
    ),
    h("ol", { class: "lines", "aria-label": gettext("Items in the basket") },
      lines.map((line) => lineView(line, results.get(line.line)))),
    exchange.length > 0 && h("section", { class: "exchange" },
      h("h3", {}, gettext("Given back")),
      h("ul", { class: "lines" }, exchange.map(exchangeView)),
    ),
    extrasView(),
  ];
}

function emptyView() {
  return h("div", { class: "empty" },
    icon("cart"),
    h("h2", {}, gettext("The basket is empty")),
    h("p", {}, gettext("Scan a barcode, or type a name and press Enter.")),
    undo?.lines.length > 0 && h("button", { class: "button", type: "button", data: { action: "basket.undo" } }, icon("undo"), gettext("Bring the last basket back")),
  );
}

function lineView(line, result) {
  const { errors } = state.evaluation;
  const quantityId = `line-${line.line}-quantity`;
  const priceId = `line-${line.line}-price`;
  const name = line.name || line.sku;
  const reduced = result && (cents(result.discount) > 0 || cents(result.markdown) > 0);
  return h("li", { class: "line", data: { key: `line-${line.line}` } },
    h("div", { class: "line-name" },
      h("strong", {}, name),
      h("span", { class: "faint" }, line.sku, !line.catalogue && [" · ", gettext("by hand")]),
    ),
    h("div", { class: "line-price" },
      h("label", { class: "visually-hidden", for: priceId }, interpolate(gettext("Unit price of %(name)s"), { name }, true)),
      h("span", { "aria-hidden": "true", class: "faint" }, "×"),
      h("input", {
        id: priceId, class: "small-input", inputmode: "decimal", autocomplete: "off",
        value: shown(priceId, line.unit_price, asMoney),
        "aria-invalid": errors[priceId] ? "true" : null,
        "aria-describedby": errors[priceId] ? `${priceId}-error` : null,
        data: { input: "line.price", line: line.line },
      }),
    ),
    h("div", { class: "stepper" },
      h("button", { type: "button", "aria-label": interpolate(gettext("One %(name)s less"), { name }, true), data: { action: "line.less", line: line.line } }, icon("minus")),
      h("label", { class: "visually-hidden", for: quantityId }, interpolate(gettext("Quantity of %(name)s"), { name }, true)),
      h("input", {
        id: quantityId, inputmode: "decimal", autocomplete: "off",
        value: shown(quantityId, line.quantity, asQuantity),
        "aria-invalid": errors[quantityId] ? "true" : null,
        "aria-describedby": errors[quantityId] ? `${quantityId}-error` : null,
        data: { input: "line.quantity", line: line.line },
      }),
      h("button", { type: "button", "aria-label": interpolate(gettext("One %(name)s more"), { name }, true), data: { action: "line.more", line: line.line } }, icon("plus")),
    ),
    h("div", { class: "line-total" },
      reduced && h("s", { class: "faint" }, h("span", { class: "visually-hidden" }, gettext("before:"), " "), showMoney(result.gross)),
      h("strong", {}, result ? showMoney(result.net) : localTotal(line)),
    ),
    h("button", { class: "button button-quiet button-icon line-remove", type: "button", "aria-label": interpolate(gettext("Remove %(name)s"), { name }, true), data: { action: "line.remove", line: line.line } }, icon("x")),
    result && adjustmentsView(result),
    [quantityId, priceId].map((id) => errors[id] && h("p", { class: "field-error line-error", id: `${id}-error` }, errors[id])),
  );
}

function adjustmentsView(result) {
  const byCampaign = new Map();
  for (const { campaign, amount } of result.adjustments) byCampaign.set(campaign, (byCampaign.get(campaign) ?? 0) + cents(amount));
  const names = new Map((state.evaluation.result.activations ?? []).map((item) => [item.campaign, item.name]));
  const markdown = cents(result.markdown);
  if (!byCampaign.size && !markdown) return null;
  const reductions = [...byCampaign].map(([campaign, amount]) => ({ name: names.get(campaign) || campaign, amount }));
  if (markdown) reductions.unshift({ name: gettext("Marked down"), amount: markdown });
  const list = h("ul", { class: "adjustments" }, reductions.map(({ name, amount }) => h("li", {}, icon("percent"), name, h("span", {}, `− ${showCents(amount)}`))));
  if (reductions.length <= 2) return list;
  const total = reductions.reduce((sum, { amount }) => sum + amount, 0);
  return h("details", { class: "adjustments-all" },
    h("summary", {}, interpolate(ngettext("%(count)s promotion", "%(count)s promotions", reductions.length), { count: reductions.length }, true), h("span", {}, `− ${showCents(total)}`)),
    list);
}

function localTotal(line) {
  const quantity = parseQuantity(line.quantity);
  const price = parseMoney(line.unit_price);
  return quantity && price !== null ? showCents(grossCents(quantity, price)) : "–";
}

function exchangeView(item) {
  const { errors } = state.evaluation;
  const priceId = `exchange-${item.id}-price`;
  const quantityId = `exchange-${item.id}-quantity`;
  const quantity = parseQuantity(item.quantity) ?? 0;
  return h("li", { class: "line", data: { key: `exchange-${item.id}` } },
    h("div", { class: "line-name" }, h("strong", {}, state.history.names[item.sku] || item.sku), h("span", { class: "faint" }, gettext("given back"))),
    h("div", { class: "line-price" },
      h("label", { class: "visually-hidden", for: priceId }, interpolate(gettext("Unit price of %(name)s"), { name: item.sku }, true)),
      h("span", { "aria-hidden": "true", class: "faint" }, "×"),
      h("input", { id: priceId, class: "small-input", inputmode: "decimal", autocomplete: "off", value: shown(priceId, item.unit_price, asMoney), "aria-invalid": errors[priceId] ? "true" : null, data: { input: "exchange.price", id: item.id } })),
    h("div", { class: "stepper" },
      h("label", { class: "visually-hidden", for: quantityId }, interpolate(gettext("Quantity of %(name)s"), { name: item.sku }, true)),
      h("input", { id: quantityId, inputmode: "decimal", autocomplete: "off", value: shown(quantityId, item.quantity, asQuantity), "aria-invalid": errors[quantityId] ? "true" : null, data: { input: "exchange.quantity", id: item.id } })),
    h("div", { class: "line-total" }, h("strong", {}, `− ${showCents(grossCents(quantity, parseMoney(item.unit_price) ?? 0))}`)),
    h("button", { class: "button button-quiet button-icon line-remove", type: "button", "aria-label": interpolate(gettext("Remove %(name)s"), { name: item.sku }, true), data: { action: "exchange.remove", id: item.id } }, icon("x")),
    [quantityId, priceId].map((id) => errors[id] && h("p", { class: "field-error line-error", id: `${id}-error` }, errors[id])),
  );
}

function extrasView() {
  return h("div", { class: "extras" },
    h("button", { class: "button button-quiet", type: "button", data: { action: "exchange.open" } }, icon("undo"), gettext("Item given back")),
    field({
      id: "delivery-fee", label: gettext("Delivery fee"), inputmode: "decimal", placeholder: editMoney("0.00"),
      value: shown("delivery-fee", state.sale.delivery_fee, (text) => (text.trim() ? asMoney(text) : "")),
      error: state.evaluation.errors["delivery-fee"],
      "data-input": "delivery.fee",
    }),
  );
}

// Null while nobody knows: the API refused the basket as it is.
export function basketTotal() {
  const { status, result } = state.evaluation;
  return status === "refused" ? null : result?.totals.net ?? moneyText(localGross(state.sale));
}
