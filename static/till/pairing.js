// Which terminals this browser may be. A key is pasted, or issued by a manager who is signed in to the back-office.

import { onClick, onSubmit } from "./actions.js";
import { Problem, Unreachable, call } from "./api.js";
import { field, h, icon } from "./dom.js";
import { forgetTerminal, loadTerminal, pairing, say, state, update, waitingOf } from "./state.js";

const { terminalsUrl, signInUrl } = document.documentElement.dataset;
const csrfToken = () => document.querySelector("input[name=csrfmiddlewaretoken]").value;

// Ask the API whom a key belongs to.
async function whose(key) {
  const { body } = await call("GET", "terminal/", { key, quiet: true });
  const { store, receipt, test } = body;
  const terminal = { code: body.terminal, name: body.name };
  return { id: `${store.code}/${terminal.code}`, key, store, terminal, receipt, test };
}

// Names and what receipts say may have changed since; a till without connection goes on with what it knows.
export async function refreshPairing() {
  const { id, key } = pairing();
  const fresh = await whose(key).catch(() => null);
  if (fresh?.id === id) update(() => { Object.assign(state.device.pairings.find((item) => item.id === id), fresh); });
}

async function pair(key) {
  const paired = await whose(key);
  const { store, terminal } = paired;
  update(() => {
    state.device.pairings = [...state.device.pairings.filter((item) => item.id !== paired.id), paired];
    state.device.current = paired.id;
    loadTerminal();
    state.dialog = null;
  });
  say(interpolate(gettext("This browser is now %(terminal)s of %(store)s"), { terminal: terminal.name || terminal.code, store: store.name }, true));
  document.getElementById("search-input")?.focus();
}

function fail(error) {
  if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
  const text = error instanceof Unreachable ? gettext("There is no connection.")
    : error.status === 401 ? gettext("This key is not valid: it may have been revoked or mistyped.") : error.message;
  update(() => { Object.assign(state.dialog, { error: text, busy: false }); });
}

// The back-office's own pages, with the manager's session: a list of terminals, and a key for one of them.
async function backOffice(method, body) {
  const response = await fetch(terminalsUrl, {
    method,
    headers: { Accept: "application/json", "X-CSRFToken": csrfToken(), ...(body ? { "Content-Type": "application/json" } : {}) },
    body: body && JSON.stringify(body),
  });
  return response.ok ? response.json() : null;
}

export async function openPairing() {
  update(() => { state.dialog = { name: "pairing", error: "", stores: null }; });
  const answer = await backOffice("GET").catch(() => null);
  update(() => { if (state.dialog?.name === "pairing") state.dialog.stores = answer?.stores ?? []; });
}

function forget(id) {
  update(() => {
    state.device.pairings = state.device.pairings.filter((item) => item.id !== id);
    forgetTerminal(id);
    if (state.device.current === id) {
      state.device.current = state.device.pairings[0]?.id ?? null;
      loadTerminal();
    }
  });
}

onClick({
  "pairing.open": openPairing,
  "pairing.use": ({ id }) => update(() => {
    state.dialog = null;
    if (state.device.current === id) return;
    state.device.current = id;
    loadTerminal();
  }),
  "pairing.forget": ({ id }) => {
    if (waitingOf(id).length) say(gettext("There are sales of this terminal still to be sent."));
    else forget(id);
  },
  "pairing.issue": async ({ terminal }) => {
    update(() => { state.dialog.busy = true; });
    const answer = await backOffice("POST", { terminal: Number(terminal) }).catch(() => null);
    if (answer) await pair(answer.key).catch(fail);
    else update(() => { Object.assign(state.dialog, { error: gettext("The key could not be issued. Is the manager still signed in?"), busy: false }); });
  },
});

onSubmit({
  "pairing.paste": async ({ key }) => {
    update(() => { Object.assign(state.dialog, { busy: true, error: "" }); });
    await pair(key.trim()).catch(fail);
  },
});

export function pairingView(dialog) {
  return {
    title: gettext("Store and terminal"),
    body: [
      state.device.pairings.length > 0 && h("ul", { class: "pairings", "aria-label": gettext("Terminals of this browser") }, state.device.pairings.map(pairedView)),
      !state.device.pairings.length && h("p", {}, gettext("Pair this browser with a terminal of a store: it then sells as that terminal.")),
      issueView(dialog),
      h("form", { class: "stack-s", data: { submit: "pairing.paste" } },
        field({ id: "pairing-key", name: "key", label: gettext("Terminal key"), placeholder: "fiel_live_…", spellcheck: "false", autocapitalize: "off", required: true, error: dialog.error, autofocus: !state.device.pairings.length }),
        h("p", { class: "field-help" }, gettext("The back-office shows a key once, on the terminal's page. It stays in this browser only.")),
        h("button", { class: "button", type: "submit", disabled: Boolean(dialog.busy) }, icon("key"), gettext("Pair with this key"))),
    ],
  };
}

function pairedView({ id, store, terminal }) {
  const current = id === pairing()?.id;
  return h("li", { data: { key: id } },
    h("button", { class: "choice", type: "button", "aria-pressed": String(current), data: { action: "pairing.use", id } },
      icon(current ? "check-circle" : "store"),
      h("span", { class: "grow" }, h("strong", {}, store.name || store.code), h("span", { class: "faint" }, terminal.name || terminal.code))),
    h("button", { class: "button button-quiet button-icon", type: "button", "aria-label": interpolate(gettext("Forget %(name)s"), { name: id }, true), data: { action: "pairing.forget", id } }, icon("trash")));
}

function issueView({ stores, busy }) {
  if (stores === null) return null;
  if (!stores.length) {
    return h("p", { class: "faint" }, h("a", { href: signInUrl }, gettext("Sign in to the back-office")), " ", gettext("as a manager to pair with one click, or paste a key."));
  }
  return h("section", { class: "issue" },
    h("h3", {}, gettext("Pair this browser")),
    h("ul", {}, stores.map((store) => h("li", { data: { key: store.code } },
      h("span", { class: "grow" }, store.name),
      h("span", { class: "cluster" }, store.terminals.map((terminal) => h("button", {
        class: "button button-small", type: "button", disabled: Boolean(busy),
        "aria-label": interpolate(gettext("Pair as %(terminal)s of %(store)s"), { terminal: terminal.name || terminal.code, store: store.name }, true),
        data: { action: "pairing.issue", terminal: terminal.id },
      }, terminal.name || terminal.code)))))));
}
