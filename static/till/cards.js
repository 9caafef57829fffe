// Other actions: selling gift cards and e-purses, loading, looking what a code holds, taking back what was sold by mistake.
// Selling is no sale of the basket: it earns nothing, and its money is taken apart. What moves money is kept before it is
// sent, as sales are (commit.js); its own reference makes it happen once.

import { onClick, onSubmit } from "./actions.js";
import { Problem, Unreachable, call, query } from "./api.js";
import { field, h, icon } from "./dom.js";
import { showDay } from "./moments.js";
import { moneyText, parseMoney, showMoney, showQuantity } from "./money.js";
import { newId, say, state, update } from "./state.js";
import { isMasked, isVip, kindName, validity, valuePaper, worth } from "./stored.js";

const failureText = (error) => {
  if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
  return error instanceof Problem ? error.errors[0]?.message ?? error.message : gettext("There is no connection.");
};
// Changing what a dialog shows moves no focus by itself, and a scanner types where the focus is.
const focus = (id) => document.getElementById(id)?.focus();

async function openSell(kind) {
  try {
    const { body } = await call("GET", "stored-value-types/sold/");
    const types = body.results.filter((type) => type.kind === kind);
    update(() => { state.dialog = { name: "sellValue", id: newId(), kind, types, chosen: 0, error: "", errors: {} }; });
    focus(types[0]?.fixed_load ? "value-code" : "value-amount");
  } catch (error) {
    say(failureText(error));
  }
}

function openLook(purpose) {
  update(() => { state.dialog = { name: "lookValue", id: newId(), purpose, code: "", value: null, error: "", errors: {} }; });
  focus("value-code");
}

// Return {body, errors}: amounts as the API writes them; an empty one is left out.
function readAmounts(form) {
  const body = {};
  const errors = {};
  for (const name of ["amount", "price"]) {
    const text = form[name]?.trim();
    if (!text) continue;
    const value = parseMoney(text);
    if (value === null) errors[name] = gettext("Enter an amount such as 12.50.");
    else body[name] = moneyText(value);
  }
  return { body, errors };
}

async function sell(form) {
  const { types, chosen, kind } = state.dialog;
  const { type } = types[chosen];
  const { body, errors } = readAmounts(form);
  if (Object.keys(errors).length) {
    update(() => { Object.assign(state.dialog, { errors, error: "" }); });
    return;
  }
  const code = form.code.trim();
  const { customer } = state.sale;
  await issue("stored-values/", {
    ...(type ? { type } : { kind }), ...body,
    ...(code ? { code } : {}),
    ...(form.owner && customer ? { customer: customer.reference } : {}),
    reference: newId(),
  }, "sold");
}

async function load(form) {
  const { body, errors } = readAmounts(form);
  if (Object.keys(errors).length) update(() => { Object.assign(state.dialog, { errors, error: "" }); });
  else await issue(`stored-values/${query(state.dialog.code)}/load/`, { ...body, reference: newId() }, "loaded");
}

async function issue(path, body, what) {
  if (state.history.issuing) return;
  update(() => { state.history.issuing = { path, body, what }; });
  await sendIssuing();
}

// Send what is kept, as often as it takes.
export async function sendIssuing() {
  const { issuing } = state.history;
  if (!issuing || state.committing) return;
  update(() => { state.committing = true; });
  try {
    const { body } = await call("POST", issuing.path, { body: issuing.body });
    update(() => {
      state.history.issuing = null;
      // Paper jams, dialogs are closed too early: for a day the same request is answered with the same code.
      if (issuing.what === "sold" && !issuing.body.code) state.history.lastCode = { path: issuing.path, body: issuing.body };
      state.dialog = { name: "valueIssued", what: issuing.what, answer: body };
    });
    focus("value-print");
  } catch (error) {
    const text = failureText(error);
    update(() => {
      // A refusal is final; without an answer, or a key, nobody knows, and it stays to be sent again.
      if (error instanceof Problem && error.isFinal) state.history.issuing = null;
      const errors = Object.fromEntries((error.errors ?? []).map(({ path, message }) => [path.split(".")[0], message]));
      const named = ["amount", "price", "code"].some((name) => errors[name]);
      if (state.dialog && "errors" in state.dialog) Object.assign(state.dialog, { errors, error: named ? "" : text });
      else say(text);
    });
  } finally {
    update(() => { state.committing = false; });
  }
}

async function look(form) {
  const { dialog } = state;
  const code = form.code.trim().toUpperCase();
  if (!code) return;
  try {
    const vip = dialog.purpose === "check" && isVip(code);
    const { body } = await call("GET", vip ? `vip-cards/check/?code=${query(code)}` : `stored-values/${query(code)}/`);
    update(() => { Object.assign(dialog, { code, value: vip ? null : body, vip: vip ? body : null, error: "", errors: {} }); });
    focus({ load: "value-amount", takeBack: "value-reason" }[dialog.purpose]);
  } catch (error) {
    const text = failureText(error);
    update(() => { Object.assign(dialog, { value: null, vip: null, error: text }); });
    document.getElementById("value-code")?.select();
  }
}

// Make the paper of the last code that was given here once more: of a card that was sold, or of a credit note.
async function showAgain() {
  const { path, body } = state.history.lastCode;
  try {
    const { body: answer } = await call("POST", path, { body });
    const note = answer.refund?.credit_note;
    const paper = note
      ? { name: kindName("credit_note"), amount: showMoney(note.amount), until: note.expires_at, code: note.code }
      : { name: answer.name, amount: worth(answer), until: answer.expires_at, customer: answer.customer?.name, code: answer.code };
    update(() => { state.dialog = { name: "codeAgain", paper }; });
    focus("value-print");
  } catch (error) {
    say(failureText(error));
  }
}

async function takeBack({ reason }) {
  const { dialog } = state;
  if (!reason.trim()) {
    update(() => { dialog.errors = { reason: gettext("Say why.") }; });
    return;
  }
  try {
    const { body } = await call("POST", `stored-values/${query(dialog.code)}/take-back/`, { body: { reason: reason.trim() } });
    update(() => { state.dialog = { name: "valueTakenBack", answer: body }; });
  } catch (error) {
    const text = failureText(error);
    update(() => { dialog.error = text; });
  }
}

onClick({
  "others.open": () => update(() => { state.dialog = { name: "others" }; }),
  "value.sell": ({ kind }) => openSell(kind),
  "value.type": ({ index }) => update(() => { Object.assign(state.dialog, { chosen: Number(index), errors: {}, error: "" }); }),
  "value.open": ({ purpose }) => openLook(purpose),
  "value.purpose": ({ purpose }) => {
    update(() => { Object.assign(state.dialog, { purpose, error: "", errors: {} }); });
    focus(purpose === "load" ? "value-amount" : "value-reason");
  },
  "value.present": () => {
    update(() => { state.dialog = null; state.device.panel = "checkout"; });
    focus("stored-input");
  },
  "value.send": sendIssuing,
  "value.again": showAgain,
});

onSubmit({ "value.sell": sell, "value.load": load, "value.look": look, "value.takeBack": takeBack });

// --- What is shown -----------------------------------------------------------------------------------------

export function othersView() {
  const choice = (action, iconName, title, text, data = {}) => h("li", { data: { key: title } }, h("button", { class: "choice", type: "button", data: { action, ...data } },
    icon(iconName), h("span", { class: "grow" }, h("strong", {}, title), h("span", { class: "faint" }, text))));
  return {
    title: gettext("Other actions"),
    body: h("ul", { class: "others" },
      choice("value.sell", "gift", gettext("Sell a gift card"), gettext("Of the amount that the customer wants; it is used whole."), { kind: "gift_card" }),
      choice("value.sell", "card", gettext("Sell an e-purse"), gettext("It is loaded again and used in parts."), { kind: "e_purse" }),
      choice("value.open", "plus", gettext("Load an e-purse"), gettext("Put more into one that the customer has."), { purpose: "load" }),
      choice("value.open", "eye", gettext("Check a code"), gettext("What it holds, until when, and whose it is."), { purpose: "check" }),
      choice("value.present", "barcode", gettext("Use a code in this sale"), gettext("Gift card, e-purse, voucher or credit note.")),
      choice("value.open", "undo", gettext("Take back a card or e-purse"), gettext("Sold by mistake, and nothing of it used."), { purpose: "takeBack" }),
      state.history.lastCode && choice("value.again", "printer", gettext("Print the last code again"), gettext("Of the card or credit note that was given last, for a day."))),
  };
}

function moneyField(name, label, errors, hint = "") {
  return field({ id: `value-${name}`, name, label, inputmode: "decimal", error: errors[name], hint });
}

export function sellValueView({ id, kind, types, chosen, error, errors }) {
  const type = types[chosen];
  const { customer } = state.sale;
  const atMost = type?.ceiling ? interpolate(gettext("At most %(amount)s."), { amount: showMoney(type.ceiling) }, true) : "";
  return {
    title: kind === "gift_card" ? gettext("Sell a gift card") : gettext("Sell an e-purse"),
    body: !type ? h("p", { class: "faint" }, gettext("None of these are sold here.")) : h("form", { class: "stack", novalidate: true, data: { submit: "value.sell", key: `sell-${id}` } },
      types.length > 1 && h("div", { class: "chips", role: "group", "aria-label": gettext("Type") }, types.map(({ name }, index) => h("button", {
        class: "chip", type: "button", "aria-pressed": String(index === chosen), data: { action: "value.type", index, key: `type-${index}` },
      }, name))),
      error && h("p", { class: "alert alert-danger", role: "alert" }, error),
      type.fixed_load && h("p", { class: "left" }, gettext("It holds"), h("b", {}, showMoney(type.fixed_load))),
      !type.fixed_load && moneyField("amount", gettext("Amount"), errors, atMost),
      type.fixed_price && h("p", { class: "left change" }, gettext("The customer pays"), h("b", {}, showMoney(type.fixed_price))),
      kind === "e_purse" && !type.fixed_price && moneyField("price", gettext("What the customer pays"), errors, gettext("Empty: what it holds.")),
      field({ id: "value-code", name: "code", label: gettext("Code of the card"), spellcheck: "false", autocapitalize: "characters", error: errors.code, hint: gettext("Scan or type the code of the card itself; empty: a number is generated.") }),
      customer && h("label", { class: "check" }, h("input", { type: "checkbox", name: "owner", checked: kind === "e_purse" }), interpolate(gettext("It belongs to %(name)s, and is found again when the card is lost"), { name: customer.label }, true)),
      h("button", { class: "button button-primary button-large", type: "submit", disabled: state.committing || Boolean(state.history.issuing) }, gettext("Sell"))),
  };
}

const printButton = () => h("button", { id: "value-print", class: "button", type: "button", autofocus: true, data: { action: "receipt.print" } }, icon("printer"), gettext("Print"));
const isReadable = (code) => Boolean(code) && !isMasked(code);
const UNREADABLE = () => h("p", { class: "alert alert-info" }, gettext("It was sold before, and its code cannot be shown again."));

export function codeAgainView({ paper }) {
  const readable = isReadable(paper.code);
  return {
    title: paper.name,
    body: [readable ? valuePaper(paper) : UNREADABLE()],
    actions: [readable && printButton(), h("button", { class: "button button-primary", type: "button", data: { action: "receipt.new" } }, gettext("Done"))],
  };
}

const paid = (price) => h("p", { class: "left change" }, gettext("Take from the customer"), h("b", {}, showMoney(price)));

export function valueIssuedView({ what, answer }) {
  const { name, balance, percent, code, customer, price, loaded, expires_at: until, flags = [] } = answer;
  const readable = isReadable(code);
  const test = flags.includes("test") && h("p", { class: "alert alert-warning" }, gettext("A test: nothing was sold."));
  // Where there is a code it is printed first: whoever confirms too soon has lost it.
  const done = h("button", { class: "button button-primary", type: "button", autofocus: what === "loaded" || !readable, data: { action: "receipt.new" } }, icon("arrow-right"), gettext("Done"));
  if (what === "loaded") {
    return {
      title: gettext("The e-purse is loaded"),
      body: [test, paid(price), h("dl", { class: "totals" },
        h("div", {}, h("dt", {}, gettext("Loaded")), h("dd", {}, showMoney(loaded))),
        h("div", { class: "net" }, h("dt", {}, gettext("It holds now")), h("dd", {}, showMoney(balance))))],
      actions: [done],
    };
  }
  return {
    title: interpolate(gettext("%(name)s is sold"), { name }, true),
    body: [
      test, paid(price),
      readable ? valuePaper({ name, amount: worth({ balance, percent }), until, customer: customer?.name, code })
        : UNREADABLE(),
    ],
    actions: [readable && printButton(), done],
  };
}

const LOOK_TITLES = {
  check: () => gettext("Check a code"),
  load: () => gettext("Load an e-purse"),
  takeBack: () => gettext("Take back a card or e-purse"),
};

export function lookValueView(dialog) {
  const { id, purpose, code, value, vip, error, errors } = dialog;
  const busy = state.committing || Boolean(state.history.issuing);
  return {
    title: LOOK_TITLES[purpose](),
    body: [
      h("form", { class: "inline", data: { submit: "value.look", key: `look-${id}` } },
        h("label", { class: "visually-hidden", for: "value-code" }, gettext("Code")),
        h("input", { id: "value-code", name: "code", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", enterkeyhint: "search", placeholder: gettext("Scan or type a code"), "aria-invalid": error && !value ? "true" : null }),
        h("button", { class: "button", type: "submit" }, icon("search"), gettext("Check"))),
      error && h("p", { class: "alert alert-danger", role: "alert" }, error),
      value && holdsView(value),
      vip && vipView(vip),
      vip && h("button", { class: "button button-primary", type: "button", data: { action: "stored.use", code } }, icon("check"), gettext("Use in this sale")),
      value && purpose === "check" && h("div", { class: "cluster" },
        h("button", { class: "button button-primary", type: "button", data: { action: "stored.use", code } }, icon("check"), gettext("Use in this sale")),
        value.reloadable && h("button", { class: "button", type: "button", data: { action: "value.purpose", purpose: "load" } }, icon("plus"), gettext("Load")),
        (value.kind === "gift_card" || value.kind === "e_purse") && h("button", { class: "button button-danger-quiet", type: "button", data: { action: "value.purpose", purpose: "takeBack" } }, icon("undo"), gettext("Take the card back"))),
      value && purpose === "load" && h("form", { class: "stack", novalidate: true, data: { submit: "value.load", key: `load-${id}` } },
        moneyField("amount", gettext("Amount"), errors, gettext("Empty: the value of its type, where that is fixed.")),
        moneyField("price", gettext("What the customer pays"), errors, gettext("Empty: what is loaded.")),
        h("button", { class: "button button-primary", type: "submit", disabled: busy }, icon("plus"), gettext("Load"))),
      value && purpose === "takeBack" && h("form", { class: "stack", data: { submit: "value.takeBack", key: `back-${id}` } },
        field({ id: "value-reason", name: "reason", label: gettext("Why"), error: errors.reason }),
        h("button", { class: "button button-danger", type: "submit" }, icon("undo"), gettext("Take the card back"))),
    ],
  };
}

const row = (label, text, kind = "") => text && h("div", { class: kind }, h("dt", {}, label), h("dd", {}, text));

function vipView({ customer, percent, valid_until: day }) {
  return h("dl", { class: "totals value-holds", data: { key: "holds" } },
    row(gettext("Customer"), customer.name || "—", "net"),
    row(gettext("VIP card"), `${showQuantity(percent)}%`),
    row(gettext("Validity"), interpolate(gettext("Valid until %(date)s"), { date: showDay(day) }, true)));
}

function holdsView(value) {
  const { name, minimum_purchase: minimum, stores, customer, last4 } = value;
  return h("dl", { class: "totals value-holds", data: { key: "holds" } },
    row(`${name} ····${last4}`, worth(value), "net"),
    row(gettext("Validity"), validity(value.expires_at)),
    row(gettext("In purchases from"), minimum && showMoney(minimum)),
    row(gettext("Stores"), stores.join(", ")),
    row(gettext("Customer"), customer && (customer.name || "—")));
}

export function valueTakenBackView({ answer }) {
  return {
    title: gettext("It is taken back"),
    body: [h("dl", { class: "totals" }, h("div", { class: "net" }, h("dt", {}, gettext("To give back")), h("dd", {}, showMoney(answer.refund.amount))))],
    actions: [h("button", { class: "button button-primary", type: "button", autofocus: true, data: { action: "receipt.new" } }, gettext("Done"))],
  };
}
