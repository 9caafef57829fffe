// Recording the sale. The request is kept before it is sent: after a lost answer or a reload the very same bytes go
// again, and the API's idempotency makes one sale of them.

import { Problem, Unreachable, call } from "./api.js";
import { buildRequest, settlePayments } from "./basket.js";
import { refreshCard } from "./customer.js";
import { askAgain, problemFields } from "./evaluation.js";
import { setAside } from "./lookups.js";
import { businessDate, storeInstant } from "./moments.js";
import { cents, moneyText } from "./money.js";
import { offlineDocument, offlineTicket } from "./offline.js";
import { forfeits, refusedOffline } from "./presented.js";
import { askForProof, onProof, withProof } from "./proof.js";
import { emptyEvaluation, emptySale, isKept, newId, rememberSale, say, state, update } from "./state.js";

function nextTicket(day, step = 1) {
  const number = (state.history.tickets[day] ?? 0) + step;
  // Yesterday's counter is of no use any more.
  state.history.tickets = { [day]: number };
  return String(number).padStart(4, "0");
}

// Return the name of the field to mend, or "" when the sale can be charged.
export function whatIsMissing() {
  const { status, result } = state.evaluation;
  if (state.sale.lines.length === 0) return "search-input";
  if (status !== "ready" && status !== "offline") return "charge";
  if (refusedOffline()) return "stored-input";
  const { left } = settlePayments(state.sale, cents(result.totals.net));
  if (left !== 0) return "payments";
  return "";
}

// `agreed`: the customer knows what of a gift card is lost.
export async function commit({ agreed = false } = {}) {
  if (state.committing || state.history.pending) return;
  if (!agreed && forfeits().length) {
    update(() => { state.dialog = { name: "forfeit" }; });
    return;
  }
  const now = new Date();
  const { body } = buildRequest(state.sale);
  const { result } = state.evaluation;
  const due = cents(result.totals.net);
  const { payments, change } = settlePayments(state.sale, due);
  const day = state.sale.moment ? state.sale.moment.slice(0, 10) : businessDate(now);
  body.occurred_at ??= storeInstant(now);
  body.payments = payments.map(({ method, amount }) => ({ method, amount: moneyText(amount) }));
  body.plan_version = result.plan_version;
  body.total = result.totals.net;
  body.ticket = nextTicket(day);
  const entry = {
    body,
    day,
    key: newId(),
    change,
    customer: state.sale.customer?.label ?? "",
    names: Object.fromEntries(state.sale.lines.map((line) => [line.sku, line.name])),
    attempts: 0,
  };
  if (state.evaluation.status === "offline") {
    keep({ ...entry, body: { ...offlineDocument(body), ticket: offlineTicket(body.ticket) } });
    return;
  }
  update(() => { state.history.pending = entry; });
  await send();
}

// The sale has happened: it waits here to be sent, and the next customer is served.
function keep(entry) {
  const { result } = state.evaluation;
  update(() => { state.history.waiting.push({ ...entry, problem: null }); });
  if (!isKept(entry.key)) {
    update(() => { state.history.waiting = state.history.waiting.filter((item) => item.key !== entry.key); });
    say(gettext("This browser cannot keep the sale: its storage is full or forbidden."));
    return false;
  }
  const { body } = entry;
  update(() => {
    state.sale = emptySale();
    state.dialog = {
      name: "receipt",
      sale: { ...result, lines: result.lines, ticket: body.ticket, occurred_at: body.occurred_at, payments: body.payments, customer: entry.customer, names: entry.names, change: moneyText(entry.change) },
      offline: true,
      reprint: false,
    };
  });
  return true;
}

// No answer came, and the next customer waits: whether it was recorded is asked when the connection is back.
export function keepForLater() {
  const { pending } = state.history;
  // That it waits for a proof is an answer: it was not recorded, and is no sale of a till without connection.
  if (!pending || pending.unproved || state.committing || !keep({ ...pending, maybeSent: true })) return;
  update(() => { state.history.pending = null; });
}

// Send what is pending, as often as it takes. Also called by the "send again" button and after a reload.
export async function send() {
  const { pending } = state.history;
  if (!pending || state.committing) return;
  const request = withProof(pending.body);
  update(() => {
    state.committing = true;
    pending.attempts += 1;
    if (request.body.proof) pending.unproved = false;
  });
  try {
    const answer = await call("POST", "sales/", { ...request, headers: { "Idempotency-Key": pending.key } });
    finish(pending, answer);
  } catch (error) {
    if (error instanceof Problem) refuse(pending, error);
    else if (!(error instanceof Unreachable)) throw error;
    // Unreachable: the sale stays pending, and the page says so.
  } finally {
    update(() => { state.committing = false; });
  }
}

function finish(pending, { body, headers }) {
  const replayed = headers.get("Idempotency-Replayed") === "true";
  update(() => {
    rememberSale({
      sale: body.sale,
      ticket: pending.body.ticket,
      at: pending.body.occurred_at,
      net: body.totals.net,
      state: body.state,
      customer: pending.customer,
      names: pending.names,
      payments: pending.body.payments,
      change: moneyText(pending.change),
    });
    state.history.pending = null;
    state.sale = emptySale();
    state.dialog = { name: "receipt", sale: body, ticket: pending.body.ticket, replayed, reprint: false };
  });
}

function refuse(pending, problem) {
  if (problem.code === "sale_conflict") {
    // Another browser with this terminal's key has used that number: ours was not recorded, so it takes a later one.
    // The steps double, because that browser may be many sales ahead.
    update(() => {
      pending.step = (pending.step ?? 1) * 2;
      pending.body.ticket = nextTicket(pending.day, pending.step);
      pending.key = newId();
    });
    setTimeout(send, 0);
    return;
  }
  if (problem.code === "lookups_locked") {
    // Not recorded, and not before the lock ends: what can be charged now is the sale without its codes.
    giveNumberBack();
    setAside();
    return;
  }
  // Overload and outages say nothing about the sale: it stays pending, to be sent again as it is.
  if (problem.code === "in_progress" || problem.status === 429 || problem.status >= 500) {
    if (problem.retryAfter) setTimeout(send, problem.retryAfter * 1000);
    return;
  }
  if (problem.code === "proof_required") {
    update(() => { pending.unproved = true; });
    askForProof(problem);
    return;
  }
  const fresh = problem.body.evaluation;
  giveNumberBack();
  update(() => {
    if (fresh) {
      state.dialog = { name: "changed", problem: problem.body, before: pending.body.total, redeemed: state.evaluation.result?.redeemed ?? [], fresh };
    } else {
      Object.assign(state.evaluation, { problem: problem.body, errors: problemFields(problem) });
    }
  });
  if (fresh) {
    refreshCard();
    askAgain();
  }
}

// Nothing was recorded, so nothing has to be taken back but the number of the ticket.
function giveNumberBack() {
  update(({ history }) => {
    history.tickets[history.pending.day] -= 1;
    history.pending = null;
  });
}

onProof({
  send,
  giveUp: () => {
    giveNumberBack();
    update(() => { state.dialog = null; });
  },
});

// The customer agrees with the new total: it becomes the evaluation that the next commit sends.
export async function acceptFresh() {
  const { fresh } = state.dialog;
  update(() => {
    state.evaluation = { ...emptyEvaluation(), status: "ready", result: fresh };
    state.dialog = null;
    // A reward is given or not, a code is good or not: asking again for one that was refused would be refused again.
    const refused = new Set((fresh.not_redeemed ?? []).map((refusal) => refusal.path));
    state.sale.redeem.rewards = state.sale.redeem.rewards.filter((_reward, index) => !refused.has(`redeem.rewards[${index}]`));
    const unusable = new Set((fresh.not_redeemed ?? []).filter(({ reason }) => reason === "not_usable").map(({ path }) => path));
    state.sale.stored_values = state.sale.stored_values.filter((_value, index) => !unusable.has(`redeem.stored_values[${index}]`));
    // One payment of exactly the old total becomes one of the new; split payments are the cashier's to mend.
    const [payment, ...others] = state.sale.payments;
    if (payment && !others.length && settlePayments(state.sale, cents(fresh.totals.net)).left !== 0) payment.amount = "";
  });
  if (whatIsMissing() === "") await commit();
  else askAgain();
}

// Give up a sale whose answer never arrived. The API cancels the ticket whether it has the sale already or not, so
// nothing stays charged and nothing that is still on its way counts.
export async function giveUp() {
  const { pending } = state.history;
  try {
    await call("POST", "sales/cancel/", { body: { ticket: pending.body.ticket, business_date: pending.day } });
    update(() => { state.history.pending = null; });
  } catch (error) {
    if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
    say(error instanceof Problem ? error.message : gettext("There is still no connection."));
  }
}
