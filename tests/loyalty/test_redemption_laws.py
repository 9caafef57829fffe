"""Laws of redemption on generated balances, and cashback against another way of computing it."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from math import floor

from hypothesis import given
from hypothesis import strategies as st

from loyalty.redemption import MAX, RedeemRequest, Redemption, RewardRequest, StoredValueRequest, redeem
from loyalty.returns import spent_shares
from loyalty.value import (
    Balances,
    CashbackLot,
    CashbackTerms,
    RewardOffer,
    SaleLine,
    StoredValue,
    UnitAccount,
    UnitLot,
)
from retail import money

AT = datetime(2026, 11, 22, 13, tzinfo=UTC)

amounts = st.integers(0, 20_000)
moments = st.none() | st.integers(-3, 3).map(lambda days: AT + timedelta(days=days))
terms = st.builds(
    CashbackTerms,
    max_percent=st.none() | st.integers(0, 1_000_000) | st.sampled_from([50_000, 100_000]),
    minimum_purchase=st.none() | amounts,
    apply_to=st.sampled_from(["sale", "item"]),
    average_price=st.booleans(),
    requires_review=st.booleans(),
    remainder=st.sampled_from(["kept", "forfeited"]),
)
cashback_lots = st.lists(
    st.builds(
        CashbackLot,
        id=st.integers(1, 1000),
        amount=amounts,
        campaign=st.sampled_from(["", "A", "B"]),
        available_from=moments,
        expires_at=moments,
        reviewed=st.booleans(),
        terms=terms,
    ),
    max_size=6,
    unique_by=lambda lot: lot.id,
)
unit_lots = st.lists(
    st.builds(UnitLot, id=st.integers(1, 1000), amount=amounts, available_from=moments, expires_at=moments),
    max_size=4,
    unique_by=lambda lot: lot.id,
)
accounts = st.tuples(
    st.builds(
        UnitAccount,
        program=st.just("pontos"),
        lots=unit_lots,
        point_value=st.none() | st.integers(1, 500),
        redeem_step=st.sampled_from([1, 50, 100, 1000]),
        offers=st.just((RewardOffer(kind="gift", cost=1000, sku="MUG"),)),
    ),
    st.builds(
        UnitAccount,
        program=st.just("cafe"),
        unit=st.just("stamps"),
        lots=unit_lots,
        offers=st.just((RewardOffer(kind="product", cost=500, sku="CAFE", percent=500_000),)),
    ),
    st.builds(
        UnitAccount,
        program=st.just("frete"),
        unit=st.just("stamps"),
        lots=unit_lots,
        offers=st.just((RewardOffer(kind="delivery", cost=500, percent=1_000_000),)),
    ),
)
stored_values = st.lists(
    st.builds(
        StoredValue,
        code=st.sampled_from(["G1", "G2", "P1", "V1"]),
        kind=st.sampled_from(["gift_card", "e_purse", "voucher", "credit_note"]),
        balance=amounts,
        expires_at=moments,
    ),
    max_size=4,
    unique_by=lambda stored: stored.code,
)
balances = st.builds(
    Balances,
    cashback=cashback_lots.map(tuple),
    accounts=accounts,
    stored_values=stored_values.map(tuple),
)
sale_lines = st.lists(
    st.tuples(
        st.integers(0, 30_000), st.sampled_from([1000, 2000, 3000, 350]), st.sampled_from(["CAFE", "X"])
    ),
    min_size=1,
    max_size=5,
).map(
    lambda rows: [
        SaleLine(line=number, due=due, thousandths=thousandths, sku=sku)
        for number, (due, thousandths, sku) in enumerate(rows, 1)
    ]
)
wanted = st.just(MAX) | amounts
requests = st.builds(
    RedeemRequest,
    cashback=st.none() | wanted,
    points=st.dictionaries(st.sampled_from(["pontos", "cafe", "unknown"]), wanted),
    stored_values=st.lists(
        st.builds(StoredValueRequest, code=st.sampled_from(["G1", "G2", "P1", "V1", "NO"]), amount=wanted),
        max_size=4,
        unique_by=lambda asked: asked.code,
    ).map(tuple),
    rewards=st.lists(
        st.sampled_from(
            [
                RewardRequest(program="pontos", sku="MUG"),
                RewardRequest(program="cafe"),
                RewardRequest(program="frete"),
            ]
        ),
        max_size=4,
    ).map(tuple),
)


def used(request: RedeemRequest, held: Balances, lines: list[SaleLine], fee: int = 900) -> Redemption:
    return redeem(request, held, lines=lines, delivery_fee=fee, at=AT)


def lot_amounts(held: Balances) -> dict[tuple[str, int], int]:
    """What each lot that can be used holds, by its account's program (empty: cashback) and its id."""
    lots = [("", lot) for lot in held.cashback]
    lots += [(account.program, lot) for account in held.accounts for lot in account.lots]
    return {
        (program, lot.id): lot.amount
        for program, lot in lots
        if (lot.available_from is None or lot.available_from <= AT)
        and (lot.expires_at is None or lot.expires_at > AT)
    }


@given(requests, balances, sale_lines)
def test_nothing_is_overdrawn_and_nothing_is_paid_twice(
    request: RedeemRequest, held: Balances, lines: list[SaleLine]
) -> None:
    due = sum(line.due for line in lines)

    redemption = used(request, held, lines)

    assert 0 <= redemption.total <= due
    assert 0 <= redemption.delivery <= 900
    left = lot_amounts(held)
    for row in redemption.redeemed:
        assert row.balance_after >= 0
        assert row.amount > 0 or row.reward == "gift"
        assert all(units > 0 for _lot, units in [*row.takes, *row.forfeits])
        if row.code:
            stored = {one.code: one for one in held.stored_values}[row.code]
            assert row.amount + row.forfeited + row.balance_after == stored.balance
            continue
        assert sum(units for _lot, units in row.takes) == (row.amount if row.units is None else row.units)
        assert sum(cents for _lot, cents in row.forfeits) == row.forfeited
        for lot, units in [*row.takes, *row.forfeits]:
            left[row.program, lot] -= units
    assert all(amount >= 0 for amount in left.values())


@given(requests, balances, sale_lines)
def test_comes_in_the_documented_order(request: RedeemRequest, held: Balances, lines: list[SaleLine]) -> None:
    order = ["reward", "voucher", "points", "cashback"]

    kinds = [row.kind for row in used(request, held, lines).redeemed]

    ranks = [order.index(kind) if kind in order else len(order) for kind in kinds]
    assert ranks == sorted(ranks)


@given(requests, balances, sale_lines, st.randoms())
def test_the_order_in_which_lots_and_programs_are_read_changes_nothing(
    request: RedeemRequest, held: Balances, lines: list[SaleLine], random: object
) -> None:
    def shuffled(items: tuple) -> tuple:
        return tuple(random.sample(items, len(items)))  # type: ignore[attr-defined]

    other = Balances(
        cashback=shuffled(held.cashback),
        accounts=tuple(
            UnitAccount(
                program=account.program,
                unit=account.unit,
                lots=shuffled(account.lots),
                point_value=account.point_value,
                redeem_step=account.redeem_step,
                offers=account.offers,
            )
            for account in shuffled(held.accounts)
        ),
        stored_values=shuffled(held.stored_values),
    )

    assert used(request, other, lines) == used(request, held, lines)


@given(balances, sale_lines)
def test_the_first_that_expires_is_used_first(held: Balances, lines: list[SaleLine]) -> None:
    redemption = used(RedeemRequest(points={"pontos": MAX}), held, lines)

    lots = {lot.id: lot for lot in held.accounts[0].lots}
    never = AT + timedelta(days=1000)
    for row in redemption.redeemed:
        taken = [(lots[lot].expires_at or never, lot) for lot, _units in row.takes]
        assert taken == sorted(taken)
        # Whatever is not the last was emptied before the next was touched.
        for (lot, units), _next in pairwise(row.takes):
            assert units == lots[lot].amount
        untouched = [
            (lot.expires_at or never, lot.id)
            for lot in lots.values()
            if ("pontos", lot.id) in lot_amounts(held) and lot.amount and lot.id not in dict(row.takes)
        ]
        assert all(taken[-1] < other for other in untouched)


@given(requests, balances, sale_lines)
def test_less_than_was_asked_for_is_always_explained(
    request: RedeemRequest, held: Balances, lines: list[SaleLine]
) -> None:
    redemption = used(request, held, lines)

    explained = {row.path for row in redemption.refused}
    given_cashback = sum(row.amount for row in redemption.redeemed if row.kind == "cashback")
    if request.cashback is not None:
        asked = 1 if request.cashback == MAX else request.cashback
        assert (given_cashback < asked) == ("redeem.cashback" in explained)
    for program, number in request.points.items():
        units = sum(
            row.units or 0 for row in redemption.redeemed if (row.kind, row.program) == ("points", program)
        )
        assert (units < (1 if number == MAX else number)) == (f"redeem.points.{program}" in explained)


def naive_cashback(request: int | None, held: Balances, lines: list[SaleLine]) -> int:
    """Cashback cent by cent: each cent comes from the first credit that may still give one."""
    due = sum(line.due for line in lines)
    quantity = sum(line.thousandths for line in lines)

    def limit(terms: CashbackTerms) -> int:
        if terms.max_percent is None:
            return due
        share = Fraction(terms.max_percent, 1_000_000)
        if terms.apply_to == "sale":
            return floor(due * share)
        if terms.average_price:
            return sum(floor(Fraction(due * line.thousandths, quantity) * share) for line in lines)
        return sum(floor(line.due * share) for line in lines)

    open_lots = [
        lot
        for lot in sorted(
            held.cashback, key=lambda lot: (lot.expires_at or AT + timedelta(days=1000), lot.id)
        )
        if ("", lot.id) in lot_amounts(held)
        and (lot.reviewed or not lot.terms.requires_review)
        and (lot.terms.minimum_purchase is None or due >= lot.terms.minimum_purchase)
    ]
    given_by = dict.fromkeys([lot.id for lot in open_lots], 0)
    total = 0

    def together(lot: CashbackLot, most: int) -> int:
        return sum(
            given_by[other.id]
            for other in open_lots
            if (other is lot or (lot.campaign and other.campaign == lot.campaign))
            and limit(other.terms) <= most
        )

    def may_give(lot: CashbackLot) -> bool:
        own = limit(lot.terms)
        family = [
            other for other in open_lots if other is lot or (lot.campaign and other.campaign == lot.campaign)
        ]
        limits = {limit(other.terms) for other in family if limit(other.terms) >= own}
        return given_by[lot.id] < lot.amount and all(together(lot, most) < most for most in limits)

    for lot in open_lots:
        while total < due and (request is None or total < request) and may_give(lot):
            given_by[lot.id] += 1
            total += 1
    return total


small = st.integers(0, 60)
small_terms = st.builds(
    CashbackTerms,
    max_percent=st.none() | st.sampled_from([50_000, 100_000, 330_000, 500_000]),
    minimum_purchase=st.none() | small,
    apply_to=st.sampled_from(["sale", "item"]),
    average_price=st.booleans(),
    requires_review=st.booleans(),
)
small_lots = st.lists(
    st.builds(
        CashbackLot,
        id=st.integers(1, 9),
        amount=small,
        campaign=st.sampled_from(["", "A"]),
        available_from=moments,
        expires_at=moments,
        reviewed=st.booleans(),
        terms=small_terms,
    ),
    max_size=4,
    unique_by=lambda lot: lot.id,
)
small_lines = st.lists(st.tuples(small, st.sampled_from([1000, 2000, 350])), min_size=1, max_size=3).map(
    lambda rows: [
        SaleLine(line=number, due=due, thousandths=thousandths)
        for number, (due, thousandths) in enumerate(rows, 1)
    ]
)


@given(st.none() | small, small_lots, small_lines)
def test_cashback_is_what_counting_cent_by_cent_gives(
    asked: int | None, lots: list[CashbackLot], lines: list[SaleLine]
) -> None:
    held = Balances(cashback=tuple(lots))

    redemption = used(RedeemRequest(cashback=MAX if asked is None else asked), held, lines)

    assert redemption.total == naive_cashback(asked, held, lines)


@given(requests, balances, sale_lines, st.data())
def test_returns_in_any_split_give_back_exactly_what_was_used(
    request: RedeemRequest, held: Balances, lines: list[SaleLine], data: st.DataObject
) -> None:
    redeemed = used(request, held, lines).redeemed
    worth = {line.line: line.due for line in lines}

    shares = spent_shares(redeemed, worth)

    for row, carried in zip(redeemed, shares, strict=True):
        if row.target == "sale" and row.amount:
            assert sum(share.amount for share in carried.values()) == row.amount
            assert sum(share.units for share in carried.values()) == (row.units or 0)
        else:
            assert carried == {}
    for line in lines:
        carried_by_line = [carried[line.line] for carried in shares if line.line in carried]
        quantity = money.to_decimal(line.thousandths) / 10
        returned = data.draw(st.integers(0, line.thousandths)) * quantity / line.thousandths
        value = money.share_after_returns(line.due, quantity, returned)
        back = sum(money.share_after_returns(share.amount, quantity, returned) for share in carried_by_line)
        # What returns as value is never more than what the units are worth: the money given back is never negative.
        assert 0 <= back <= value
