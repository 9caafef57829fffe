// What the customer says of the purchase that was just recorded: a score, a comment, and the cashback that waited for it.

import { onClick, onInput } from "./actions.js";
import { Problem, Unreachable, call } from "./api.js";
import { h, icon } from "./dom.js";
import { cents, showMoney } from "./money.js";
import { state, update } from "./state.js";

const HIGHEST = 10;
const LONGEST_COMMENT = 1000;
const STANDS = new Set(["committed", "partially_returned"]);

// Return the button of a receipt that asks, false where there is nothing to answer or it was answered.
export function surveyButton({ sale, surveyed }) {
  const kept = state.history.sales.find((item) => item.sale === sale.sale);
  const open = sale.sale && STANDS.has(sale.state) && !surveyed && !kept?.surveyed;
  return open && h("button", { class: "button", type: "button", data: { action: "survey.open" } }, icon("star"), gettext("Survey"));
}

async function send() {
  const { dialog } = state;
  if (dialog.score === null || dialog.busy) return;
  update(() => Object.assign(dialog, { busy: true, error: "" }));
  try {
    const { body } = await call("POST", "surveys/purchase/answers/", { body: { sale: dialog.receipt.sale.sale, score: dialog.score, comment: dialog.comment } });
    remember(dialog);
    if (state.dialog === dialog) update(() => { state.dialog = { name: "surveyed", answer: body }; });
  } catch (error) {
    if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
    if (error.code === "survey_answered") remember(dialog);
    // Sending the same answer again is harmless, whether the first arrived or not.
    update(() => Object.assign(dialog, { busy: false, error: error instanceof Problem ? error.message : gettext("There is no connection.") }));
  }
}

function remember({ receipt }) {
  update(() => {
    receipt.surveyed = true;
    const kept = state.history.sales.find((item) => item.sale === receipt.sale.sale);
    if (kept) kept.surveyed = true;
  });
}

onClick({
  "survey.open": () => update(() => { state.dialog = { name: "survey", receipt: state.dialog, score: null, comment: "", error: "", busy: false }; }),
  "survey.score": ({ score }) => update(() => { state.dialog.score = Number(score); }),
  "survey.back": () => update(() => { state.dialog = state.dialog.receipt; }),
  "survey.send": send,
});

onInput({ "survey.comment": (value) => update(() => { state.dialog.comment = value; }) });

export function surveyView({ receipt, score, comment, error, busy }) {
  const scores = Array.from({ length: HIGHEST + 1 }, (_, number) => number);
  return {
    title: gettext("How was the purchase?"),
    body: [
      h("p", { class: "faint" }, interpolate(gettext("Ticket %(ticket)s"), { ticket: receipt.sale.ticket ?? receipt.ticket ?? "" }, true)),
      h("div", { role: "group", "aria-labelledby": "survey-question" },
        h("p", { id: "survey-question" }, h("strong", {}, gettext("How likely are you to recommend us?"))),
        h("div", { class: "scores" }, scores.map((number) => h("button", {
          class: "choice", type: "button", "aria-pressed": String(score === number), autofocus: number === 0, data: { action: "survey.score", score: number },
        }, String(number)))),
        h("p", { class: "score-ends faint" }, h("span", {}, gettext("Not at all")), h("span", {}, gettext("Certainly")))),
      h("div", { class: "field" },
        h("label", { for: "survey-comment" }, gettext("Would you like to tell us more?")),
        h("textarea", { id: "survey-comment", rows: 3, maxlength: LONGEST_COMMENT, data: { input: "survey.comment" } }, comment)),
      error && h("p", { class: "alert alert-danger", role: "alert" }, error),
    ],
    actions: [
      h("button", { class: "button", type: "button", data: { action: "survey.back" } }, gettext("Back to the receipt")),
      h("button", { class: "button button-primary", type: "button", disabled: score === null || busy, data: { action: "survey.send" } }, gettext("Send the answer")),
    ],
  };
}

export function surveyedView({ answer }) {
  const released = cents(answer.released) > 0;
  return {
    title: gettext("Thank you"),
    body: [h("p", {}, released ? interpolate(gettext("%(amount)s of cashback is released."), { amount: showMoney(answer.released) }, true) : gettext("The answer was recorded."))],
    actions: [h("button", { class: "button button-primary", type: "button", autofocus: true, data: { action: "receipt.new" } }, gettext("Done"))],
  };
}
