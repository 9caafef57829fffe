// The proof of the person: a sale that uses much of a customer's value waits for a code that was sent, or for the PIN.
// What is typed goes with the sale and is kept nowhere: neither with the pending sale nor among the requests shown.

import { onClick, onSubmit } from "./actions.js";
import { Problem, Unreachable, call } from "./api.js";
import { field, h, icon } from "./dom.js";
import { state, update } from "./state.js";

let shown = null;

// Return how to send the pending sale: with the proof that was typed a moment ago, once.
export function withProof(body) {
  const proof = shown;
  shown = null;
  return proof ? { body: { ...body, proof }, quiet: true } : { body };
}

export function askForProof(problem) {
  const { method, reason } = problem.body.proof;
  update(() => {
    const sent = state.dialog?.name === "proof" ? state.dialog.sent : null;
    state.dialog = { name: "proof", method, sent, error: reason === "missing" ? "" : problem.message };
  });
}

const CHANNELS = () => [
  ["sms", "phone", gettext("Send by SMS")],
  ["whatsapp", "phone", gettext("Send by WhatsApp")],
  ["email", "email", gettext("Send by e-mail")],
];

async function sendCode(channel) {
  const { card } = state.sale.customer ?? {};
  if (!card) return;
  try {
    const { body } = await call("POST", `customers/${card.id}/verifications/`, { body: { channel } });
    update(() => { Object.assign(state.dialog, { sent: body, error: "" }); });
  } catch (error) {
    if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
    const text = error.errors?.[0]?.message || (error instanceof Problem ? error.message : gettext("There is no connection."));
    update(() => { state.dialog.error = text; });
  }
}

// `send` sends the pending sale again, `giveUp` takes it back to the basket.
export function onProof({ send, giveUp }) {
  onClick({
    "proof.send": ({ channel }) => sendCode(channel),
    "proof.giveUp": giveUp,
  });
  onSubmit({
    "proof.give": (form) => {
      const { method, sent } = state.dialog;
      const text = form.proof.trim();
      shown = method === "pin" ? { pin: text } : { verification: sent.verification, code: text };
      return send();
    },
  });
}

export function proofView({ method, sent, error }) {
  const card = state.sale.customer?.card;
  const pin = method === "pin";
  const ready = pin || sent;
  return {
    title: gettext("Who is it?"),
    body: [
      h("p", {}, pin
        ? gettext("This sale uses much of the customer's value. Let the customer enter the PIN.")
        : gettext("This sale uses much of the customer's value. Send the customer a code and ask for it.")),
      !pin && !card && h("p", { class: "alert alert-warning" }, gettext("Look the customer up first.")),
      !pin && card && h("div", { class: "cluster" }, CHANNELS().filter(([, address]) => card[address]).map(([channel, , label]) =>
        h("button", { class: "button", type: "button", data: { action: "proof.send", channel } }, icon(channel === "email" ? "mail" : "message"), label))),
      sent && h("p", { role: "status" }, interpolate(gettext("Sent to %(address)s."), { address: sent.sent_to }, true)),
      ready && h("form", { id: "proof-form", class: "stack", data: { submit: "proof.give" } },
        field({
          id: "proof-text", name: "proof", label: pin ? gettext("PIN") : gettext("Code"), error,
          type: pin ? "password" : "text", inputmode: "numeric", autocomplete: "one-time-code",
          pattern: pin ? "[0-9]{4,8}" : "[0-9]{6}", required: true, autofocus: true,
        })),
      !ready && error && h("p", { class: "alert alert-danger", role: "alert" }, error),
    ],
    actions: [
      h("button", { class: "button", type: "button", data: { action: "proof.giveUp" } }, gettext("Back to the basket")),
      ready && h("button", { class: "button button-primary", type: "submit", form: "proof-form" }, gettext("Record the sale")),
    ],
  };
}
