// Who buys: found by document, phone, e-mail or card; an unknown document goes along; a new customer is registered.

import { onClick, onInput, onSubmit } from "./actions.js";
import { Problem, Unreachable, call, query } from "./api.js";
import { field, h, icon } from "./dom.js";
import { say, state, update } from "./state.js";

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
  update(() => { Object.assign(state.customerDraft, { status: "pending", error: "", results: [] }); });
  try {
    const { body } = await call("GET", `customers/lookup/?q=${query(text)}`);
    const results = body.results ?? [body];
    if (results.length === 1) choose(results[0], text);
    else if (results.length) update(() => { Object.assign(state.customerDraft, { status: "several", results }); });
    else unknown(text);
  } catch (error) {
    if (error instanceof Problem && error.status === 404) unknown(text);
    else if (error instanceof Problem) fail(error.errors[0]?.message ?? error.message);
    else if (error instanceof Unreachable) fail(gettext("No connection. The document still goes along with the sale."));
    else throw error;
  }
}

const fail = (error) => update(() => { Object.assign(state.customerDraft, { status: "failed", error }); });
const unknown = () => update(() => { Object.assign(state.customerDraft, { status: "unknown" }); });

function choose(card, text) {
  // The customer's own code names exactly one person; a phone may be a family's.
  const reference = card.code ? { code: card.code } : guessReference(text);
  update(() => {
    state.sale.customer = { reference, label: card.name || card.document || text, card };
    state.customerDraft = { text: "", status: "idle", results: [], error: "" };
  });
}

onInput({
  "customer.text": (value) => update(() => { state.customerDraft = { text: value, status: "idle", results: [], error: "" }; }),
});

onSubmit({
  "customer.find": () => find(state.customerDraft.text.trim()),
  "customer.register": (form) => register(form),
});

onClick({
  "customer.pick": ({ index }) => choose(state.customerDraft.results[Number(index)], state.customerDraft.text.trim()),
  "customer.unknown": () => {
    const text = state.customerDraft.text.trim();
    update(() => {
      state.sale.customer = { reference: guessReference(text), label: text, card: null };
      state.customerDraft = { text: "", status: "idle", results: [], error: "" };
    });
  },
  "customer.remove": () => update(() => { state.sale.customer = null; }),
  "customer.form": () => update(() => {
    const text = state.sale.customer?.label ?? state.customerDraft.text.trim();
    const known = guessReference(text);
    state.dialog = { name: "customer", form: { document: known.document ?? "", phone: known.phone ?? "", email: known.email ?? "" }, errors: {} };
  }),
});

async function register(form) {
  const body = {};
  for (const name of ["name", "document", "phone", "email", "birth_date"]) if (form[name]?.trim()) body[name] = form[name].trim();
  if (form.consent) body.consents = [{ purpose: "promotions", granted: true }];
  try {
    const answer = await call("POST", "customers/", { body });
    update(() => { state.dialog = null; });
    choose({ ...body, ...answer.body }, body.document ?? body.phone ?? body.email ?? "");
    say(gettext("Customer registered"));
  } catch (error) {
    if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
    update(() => {
      const errors = { form: error instanceof Problem ? error.message : gettext("There is no connection.") };
      for (const { path, message } of error.errors ?? []) errors[String(path).replace(/^.*[.\]/]/, "") || "form"] = message;
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
  const { text, status, results, error } = state.customerDraft;
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
    status === "several" && h("ul", { class: "choices" }, results.map((card, index) => h("li", {},
      h("button", { class: "choice", type: "button", data: { action: "customer.pick", index } }, h("strong", {}, card.name || card.document), h("span", { class: "faint" }, card.document))))),
    (status === "unknown" || status === "failed") && text.trim() && h("div", { class: "alert alert-info" }, h("div", {},
      status === "unknown" && h("p", {}, gettext("Nobody is registered with this.")),
      h("div", { class: "cluster" },
        h("button", { class: "button button-primary", type: "button", data: { action: "customer.form" } }, icon("plus"), gettext("Register")),
        looksLikeDocument(text) && h("button", { class: "button", type: "button", data: { action: "customer.unknown" } }, gettext("Go on with this document")),
      ))),
  ];
}

function cardView({ label, card }) {
  const groupings = (card?.groupings ?? []).map((grouping) => grouping.name ?? grouping);
  return h("div", { class: "customer-card" },
    h("span", { class: "avatar", "aria-hidden": "true" }, initials(label)),
    h("div", { class: "grow" },
      h("strong", {}, label),
      h("p", { class: "faint" }, card ? [card.document, card.phone || card.email].filter(Boolean).join(" · ") : gettext("Not registered: the document goes along with the sale.")),
      card?.remark && h("p", { class: "remark" }, icon("alert"), card.remark),
      h("div", { class: "cluster" },
        birthdayBadge(card?.birth_date),
        card?.level !== null && card?.level !== undefined && h("span", { class: "badge badge-accent" }, icon("star"), interpolate(gettext("Level %(level)s"), { level: card.level }, true)),
        groupings.map((name) => h("span", { class: "badge" }, name)),
      ),
      !card && h("button", { class: "link-button", type: "button", data: { action: "customer.form" } }, gettext("Register now")),
    ),
    h("button", { class: "button button-quiet button-icon", type: "button", "aria-label": gettext("Remove the customer"), data: { action: "customer.remove" } }, icon("x")),
  );
}

const initials = (label) => label.split(/\s+/).filter(Boolean).map((word) => word[0]).slice(0, 2).join("");

function birthdayBadge(birthDate) {
  if (!birthDate) return null;
  const [, month, day] = birthDate.split("-").map(Number);
  const now = new Date();
  const today = now.getMonth() + 1 === month && now.getDate() === day;
  const text = today ? gettext("Birthday today!") : dayFormat.format(new Date(`${birthDate}T00:00:00Z`));
  return h("span", { class: `badge ${today ? "badge-success" : ""}` }, icon("cake"), text);
}

export function customerFormView({ form, errors }) {
  const entry = (name, label, attributes = {}) => field({ id: `customer-${name}`, name, label, value: form[name] ?? "", error: errors[name], ...attributes });
  return {
    title: gettext("Register a customer"),
    body: h("form", { class: "stack", data: { submit: "customer.register" }, novalidate: true },
      errors.form && !Object.keys(errors).some((name) => name !== "form") && h("p", { class: "alert alert-danger", role: "alert" }, errors.form),
      entry("name", gettext("Name"), { autofocus: true }),
      entry("document", gettext("CPF or CNPJ"), { inputmode: "text" }),
      h("div", { class: "pair" },
        entry("phone", gettext("Phone"), { inputmode: "tel", placeholder: "+55 11 98765-4321" }),
        entry("birth_date", gettext("Birth date"), { type: "date" })),
      entry("email", gettext("E-mail"), { inputmode: "email" }),
      h("label", { class: "check" }, h("input", { type: "checkbox", name: "consent", checked: Boolean(form.consent) }), gettext("Agrees to receive offers by message")),
      h("button", { class: "button button-primary button-large", type: "submit" }, gettext("Register")),
    ),
  };
}
