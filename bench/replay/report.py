"""What the replay shows, as lines of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bench.replay.drive import Outcome
from bench.replay.journey import Journey
from bench.replay.offers import Assignment, offer_code
from bench.replay.rules import RULES, RuleCounts, count_rules, coupon_of, money, quantity_and_price


@dataclass
class Tally:
    """Sums over all outcomes; money in cents."""

    baskets: int = 0
    lines: int = 0
    gross: int = 0
    discount: int = 0
    net: int = 0
    uneven: int = 0
    activations: Counter[str] = field(default_factory=Counter)
    given: Counter[str] = field(default_factory=Counter)
    codes: dict[tuple[int, str], str] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        self.baskets += 1
        self.lines += outcome.lines
        self.gross += outcome.gross
        self.discount += outcome.discount
        self.net += outcome.net
        self.uneven += not outcome.adds_up
        for campaign, discount in outcome.activations.items():
            self.activations[campaign[:4]] += 1
            self.given[campaign[:4]] += discount
        for code, status in outcome.codes.items():
            self.codes[outcome.basket, code] = status


def tally(outcomes: Iterable[Outcome]) -> Tally:
    result = Tally()
    seen: set[int] = set()
    for outcome in outcomes:
        if outcome.basket not in seen:
            seen.add(outcome.basket)
            result.add(outcome)
    return result


def source_gross(journey: Journey) -> int:
    """Return what the lines are worth as they are sent, in cents, straight from the source."""
    return sum(
        quantity * price
        for basket in journey.baskets
        for quantity, price, _ in (quantity_and_price(line) for line in basket.lines)
    )


def redemption_outcomes(
    journey: Journey, assignment: Assignment, codes: dict[tuple[int, str], str]
) -> Counter[str]:
    """Count the recorded redemptions by what became of them."""
    counts: Counter[str] = Counter()
    for redemption in journey.redemptions:
        basket = assignment.basket_of[redemption]
        if basket is None:
            counts["the household bought nothing that day"] += 1
        else:
            code = offer_code((redemption.campaign, redemption.coupon)).upper()
            counts[codes.get((basket, code), "not sent yet")] += 1
    return counts


def report(
    journey: Journey, assignment: Assignment, result: Tally, database: tuple[int, int, int, int] | None
) -> Iterator[str]:
    """Yield the report. ``database`` is (sales, gross, discount, net) as the database sums them, when it is at hand."""
    yield from _rules(count_rules(journey))
    yield ""
    yield from _campaigns(journey, result)
    yield ""
    yield from _redemptions(journey, assignment, result)
    yield ""
    yield from _totals(journey, result, database)


def _rules(counts: RuleCounts) -> Iterator[str]:
    yield "Lines that needed a rule"
    for rule, text in RULES.items():
        yield f"  {counts.lines[rule]:>9,} lines  {money(counts.cents[rule]):>13}  {text}"


def _campaigns(journey: Journey, result: Tally) -> Iterator[str]:
    yield "Activations per campaign"
    yield "  campaign  coupons  households  redeemed  activations  discount"
    redeemed = Counter(redemption.campaign for redemption in journey.redemptions)
    coupons = Counter(campaign for campaign, _ in journey.coupons)
    for campaign in journey.campaigns:
        number, name = campaign.campaign, f"cj{campaign.campaign:02d}"
        yield (
            f"  {name:<8}  {coupons[number]:>7}  {len(journey.targets.get(number, [])):>10}  {redeemed[number]:>8}"
            f"  {result.activations[name]:>11}  {money(result.given[name]):>8}"
        )


def _redemptions(journey: Journey, assignment: Assignment, result: Tally) -> Iterator[str]:
    counts = redemption_outcomes(journey, assignment, result.codes)
    total = len(journey.redemptions)
    explained = counts.pop("applied", 0)
    yield f"Recorded redemptions: {total:,}; explained by our activations: {explained:,} ({explained / max(total, 1):.1%})"
    for reason, count in counts.most_common():
        yield f"  {count:>6,}  not explained: {reason}"


def _totals(journey: Journey, result: Tally, database: tuple[int, int, int, int] | None) -> Iterator[str]:
    recorded = sum(coupon_of(line) for basket in journey.baskets for line in basket.lines)
    yield "Totals"
    yield f"  sent      {result.baskets:>9,} baskets  {result.lines:>10,} lines"
    yield f"  gross     {money(result.gross):>14}   source {money(source_gross(journey)):>14}"
    yield f"  discount  {money(result.discount):>14}   coupons of every kind in the source, cut at the line {money(recorded)}"
    yield f"  net       {money(result.net):>14}   gross - discount {money(result.gross - result.discount):>14}"
    yield f"  answers whose parts do not add up: {result.uneven}"
    if database:
        sales, gross, discount, net = database
        same = (sales, gross, discount, net) == (result.baskets, result.gross, result.discount, result.net)
        yield f"  database  {sales:>9,} sales  gross {money(gross)}  discount {money(discount)}  net {money(net)}: {'equal' if same else 'DIFFERENT'}"
