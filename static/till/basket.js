// The basket as the cashier edits it, and the document that the API takes. Plain functions on a sale (state.js).

import { typedInstant } from "./moments.js";
import { cents, grossCents, moneyText, parseMoney, parseQuantity, quantityText } from "./money.js";

const ONE = 1000;

export function addProduct(sale, product, quantity = "1") {
  const amount = parseQuantity(quantity) ?? ONE;
  const line = sale.lines.find(
    (item) => item.sku === product.sku && cents(item.unit_price) === cents(product.price) && parseQuantity(item.quantity),
  );
  if (line) {
    line.quantity = quantityText(parseQuantity(line.quantity) + amount);
    return line;
  }
  const added = {
    line: sale.nextLine,
    sku: product.sku,
    name: product.name ?? "",
    quantity: quantityText(amount),
    unit_price: product.price,
    catalogue: product.catalogue ?? true,
  };
  sale.lines.push(added);
  sale.nextLine += 1;
  return added;
}

// Whole steps; stepping a single unit down removes the line, as a cashier expects of "-".
export function stepLine(sale, number, direction) {
  const line = sale.lines.find((item) => item.line === number);
  const quantity = (parseQuantity(line.quantity) ?? 0) + direction * ONE;
  if (quantity <= 0) removeLine(sale, number);
  else line.quantity = quantityText(quantity);
}

export function removeLine(sale, number) {
  sale.lines = sale.lines.filter((item) => item.line !== number);
}

export function unitCount(sale) {
  return sale.lines.reduce((sum, line) => {
    const quantity = parseQuantity(line.quantity) ?? 0;
    return sum + (quantity % ONE === 0 ? quantity / ONE : 1);
  }, 0);
}

// What the lines come to before any campaign: shown until the first answer, and when there is no connection.
export function localGross(sale) {
  return sale.lines.reduce((sum, line) => {
    const quantity = parseQuantity(line.quantity);
    const price = parseMoney(line.unit_price);
    return quantity && price !== null ? sum + grossCents(quantity, price) : sum;
  }, 0);
}

// Return {body, errors}: the evaluate document, and by field id what was typed that cannot be sent.
export function buildRequest(sale) {
  const errors = {};
  const money = (text, id) => {
    const value = parseMoney(text);
    if (value === null) errors[id] = gettext("Enter an amount such as 12.50.");
    return moneyText(value ?? 0);
  };
  const quantity = (text, id) => {
    const value = parseQuantity(text);
    if (!value) errors[id] = gettext("Enter a quantity above zero, with at most three decimals.");
    return quantityText(value ?? 0);
  };
  const body = {
    basket: sale.basket,
    lines: sale.lines.map((line) => ({
      line: line.line,
      sku: line.sku,
      quantity: quantity(line.quantity, `line-${line.line}-quantity`),
      unit_price: money(line.unit_price, `line-${line.line}-price`),
    })),
  };
  if (sale.customer) body.customer = sale.customer.reference;
  if (sale.exchange.length) {
    body.exchange = sale.exchange.map((item) => ({
      sku: item.sku,
      quantity: quantity(item.quantity, `exchange-${item.id}-quantity`),
      unit_price: money(item.unit_price, `exchange-${item.id}-price`),
    }));
  }
  if (sale.delivery_fee.trim()) body.delivery_fee = money(sale.delivery_fee, "delivery-fee");
  if (sale.promo_codes.length) body.promo_codes = sale.promo_codes;
  if (sale.payments.length) {
    body.payments = sale.payments.map((payment) => ({
      method: payment.method,
      ...(payment.amount.trim() ? { amount: money(payment.amount, `payment-${payment.id}-amount`) } : {}),
    }));
  }
  if (sale.accepted.length) body.accepted = sale.accepted;
  if (sale.gifts.length) body.gifts = sale.gifts;
  const redeem = redeemRequest(sale, money);
  if (redeem) body.redeem = redeem;
  if (sale.operation.trim()) body.operation = sale.operation.trim();
  if (sale.moment) body.occurred_at = typedInstant(sale.moment);
  return { body, errors };
}

// Return what is asked for of the customer's value, null for nothing. Points are typed like money: up to two decimals.
function redeemRequest({ redeem: { cashback, points, rewards }, stored_values: values }, money) {
  const wanted = (text, id) => (text === "max" ? "max" : money(text, id));
  const redeem = {};
  if (cashback.trim()) redeem.cashback = wanted(cashback, "redeem-cashback");
  const programs = Object.entries(points).filter(([, text]) => text.trim());
  if (programs.length) redeem.points = Object.fromEntries(programs.map(([program, text]) => [program, wanted(text, `redeem-points-${program}`)]));
  if (values.length) redeem.stored_values = values.map(({ code, amount }, index) => ({ code, amount: wanted(amount.trim() || "max", `stored-${index}`) }));
  if (rewards.length) redeem.rewards = rewards;
  return Object.keys(redeem).length ? redeem : null;
}

// Spread what is due over the payments: written amounts count as written, one without an amount takes the rest.
// Return {payments: [{method, amount}], left, change} in cents; cash, or what came back for an exchange, above what is
// due is change, never payment.
export function settlePayments(sale, dueCents) {
  const open = sale.payments.find((payment) => !payment.amount.trim());
  const written = sale.payments.filter((payment) => payment !== open)
    .map((payment) => ({ id: payment.id, method: payment.method, amount: parseMoney(payment.amount) ?? 0 }));
  let left = dueCents - written.reduce((sum, payment) => sum + payment.amount, 0);
  let change = 0;
  // Cash first; what came back for an exchange and is not needed is given in money, too.
  for (const payment of ["cash", "exchange"].flatMap((method) => written.filter((item) => item.method === method))) {
    const back = Math.min(Math.max(-left, 0), payment.amount);
    payment.amount -= back;
    change += back;
    left += back;
  }
  const payments = [...written];
  if (open && left > 0) {
    payments.push({ id: open.id, method: open.method, amount: left });
    left = 0;
  }
  return { payments: payments.filter((payment) => payment.amount > 0), left, change };
}

// The API names a place in the document ("lines[0].quantity"); the page names fields by what the cashier sees.
export function fieldOf(path, sale) {
  const parts = String(path).replace(/^#?\/?/, "").split(/[./[\]]+/).filter(Boolean);
  const [area, index, name] = parts;
  const at = Number(index);
  if (area === "lines" && sale.lines[at]) {
    return `line-${sale.lines[at].line}-${name === "unit_price" ? "price" : "quantity"}`;
  }
  if (area === "exchange" && sale.exchange[at]) {
    return `exchange-${sale.exchange[at].id}-${name === "unit_price" ? "price" : "quantity"}`;
  }
  if (area === "payments" && sale.payments[at]) return `payment-${sale.payments[at].id}-amount`;
  if (area === "payments") return "payments";
  if (area === "redeem" && index === "stored_values") return `stored-${name}`;
  if (area === "redeem") return index === "points" ? `redeem-points-${name}` : `redeem-${index}`;
  if (area === "delivery_fee") return "delivery-fee";
  if (area === "promo_codes") return "code-input";
  if (area === "customer") return "customer-input";
  if (area === "occurred_at") return "bench-moment";
  if (area === "operation") return "bench-operation";
  return "basket";
}
