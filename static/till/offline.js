// Selling without connection. A sale is priced with what is known here, kept in this browser, and sent when the API can
// be reached: once, because its ticket makes it so. What was promised and cannot be granted any more goes to a manager.

import { onClick } from "./actions.js";
import { Problem, Unreachable, call } from "./api.js";
import { h, icon } from "./dom.js";
import { cents, grossCents, moneyText, parseMoney, parseQuantity, showMoney } from "./money.js";
import { newId, pairing, rememberSale, say, state, update } from "./state.js";
import { isStored } from "./stored.js";

const BATCH = 100;
const PAUSE_MS = 20_000;

// Payments may still be chosen without connection; everything else of the basket is what its price was asked for.
const questionOf = ({ payments: _payments, ...rest }) => JSON.stringify(rest);
const paymentsOf = ({ payments = [] }) => JSON.stringify(payments);

// Keep an answer with its question: it stays the price of exactly this basket when the connection goes.
export function rememberPrice(body, result) {
  state.sale.known = { question: questionOf(body), payments: paymentsOf(body), result };
}

function knownPrice(body) {
  const { known } = state.sale;
  if (known?.question !== questionOf(body)) return null;
  // Asked for without payments it holds for any; otherwise the way of paying may be what it depends on.
  return known.payments === "[]" || known.payments === paymentsOf(body) ? known.result : null;
}

// Price the basket with what is known here: the last answer for exactly this basket, else what the lines say.
export function priceOffline(body) {
  const known = knownPrice(body);
  Object.assign(state.evaluation, { status: "offline", pricing: known ? "known" : "list", result: known ?? listPrices(body), problem: null, errors: {} });
}

const grossOf = ({ quantity, unit_price: price }) => grossCents(parseQuantity(quantity), parseMoney(price));

function listPrices(body) {
  const lines = body.lines.map((line) => {
    const gross = moneyText(grossOf(line));
    return { ...line, gross, markdown: "0.00", discount: "0.00", net: gross, adjustments: [] };
  });
  const gross = body.lines.reduce((sum, line) => sum + grossOf(line), 0);
  const exchange = Math.min((body.exchange ?? []).reduce((sum, item) => sum + grossOf(item), 0), gross);
  const fee = body.delivery_fee ?? "0.00";
  return {
    totals: { gross: moneyText(gross), markdown: "0.00", exchange: moneyText(exchange), discount: "0.00", redeemed: "0.00", net: moneyText(gross - exchange) },
    delivery: { fee, discount: "0.00", net: fee },
    lines,
    earned: { points: [], cashback: [], codes: [], vouchers: [] },
    activations: [], gifts: [], optional: [], not_activated: [], promo_codes: [], redeemed: [], messages: [],
  };
}

// Turn the document of a sale into one that was made offline: only what its price counted is asked for, and in amounts.
export function offlineDocument(body) {
  const { result, pricing } = state.evaluation;
  const { redeem, promo_codes: codes, accepted, gifts, plan_version: version, ...rest } = body;
  if (pricing === "list") return { ...rest, offline: true };
  const document = { ...rest, offline: true, plan_version: version };
  if (codes) document.promo_codes = codes;
  if (accepted) document.accepted = accepted;
  if (gifts) document.gifts = gifts;
  const promised = promisedOf(redeem, result.redeemed);
  if (promised) document.redeem = promised;
  return document;
}

// "As much as allowed" was an amount when the customer agreed.
function promisedOf(redeem, redeemed) {
  if (!redeem) return null;
  const promised = {};
  const cashback = redeemed.find((used) => used.kind === "cashback");
  if (redeem.cashback && cashback) promised.cashback = cashback.amount;
  const points = redeemed.filter((used) => used.kind === "points").map((used) => [used.program, used.points]);
  if (points.length) promised.points = Object.fromEntries(points);
  const values = redeemed.filter((used) => isStored(used.kind)).map(({ code, amount }) => ({ code, amount }));
  if (values.length) promised.stored_values = values;
  const given = (reward) => redeemed.some((used) => used.kind === "reward" && used.program === reward.program);
  const rewards = (redeem.rewards ?? []).filter(given);
  if (rewards.length) promised.rewards = rewards;
  return Object.keys(promised).length ? promised : null;
}

// A number of this browser's own: another one with the same key counts offline, too.
export function offlineTicket(ticket) {
  state.device.mark ??= newId().slice(0, 4);
  return `${ticket}-${state.device.mark}`;
}

// --- Sending what waits --------------------------------------------------------------------------------

const open = (entry) => !entry.problem;
let syncing = false;

// Send what waits, as often as it takes. Called when the connection is back, now and then, and by hand.
export async function sync() {
  const terminal = pairing();
  if (syncing || !terminal || !state.history.waiting.some(open)) return;
  syncing = true;
  const mine = () => state.device.current === terminal.id;
  const done = [];
  try {
    for (const entry of state.history.waiting.filter((item) => item.maybeSent && open(item))) await sendAgain(entry, terminal, mine, done);
    const entries = state.history.waiting.filter((item) => !item.maybeSent && open(item)).slice(0, BATCH);
    if (entries.length && mine()) {
      const { body } = await call("POST", "sales/batch/", { body: entries.map((entry) => entry.body), key: terminal.key });
      if (mine()) body.results.forEach((result, index) => take(entries[index], result, done));
    }
  } catch (error) {
    if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
    // Everything stays as it was, to be sent again.
    if (error instanceof Problem) say(error.message);
  } finally {
    syncing = false;
  }
  report(done);
}

// A sale whose answer was lost while there was a connection: the very same bytes first, since it may be recorded.
async function sendAgain(entry, terminal, mine, done) {
  try {
    const { status, body } = await call("POST", "sales/", { body: entry.body, headers: { "Idempotency-Key": entry.key }, key: terminal.key });
    if (mine()) take(entry, { status, sale: body }, done);
  } catch (error) {
    if (!(error instanceof Problem) || error.status === 429 || error.status >= 500 || error.status === 401 || error.code === "in_progress") throw error;
    // It was not recorded, but it has happened: it goes as it was charged. Its number may be another browser's by now.
    if (error.status !== 409) {
      refuse(entry, error.body);
      return;
    }
    change(entry, (kept) => {
      kept.maybeSent = false;
      kept.body.offline = true;
      if (error.code === "sale_conflict") kept.body.ticket = offlineTicket(kept.body.ticket);
    });
  }
}

// Find the entry again: another tab may have read the history anew meanwhile.
const change = (entry, edit) => update(() => {
  const kept = state.history.waiting.find((item) => item.key === entry.key);
  if (kept) edit(kept);
});
const refuse = (entry, problem) => change(entry, (kept) => { kept.problem = { detail: problem.detail || problem.title, errors: problem.errors ?? [] }; });

function take(entry, { status, sale, problem }, done) {
  if (problem) {
    // Ours to repeat when the server had no time for it, a person's to look at otherwise.
    if (status !== 429 && status < 500 && problem.code !== "in_progress") refuse(entry, problem);
    return;
  }
  const exceptions = sale.exceptions ?? [];
  done.push({ ticket: sale.ticket, exceptions });
  update(() => {
    rememberSale({
      sale: sale.sale, ticket: sale.ticket, at: entry.body.occurred_at, net: entry.body.total, state: sale.state,
      customer: entry.customer, names: entry.names, payments: entry.body.payments, change: moneyText(entry.change), exceptions,
    });
    state.history.waiting = state.history.waiting.filter((item) => item.key !== entry.key);
  });
}

function report(done) {
  if (!done.length) return;
  const questions = done.filter(({ exceptions }) => exceptions.length > 0);
  if (questions.length) update(() => { state.history.exceptions = [...questions, ...state.history.exceptions].slice(0, 30); });
  say(interpolate(ngettext("%(count)s sale was sent", "%(count)s sales were sent", done.length), { count: done.length }, true));
}

export function syncNowAndThen() {
  setInterval(sync, PAUSE_MS);
  window.addEventListener("online", sync);
  sync();
}

onClick({
  "waiting.open": () => update(() => { state.dialog = { name: "waiting" }; }),
  "waiting.sync": () => {
    update(() => { for (const entry of state.history.waiting) entry.problem = null; });
    return sync();
  },
  "waiting.seen": () => update(() => { state.history.exceptions = []; }),
});

// --- What is shown --------------------------------------------------------------------------------------

const countText = (count) => interpolate(ngettext("%(count)s sale waiting", "%(count)s sales waiting", count), { count }, true);

export function waitingBadge() {
  const { waiting } = state.history;
  return waiting.length > 0 && h("button", {
    class: "button button-quiet waiting", type: "button", "aria-haspopup": "dialog", "aria-label": countText(waiting.length), data: { action: "waiting.open", key: "waiting" },
  }, icon(waiting.every(open) ? "clock" : "alert"), h("span", { class: "badge badge-warning" }, h("span", { class: "till-narrow" }, String(waiting.length)), h("span", { class: "till-wide" }, countText(waiting.length))));
}

export function waitingView() {
  const { waiting } = state.history;
  return {
    title: gettext("Sales to send"),
    body: [
      h("p", { class: "field-help" }, gettext("They are kept in this browser and sent by themselves when the connection is back, each once. Do not clear this browser's data before.")),
      waiting.length ? h("ul", { class: "sales" }, waiting.map(entryView)) : h("p", { class: "faint pad" }, gettext("Everything is sent.")),
    ],
    actions: [
      h("button", { class: "button", type: "button", data: { action: "dialog.close" } }, gettext("Close")),
      waiting.length > 0 && h("button", { class: "button button-primary", type: "button", autofocus: true, data: { action: "waiting.sync" } }, icon("refresh"), gettext("Send now")),
    ],
  };
}

function entryView({ key, body, customer, problem }) {
  return h("li", { data: { key } },
    h("div", { class: "grow" },
      h("strong", {}, `#${body.ticket}`), " ", showMoney(body.total),
      customer && h("p", { class: "faint" }, customer),
      problem && h("p", { class: "field-error" }, problem.detail, problem.errors.map(({ path, message }) => ` ${path}: ${message}`))));
}

// What could not be granted of sales that were sent: the customer has it already, a manager decides about it.
export function exceptionsAlert() {
  const { exceptions } = state.history;
  return exceptions.length > 0 && h("div", { class: "alert alert-info", role: "status", data: { key: "exceptions" } }, icon("info"),
    h("div", { class: "grow" },
      h("strong", {}, gettext("Some of what was given offline could not be granted. A manager will look at it:")),
      h("ul", {}, exceptions.flatMap(({ ticket, exceptions: found }) => found.map(({ kind, subject, cost, text }) => h("li", {},
        [`#${ticket}`, text || kind, subject, cents(cost) !== 0 && showMoney(cost)].filter(Boolean).join(" · ")))))),
    h("button", { class: "button", type: "button", data: { action: "waiting.seen" } }, gettext("Understood")));
}

export function offlineAlert() {
  if (state.evaluation.status !== "offline") return null;
  return h("div", { class: "alert alert-warning", role: "alert", data: { key: "offline" } }, icon("alert"),
    h("div", { class: "grow" }, h("strong", {}, gettext("No connection.")), " ",
      state.evaluation.pricing === "known" ? gettext("The price that was agreed still holds. The sale is kept here and sent later.")
        : gettext("Sold at the prices of the items, without promotions. The sale is kept here and sent later.")),
    h("button", { class: "button", type: "button", data: { action: "evaluation.retry" } }, icon("refresh"), gettext("Try now")));
}
