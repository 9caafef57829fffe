"""Step 7: put the answer together."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from operator import attrgetter
from typing import Any

from campaigns.engine import limits
from campaigns.engine.application import Application, Outcome, counted_items, items_by_line
from campaigns.engine.benefits.gift import Gift
from campaigns.engine.campaign import leaves
from campaigns.engine.conditions.promo_code import PromoCode
from campaigns.engine.deals import deal_shares
from campaigns.engine.earned_shares import earned_shares
from campaigns.engine.earnings import collect
from campaigns.engine.eligibility import Standing, is_offer
from campaigns.engine.evaluation import (
    Activation,
    Consumption,
    DealShare,
    Delivery,
    Discount,
    Evaluation,
    GiftOffer,
    GiftOption,
    LineResults,
    OptionalOffer,
    PromoCodeResult,
    Refusal,
    Totals,
)
from campaigns.engine.fields import DocumentError, Problem
from campaigns.engine.marks import gettext_noop
from campaigns.engine.plan import Plan
from campaigns.engine.redemption import with_redemption
from campaigns.engine.refusals import arrange, nearness
from campaigns.engine.scene import Scene
from campaigns.engine.verdict import Verdict
from campaigns.engine.work import Effect
from loyalty.redemption import Redemption


class BasketError(DocumentError):
    """The basket asks for what a campaign does not offer (a gift off the list). `errors` as in DocumentError."""


def _times(effects: Sequence[Effect]) -> int:
    """Return how often a campaign was given: as often as the benefit that was given most."""
    return max([effect.applications for effect in effects], default=1)


def _is_in_order(positions: Sequence[int], scene: Scene) -> bool:
    """Say at a glance whether positions are in order, each of them once: most discounts are on one line or on all."""
    return len(positions) < 2 or positions is scene.positions


_order_key = attrgetter("standing.compiled.order_key")
_NO_DELIVERY = Delivery(fee=0, discount=0, net=0)
_NO_DEALS: Mapping[str, tuple[DealShare, ...]] = {}


class Result:
    """An applied basket, and the Evaluation that is built of it."""

    def __init__(
        self,
        plan: Plan,
        scene: Scene,
        standings: Sequence[Standing],
        application: Application,
        redemption: Redemption | None,
    ) -> None:
        self.plan = plan
        self.scene = scene
        self.standings = standings
        self.application = application
        self.redemption = redemption

    def build(self, with_deals: bool) -> Evaluation:
        scene, application = self.scene, self.application
        outcomes = self.outcomes()
        deals = (
            deal_shares(scene, outcomes, application.taken, application.discounts)
            if with_deals
            else _NO_DEALS
        )
        fee = scene.basket.delivery_fee
        evaluation = Evaluation(
            plan_version=self.plan.version,
            totals=self._totals(),
            delivery=(
                Delivery(fee=fee, discount=application.freight, net=fee - application.freight)
                if fee
                else _NO_DELIVERY
            ),
            lines=self._lines(),
            activations=tuple([self.activation(outcome, deals) for outcome in outcomes]),
            gifts=self.gifts(outcomes),
            earned=collect(scene, application, application.rewards),
            earned_shares=earned_shares(scene, application) if with_deals else (),
            promo_codes=self._promo_codes() if scene.basket.promo_codes else (),
            optional=tuple([self._offer(s) for s in self.standings if s.campaign.optional and is_offer(s)]),
            not_activated=self._refusals(),
        )
        return evaluation if self.redemption is None else with_redemption(evaluation, self.redemption)

    def outcomes(self) -> list[Outcome]:
        """Return the campaigns that activate, by priority and code."""
        return sorted(self.application.outcomes.values(), key=_order_key)

    def _offer(self, standing: Standing) -> OptionalOffer:
        campaign = standing.campaign
        return OptionalOffer(
            campaign=campaign.code,
            name=campaign.name,
            description=campaign.description,
            discount=sum([effect.total for effect in standing.effects]),
        )

    def _totals(self) -> Totals:
        scene = self.scene
        gross, markdown, discount = sum(scene.gross), sum(scene.markdown), sum(self.application.taken)
        return Totals(
            gross=gross,
            markdown=markdown,
            exchange=scene.exchange,
            discount=discount,
            net=gross - markdown - scene.exchange - discount,
            exchange_left=scene.exchange_left,
        )

    def _lines(self) -> LineResults:
        """Lines in the order in which they came."""
        scene, application = self.scene, self.application
        columns: tuple[Sequence[Any], ...] = (
            scene.line_numbers,
            scene.skus,
            scene.quantities,
            scene.prices,
            scene.gross,
            scene.markdown,
            scene.share,
            application.taken,
            scene.value,
        )
        discounts: list[Discount] = application.discounts
        if not scene.in_order:
            position_of = {number: position for position, number in enumerate(scene.line_numbers)}
            arrived = [position_of[line.line] for line in scene.basket.lines]
            columns = tuple([[column[position] for position in arrived] for column in columns])
            place = {position: place for place, position in enumerate(arrived)}
            discounts = [
                (campaign, benefit, [(place[position], cents) for position, cents in parts])
                for campaign, benefit, parts in discounts
            ]
        return LineResults(columns, discounts)

    def activation(
        self, outcome: Outcome, deals: Mapping[str, tuple[DealShare, ...]] = _NO_DEALS
    ) -> Activation:
        """Return one campaign that activated, with what limits count; by line too where deals are given."""
        scene, campaign = self.scene, outcome.standing.campaign
        codes = self._codes_of(outcome.standing) if scene.basket.promo_codes else ()
        granted, effects = outcome.granted, outcome.effects
        counted: tuple[Consumption, ...] = ()
        if campaign.limits:
            counted = limits.consumption(
                campaign, scene, counted_items(scene, outcome.standing, effects), codes
            )
        return Activation(
            campaign.code,
            campaign.name,
            campaign.description,
            campaign.revision,
            outcome.discount,
            effects[0].applications if len(effects) == 1 else _times(effects),
            scene.numbers(granted if _is_in_order(granted, scene) else sorted(set(granted))),
            deals.get(campaign.code, ()),
            counted,
            campaign.budget,
            codes,
            self._items(outcome) if counted and deals is not _NO_DEALS else (),
        )

    def _items(self, outcome: Outcome) -> tuple[tuple[int, int], ...]:
        scene = self.scene
        counted = items_by_line(scene, outcome.standing, outcome.effects)
        return tuple([(scene.lines[position].line, counted[position]) for position in sorted(counted)])

    def _codes_of(self, standing: Standing) -> tuple[str, ...]:
        """Return the usable codes that opened a campaign."""
        return tuple(
            dict.fromkeys(
                code.code
                for leaf in leaves(standing.compiled.conditions)
                if isinstance(leaf, PromoCode)
                for code in self.scene.codes_for(standing.compiled.code, leaf.pool)
                if code.usable
            )
        )

    def _promo_codes(self) -> tuple[PromoCodeResult, ...]:
        opened: dict[str, str] = {}
        for standing in self.standings:
            if standing.compiled.code in self.application.outcomes:
                for code in self._codes_of(standing):
                    opened.setdefault(code, standing.compiled.code)
        results = []
        for given in self.scene.basket.promo_codes:
            if not given.usable:
                results.append(PromoCodeResult(code=given.code, status="not_usable"))
            elif given.code in opened:
                results.append(
                    PromoCodeResult(code=given.code, status="applied", campaign=opened[given.code])
                )
            else:
                results.append(
                    PromoCodeResult(code=given.code, status="not_activated", campaign=given.campaign)
                )
        return tuple(results)

    def gifts(self, outcomes: Iterable[Outcome]) -> tuple[GiftOffer, ...]:
        """Return what some of the campaigns that activated give away. Raises BasketError for a choice they do not offer."""
        offers = []
        for outcome in outcomes:
            if outcome.standing.compiled.gives_gifts and outcome.gift_entries:
                offers += self._offers(outcome)
        return tuple(offers)

    def _offers(self, outcome: Outcome) -> list[GiftOffer]:
        campaign = outcome.standing.compiled
        benefits = [benefit for benefit in campaign.discounts if isinstance(benefit, Gift)]
        numbers = [effect.gift_entries for effect in outcome.effects if effect.kind == Gift.kind]
        offers, waiting = [], self._choices(campaign.code)
        for benefit, choose in zip(benefits, numbers, strict=True):
            listed = {product.sku: product.quantity for product in benefit.products}
            chosen, left = [], choose
            for choice in list(waiting):
                if choice[1] in listed:
                    waiting.remove(choice)
                    left -= int(-(-choice[2] // listed[choice[1]]))
                    if left < 0:
                        self._refuse_choice(
                            choice[0], "too_many", gettext_noop("More gifts than may be chosen.")
                        )
                    chosen.append(self._option(choice[1], choice[2]))
            options = tuple([self._option(product.sku, product.quantity) for product in benefit.products])
            offers.append(
                GiftOffer(campaign=campaign.code, choose=choose, options=options, chosen=tuple(chosen))
            )
        if waiting:
            self._refuse_choice(
                waiting[0][0], "not_offered", gettext_noop("This campaign does not offer this gift.")
            )
        return offers

    def _choices(self, campaign: str) -> list[tuple[int, str, Decimal]]:
        return [
            (index, choice.sku, choice.quantity)
            for index, choice in enumerate(self.scene.basket.gifts)
            if choice.campaign == campaign
        ]

    def _refuse_choice(self, index: int, code: str, message: str) -> None:
        raise BasketError([Problem(f"gifts.{index}.sku", code, message)])

    def _option(self, sku: str, quantity: Decimal) -> GiftOption:
        known = self.scene.around.products.get(sku)
        return GiftOption(sku=sku, name=known.name if known is not None else "", quantity=quantity)

    def refused(self) -> list[tuple[Standing, list[Verdict]]]:
        """Return the candidates that do not activate with what stands in their way, in the order in which it was found."""
        outcomes, refused = self.application.outcomes, self.application.refused
        return [
            (standing, standing.refusals or refused[standing.compiled.code])
            for standing in self.standings
            if standing.compiled.code not in outcomes
        ]

    def _refusals(self) -> tuple[Refusal, ...]:
        refusals = []
        for standing, verdicts in self.refused():
            shown = (verdicts[0],) if len(verdicts) == 1 else arrange(verdicts)
            refusals.append(Refusal(standing.compiled.code, standing.campaign.name, shown))
        refusals.sort(key=nearness)
        return tuple(refusals)
