// After too many wrong codes the API checks none of this terminal for some minutes, and prices no basket that has one.
// The codes of the sale are set aside then: it goes on at the total that holds without them, and the page says so.

import { onClick } from "./actions.js";
import { h, icon } from "./dom.js";
import { emptyEvaluation, state, update } from "./state.js";
import { kindName, masked } from "./stored.js";

const TICK_MS = 5_000;
const MINUTE_MS = 60_000;

// Of a clock that was set back nothing can be told: the API is asked then, and says it anew.
export function minutesLocked() {
  const { since, until } = state.history.lock ?? {};
  const at = Date.now();
  return since <= at && at < until ? Math.ceil((until - at) / MINUTE_MS) : 0;
}

export function lockedText() {
  const minutes = minutesLocked();
  return interpolate(ngettext(
    "Too many codes were not found: for %(minutes)s minute this till can check none.",
    "Too many codes were not found: for %(minutes)s minutes this till can check none.",
    minutes,
  ), { minutes }, true);
}

// What was typed and has had no answer yet: when it cannot be checked, it goes back to where it was typed.
export function remember(code, draft, text) {
  state.unanswered = { code, draft, text };
}

export const forgetTyped = () => { state.unanswered = null; };

// What is said of a draft: that it cannot be checked only as long as that is so.
export function draftError({ error, locked }) {
  if (!locked) return error;
  return minutesLocked() ? lockedText() : "";
}

// Return whether there was a code to set aside: without one it is not the codes that the API refuses.
export function setAside() {
  const { sale, evaluation, unanswered } = state;
  // Unless something else was typed there since.
  const back = unanswered && !state[unanswered.draft].text ? unanswered : null;
  if (!sale.stored_values.length && !sale.promo_codes.length) return false;
  const kindOf = (code) => (evaluation.result?.redeemed ?? []).find((used) => used.code === code)?.kind ?? "";
  const codes = [
    ...sale.stored_values.map(({ code, amount }) => ({ code, amount, kind: kindOf(code) })),
    ...sale.promo_codes.map((code) => ({ code, amount: null, kind: "" })),
  ];
  update(() => {
    sale.stored_values = [];
    sale.promo_codes = [];
    sale.aside = [...sale.aside, ...codes.filter(({ code }) => code !== back?.code)];
    if (back) state[back.draft] = { text: back.text, error: "", locked: true };
    state.unanswered = null;
    // What it came to with them holds no longer.
    state.evaluation = { ...emptyEvaluation(), status: "refused" };
  });
  return true;
}

function restore() {
  update(({ sale }) => {
    for (const { code, amount } of sale.aside) {
      if (amount === null) sale.promo_codes.push(code);
      else sale.stored_values.push({ code, amount });
    }
    sale.aside = [];
  });
}

onClick({
  "aside.restore": restore,
  "aside.remove": ({ code }) => update(({ sale }) => { sale.aside = sale.aside.filter((item) => item.code !== code); }),
  "aside.removeAll": () => update(({ sale }) => { sale.aside = []; }),
});

// The minutes on the page go down by themselves.
export function watchLock() {
  setInterval(() => {
    if (state.history.lock) update(({ history }) => { if (!minutesLocked()) history.lock = null; });
  }, TICK_MS);
}

// --- What is shown -----------------------------------------------------------------------------------------

const pays = ({ amount }) => amount !== null;
const kindText = ({ kind }) => (kind ? kindName(kind) : gettext("Code"));
// Of what is money only its end is shown, as everywhere.
const nameOf = (item) => (pays(item) ? `${kindText(item)} ${masked(item.code)}` : item.code);

export function asideAlert() {
  const { aside } = state.sale;
  if (!aside.length) return null;
  const locked = minutesLocked() > 0;
  const codes = aside.map(nameOf).join(", ");
  return h("div", { class: "alert alert-warning", role: "alert", data: { key: "aside" } }, icon("alert"),
    h("div", { class: "grow" },
      h("strong", {}, locked ? lockedText() : gettext("This till can check codes again.")),
      h("p", {}, interpolate(ngettext("The total does not count %(codes)s.", "The total does not count these: %(codes)s.", aside.length), { codes }, true),
        " ", locked && gettext("Let the customer pay in another way or at another till, or wait."))),
    h("div", { class: "cluster" },
      !locked && h("button", { class: "button button-primary", type: "button", data: { action: "aside.restore" } }, icon("refresh"), gettext("Count again")),
      h("button", { class: "button", type: "button", data: { action: "aside.removeAll" } }, gettext("Take out of the sale"))));
}

// In the list of cards, or (`paying` false) in that of promotional codes.
export function asideRows(paying) {
  return state.sale.aside.filter((item) => pays(item) === paying).map((item) => h("li", { data: { key: `aside-${item.code}` } },
    paying ? h("span", { class: "redeem-name" }, icon("card"), h("span", {}, kindText(item), h("span", { class: "faint" }, masked(item.code)))) : h("code", {}, item.code),
    h("span", { class: "badge badge-warning" }, gettext("not counted")),
    h("button", { class: "button button-quiet button-icon", type: "button", "aria-label": interpolate(gettext("Remove %(name)s"), { name: nameOf(item) }, true), data: { action: "aside.remove", code: item.code } }, icon("x"))));
}
