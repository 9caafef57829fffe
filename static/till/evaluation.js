// Ask the API what the basket comes to, after every change. The last question asked is the only answer shown.

import { Problem, Unreachable, call } from "./api.js";
import { buildRequest, fieldOf } from "./basket.js";
import { forgetTyped, setAside } from "./lookups.js";
import { priceOffline, rememberPrice } from "./offline.js";
import { emptyEvaluation, pairing, rememberNames, state, update } from "./state.js";

const PAUSE_MS = 150;

let timer = 0;
let inFlight = null;
let asked = "";

// Called after every change of state; does nothing while the basket is what was asked last.
export function reconsider() {
  const key = pairing()?.id ?? "";
  const { body, errors } = buildRequest(state.sale);
  const question = key + JSON.stringify(body);
  if (question === asked) return;
  asked = question;
  clearTimeout(timer);
  inFlight?.abort();
  if (!key || state.sale.lines.length === 0) {
    update(() => { state.evaluation = emptyEvaluation(); });
    return;
  }
  update(() => {
    // Without connection nobody waits for an answer: there is a price at once, and the question goes on by itself.
    if (state.online || Object.keys(errors).length) state.evaluation.status = "pending";
    else priceOffline(body);
  });
  timer = setTimeout(ask, PAUSE_MS);
}

export function askAgain() {
  asked = "";
  reconsider();
}

async function ask() {
  const { body, errors } = buildRequest(state.sale);
  if (Object.keys(errors).length) {
    update(() => { Object.assign(state.evaluation, { status: "invalid", errors, problem: null }); });
    return;
  }
  const controller = new AbortController();
  inFlight = controller;
  try {
    const answer = await call("POST", "baskets/evaluate/", { body, signal: controller.signal });
    if (inFlight !== controller) return;
    update(() => {
      state.evaluation = { ...emptyEvaluation(), status: "ready", result: answer.body };
      forgetTyped();
      rememberPrice(body, answer.body);
      settleGifts(answer.body);
      for (const offer of answer.body.gifts) rememberNames(offer.options);
    });
  } catch (error) {
    if (inFlight !== controller || controller.signal.aborted) return;
    showFailure(error);
  }
}

// A choice that is no longer on offer would make the next request wrong.
function settleGifts(result) {
  const offered = new Map(result.gifts.map((offer) => [offer.campaign, offer]));
  state.sale.gifts = state.sale.gifts.filter((gift) => offered.get(gift.campaign)?.options.some((option) => option.sku === gift.sku));
  const optional = new Set(result.optional.map((offer) => offer.campaign));
  const active = new Set(result.activations.map((activation) => activation.campaign));
  const refused = new Set(result.not_activated.map((refusal) => refusal.campaign));
  state.sale.accepted = state.sale.accepted.filter((code) => optional.has(code) || active.has(code) || refused.has(code));
}

function showFailure(error) {
  if (error instanceof Problem) {
    if (error.code === "lookups_locked" && setAside()) return;
    const errors = problemFields(error);
    // What it came to before holds no longer, and what it comes to now nobody knows.
    update(() => { state.evaluation = { ...emptyEvaluation(), status: "refused", problem: error.body, errors }; });
    if (error.status === 429 || error.status >= 500) setTimeout(askAgain, (error.retryAfter ?? 2) * 1000);
    // A gift that was withdrawn meanwhile is dropped, and the basket asked about again.
    if (error.errors.some((item) => String(item.path).includes("gifts"))) update(() => { state.sale.gifts = []; });
  } else if (error instanceof Unreachable) {
    update(() => priceOffline(buildRequest(state.sale).body));
    setTimeout(() => { if (state.evaluation.status === "offline") askAgain(); }, 3000);
  } else {
    throw error;
  }
}

export function problemFields(problem) {
  const errors = {};
  for (const { path, message } of problem.errors) errors[fieldOf(path, state.sale)] ??= message;
  return errors;
}
