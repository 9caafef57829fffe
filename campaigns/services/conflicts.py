"""What a campaign meets when it goes live: which others share its products, and how much they take off together.

Nothing here refuses anything. The worst combination is not computed but tried: purchases made of the shared products, with
every threshold met, go through the engine together with everything that is live.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import Count, Max
from django.utils.translation import gettext as _
from msgspec import Struct

from campaigns import references, selectors
from campaigns.cautions import Caution, cautions
from campaigns.engine.benefits.gift import Gift
from campaigns.engine.campaign import Campaign
from campaigns.engine.overlap import Meeting, reach, shared_stores
from campaigns.engine.plan import Compiled, Plan
from campaigns.explanations import codes_named, explain
from campaigns.loader import plan_for
from campaigns.services.document_cautions import program_cautions, store_cautions
from campaigns.services.rehearsal import Attempt, Rehearsal
from campaigns.services.shared_products import SharedProducts
from campaigns.suggestions import LOST, UNKNOWN_PRICE, Scenario
from retail import formats, money
from retail.models import Sale
from retail.selectors.company import company_zone

# Of the campaigns that share products, so many are tried together with this one, the most generous first.
MOST_TRIED = 8
# And so many are asked for what they share: a query each, which thousands would make of a page.
MOST_ASKED = 50
# The largest of so many last sales says what a threshold may ask for.
LAST_SALES = 10_000
FEWEST_SALES = 100


class Conflict(Struct, frozen=True, kw_only=True):
    """Another campaign that may meet this one on a line.

    `relation` is adds (both are given), yields (only this one is), wins (only the other is), or untried. `percent` is what
    the purchase tried loses in all, of its value before.
    """

    campaign: str
    name: str
    starts_at: datetime | None
    ends_at: datetime | None
    products: tuple[tuple[str, str], ...] = ()
    relation: str = "untried"
    percent: Decimal | None = None


class Worst(Struct, frozen=True, kw_only=True):
    """The purchase that loses most of its value, and the campaigns that take it off."""

    percent: Decimal
    gross: Decimal
    net: Decimal
    lines: tuple[tuple[Decimal, str, Decimal], ...]  # quantity, product, unit price
    campaigns: tuple[tuple[str, str, Decimal], ...]  # code, name, discount
    scenario: Scenario


class Check(Struct, frozen=True, kw_only=True):
    """`own` cautions come from the document, `found` ones from the world around it.

    `others` counts campaigns that may share products and were not looked at.
    """

    own: tuple[Caution, ...] = ()
    found: tuple[Caution, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    others: int = 0
    worst: Worst | None = None

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """Everything that a manager should look at twice, each campaign that shares products included."""
        shared = [
            Caution("shares_products", conflict_text(conflict), conflict.campaign)
            for conflict in self.conflicts
        ]
        if self.others:
            text = _("%(count)s more campaigns share products with it.") % {
                "count": formats.number(self.others)
            }
            shared.append(Caution("shares_products", text))
        return (*self.own, *self.found, *shared)


def check_campaign(campaign: Campaign, *, at: datetime, shows_codes: bool = False) -> Check:
    """Look at a campaign beside everything that is live or scheduled, in the active language. Writes nothing.

    The purchase that loses most holds codes of pools with `shows_codes` only.
    """
    live = plan_for(selectors.current_plan_version())
    return _Examination(campaign, live, at, shows_codes).check()


class _Examination:
    def __init__(self, campaign: Campaign, live: Plan, at: datetime, shows_codes: bool) -> None:
        self.campaign, self.at, self.shows_codes = campaign, at, shows_codes
        self.zone = company_zone()
        self.plan = live.with_changes([campaign], version=live.version)
        self.ours = self.plan.campaigns[campaign.code]
        self.rehearsal = Rehearsal(self.plan, at=at, zone=self.zone)
        self.shared = SharedProducts(self.ours, live, self.rehearsal, at=at)

    def check(self) -> Check:
        met = self.shared.meetings()
        ranked = sorted(met, key=lambda code: (-_generosity(self.plan.campaigns[code]), code))
        conflicts: list[Conflict] = []
        attempts: list[Attempt] = []
        asked = 0
        for code in ranked[:MOST_ASKED]:
            if len(conflicts) == MOST_TRIED:
                break
            asked += 1
            products = self.shared.products(reach(self.plan.campaigns[code].campaign))
            if not products:
                continue
            conflict, attempt = self._conflict(code, met[code], products)
            conflicts.append(conflict)
            if attempt is not None:
                attempts.append(attempt)
        alone = self._alone()
        attempts += alone
        conflicts.sort(key=lambda conflict: (-(conflict.percent or 0), conflict.campaign))
        worst = self._worst(attempts)
        return Check(
            own=tuple(cautions(self.campaign, at=self.at)),
            found=(*self._unknown(), *self._unreached(alone), *self._together(conflicts, worst)),
            conflicts=tuple(conflicts),
            others=len(met) - asked,
            worst=worst,
        )

    # --- What they do together -----------------------------------------------------------------

    def _conflict(
        self, code: str, when: Meeting, products: list[tuple[str, str]]
    ) -> tuple[Conflict, Attempt | None]:
        other = self.plan.campaigns[code]
        scenario = self._scenario(products[0][0], when, other)
        attempt = None if scenario is None else self.rehearsal.activate([self.campaign.code, code], scenario)
        relation, percent = "untried", None
        if attempt is not None:
            lost = {name for name, verdict in attempt.refused.items() if verdict.code in LOST}
            if not attempt.refused:
                relation, percent = "adds", attempt.percent
            elif lost == set(attempt.refused) and len(lost) == 1:
                relation, percent = ("wins" if self.campaign.code in lost else "yields"), attempt.percent
        conflict = Conflict(
            campaign=code,
            name=other.campaign.name,
            starts_at=when.starts_at,
            ends_at=when.ends_at,
            products=tuple(products),
            relation=relation,
            percent=percent,
        )
        return conflict, attempt

    def _scenario(self, sku: str, when: Meeting, other: Compiled | None = None) -> Scenario | None:
        """Return the smallest purchase that both may see: one unit, at a moment and in a place where both hold."""
        moment = self._moment(when, other)
        if moment is None:
            return None
        line = {"sku": sku, "quantity": "1"}
        if not self.rehearsal.shelf.price(line):
            line["unit_price"] = UNKNOWN_PRICE
        scenario: Scenario = {"lines": [line], "at": moment.isoformat()}
        stores = shared_stores(self.ours, other or self.ours, self.shared.members)
        if stores:
            scenario["store"] = min(stores)
        operations = [
            c.campaign.operations for c in (self.ours, other) if c is not None and c.campaign.operations
        ]
        if operations:
            scenario["operation"] = sorted(set(operations[0]).intersection(*operations))[0]
        return scenario

    def _moment(self, when: Meeting, other: Compiled | None) -> datetime | None:
        schedules = [
            c.campaign.schedule
            for c in (self.ours, other)
            if c is not None and c.campaign.schedule is not None
        ]
        moment = (when.starts_at or self.at).astimezone(self.zone)
        step = timedelta(minutes=5)
        for _attempt in range(timedelta(days=8) // step if schedules else 1):
            if when.ends_at is not None and moment >= when.ends_at:
                return None
            if all(schedule.is_open(moment) for schedule in schedules):
                return moment
            moment += step
        return None

    def _alone(self) -> list[Attempt]:
        """Try the campaign by itself, on the cheapest product that it discounts."""
        campaign = self.campaign
        if campaign.ends_at is not None and campaign.ends_at <= self.at:
            return []
        start = self.at if campaign.starts_at is None else max(campaign.starts_at, self.at)
        products = self.shared.any_product()
        scenario = self._scenario(products[0][0], Meeting(start, campaign.ends_at))
        attempt = None if scenario is None else self.rehearsal.activate([campaign.code], scenario)
        return [] if attempt is None else [attempt]

    def _worst(self, attempts: list[Attempt]) -> Worst | None:
        ours = [
            attempt for attempt in attempts if self.campaign.code in attempt.activated and attempt.percent
        ]
        if not ours:
            return None
        worst = max(ours, key=lambda attempt: attempt.percent)
        evaluation = worst.evaluation
        names = references.product_names([line.sku for line in evaluation.lines])
        return Worst(
            percent=worst.percent,
            gross=money.to_decimal(evaluation.totals.gross),
            net=money.to_decimal(evaluation.totals.net),
            lines=tuple(
                (
                    line.quantity,
                    names.get(line.sku, line.sku),
                    money.to_decimal(line.unit_price),
                )
                for line in evaluation.lines
            ),
            campaigns=tuple(
                (activation.campaign, activation.name, money.to_decimal(activation.discount))
                for activation in evaluation.activations
                if activation.discount
            ),
            scenario=self._for_the_simulator(worst.scenario),
        )

    def _for_the_simulator(self, scenario: Scenario) -> Scenario:
        """Return the purchase with codes that exist in place of those that were made up, for who may see them."""
        entered = scenario.get("promo_codes", []) if self.shows_codes else []
        made_up = [self.rehearsal.shelf.codes[word] for word in entered]
        real = (
            references.usable_code(campaign=code["campaign"], pool=code["pool"] or None, at=self.at)
            for code in made_up
        )
        words = [word for word in real if word is not None]
        return {**scenario, "promo_codes": words, "campaigns": [self.campaign.code], "live": True}

    # --- Cautions ------------------------------------------------------------------------------

    def _unknown(self) -> Iterator[Caution]:
        gifts = [
            product.sku
            for benefit in self.campaign.benefits
            if isinstance(benefit, Gift)
            for product in benefit.products
        ]
        known = references.product_names(gifts)
        for sku in dict.fromkeys(gifts):
            if sku not in known:
                yield Caution(
                    "unknown_gift", _("The catalogue has no product %(sku)s to give away.") % {"sku": sku}
                )
        for selector in dict.fromkeys(self.ours.selectors):
            if not selector.everything and not references.selected_products(selector).exists():
                values = ", ".join(selector.values[:8])
                yield Caution(
                    "unknown_products",
                    _("No product of the catalogue is meant by %(values)s.") % {"values": values},
                )
        yield from program_cautions(self.campaign.benefits)
        yield from store_cautions(self.campaign.stores)

    def _unreached(self, alone: list[Attempt]) -> Iterator[Caution]:
        lowest = self.campaign.minimum_amount
        if lowest is not None:
            last = Sale.objects.real().order_by("-pk").values("gross")[:LAST_SALES]
            sales = last.aggregate(most=Max("gross"), count=Count("gross"))
            if sales["count"] >= FEWEST_SALES and money.from_decimal(sales["most"]) < lowest:
                text = _("None of the last %(count)s sales reached %(amount)s.")
                values = {
                    "count": formats.number(sales["count"]),
                    "amount": formats.money(money.to_decimal(lowest)),
                }
                yield Caution("unreached", text % values)
        for attempt in alone:
            verdict = attempt.refused.get(self.campaign.code)
            if verdict is not None and verdict.code not in LOST:
                names = references.names_of(codes_named(verdict))
                text = _("No purchase was found in which it activates: %(reason)s")
                yield Caution("never_activates", text % {"reason": explain(verdict, names)})

    def _together(self, conflicts: list[Conflict], worst: Worst | None) -> Iterator[Caution]:
        if worst is not None and worst.percent >= settings.DISCOUNT_WARNING_PERCENT:
            names = ", ".join(name for _code, name, _discount in worst.campaigns)
            values = {"percent": formats.percent(worst.percent), "names": names}
            yield Caution("large_discount", _("Up to %(percent)s off one purchase: %(names)s.") % values)
        if self.campaign.exclusive and conflicts:
            names = ", ".join(conflict.name for conflict in conflicts[:8])
            text = _("While it activates, it silences others: %(names)s.") % {"names": names}
            yield Caution("silences", text)


def conflict_text(conflict: Conflict) -> str:
    """Say what another campaign and this one do together, in the active language."""
    values = {"name": conflict.name, "percent": formats.percent(conflict.percent)}
    match conflict.relation:
        case "adds":
            return _("%(name)s is given beside it: %(percent)s off together.") % values
        case "yields":
            return _("%(name)s is not given beside it; this one comes first.") % values
        case "wins":
            return _("%(name)s is given instead of it.") % values
    return _("%(name)s discounts the same products.") % values


def _generosity(compiled: Compiled) -> int:
    """Guess how much a campaign takes off, in millionths, to try the most generous first."""
    most = 0
    for benefit in compiled.campaign.benefits:
        if benefit.level in ("item", "order"):
            percent = getattr(benefit, "percent", None)
            guess = 500_000 if percent is None else percent
            if take := getattr(benefit, "take", 0):
                guess = guess * getattr(benefit, "discounted", 1) // take
            most = max(most, guess)
    return most
