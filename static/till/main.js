// The till: a client of the public API like any point of sale. Draws the state, listens, keeps it.

import { listen } from "./actions.js";
import { alertsView, codesView, paymentsView, totalsView } from "./checkout.js";
import { customerView, refreshCard } from "./customer.js";
import { h, patch } from "./dom.js";
import { drawerView } from "./drawer.js";
import { askAgain, reconsider } from "./evaluation.js";
import { closeDialog, drawDialog, onKey, tabsView, terminalView, toastView } from "./frame.js";
import { linesView } from "./lines.js";
import { watchLock } from "./lookups.js";
import { syncNowAndThen } from "./offline.js";
import { openPairing, refreshPairing } from "./pairing.js";
import { promotionsView } from "./promotions.js";
import { presentedView } from "./presented.js";
import { searchView } from "./search.js";
import { load, pairing, state, subscribe, update } from "./state.js";
import { redeemView } from "./value.js";

const part = (name) => document.getElementById(`till-${name}`);

function draw() {
  document.body.dataset.panel = state.device.panel;
  patch(part("terminal"), terminalView());
  patch(part("alerts"), alertsView());
  patch(part("search"), searchView());
  patch(part("lines"), linesView());
  patch(part("promotions"), promotionsView());
  patch(part("checkout"), [
    h("div", { class: "checkout-scroll" }, customerView(), redeemView(), presentedView(), codesView()),
    // How it is paid and what it comes to stay in sight, however much the customer has.
    h("div", { class: "checkout-foot" }, paymentsView(), totalsView()),
  ]);
  patch(part("tabs"), tabsView());
  patch(part("toast"), toastView());
  part("drawer").hidden = !state.device.drawer;
  if (state.device.drawer) patch(part("drawer"), drawerView());
  drawDialog(part("dialog"));
}

// Removing what has the focus is an event too: it asks for another drawing, never for one within this one.
let drawing = false;
let again = false;
function redraw() {
  again = true;
  if (drawing) return;
  drawing = true;
  while (again) {
    again = false;
    draw();
  }
  drawing = false;
}

load();
listen(document);
subscribe(redraw);
subscribe(reconsider);
document.addEventListener("keydown", onKey);
// A field that is left shows its value in the reader's own notation again.
document.addEventListener("focusout", redraw);
part("dialog").addEventListener("cancel", (event) => {
  event.preventDefault();
  closeDialog();
});
window.addEventListener("online", () => update(() => { state.online = true; }));
window.addEventListener("offline", () => update(() => { state.online = false; }));
// Another tab of this browser is the same terminal: what it changed is read again, never overwritten.
window.addEventListener("storage", ({ key }) => {
  if (!key?.startsWith("fiel.till.")) return;
  load();
  redraw();
  askAgain();
});

redraw();
reconsider();
if (!pairing()) {
  openPairing();
} else {
  refreshPairing();
  refreshCard();
  if (matchMedia("(pointer: fine)").matches) document.getElementById("search-input").focus();
}
syncNowAndThen();
watchLock();
// Keeps the till's own files, so that it opens without connection. Only https, or this very computer, has such a thing.
navigator.serviceWorker?.register(document.documentElement.dataset.worker).catch(() => null);
document.body.append(h("span", { id: "till-ready", hidden: true }));
