// What the campaigns make of this basket: those that apply, what they offer, and why the others do not apply yet.

import { onClick } from "./actions.js";
import { h, icon } from "./dom.js";
import { showLastDay } from "./moments.js";
import { cents, showMoney, showQuantity } from "./money.js";
import { state, unitName, update } from "./state.js";
import { worth } from "./stored.js";

const SHOWN_AT_ONCE = 4;

onClick({
  "gift.toggle": ({ campaign, sku, quantity, choose }) => update(() => {
    const chosen = state.sale.gifts.filter((gift) => gift.campaign === campaign);
    const already = chosen.find((gift) => gift.sku === sku);
    let kept = state.sale.gifts.filter((gift) => gift !== already);
    if (!already) {
      // Where only one may be chosen, the new choice takes the place of the old one.
      if (chosen.length >= Number(choose)) kept = kept.filter((gift) => gift !== chosen[0]);
      kept = [...kept, { campaign, sku, quantity }];
    }
    state.sale.gifts = kept;
  }),
  "optional.toggle": ({ campaign }) => update(() => {
    const { accepted } = state.sale;
    state.sale.accepted = accepted.includes(campaign) ? accepted.filter((code) => code !== campaign) : [...accepted, campaign];
  }),
});

export function promotionsView() {
  const { result, status } = state.evaluation;
  const nothing = () => (status === "refused" ? gettext("What this basket is given is not known at the moment.")
    : gettext("Discounts, gifts and offers appear here as soon as there is an item in the basket."));
  return [
    h("header", { class: "panel-head" }, h("h2", {}, gettext("Promotions"))),
    result ? answerView(result) : h("div", { class: "empty empty-compact" }, icon("sparkles"), h("p", {}, nothing())),
  ];
}

function answerView(result) {
  // What may still be accepted stands among the offers; that it was not accepted is no reason worth reading.
  const offered = new Set(result.optional.map((offer) => offer.campaign));
  const refusals = nearestFirst(result.not_activated.filter((refusal) => !offered.has(refusal.campaign)));
  const nothing = !result.activations.length && !result.optional.length && !result.gifts.length && !refusals.length;
  return [
    result.gifts.map(giftView),
    result.optional.length + acceptedOffers(result).length > 0 && section(gettext("Offer to the customer"), "zap", [
      ...acceptedOffers(result).map((offer) => optionalView(offer, true)),
      ...result.optional.filter((offer) => !state.sale.accepted.includes(offer.campaign)).map((offer) => optionalView(offer, false)),
    ]),
    result.activations.length > 0 && section(gettext("Applied"), "check-circle", result.activations.map(activationView), "applied"),
    earnedView(result.earned),
    refusals.length > 0 && section(gettext("Not yet"), "target", refusalsView(refusals)),
    nothing && h("p", { class: "faint pad" }, gettext("No campaign concerns this basket.")),
  ];
}

function section(title, iconName, items, kind = "") {
  return h("section", { class: `promotions ${kind}`, data: { key: title } }, h("h3", {}, icon(iconName), title), h("ul", {}, items));
}

const acceptedOffers = (result) => result.activations.filter((item) => state.sale.accepted.includes(item.campaign));

function activationView({ campaign, name, description, discount, applications }) {
  return h("li", { class: "promotion", data: { key: `on-${campaign}` } },
    h("div", {},
      h("strong", {}, name || campaign),
      applications > 1 && h("span", { class: "badge badge-success" }, `${applications} ×`),
      description && h("p", { class: "faint" }, description),
    ),
    cents(discount) > 0 && h("b", { class: "amount" }, `− ${showMoney(discount)}`),
  );
}

function optionalView({ campaign, name, description, discount }, accepted) {
  return h("li", { class: "promotion", data: { key: `optional-${campaign}` } },
    h("div", {},
      h("strong", {}, name || campaign),
      description && h("p", { class: "faint" }, description),
    ),
    cents(discount) > 0 && h("b", { class: "amount" }, `− ${showMoney(discount)}`),
    h("button", { class: `button ${accepted ? "" : "button-primary"}`, type: "button", "aria-pressed": String(accepted), data: { action: "optional.toggle", campaign } },
      accepted ? gettext("Take back") : gettext("Accept")),
  );
}

function giftView({ campaign, choose, options }) {
  const chosen = state.sale.gifts.filter((gift) => gift.campaign === campaign);
  const name = state.evaluation.result.activations.find((item) => item.campaign === campaign)?.name ?? campaign;
  return h("section", { class: "promotions gifts", data: { key: `gift-${campaign}` } },
    h("h3", {}, icon("gift"), interpolate(ngettext("Choose %(count)s gift", "Choose %(count)s gifts", choose), { count: choose }, true),
      h("span", { class: "badge badge-accent" }, `${chosen.length}/${choose}`)),
    h("p", { class: "faint" }, name),
    h("div", { class: "chips", role: "group", "aria-label": name }, options.map((option) => {
      const pressed = chosen.some((gift) => gift.sku === option.sku);
      return h("button", {
        class: "chip", type: "button", "aria-pressed": String(pressed),
        data: { action: "gift.toggle", campaign, choose, sku: option.sku, quantity: option.quantity, key: option.sku },
      }, icon(pressed ? "check" : "gift"), option.name || option.sku, String(option.quantity) !== "1" && ` × ${showQuantity(option.quantity)}`);
    })),
  );
}

// Points, cashback, codes and vouchers that this sale will earn; also printed on the receipt.
export function earnedItems(earned) {
  return [
    ...earned.points.map(({ program, points }) => ({ iconName: "star", text: interpolate(gettext("%(points)s points in %(program)s"), { points: showQuantity(String(points)), program: unitName(program) }, true) })),
    ...(earned.stamps ?? []).map(({ plan, stamps }) => ({ iconName: "check-circle", text: interpolate(ngettext("%(stamps)s stamp in %(plan)s", "%(stamps)s stamps in %(plan)s", stamps), { stamps: showQuantity(String(stamps)), plan: unitName(plan) }, true) })),
    ...earned.cashback.map(({ amount, expires_at: until }) => ({
      iconName: "money",
      text: interpolate(gettext("%(amount)s cashback"), { amount: showMoney(amount) }, true) + validity(until),
    })),
    ...earned.vouchers.map(({ amount, percent, valid_until: until }) => ({ iconName: "card", text: interpolate(gettext("%(amount)s voucher"), { amount: worth({ balance: amount, percent }) }, true) + validity(until) })),
    ...earned.codes.map(({ code, valid_until: until }) => ({ iconName: "code", text: (code ? interpolate(gettext("Code %(code)s for the next purchase"), { code }, true) : gettext("A code for the next purchase")) + validity(until) })),
  ];
}

const validity = (until) => (until ? interpolate(gettext(" (until %(date)s)"), { date: showLastDay(until) }, true) : "");

function earnedView(earned) {
  const items = earnedItems(earned);
  return items.length > 0 && section(gettext("Earned with this sale"), "star",
    items.map(({ iconName, text }) => h("li", { class: "promotion" }, h("div", {}, icon(iconName), " ", text))));
}

// Reasons whose distance is closed by buying more. Others have one too: days to a birthday, what is above a maximum.
const CLOSED_BY_BUYING = new Set(["minimum_amount", "minimum_quantity"]);

// How far a campaign is, as a share of what it asks for; for order and picture only, never for money.
function distance({ reason, required, missing }) {
  if (missing === undefined || !CLOSED_BY_BUYING.has(reason)) return Infinity;
  return Number(missing) / (Number(required) || 1);
}

export function nearestFirst(refusals) {
  return refusals.map((refusal, index) => ({ refusal, index }))
    .sort((a, b) => {
      const [near, far] = [distance(a.refusal), distance(b.refusal)];
      return near === far ? a.index - b.index : near - far;
    })
    .map(({ refusal }) => refusal);
}

function refusalsView(refusals) {
  const items = refusals.map(refusalView);
  if (items.length <= SHOWN_AT_ONCE) return items;
  return [
    ...items.slice(0, SHOWN_AT_ONCE),
    h("li", { class: "more" }, h("details", {},
      h("summary", {}, interpolate(ngettext("%(count)s more", "%(count)s more", items.length - SHOWN_AT_ONCE), { count: items.length - SHOWN_AT_ONCE }, true)),
      h("ul", {}, items.slice(SHOWN_AT_ONCE)),
    )),
  ];
}

const isMoney = (value) => /^\d+\.\d\d$/.test(String(value));

function missingBadge({ reason, missing }) {
  if (missing === undefined || !CLOSED_BY_BUYING.has(reason)) return null;
  const amount = isMoney(missing) ? showMoney(missing) : showQuantity(String(missing));
  return h("span", { class: "badge badge-warning" }, interpolate(gettext("%(amount)s more"), { amount }, true));
}

function refusalView(refusal) {
  const { campaign, name, text, reason, reasons = [] } = refusal;
  const share = 1 - distance(refusal);
  return h("li", { class: "promotion refusal", data: { key: `off-${campaign}` } },
    h("div", {},
      h("strong", {}, name || campaign),
      h("p", { class: "faint" }, text || reason),
      reasons.slice(1).map((other) => h("p", { class: "faint" }, other.text || other.reason)),
    ),
    missingBadge(refusal),
    Number.isFinite(share) && h("progress", { max: 100, value: Math.max(0, Math.round(share * 100)), "aria-label": interpolate(gettext("How near %(name)s is"), { name: name || campaign }, true) }),
  );
}
