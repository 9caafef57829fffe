// What the customer holds and uses in this sale: cashback, points, stamps, and the gifts of a program's levels. The
// cashier asks; what is given, and why something is not, is the API's answer.

import { onClick, onInput } from "./actions.js";
import { h, icon } from "./dom.js";
import { showLastDay } from "./moments.js";
import { cents, editMoney, moneyText, parseMoney, showMoney, showQuantity } from "./money.js";
import { state, unitName, update } from "./state.js";
import { isStored, kindName, masked } from "./stored.js";

const held = () => state.sale.customer?.card?.balances ?? [];
const offered = () => state.sale.customer?.card?.gifts ?? [];
const termsOf = (balance) => {
  const { programs = [], plans = [] } = state.sale.customer?.card ?? {};
  return (balance.kind === "points" ? programs : plans).find((terms) => terms.code === unitOf(balance)) ?? {};
};
const unitOf = (balance) => balance.program ?? balance.plan ?? "";
const titleOf = (balance) => balance.name || unitName(unitOf(balance)) || gettext("Cashback");
const isMoney = (balance) => balance.kind === "cashback";

// Numbers of the API are whole, or a text with two decimals: "12.50" points have the form of money.
const hundredths = (number) => cents(typeof number === "number" ? moneyText(number * 100) : number);
const has = (number) => number !== undefined && number !== null && hundredths(number) > 0;
const showPoints = (number) => showQuantity(String(number));

const amountOf = (balance, number) => (isMoney(balance) ? showMoney(number) : showPoints(number));

function setPoints(program, value) {
  const { [program]: _before, ...others } = state.sale.redeem.points;
  state.sale.redeem.points = value === "" ? others : { ...others, [program]: value };
}

// Up or down by what the program redeems at once, never below nothing; the API says where the end is.
function stepPoints(program, direction) {
  const balance = held().find((item) => item.program === program);
  const asked = state.sale.redeem.points[program] ?? "";
  const used = redeemedOf("points", program)?.points ?? 0;
  const now = asked === "max" ? hundredths(used) : parseMoney(asked) ?? 0;
  const next = Math.max(now + direction * (hundredths(balance ? termsOf(balance).redeem_step : 1) || 100), 0);
  setPoints(program, next === 0 ? "" : moneyText(next).replace(/\.00$/, ""));
}

onInput({
  "redeem.cashback": (value) => update(() => { state.sale.redeem.cashback = value; }),
  "redeem.points": (value, { program }) => update(() => setPoints(program, value)),
});

onClick({
  "redeem.cashbackMax": () => update(({ sale }) => { sale.redeem.cashback = sale.redeem.cashback === "max" ? "" : "max"; }),
  "redeem.pointsMax": ({ program }) => update(() => setPoints(program, state.sale.redeem.points[program] === "max" ? "" : "max")),
  "redeem.pointsStep": ({ program, direction }) => update(() => stepPoints(program, Number(direction))),
  "redeem.stamps": ({ program }) => update(({ sale }) => {
    const others = sale.redeem.rewards.filter((reward) => reward.program !== program || reward.sku);
    sale.redeem.rewards = others.length < sale.redeem.rewards.length ? others : [...others, { program }];
  }),
  "gifts.open": () => { if (offered().length) update(() => { state.dialog = { name: "gifts" }; }); },
  // One gift per sale: the new choice takes the place of the old one.
  "gifts.choose": ({ program, sku }) => update(({ sale }) => {
    const chosen = sale.redeem.rewards.some((reward) => reward.program === program && reward.sku === sku);
    const others = sale.redeem.rewards.filter((reward) => !reward.sku);
    sale.redeem.rewards = chosen ? others : [...others, { program, sku }];
    state.dialog = null;
  }),
});

const redeemedOf = (kind, program = "") => (state.evaluation.result?.redeemed ?? [])
  .find((used) => used.kind === kind && (used.program ?? "") === program);

const refusalsAt = (path) => (state.evaluation.result?.not_redeemed ?? []).filter((refusal) => refusal.path === path);

// --- The customer's card -----------------------------------------------------------------------------

export function balancesView() {
  const balances = held().filter((balance) => has(balance.available) || has(balance.pending) || has(balance.owed));
  const gifts = offered();
  const reachable = gifts.filter((gift) => gift.within_reach).length;
  return [
    balances.length > 0 && h("dl", { class: "balances", "aria-label": gettext("Balances") }, balances.map(balanceView)),
    gifts.length > 0 && h("button", { class: "button gifts-open", type: "button", "aria-keyshortcuts": "F10", "aria-haspopup": "dialog", data: { action: "gifts.open", key: "gifts-open" } },
      icon("gift"), gettext("Gifts"),
      h("span", { class: `badge ${reachable ? "badge-success" : ""}` }, interpolate(ngettext("%(count)s within reach", "%(count)s within reach", reachable), { count: reachable }, true))),
  ];
}

function balanceView(balance) {
  const { pending, owed, expiring, next_expiry: ends } = balance;
  const amount = (number) => amountOf(balance, number);
  const remarks = [
    has(pending) && interpolate(gettext("%(amount)s pending"), { amount: amount(pending) }, true),
    has(expiring) && ends && interpolate(gettext("%(amount)s expires soon, the first on %(date)s"), { amount: amount(expiring), date: showLastDay(ends) }, true),
  ].filter(Boolean);
  return h("div", { data: { key: `balance-${balance.kind}-${unitOf(balance)}` } },
    h("dt", {}, titleOf(balance)),
    h("dd", {}, termsOf(balance).orders ? `${amount(balance.available)} / ${termsOf(balance).orders}` : amount(balance.available)),
    (remarks.length > 0 || has(owed)) && h("dd", { class: "balance-remarks" },
      remarks.length > 0 && h("span", { class: "faint" }, remarks.join(" · ")),
      has(owed) && h("span", { class: "balance-owed" }, interpolate(gettext("owes %(amount)s"), { amount: amount(owed) }, true))),
  );
}

// --- Gifts ---------------------------------------------------------------------------------------------

export function giftsView() {
  const chosen = state.sale.redeem.rewards.find((reward) => reward.sku);
  const levels = new Map();
  for (const gift of offered()) {
    const key = `${gift.program}/${gift.level}`;
    levels.set(key, [...(levels.get(key) ?? []), gift]);
  }
  const programs = held().filter((balance) => balance.kind === "points");
  const several = new Set(offered().map((gift) => gift.program)).size > 1;
  return {
    title: gettext("Gifts"),
    body: [
      programs.map((balance) => h("p", {}, interpolate(gettext("%(name)s: %(points)s points available."), { name: titleOf(balance), points: showPoints(balance.available) }, true))),
      h("p", { class: "field-help" }, gettext("One gift per sale. Its points are taken when the sale is recorded.")),
      [...levels.values()].map((gifts) => levelView(gifts, chosen, several)),
    ],
  };
}

// `several`: levels of more than one program are listed, so each says whose it is.
function levelView(gifts, chosen, several) {
  const [{ program, level, level_name: name, points }] = gifts;
  const title = name || interpolate(gettext("Level %(level)s"), { level }, true);
  return h("section", { class: "gift-level", data: { key: `level-${program}-${level}` } },
    h("h3", {}, several ? `${unitName(program)} · ${title}` : title, h("span", { class: "badge" }, interpolate(gettext("%(points)s points"), { points: showPoints(points) }, true))),
    h("div", { class: "gift-grid", role: "group" }, gifts.map((gift) => giftCard(gift, chosen?.sku === gift.sku && chosen?.program === gift.program))));
}

function giftCard({ program, sku, name, picture_url: picture, within_reach: reachable, missing }, pressed) {
  return h("button", {
    class: "gift-card", type: "button", "aria-pressed": String(pressed), disabled: !reachable && !pressed,
    data: { action: "gifts.choose", program, sku, key: `gift-${program}-${sku}` },
  },
  picture ? h("img", { src: picture, alt: "", loading: "lazy", referrerpolicy: "no-referrer" }) : h("span", { class: "gift-picture" }, icon("gift")),
  h("strong", {}, name || sku),
  pressed && h("span", { class: "badge badge-success" }, icon("check"), gettext("chosen")),
  !reachable && has(missing) && h("span", { class: "faint" }, interpolate(gettext("%(points)s points to go"), { points: showPoints(missing) }, true)));
}

// --- Using it --------------------------------------------------------------------------------------------

export function redeemView() {
  const usable = held().filter((balance) => has(balance.available));
  const { rewards } = state.sale.redeem;
  const rows = [
    ...usable.filter(isMoney).map(cashbackRow),
    ...usable.filter((balance) => balance.kind === "points" && termsOf(balance).point_value).map(pointsRow),
    ...usable.filter((balance) => balance.kind === "stamps" && canReward(balance)).map(stampsRow),
    ...rewards.map((reward, index) => reward.sku && rewardRow(reward, index)),
  ].filter(Boolean);
  return rows.length > 0 && h("section", { class: "block", "aria-labelledby": "redeem-title", data: { key: "redeem" } },
    h("h2", { id: "redeem-title" }, gettext("Use the balance")),
    h("ul", { class: "redeem" }, rows));
}

function canReward(balance) {
  const { orders } = termsOf(balance);
  return orders && hundredths(balance.available) >= orders * 100;
}

function outcome(path, used, written) {
  return [
    used && h("p", { class: "redeem-used" }, icon("check"), written(used),
      used.forfeited && h("span", { class: "faint" }, interpolate(gettext("%(amount)s is lost with it"), { amount: showMoney(used.forfeited) }, true))),
    refusalsAt(path).map((refusal) => h("p", { class: "redeem-refused", role: "status" }, refusal.text || refusal.reason)),
  ];
}

function cashbackRow(balance) {
  const id = "redeem-cashback";
  const asked = state.sale.redeem.cashback;
  const error = state.evaluation.errors[id];
  const used = redeemedOf("cashback");
  return h("li", { data: { key: id } },
    h("label", { for: id }, icon("money"), h("span", {}, gettext("Cashback"), h("span", { class: "faint" }, interpolate(gettext("%(amount)s available"), { amount: showMoney(balance.available) }, true)))),
    h("input", {
      id, inputmode: "decimal", autocomplete: "off", value: asked === "max" ? "" : asked,
      placeholder: asked === "max" && used ? editMoney(used.amount) : gettext("amount"),
      "aria-invalid": error ? "true" : null, "aria-describedby": error ? `${id}-error` : null, data: { input: "redeem.cashback" },
    }),
    h("button", { class: "button max", type: "button", "aria-pressed": String(asked === "max"), "aria-label": gettext("As much cashback as is allowed"), data: { action: "redeem.cashbackMax" } }, gettext("Max.")),
    error && h("p", { class: "field-error", id: `${id}-error` }, error),
    asked !== "" && outcome("redeem.cashback", used, (item) => interpolate(gettext("%(amount)s used, %(left)s left"), { amount: showMoney(item.amount), left: showMoney(item.balance_after) }, true)));
}

function pointsRow(balance) {
  const { program } = balance;
  const id = `redeem-points-${program}`;
  const name = titleOf(balance);
  const asked = state.sale.redeem.points[program] ?? "";
  const error = state.evaluation.errors[id];
  const used = redeemedOf("points", program);
  const step = (direction, iconName, label) => h("button", { type: "button", "aria-label": interpolate(label, { name }, true), data: { action: "redeem.pointsStep", program, direction } }, icon(iconName));
  return h("li", { data: { key: id } },
    h("label", { for: id }, icon("star"), h("span", {}, name, h("span", { class: "faint" }, interpolate(gettext("%(points)s, worth %(amount)s each"), { points: showPoints(balance.available), amount: showMoney(termsOf(balance).point_value) }, true)))),
    h("div", { class: "stepper" },
      step(-1, "minus", gettext("Fewer points of %(name)s")),
      h("input", {
        id, inputmode: "decimal", autocomplete: "off", value: asked === "max" ? "" : asked,
        placeholder: asked === "max" && used ? String(used.points) : "0",
        "aria-invalid": error ? "true" : null, "aria-describedby": error ? `${id}-error` : null, data: { input: "redeem.points", program },
      }),
      step(1, "plus", gettext("More points of %(name)s"))),
    h("button", { class: "button max", type: "button", "aria-pressed": String(asked === "max"), "aria-label": interpolate(gettext("As many points of %(name)s as are allowed"), { name }, true), data: { action: "redeem.pointsMax", program } }, gettext("Max.")),
    error && h("p", { class: "field-error", id: `${id}-error` }, error),
    asked !== "" && outcome(`redeem.points.${program}`, used, (item) => interpolate(gettext("%(points)s points pay %(amount)s, %(left)s left"), { points: showPoints(item.points), amount: showMoney(item.amount), left: showPoints(item.balance_after) }, true)));
}

function stampsRow(balance) {
  const { plan } = balance;
  const index = state.sale.redeem.rewards.findIndex((reward) => reward.program === plan && !reward.sku);
  const used = redeemedOf("reward", plan);
  return h("li", { data: { key: `redeem-stamps-${plan}` } },
    h("span", { class: "redeem-name" }, icon("check-circle"), h("span", {}, titleOf(balance), h("span", { class: "faint" }, interpolate(gettext("%(stamps)s stamps"), { stamps: showPoints(balance.available) }, true)))),
    h("button", { class: "button max", type: "button", "aria-pressed": String(index >= 0), data: { action: "redeem.stamps", program: plan } }, gettext("Use the reward")),
    index >= 0 && outcome(`redeem.rewards[${index}]`, used, (item) => interpolate(gettext("%(amount)s off, %(left)s stamps left"), { amount: showMoney(item.amount), left: showPoints(item.balance_after) }, true)));
}

function rewardRow({ program, sku }, index) {
  const gift = offered().find((item) => item.program === program && item.sku === sku);
  const used = (state.evaluation.result?.redeemed ?? []).find((item) => item.kind === "reward" && item.sku === sku);
  const name = used?.name || gift?.name || sku;
  return h("li", { data: { key: `redeem-gift-${sku}` } },
    h("span", { class: "redeem-name" }, icon("gift"), h("span", {}, name, h("span", { class: "faint" }, gettext("gift")))),
    h("button", { class: "button button-quiet button-icon", type: "button", "aria-label": interpolate(gettext("Remove %(name)s"), { name }, true), data: { action: "gifts.choose", program, sku } }, icon("x")),
    outcome(`redeem.rewards[${index}]`, used, (item) => interpolate(gettext("%(points)s points used, %(left)s left"), { points: showPoints(item.points), left: showPoints(item.balance_after) }, true)));
}

// --- On the totals and the receipt -------------------------------------------------------------------------

const KINDS = {
  cashback: () => gettext("Cashback used"),
  points: () => gettext("Points used"),
  reward: () => gettext("Reward"),
};

// Return [{label, amount, target}] of what was used, `amount` as text; a gift comes off nothing.
export function redeemedItems(redeemed = []) {
  return redeemed.map((used) => ({
    // A code stands on no receipt: whoever finds it could use what is left.
    label: isStored(used.kind) ? `${kindName(used.kind)} ${masked(used.code)}` : [KINDS[used.kind]?.() ?? used.kind, used.name || used.sku || ""].filter(Boolean).join(": "),
    amount: used.amount,
    isGift: used.reward === "gift",
    ofDelivery: used.reward === "delivery",
  }));
}

// Return sentences: what the customer has after the sale.
export function balanceTexts(balances = []) {
  return balances.filter((balance) => has(balance.available) || has(balance.pending) || has(balance.owed)).map((balance) => {
    const amount = (number) => amountOf(balance, number);
    return [
      `${titleOf(balance)}: ${amount(balance.available)}`,
      has(balance.pending) && interpolate(gettext("%(amount)s pending"), { amount: amount(balance.pending) }, true),
      has(balance.owed) && interpolate(gettext("owes %(amount)s"), { amount: amount(balance.owed) }, true),
    ].filter(Boolean).join(" · ");
  });
}
