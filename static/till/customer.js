// Who buys: found by document, phone, e-mail or card; an unknown document goes along; a new customer is registered.

import { onClick, onInput, onSubmit } from "./actions.js";
import { Problem, Unreachable, call, query } from "./api.js";
import { field, h, icon } from "./dom.js";
import { forgetRedeem, rememberUnits, say, state, update } from "./state.js";
import { storedBalancesView } from "./stored.js";
import { balancesView } from "./value.js";

const language = document.documentElement.lang;
const dayFormat = new Intl.DateTimeFormat(language, { day: "numeric", month: "long", timeZone: "UTC" });

// CPF or CNPJ by its shape: whether it is valid is for the API to say.
const looksLikeDocument = (text) => /^(\d{11}|[0-9A-Z]{12}\d{2})$/.test(text.toUpperCase().replace(/[.\-/\s]/g, ""));

function guessReference(text) {
  if (text.includes("@")) return { email: text };
  if (looksLikeDocument(text)) return { document: text };
  if (/^\+?[\d\s()-]{8,}$/.test(text)) return { phone: text };
  return { card: text };
}

async function find(text) {
  if (!text) return;
  update(() => { Object.assign(state.customerDraft, { status: "pending", error: "" }); });
  try {
    const { body } = await call("GET", `customers/lookup/?q=${query(text)}`);
    choose(body, text);
  } catch (error) {
    if (error instanceof Problem && error.code === "customer_unknown") update(() => { state.customerDraft.status = "unknown"; });
    else if (error instanceof Problem) fail(error.errors[0]?.message ?? error.message);
    else if (error instanceof Unreachable) fail(gettext("No connection. The document still goes along with the sale."));
    else throw error;
  }
}

const fail = (error) => update(() => { Object.assign(state.customerDraft, { status: "failed", error }); });
const digits = (text) => text.replace(/\D/g, "");

// The shortest way to name the customer again: the chain's own number, the card, else what was typed.
function referenceOf(card, text) {
  if (card.code) return { code: card.code };
  if (card.card) return { card: card.card };
  if (text.includes("@")) return { email: text };
  if (card.phone && digits(text).length >= 8 && card.phone.endsWith(digits(text))) return { phone: card.phone };
  return guessReference(text);
}

function choose(card, text) {
  update(() => {
    state.sale.customer = { reference: referenceOf(card, text), asked: text, label: card.name || card.document || text, card };
    forgetRedeem(state.sale);
    rememberUnits(card);
    state.customerDraft = emptyDraft();
  });
}

// Balances may have moved since the customer was found: at another till, or in the back-office.
export async function refreshCard() {
  const { customer } = state.sale;
  if (!customer?.card || !customer.asked) return;
  try {
    const { body } = await call("GET", `customers/lookup/?q=${query(customer.asked)}`, { quiet: true });
    update(() => {
      if (state.sale.customer?.asked === customer.asked) state.sale.customer.card = body;
      rememberUnits(body);
    });
  } catch (error) {
    // What is known stays on the screen; whatever is used is checked when the sale is recorded.
    if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
  }
}

const emptyDraft = (text = "") => ({ text, status: "idle", error: "" });

onInput({
  "customer.text": (value) => update(() => { state.customerDraft = emptyDraft(value); }),
});

onSubmit({
  "customer.find": () => find(state.customerDraft.text.trim()),
  "customer.register": (form) => register(form),
});

onClick({
  "customer.unknown": () => {
    const text = state.customerDraft.text.trim();
    update(() => {
      state.sale.customer = { reference: guessReference(text), label: text, card: null };
      state.customerDraft = emptyDraft();
    });
  },
  "customer.remove": () => update(() => {
    state.sale.customer = null;
    forgetRedeem(state.sale);
  }),
  "customer.form": () => update(() => {
    const { card = null, label } = state.sale.customer ?? {};
    const known = guessReference(label ?? state.customerDraft.text.trim());
    state.dialog = card
      ? { name: "customer", id: card.id, form: {}, missing: missingOf(card), errors: {} }
      : { name: "customer", form: { document: known.document ?? "", phone: known.phone ?? "", email: known.email ?? "" }, errors: {} };
  }),
  "customer.code": ({ code }) => update(() => {
    if (!state.sale.promo_codes.includes(code)) state.sale.promo_codes.push(code);
  }),
});

const FIELDS = ["name", "document", "phone", "email", "birth_date"];
const PURPOSES = ["promotions", "marketing"];
const missingOf = (card) => card.missing.filter((name) => FIELDS.includes(name));

// A new customer, or what was still missing of one who is known.
async function register(form) {
  const { id } = state.dialog;
  const body = {};
  for (const name of FIELDS) if (form[name]?.trim()) body[name] = form[name].trim();
  const consents = PURPOSES.filter((purpose) => form[`consent-${purpose}`]).map((purpose) => ({ purpose, granted: true }));
  if (consents.length) body.consents = consents;
  try {
    const answer = id ? await call("PATCH", `customers/${id}/`, { body }) : await call("POST", "customers/", { body });
    update(() => {
      state.dialog = null;
      if (!id) return;
      const { card } = state.sale.customer;
      Object.assign(card, body, { missing: card.missing.filter((name) => !(name in body)) });
      if (body.name) state.sale.customer.label = body.name;
    });
    const text = body.document ?? body.email ?? body.phone ?? "";
    if (!id && answer.status === 201) choose(answer.body, text);
    // Somebody who was a customer already: their card is for looking up.
    if (!id && answer.status !== 201) await find(text);
    say(id ? gettext("Saved") : gettext("Customer registered"));
  } catch (error) {
    if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
    update(() => {
      const errors = { form: error instanceof Problem ? error.message : gettext("There is no connection.") };
      for (const { path, message } of error.errors ?? []) errors[String(path).split(".").at(-1) || "form"] = message;
      Object.assign(state.dialog, { form, errors });
    });
  }
}

export function customerView() {
  const { customer } = state.sale;
  return h("section", { class: "block", "aria-labelledby": "customer-title" },
    h("h2", { id: "customer-title" }, gettext("Customer")),
    customer ? cardView(customer) : findView(),
  );
}

function findView() {
  const { text, status, error } = state.customerDraft;
  const problem = error || state.evaluation.errors["customer-input"];
  return [
    h("form", { class: "inline", data: { submit: "customer.find" } },
      h("label", { class: "visually-hidden", for: "customer-input" }, gettext("Document, phone, e-mail or card")),
      h("input", {
        id: "customer-input", autocomplete: "off", enterkeyhint: "search", value: text, placeholder: gettext("CPF, phone, e-mail or card"),
        "aria-invalid": problem ? "true" : null, "aria-describedby": problem ? "customer-error" : null, data: { input: "customer.text" },
      }),
      h("button", { class: "button", type: "submit" }, icon("search"), gettext("Find")),
    ),
    problem && h("p", { class: "field-error", id: "customer-error", role: "alert" }, problem),
    (status === "unknown" || status === "failed") && text.trim() && h("div", { class: "alert alert-info" }, h("div", {},
      status === "unknown" && h("p", {}, gettext("Nobody is registered with this.")),
      h("div", { class: "cluster" },
        h("button", { class: "button button-primary", type: "button", data: { action: "customer.form" } }, icon("plus"), gettext("Register")),
        looksLikeDocument(text) && h("button", { class: "button", type: "button", data: { action: "customer.unknown" } }, gettext("Go on with this document")),
      ))),
  ];
}

function cardView({ label, card }) {
  const problem = state.evaluation.errors["customer-input"];
  return h("div", { class: "customer-card" },
    h("span", { class: "avatar", "aria-hidden": "true" }, initials(label)),
    h("div", { class: "grow" },
      h("strong", {}, label),
      h("p", { class: "faint" }, card ? [card.document, showPhone(card.phone) || card.email].filter(Boolean).join(" · ") : gettext("Not registered: the document goes along with the sale.")),
      problem && h("p", { class: "field-error", role: "alert" }, problem),
      card?.remark && h("p", { class: "remark" }, icon("alert"), card.remark),
      card && h("div", { class: "cluster" },
        birthdayBadge(card),
        card.level !== null && card.level !== undefined && h("span", { class: "badge badge-accent" }, icon("star"), interpolate(gettext("Level %(level)s"), { level: card.level }, true)),
        card.groupings.map((name) => h("span", { class: "badge" }, name)),
        card.promo_codes.filter(({ code }) => !state.sale.promo_codes.includes(code)).map(({ code }) => h("button", { class: "badge badge-accent code-offer", type: "button", data: { action: "customer.code", code, key: code } }, icon("plus"), code))),
      card && balancesView(),
      card && storedBalancesView(),
      !card && h("button", { class: "link-button", type: "button", data: { action: "customer.form" } }, gettext("Register now")),
      card && missingOf(card).length > 0 && h("button", { class: "link-button", type: "button", data: { action: "customer.form" } }, gettext("Ask for what is missing"))),
    h("button", { class: "button button-quiet button-icon", type: "button", "aria-label": gettext("Remove the customer"), data: { action: "customer.remove" } }, icon("x")),
  );
}

// Numbers of this country as people write them; others stay international.
const showPhone = (phone) => phone?.replace(/^\+55(\d\d)(\d{4,5})(\d{4})$/, "($1) $2-$3");
const initials = (label) => label.split(/\s+/).filter(Boolean).map((word) => word[0]).slice(0, 2).join("");

function birthdayBadge({ birth_date: birthDate, birthday_in_days: days }) {
  if (!birthDate) return null;
  const text = days === 0 ? gettext("Birthday today!") : dayFormat.format(new Date(`${birthDate}T00:00:00Z`));
  return h("span", { class: `badge ${days === 0 ? "badge-success" : ""}` }, icon("cake"), text);
}

export function customerFormView({ form, errors, id, missing }) {
  const asked = (name) => !id || missing.includes(name);
  const entry = (name, label, attributes = {}) => asked(name) && field({ id: `customer-${name}`, name, label, value: form[name] ?? "", error: errors[name], ...attributes });
  const onlyGeneral = errors.form && Object.keys(errors).length === 1;
  return {
    title: id ? gettext("What is missing") : gettext("Register a customer"),
    body: h("form", { class: "stack", data: { submit: "customer.register" }, novalidate: true },
      onlyGeneral && h("p", { class: "alert alert-danger", role: "alert" }, errors.form),
      entry("name", gettext("Name"), { autofocus: true }),
      entry("document", gettext("CPF or CNPJ")),
      h("div", { class: "pair" },
        entry("phone", gettext("Phone"), { inputmode: "tel", placeholder: "(11) 98765-4321" }),
        entry("birth_date", gettext("Birth date"), { type: "date" })),
      entry("email", gettext("E-mail"), { inputmode: "email" }),
      h("fieldset", { class: "stack-s" },
        h("legend", { class: "visually-hidden" }, gettext("Consents")),
        consent("promotions", gettext("Takes part in promotions for registered customers"), form),
        consent("marketing", gettext("Agrees to receive offers by message"), form)),
      h("button", { class: "button button-primary button-large", type: "submit" }, id ? gettext("Save") : gettext("Register"))),
  };
}

function consent(purpose, label, form) {
  const name = `consent-${purpose}`;
  return h("label", { class: "check" }, h("input", { type: "checkbox", name, checked: Boolean(form[name]) }), label);
}
