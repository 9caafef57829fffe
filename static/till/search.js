// Finding products: by name, SKU or barcode, typed, scanned (a scanner types and ends with Enter) or by camera.

import { onClick, onInput, onSubmit } from "./actions.js";
import { Problem, Unreachable, call, query } from "./api.js";
import { addProduct } from "./basket.js";
import { canScan, scan } from "./camera.js";
import { h, icon } from "./dom.js";
import { showMoney, showQuantity } from "./money.js";
import { rememberCatalogue, rememberNames, rememberProduct, say, state, update } from "./state.js";

const PAUSE_MS = 180;
const SHORTEST = 2;
const KNOWN_AT_ONCE = 12;

let timer = 0;
let asked = 0;

// "3*7891000100103" sells three of them, as on every till.
function split(text) {
  const match = /^\s*(\d{1,5}(?:[.,]\d{1,3})?)\s*[*x×]\s*(.*)$/i.exec(text);
  return match ? { quantity: match[1], words: match[2].trim() } : { quantity: "1", words: text.trim() };
}

function offer(results, words) {
  update(() => {
    Object.assign(state.search, { status: "ready", results, active: 0, words });
    rememberNames(results);
  });
  return results;
}

const plain = (text) => String(text ?? "").normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

// Products that this browser has seen: by SKU or barcode, else by every word of the name.
export function knownProducts(words) {
  const products = Object.values(state.catalogue);
  const wanted = plain(words);
  const exact = products.filter(({ sku, barcode }) => plain(sku) === wanted || (barcode && barcode === words));
  if (exact.length) return exact;
  const parts = wanted.split(/\s+/).filter(Boolean);
  return products.filter(({ name }) => parts.every((part) => plain(name).includes(part))).slice(0, KNOWN_AT_ONCE);
}

async function lookUp(words) {
  asked += 1;
  const question = asked;
  // Known to be without connection: what this browser knows is there at once, and nobody waits for a time-out.
  const known = state.online ? [] : knownProducts(words);
  if (known.length) return offer(known, words);
  update(() => { state.search.status = "pending"; });
  try {
    const { body } = await call("GET", `products/lookup/?q=${query(words)}`);
    if (question !== asked) return null;
    const results = body.results ?? body;
    rememberCatalogue(results);
    return offer(results, words);
  } catch (error) {
    if (question !== asked) return null;
    if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
    const found = error instanceof Unreachable ? knownProducts(words) : [];
    if (found.length) return offer(found, words);
    const text = error instanceof Problem ? error.message : gettext("No connection. Items can still be entered by hand.");
    update(() => { Object.assign(state.search, { status: "failed", results: [], words, problem: text }); });
    return null;
  }
}

function close() {
  clearTimeout(timer);
  asked += 1;
  Object.assign(state.search, { text: "", status: "idle", results: [], active: 0, words: "", problem: "" });
}

function sell(product, quantity) {
  update(() => {
    addProduct(state.sale, product, quantity);
    rememberProduct(product);
    close();
  });
  say(interpolate(gettext("%(name)s added"), { name: product.name || product.sku }, true));
}

// What a scanner or the camera read, or a cashier typed and confirmed.
async function enter(text) {
  const { quantity, words } = split(text);
  if (!words) return;
  clearTimeout(timer);
  const shown = state.search.status === "ready" && state.search.words === words;
  const results = shown ? state.search.results : await lookUp(words);
  if (!results) return;
  const code = words.toUpperCase();
  const exact = results.filter((item) => [item.sku?.toUpperCase(), item.barcode].includes(code));
  if (exact.length === 1) sell(exact[0], quantity);
  else if (results.length === 1) sell(results[0], quantity);
  else if (shown && results.length) sell(results[state.search.active], quantity);
  else if (!results.length) say(interpolate(gettext("Nothing found for “%(words)s”"), { words }, true));
}

onInput({
  "search.text": (value) => {
    const { words } = split(value);
    update(() => {
      state.search.text = value;
      if (words.length < SHORTEST) Object.assign(state.search, { status: "idle", results: [], words: "" });
    });
    clearTimeout(timer);
    if (words.length >= SHORTEST) timer = setTimeout(lookUp, PAUSE_MS, words);
  },
});

onSubmit({ "search.enter": () => enter(state.search.text) });

onClick({
  "search.pick": ({ index }) => sell(state.search.results[Number(index)], split(state.search.text).quantity),
  "search.clear": () => {
    update(close);
    document.getElementById("search-input").focus();
  },
  "camera.open": () => scan(enter),
  "search.recent": ({ sku }) => sell(state.history.recent.find((item) => item.sku === sku), "1"),
  "search.byHand": () => update(() => {
    const { words, quantity } = split(state.search.text);
    state.dialog = { name: "item", form: { sku: words, quantity }, errors: {} };
  }),
});

export function searchKey(event) {
  const { results, active } = state.search;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && results.length) {
    event.preventDefault();
    update(() => { state.search.active = (active + step + results.length) % results.length; });
    document.getElementById(`search-option-${state.search.active}`)?.scrollIntoView({ block: "nearest" });
  } else if (event.key === "Escape" && state.search.text) {
    event.preventDefault();
    update(close);
  }
}

export function searchView() {
  const { text, status, results, active } = state.search;
  const listed = status === "ready" || status === "failed";
  return [
    h("form", { class: "search", role: "search", data: { submit: "search.enter" } },
      h("label", { class: "visually-hidden", for: "search-input" }, gettext("Find a product by name, SKU or barcode")),
      icon("barcode"),
      h("input", {
        id: "search-input",
        type: "text",
        inputmode: "search",
        enterkeyhint: "go",
        autocomplete: "off",
        autocapitalize: "off",
        spellcheck: "false",
        role: "combobox",
        "aria-autocomplete": "list",
        "aria-expanded": String(listed),
        "aria-controls": "search-results",
        "aria-activedescendant": results.length ? `search-option-${active}` : null,
        placeholder: gettext("Scan or type a product"),
        value: text,
        data: { input: "search.text" },
      }),
      text && h("button", { class: "button button-quiet button-icon", type: "button", "aria-label": gettext("Clear the search"), data: { action: "search.clear", key: "clear" } }, icon("x")),
      canScan && h("button", { class: "button button-quiet button-icon", type: "button", "aria-label": gettext("Scan with the camera"), data: { action: "camera.open", key: "camera" } }, icon("qr")),
      h("button", { class: "button button-quiet button-icon", type: "button", "aria-label": gettext("Add an item by hand"), data: { action: "search.byHand", key: "hand" } }, icon("plus")),
    ),
    listed && resultsView(results, active, text),
    !text && state.history.recent.length > 0 && recentView(),
  ];
}

function resultsView(results, active, text) {
  if (state.search.status === "failed") return h("p", { class: "search-empty", id: "search-results", role: "alert" }, state.search.problem);
  if (!results.length) {
    return h("div", { class: "search-empty", id: "search-results" },
      h("p", {}, interpolate(gettext("Nothing found for “%(words)s”"), { words: split(text).words }, true)),
      h("button", { class: "button", type: "button", data: { action: "search.byHand" } }, icon("plus"), gettext("Add it by hand")),
    );
  }
  const { quantity } = split(text);
  return h("ul", { class: "search-results", id: "search-results", role: "listbox", "aria-label": gettext("Products found") },
    results.map((product, index) => h("li", {
      id: `search-option-${index}`,
      role: "option",
      "aria-selected": String(index === active),
      data: { action: "search.pick", index },
    },
    h("span", { class: "product-name" },
      quantity !== "1" && h("b", {}, `${showQuantity(quantity.replace(",", "."))} × `),
      product.name),
    h("span", { class: "product-sku" }, product.barcode || product.sku),
    h("span", { class: "product-price" }, showMoney(product.price)),
    )));
}

function recentView() {
  return h("div", { class: "chips", role: "group", "aria-label": gettext("Sold recently") },
    state.history.recent.slice(0, 8).map((product) => h("button", {
      class: "chip", type: "button", data: { action: "search.recent", sku: product.sku, key: product.sku },
    }, product.name || product.sku)));
}
