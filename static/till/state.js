// Everything the till knows, in one object. It changes only through `update`, which draws the page again and keeps
// what must survive a reload: the paired keys, the basket of each terminal, a sale whose answer has not arrived.

const DEVICE = "fiel.till.device";
const basketKey = (terminal) => `fiel.till.basket.${terminal}`;
const historyKey = (terminal) => `fiel.till.history.${terminal}`;
const catalogueKey = (terminal) => `fiel.till.catalogue.${terminal}`;

const HISTORY_LENGTH = 30;
const RECENT_PRODUCTS = 12;
const KNOWN_PRODUCTS = 2000;

const listeners = new Set();

// crypto.randomUUID() exists on https only, and a till may be tried over plain http in the shop's own network.
export function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function emptySale() {
  return {
    basket: newId(),
    lines: [], // {line, sku, name, quantity, unit_price, catalogue}: quantity and price as typed
    nextLine: 1,
    exchange: [], // {id, sku, quantity, unit_price}
    delivery_fee: "",
    customer: null, // {reference: {document|phone|email|card|code}, asked, label, card: look-up result or null}
    promo_codes: [],
    stored_values: [], // {code, amount}: "max" for all that is allowed, else as typed
    aside: [], // {code, amount, kind}: codes that cannot be checked for now and do not count; `amount` null of a promotional code
    payments: [], // {id, method, amount}: an empty amount takes what is left
    accepted: [],
    gifts: [], // {campaign, sku, quantity}
    redeem: { cashback: "", points: {}, rewards: [] }, // "" asks for nothing, "max" for all that is allowed, else as typed
    operation: "",
    moment: "", // test bench: evaluate as if it were then
    known: null, // the last answer with its question (offline.js)
  };
}

// status: idle, pending, ready, invalid (what was typed), refused (by the API), offline (priced here, as `pricing` says)
export function emptyEvaluation() {
  return { status: "idle", pricing: "", result: null, problem: null, errors: {} };
}

function emptyHistory() {
  return { tickets: {}, sales: [], names: {}, recent: [], pending: null, returning: null, issuing: null, lastCode: null, waiting: [], exceptions: [], units: {}, lock: null };
}

export const state = {
  device: { pairings: [], current: null, panel: "basket", drawer: false },
  sale: emptySale(),
  history: emptyHistory(),
  catalogue: {}, // what the API said of products, by SKU: all there is to sell from without connection
  evaluation: emptyEvaluation(),
  search: { text: "", quantity: "1", status: "idle", results: [], active: 0 },
  codeDraft: { text: "", error: "" },
  storedDraft: { text: "", error: "" },
  unanswered: null, // {code, draft, text}: the code that was typed last, and where, until an answer knows it
  customerDraft: { text: "", status: "idle", error: "" },
  dialog: null, // {name, ...what that dialog needs}
  committing: false,
  online: navigator.onLine,
  exchangeLog: null, // the last request and its answer, for the drawer
  toast: null,
};

export function pairing() {
  return state.device.pairings.find((item) => item.id === state.device.current) ?? null;
}

function read(key, fallback) {
  try {
    return { ...fallback, ...JSON.parse(localStorage.getItem(key) ?? "{}") };
  } catch {
    return fallback;
  }
}

function write(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // A full or forbidden storage must not stop a sale; it is only not remembered.
  }
}

export function load() {
  state.device = read(DEVICE, state.device);
  loadTerminal();
}

// Each terminal has its own basket and history, so switching stores in mid-sale loses nothing.
export function loadTerminal() {
  const current = state.device.current;
  state.sale = current ? read(basketKey(current), emptySale()) : emptySale();
  state.history = current ? read(historyKey(current), emptyHistory()) : emptyHistory();
  state.catalogue = current ? read(catalogueKey(current), {}) : {};
  state.evaluation = emptyEvaluation();
  state.unanswered = null;
}

// What is used belongs to the customer: another one begins with nothing.
export function forgetRedeem(sale) {
  sale.redeem = emptySale().redeem;
}

export function forgetTerminal(id) {
  localStorage.removeItem(basketKey(id));
  localStorage.removeItem(historyKey(id));
  localStorage.removeItem(catalogueKey(id));
}

export function save() {
  write(DEVICE, state.device);
  if (!state.device.current) return;
  write(basketKey(state.device.current), state.sale);
  write(historyKey(state.device.current), state.history);
}

// `change` edits the state in place; everybody who listens hears of it once, after it is kept.
export function update(change) {
  change(state);
  save();
  for (const listener of listeners) listener(state);
}

export function subscribe(listener) {
  listeners.add(listener);
}

export function rememberNames(products) {
  for (const { sku, name } of products) if (name) state.history.names[sku] = name;
}

// Programs and plans have names on the customer's card only; receipts and returns name them, too.
export function rememberUnits({ programs = [], plans = [] }) {
  for (const { code, name } of [...programs, ...plans]) state.history.units[code] = name;
}

export const unitName = (code) => state.history.units[code] || code;

// A sale that was made offline exists nowhere else: whoever makes one must know that the browser took it.
export function isKept(key) {
  const { waiting } = read(historyKey(state.device.current), emptyHistory());
  return waiting.some((entry) => entry.key === key);
}

export const waitingOf = (terminal) => read(historyKey(terminal), emptyHistory()).waiting;

// The newest answers win; the oldest products make room.
export function rememberCatalogue(products) {
  for (const { sku, name, price, barcode = "" } of products) {
    delete state.catalogue[sku];
    state.catalogue[sku] = { sku, name, price, barcode };
  }
  const excess = Object.keys(state.catalogue).length - KNOWN_PRODUCTS;
  for (const sku of Object.keys(state.catalogue).slice(0, Math.max(excess, 0))) delete state.catalogue[sku];
  write(catalogueKey(state.device.current), state.catalogue);
}

export function rememberProduct(product) {
  const { sku, name, price, barcode = "" } = product;
  rememberNames([product]);
  state.history.recent = [{ sku, name, price, barcode }, ...state.history.recent.filter((item) => item.sku !== sku)]
    .slice(0, RECENT_PRODUCTS);
}

export function rememberSale(sale) {
  state.history.sales = [sale, ...state.history.sales.filter((item) => item.sale !== sale.sale)].slice(0, HISTORY_LENGTH);
}

const TOAST_MS = 2500;
let toastTimer = 0;

// A short remark at the foot of the page, also read out by a screen reader.
export function say(text) {
  clearTimeout(toastTimer);
  update(() => { state.toast = text; });
  toastTimer = setTimeout(() => update(() => { state.toast = null; }), TOAST_MS);
}
