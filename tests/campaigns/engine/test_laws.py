"""What must always hold, checked on random baskets: each basket against every law."""

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from campaigns.engine.associations import decode_association
from campaigns.engine.basket import Basket, PromoCode, Shopper
from campaigns.engine.document import decode_campaign, encode_campaign
from campaigns.engine.evaluate import evaluate
from campaigns.engine.evaluation import Evaluation, LineResults
from campaigns.engine.markdowns import decode_markdown
from campaigns.engine.plan import Plan, compile_plan, concerns
from campaigns.engine.policy import build_policy
from campaigns.engine.refunds import refundable
from campaigns.engine.rendering import render
from retail import money
from tests.campaigns.engine import generators as make

CODES = ("C1", "C2", "C3", "C4")


BASKETS = 4  # evaluated with each set of rules, so that rules are drawn and compiled once for all of them
STRANGERS: list[dict[str, Any]] = [
    {
        "code": "ENDED",
        "name": "ENDED",
        "exclusive": True,
        "ends_at": "2026-01-01T00:00:00Z",
        "benefits": [{"kind": "order_percent", "percent": "90"}],
    },
    {
        "code": "ELSEWHERE",
        "name": "ELSEWHERE",
        "stop_further": "basket",
        "conditions": {"kind": "product", "by": "sku", "values": ["NOT-HERE"]},
        "benefits": [{"kind": "order_percent", "percent": "90"}],
    },
]


@dataclass(frozen=True)
class Rules:
    """What a company has published."""

    documents: list[dict[str, Any]]
    associations: list[dict[str, Any]]
    markdowns: list[dict[str, Any]]
    policy: dict[str, str]

    def compile(self, documents: list[dict[str, Any]]) -> Plan:
        return compile_plan(
            [decode_campaign(document) for document in documents],
            associations=[decode_association(document) for document in self.associations],
            markdowns=[decode_markdown(document) for document in self.markdowns],
            policy=build_policy(**self.policy),
        )

    @cached_property
    def plan(self) -> Plan:
        return self.compile(self.documents)

    @cached_property
    def backwards(self) -> Plan:
        return self.compile(self.documents[::-1])

    @cached_property
    def with_strangers(self) -> Plan:
        """Beside a campaign that is not eligible, and one that the index rules out."""
        return self.compile([*self.documents, *STRANGERS])

    @cached_property
    def changed(self) -> Plan:
        """The plan after one more publication of the first campaign, and without C2."""
        return self.plan.with_changes([decode_campaign(self.documents[0])], ["C2"], version=2)

    @cached_property
    def rebuilt(self) -> Plan:
        return self.compile([document for document in self.documents if document["code"] != "C2"])


@dataclass(frozen=True)
class World:
    """One generated case."""

    rules: Rules
    basket: Basket
    shopper: Shopper | None
    usage: dict[str, Any]

    def evaluate(self, plan: Plan, basket: Basket | None = None, **options: Any) -> Evaluation:
        return evaluate(
            plan,
            basket or self.basket,
            self.shopper,
            moment=make.MOMENT,
            store=make.STORE,
            usage=self.usage,
            programs=make.PROGRAMS,
            with_deals=True,
            **options,
        )


@st.composite
def worlds(draw: Any) -> list[World]:
    codes = CODES[: draw(st.integers(1, 4))]
    rules = Rules(
        documents=[draw(make.campaigns(code)) for code in codes],
        associations=draw(make.associations) if len(codes) > 1 else [],
        markdowns=draw(make.markdowns),
        policy=draw(make.policies),
    )
    return [
        World(rules, draw(make.baskets()), draw(make.shoppers), draw(make.usages)) for _ in range(BASKETS)
    ]


def text(evaluation: Evaluation) -> str:
    return json.dumps(render(evaluation))


def assert_sums(world: World, answer: Evaluation) -> None:
    totals = answer.totals
    for line in answer.lines:
        assert line.discount == sum(one.amount for one in line.adjustments)
        assert line.net == line.gross - line.markdown - line.discount
        assert 0 <= line.discount <= line.gross - line.markdown - line.exchange_share
        assert line.markdown >= 0
    assert totals.gross == sum(line.gross for line in answer.lines)
    assert totals.markdown == sum(line.markdown for line in answer.lines)
    assert totals.discount == sum(line.discount for line in answer.lines)
    assert totals.discount == sum(activation.discount for activation in answer.activations)
    for activation in answer.activations:
        given = [
            one for line in answer.lines for one in line.adjustments if one.campaign == activation.campaign
        ]
        assert activation.discount == sum(one.amount for one in given)
    assert totals.exchange == sum(line.exchange_share for line in answer.lines)
    assert totals.net == totals.gross - totals.markdown - totals.exchange - totals.discount >= 0
    given_back = sum(money.gross(item.unit_price, item.quantity) for item in world.basket.exchange)
    assert totals.exchange + totals.exchange_left == given_back
    assert 0 <= answer.delivery.discount <= answer.delivery.fee


def assert_floors(world: World, answer: Evaluation) -> None:
    lines = {line.line: line for line in world.basket.lines}
    for result in answer.lines:
        line = lines[result.line]
        if not line.discountable:
            assert result.discount == 0
        if line.floor_price is not None and line.floor_price <= line.unit_price:
            assert result.net >= money.gross(line.floor_price, line.quantity)


def assert_caps(world: World, answer: Evaluation) -> None:
    policy = world.rules.plan.policy
    for line in answer.lines:
        if policy.line_cap is not None:
            assert line.discount * money.MILLION <= (line.gross - line.markdown) * policy.line_cap
    if policy.sale_cap is not None:
        value = answer.totals.gross - answer.totals.markdown
        assert answer.totals.discount * money.MILLION <= value * policy.sale_cap


def assert_explained(world: World, plan: Plan, answer: Evaluation) -> None:
    listed = [row.campaign for row in answer.activations] + [row.campaign for row in answer.not_activated]
    assert sorted(listed) == sorted(c.code for c in plan.candidates(world.basket, make.STORE))
    assert all(not verdict.satisfied for refusal in answer.not_activated for verdict in refusal.verdicts)
    assert {offer.campaign for offer in answer.optional} <= {row.campaign for row in answer.not_activated}


def assert_deals(answer: Evaluation) -> None:
    for activation in answer.activations:
        assert sum(share.amount for share in activation.deal) == activation.discount
    assert all(amount >= 0 for amount in refundable(answer).values())


def assert_alone_when_exclusive(world: World, answer: Evaluation) -> None:
    exclusive = {document["code"] for document in world.rules.documents if document["exclusive"]}
    if exclusive & {row.campaign for row in answer.activations}:
        assert len(answer.activations) == 1


def assert_whole_numbers(value: Any) -> None:
    if hasattr(value, "__struct_fields__"):
        value = structs.astuple(value)
    if isinstance(value, tuple | list | LineResults):
        for item in value:
            assert_whole_numbers(item)
    else:
        assert value is None or isinstance(value, int | str | Decimal | dict) or hasattr(value, "tzinfo")


def assert_order_does_not_matter(world: World, plan: Plan, answer: Evaluation) -> None:
    turned = structs.replace(world.basket, lines=tuple(reversed(world.basket.lines)))
    other = world.evaluate(plan, turned)
    assert structs.replace(other, lines=tuple(reversed(other.lines))) == answer
    assert text(world.evaluate(world.rules.backwards)) == text(answer)


def assert_strangers_change_nothing(world: World, answer: Evaluation) -> None:
    other = world.evaluate(world.rules.with_strangers)
    kept = tuple(row for row in other.not_activated if row.campaign != "ENDED")
    assert structs.replace(other, not_activated=kept) == answer


def assert_index_finds_what_a_scan_finds(world: World, plan: Plan) -> None:
    found = [compiled.code for compiled in plan.candidates(world.basket, make.STORE)]
    scanned = [c for c in plan.campaigns.values() if concerns(c, world.basket, make.STORE)]
    assert sorted(found) == sorted(compiled.code for compiled in scanned)
    assert [c.code for c in world.rules.changed.candidates(world.basket, make.STORE)] == [
        c.code for c in world.rules.rebuilt.candidates(world.basket, make.STORE)
    ]


def assert_ruled_out_campaigns_are_not_eligible(world: World, plan: Plan, answer: Evaluation) -> None:
    everything = world.evaluate(plan, including=list(plan.campaigns))
    assert everything.activations == answer.activations
    assert everything.lines == answer.lines


def assert_a_vip_rate_comes_last(world: World, plan: Plan, answer: Evaluation) -> None:
    """A card takes what it takes off what is left, and changes nothing of what campaigns take off."""
    percent = (1 + world.basket.lines[0].unit_price % 100) * 10_000
    card = PromoCode(code="#VIP#1", campaign="#VIP#1", percent=percent)
    entered = structs.replace(world.basket, promo_codes=(*world.basket.promo_codes, card))
    other = world.evaluate(plan, entered)
    taken = sum(row.discount for row in other.activations if row.campaign == card.code)
    assert other.totals.net == answer.totals.net - taken <= answer.totals.net
    assert {row.campaign: row.discount for row in other.activations if row.discount} == {
        row.campaign: row.discount for row in answer.activations if row.discount
    } | ({card.code: taken} if taken else {})
    for line, before in zip(other.lines, answer.lines, strict=True):
        more = [one.amount for one in line.adjustments if one.campaign == card.code]
        assert line.adjustments[: len(before.adjustments)] == before.adjustments
        assert len(line.adjustments) == len(before.adjustments) + len(more) <= len(before.adjustments) + 1
        assert 0 <= sum(more) <= before.net
    assert_sums(world, other)
    assert_floors(world, other)
    assert_caps(world, other)
    assert_deals(other)


def check(world: World) -> None:
    plan = world.rules.plan
    answer = world.evaluate(plan)

    assert_sums(world, answer)
    assert_floors(world, answer)
    assert_caps(world, answer)
    assert_explained(world, plan, answer)
    assert_deals(answer)
    assert_alone_when_exclusive(world, answer)
    assert_whole_numbers(answer)
    assert text(world.evaluate(plan)) == text(answer)
    assert_order_does_not_matter(world, plan, answer)
    assert_strangers_change_nothing(world, answer)
    assert_index_finds_what_a_scan_finds(world, plan)
    assert_ruled_out_campaigns_are_not_eligible(world, plan, answer)
    assert_a_vip_rate_comes_last(world, plan, answer)


def check_all(cases: list[World]) -> None:
    for document in cases[0].rules.documents:
        written = encode_campaign(decode_campaign(document))
        assert encode_campaign(decode_campaign(written)) == written
    for world in cases:
        check(world)


QUICK = settings(max_examples=2_000 // BASKETS, suppress_health_check=list(HealthCheck))
DEEP = settings(max_examples=100_000 // BASKETS, suppress_health_check=list(HealthCheck))


@QUICK
@given(worlds())
def test_every_law_holds(cases: list[World]) -> None:
    check_all(cases)


@pytest.mark.deep
@DEEP
@given(worlds())
def test_every_law_holds_on_many_more(cases: list[World]) -> None:
    check_all(cases)
