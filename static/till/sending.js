// The receipt of a sale, sent to where the customer wants it: by e-mail, SMS or WhatsApp.

import { onClick, onSubmit } from "./actions.js";
import { Problem, Unreachable, call, query } from "./api.js";
import { field, h, icon } from "./dom.js";
import { say, state, update } from "./state.js";

const CHANNELS = {
  email: { name: () => gettext("E-mail"), icon: "mail", inputmode: "email" },
  sms: { name: () => gettext("SMS"), icon: "sms", inputmode: "tel" },
  whatsapp: { name: () => gettext("WhatsApp"), icon: "whatsapp", inputmode: "tel" },
};

// Return the button of a receipt that can be sent, false where the sale was cancelled or has not arrived yet.
export function sendButton({ sale, offline }) {
  const can = sale.sale && !offline && sale.state !== "cancelled";
  return can && h("button", { class: "button", type: "button", data: { action: "sending.open" } }, icon("mail"), gettext("Send"));
}

const textOf = (error) => {
  if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
  return error instanceof Problem ? error.message : gettext("There is no connection.");
};

// What may be offered is asked each time: a manager may have changed it since the till was paired.
async function open() {
  const receipt = state.dialog;
  try {
    const { body } = await call("GET", "terminal/");
    const channels = Object.keys(CHANNELS).filter((name) => (body.receipt.send?.[name] ?? "never") !== "never");
    if (state.dialog !== receipt) return;
    update(() => { state.dialog = { name: "sending", receipt, channels, channel: channels[0] ?? "", address: "", own: false, error: "", busy: false }; });
  } catch (error) {
    say(textOf(error));
  }
}

async function send({ address, own }) {
  const { dialog } = state;
  if (!dialog.channel || dialog.busy) return;
  update(() => Object.assign(dialog, { address, own: Boolean(own), busy: true, error: "" }));
  try {
    const given = address.trim() ? { address: address.trim(), own: Boolean(own) } : {};
    const { body } = await call("POST", `sales/${query(dialog.receipt.sale.sale)}/receipt/`, { body: { channel: dialog.channel, ...given } });
    if (state.dialog === dialog) update(() => { state.dialog = dialog.receipt; });
    say(interpolate(gettext("The receipt is on its way to %(address)s."), { address: body.sent_to }, true));
  } catch (error) {
    // Asking again for the same is harmless, whether the first arrived or not.
    const text = textOf(error);
    update(() => Object.assign(dialog, { busy: false, error: text }));
  }
}

onClick({
  "sending.open": open,
  "sending.channel": ({ channel }) => update(() => Object.assign(state.dialog, { channel, error: "" })),
  "sending.back": () => update(() => { state.dialog = state.dialog.receipt; }),
});

onSubmit({ "sending.send": send });

const isOfCustomer = ({ sale }) => sale.customer || state.history.sales.find((item) => item.sale === sale.sale)?.customer;

export function sendingView({ receipt, channels, channel, address, own, error, busy }) {
  const back = h("button", { class: "button", type: "button", data: { action: "sending.back" } }, gettext("Back to the receipt"));
  const title = gettext("Send the receipt");
  if (!channels.length) {
    return { title, body: [h("p", {}, gettext("This store sends no receipts."))], actions: [back] };
  }
  return {
    title,
    body: [
      h("div", { class: "channels", role: "group", "aria-label": title }, channels.map((name) => h("button", {
        class: "choice", type: "button", "aria-pressed": String(channel === name), data: { action: "sending.channel", channel: name },
      }, icon(CHANNELS[name].icon), CHANNELS[name].name()))),
      h("form", { data: { submit: "sending.send" } },
        field({ id: "sending-address", name: "address", label: channel === "email" ? gettext("E-mail address") : gettext("Telephone number"), inputmode: CHANNELS[channel].inputmode, autocomplete: "off", value: address, autofocus: true }),
        h("p", { class: "faint" }, gettext("Empty: to the address that is known of the customer.")),
        isOfCustomer(receipt) && h("label", { class: "check" }, h("input", { type: "checkbox", name: "own", checked: own }), gettext("It is the customer's own address: their record keeps it if it has none")),
        h("button", { class: "button button-primary", type: "submit", disabled: busy }, gettext("Send the receipt"))),
      error && h("p", { class: "alert alert-danger", role: "alert" }, error),
    ],
    actions: [back],
  };
}
