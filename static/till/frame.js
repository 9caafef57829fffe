// What surrounds the panels: the terminal's name, the tabs of a phone, dialogs, keyboard shortcuts, remarks.

import { onClick, run } from "./actions.js";
import { unitCount } from "./basket.js";
import { cameraView, stopCamera } from "./camera.js";
import { codeAgainView, lookValueView, othersView, sellValueView, valueIssuedView, valueTakenBackView } from "./cards.js";
import { METHODS, chargeButton, showTotal } from "./checkout.js";
import { acceptFresh } from "./commit.js";
import { customerFormView } from "./customer.js";
import { h, icon, patch } from "./dom.js";
import { basketTotal, itemView } from "./lines.js";
import { showMoney } from "./money.js";
import { waitingBadge, waitingView } from "./offline.js";
import { pairingView } from "./pairing.js";
import { forfeitView } from "./presented.js";
import { proofView } from "./proof.js";
import { cancelView, cancelledView, changedView, receiptView, salesView } from "./receipt.js";
import { payoutView, returnView, returnedView } from "./returns.js";
import { searchKey } from "./search.js";
import { pairing, state, update } from "./state.js";
import { sendingView } from "./sending.js";
import { surveyView, surveyedView } from "./survey.js";
import { giftsView } from "./value.js";

const DIALOGS = {
  item: itemView,
  exchange: itemView,
  camera: cameraView,
  customer: customerFormView,
  pairing: pairingView,
  sales: salesView,
  cancel: cancelView,
  cancelled: cancelledView,
  receipt: receiptView,
  changed: changedView,
  proof: proofView,
  gifts: giftsView,
  return: returnView,
  returned: returnedView,
  payout: payoutView,
  others: othersView,
  sellValue: sellValueView,
  lookValue: lookValueView,
  valueIssued: valueIssuedView,
  codeAgain: codeAgainView,
  valueTakenBack: valueTakenBackView,
  forfeit: forfeitView,
  sending: sendingView,
  survey: surveyView,
  surveyed: surveyedView,
  waiting: waitingView,
  keys: keysView,
};

const PANELS = {
  basket: { icon: "cart", name: () => gettext("Basket") },
  promotions: { icon: "sparkles", name: () => gettext("Promotions") },
  checkout: { icon: "card", name: () => gettext("Checkout") },
};

export function closeDialog() {
  stopCamera();
  update(() => { state.dialog = null; });
}

onClick({
  "dialog.close": closeDialog,
  "sale.acceptFresh": acceptFresh,
  "panel.show": ({ panel }) => update(() => { state.device.panel = panel; }),
  "keys.open": () => update(() => { state.dialog = { name: "keys" }; }),
});

export function terminalView() {
  const paired = pairing();
  return [h("button", { class: "button button-quiet terminal", type: "button", "aria-haspopup": "dialog", data: { action: "pairing.open" } },
    h("span", { class: `dot ${state.online ? "dot-success" : "dot-danger"}` }),
    h("span", { class: "visually-hidden" }, state.online ? gettext("Online") : gettext("No connection")),
    paired ? h("span", { class: "terminal-name" }, h("strong", {}, paired.store.name || paired.store.code), h("span", { class: "faint" }, paired.terminal.name || paired.terminal.code)) : gettext("Pair this browser"),
    paired?.test && h("span", { class: "badge badge-warning" }, gettext("test")),
    icon("chevron-down")),
  waitingBadge()];
}

export function tabsView() {
  const counts = { basket: unitCount(state.sale), promotions: state.evaluation.result?.activations.length ?? 0, checkout: 0 };
  return [
    h("div", { class: "tabs-total" }, h("span", {}, h("span", { class: "faint" }, gettext("To pay")), h("strong", {}, showTotal(basketTotal()))), chargeButton(basketTotal(), "charge-bar")),
    h("nav", { "aria-label": gettext("Parts of the till") }, Object.entries(PANELS).map(([panel, about]) => h("button", {
      type: "button", "aria-current": state.device.panel === panel ? "page" : null, data: { action: "panel.show", panel, key: panel },
    }, icon(about.icon), about.name(), counts[panel] > 0 && h("span", { class: "count" }, String(counts[panel]))))),
  ];
}

export function drawDialog(element) {
  if (!state.dialog) {
    if (element.open) element.close();
    return;
  }
  const { title, body, actions } = DIALOGS[state.dialog.name](state.dialog);
  element.dataset.dialog = state.dialog.name;
  patch(element, [
    h("div", { class: "dialog-header", data: { key: "head" } }, h("h2", { id: "dialog-title" }, title),
      h("button", { class: "button button-quiet button-icon", type: "button", "aria-label": gettext("Close"), data: { action: "dialog.close" } }, icon("x"))),
    h("div", { class: "dialog-body", data: { key: `body-${state.dialog.name}` } }, h("div", { class: "stack" }, body)),
    actions && h("div", { class: "dialog-actions", data: { key: `actions-${state.dialog.name}` } }, actions),
  ]);
  if (!element.open) {
    element.showModal();
    (element.querySelector("[autofocus]") ?? element).focus();
  }
}

export function toastView() {
  return state.toast && h("div", { class: "toast" }, h("span", { class: "toast-text" }, state.toast));
}

// --- Keyboard ------------------------------------------------------------------------------------

const KEYS = {
  F2: { does: () => gettext("Find a product"), run: () => focus("search-input", "basket") },
  F3: { does: () => gettext("Item by hand"), run: () => run("search.byHand") },
  F4: { does: () => gettext("Customer"), run: () => focus("customer-input", "checkout") },
  F6: { does: () => gettext("Promotional code"), run: () => focus("code-input", "checkout") },
  F7: { does: () => gettext("Sales: reprint, return, cancel"), run: () => run("sales.open") },
  F8: { does: () => gettext("Request and answer"), run: () => run("drawer.toggle") },
  F9: { does: () => gettext("Charge"), run: () => run("sale.charge") },
  F10: { does: () => gettext("Gifts for points"), run: () => run("gifts.open") },
  "Alt+0": { does: () => gettext("Other actions: gift cards, e-purses, codes"), run: () => run("others.open") },
  "Alt+1": { does: () => METHODS.cash.name(), run: () => run("payment.add", { method: "cash" }) },
  "Alt+2": { does: () => METHODS.pix.name(), run: () => run("payment.add", { method: "pix" }) },
  "Alt+3": { does: () => METHODS.credit.name(), run: () => run("payment.add", { method: "credit" }) },
  "Alt+4": { does: () => METHODS.debit.name(), run: () => run("payment.add", { method: "debit" }) },
  "?": { does: () => gettext("These shortcuts"), run: () => run("keys.open") },
};

function keysView() {
  return {
    title: gettext("Keyboard shortcuts"),
    body: h("dl", { class: "keys" }, Object.entries(KEYS).map(([key, { does }]) => h("div", {}, h("dt", {}, h("kbd", {}, key)), h("dd", {}, does())))),
  };
}

function focus(id, panel) {
  update(() => { state.device.panel = panel; });
  const element = document.getElementById(id);
  element?.focus();
  element?.select();
}

const isEditing = (element) => element.matches("input, textarea, select, [contenteditable]");

export function onKey(event) {
  if (event.target.id === "search-input") searchKey(event);
  if (state.dialog || event.defaultPrevented || event.isComposing) return;
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
  const name = event.altKey && !event.ctrlKey ? `Alt+${event.code.replace("Digit", "")}` : event.key;
  const shortcut = KEYS[name];
  if (shortcut && (name.length > 1 || !isEditing(event.target)) && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    shortcut.run();
  } else if (plain && event.key.length === 1 && event.key !== " " && !isEditing(event.target)) {
    // A scanner types wherever the focus is: what it types belongs in the search.
    focus("search-input", "basket");
  }
}
