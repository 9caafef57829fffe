"""Laws of paying with stored values, and another way of computing it, cent by cent (docs/algorithms/redemption.md, section 5)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from loyalty.redeemed import Redeemed
from loyalty.redemption import MAX, RedeemRequest, Redemption, RewardRequest, StoredValueRequest, redeem
from loyalty.returns import spent_shares
from loyalty.value import (
    Balances,
    CashbackLot,
    RewardOffer,
    SaleLine,
    StoredValue,
    UnitAccount,
    UnitLot,
)
from retail import money

AT = datetime(2026, 11, 22, 13, tzinfo=UTC)
CODES = ["C1", "C2", "C3", "C4"]
MONEY_KINDS = ["gift_card", "e_purse", "voucher", "credit_note"]

cents = st.integers(0, 60)
ends = st.none() | st.integers(1, 3).map(lambda days: AT + timedelta(days=days))
some_categories = st.frozensets(st.sampled_from(["roupas", "calcas"]), max_size=1)
some_groupings = st.frozensets(st.sampled_from(["verao"]), max_size=1)


@st.composite
def lots_in_order(draw: st.DrawFn, code: str) -> tuple[UnitLot, ...]:
    """What a code holds that can be used now, as the snapshot reads it: what expires first first."""
    first = 10 * CODES.index(code)
    found = [
        UnitLot(id=first + number, amount=amount, available_from=AT, expires_at=end)
        for number, (amount, end) in enumerate(
            draw(st.lists(st.tuples(st.integers(1, 40), ends), max_size=3))
        )
    ]
    return tuple(sorted(found, key=lambda lot: (lot.expires_at is None, lot.expires_at or AT, lot.id)))


@st.composite
def stored_value(draw: st.DrawFn, code: str) -> StoredValue:
    terms = {
        "code": code,
        "minimum_purchase": draw(st.none() | st.none() | cents),
        "categories": draw(some_categories),
        "groupings": draw(some_groupings),
        "holder": CODES.index(code),
    }
    if draw(st.integers(0, 3)) == 0:
        percent = draw(st.sampled_from([10_000, 75_000, 330_000, 500_000, 1_000_000]))
        lot = UnitLot(id=10 * CODES.index(code), amount=100, available_from=AT, expires_at=draw(ends))
        return StoredValue(kind="voucher", balance=0, percent=percent, lots=(lot,), **terms)
    lots = draw(lots_in_order(code))
    kind = draw(st.sampled_from(MONEY_KINDS))
    return StoredValue(kind=kind, balance=sum(lot.amount for lot in lots), lots=lots, **terms)


@st.composite
def stored_balances(draw: st.DrawFn) -> tuple[StoredValue, ...]:
    return tuple(draw(stored_value(code)) for code in draw(st.sets(st.sampled_from(CODES))))


sale_lines = st.lists(
    st.tuples(cents, some_categories, some_groupings, st.integers(1, 4)), min_size=1, max_size=4
).map(
    lambda rows: [
        SaleLine(
            line=number,
            due=due,
            sku="CAFE" if number == 1 else "X",
            thousandths=1000 * units,
            # A pair of trousers is clothing, too.
            categories=tuple(sorted(categories | ({"roupas"} if "calcas" in categories else set()))),
            groupings=groupings,
        )
        for number, (due, categories, groupings, units) in enumerate(rows, 1)
    ]
)
asked_values = st.lists(
    st.builds(
        StoredValueRequest, code=st.sampled_from([*CODES, "NO"]), amount=st.just(MAX) | st.just(MAX) | cents
    ),
    max_size=5,
    unique_by=lambda asked: asked.code,
).map(tuple)


def used(
    asked: Sequence[StoredValueRequest], held: Sequence[StoredValue], lines: list[SaleLine]
) -> Redemption:
    request = RedeemRequest(stored_values=tuple(asked))
    return redeem(request, Balances(stored_values=tuple(held)), lines=lines, at=AT)


@st.composite
def whole_redemptions(draw: st.DrawFn) -> tuple[Redemption, tuple[StoredValue, ...], list[SaleLine]]:
    """Stored values beside a reward off a product, points and cashback, in one sale."""
    held, lines = draw(stored_balances()), draw(sale_lines)
    balances = Balances(
        stored_values=held,
        cashback=(CashbackLot(id=900, amount=draw(cents)),),
        accounts=(
            UnitAccount(program="pontos", point_value=3, lots=(UnitLot(id=901, amount=draw(cents) * 100),)),
            UnitAccount(
                program="cafe",
                unit="stamps",
                lots=(UnitLot(id=902, amount=draw(st.sampled_from([0, 500]))),),
                offers=(RewardOffer(kind="product", cost=500, sku="CAFE", percent=500_000),),
            ),
        ),
    )
    request = RedeemRequest(
        cashback=draw(st.none() | st.just(MAX) | cents),
        points=draw(st.dictionaries(st.just("pontos"), st.just(MAX))),
        rewards=draw(st.sampled_from([(), (RewardRequest(program="cafe"),)])),
        stored_values=draw(asked_values),
    )
    return redeem(request, balances, lines=lines, at=AT), held, lines


# --- Another way of computing it -----------------------------------------------------------------


def shared(amount: int, rooms: dict[int, int]) -> dict[int, int]:
    """Share cents in proportion to rooms; what rounding leaves goes to the largest remainders, then to earlier lines."""
    whole = sum(rooms.values())
    exact = {line: Fraction(amount * room, whole) for line, room in rooms.items()}
    parts = {line: int(share) for line, share in exact.items()}
    by_remainder = sorted(exact, key=lambda line: (parts[line] - exact[line], line))
    for line in by_remainder[: amount - sum(parts.values())]:
        parts[line] += 1
    return parts


class NaiveCounter:
    """Counts a sale down cent by cent; every cent is of a lot, and of a line where the value is for some products."""

    def __init__(self, lines: list[SaleLine]) -> None:
        self.lines = {line.line: line for line in lines}
        self.due = sum(line.due for line in lines)
        self.left = self.due
        self.pinned = dict.fromkeys(self.lines, 0)
        self.paid: dict[str, tuple[int, int, list[tuple[int, int]], list[tuple[int, int]]]] = {}

    def pays(self, value: StoredValue, line: SaleLine) -> bool:
        if not value.categories and not value.groupings:
            return True
        return any(name in line.categories for name in value.categories) or any(
            name in line.groupings for name in value.groupings
        )

    def present(self, value: StoredValue, wanted: int | str) -> None:
        if wanted == 0 or (value.minimum_purchase or 0) > self.due or not value.lots:
            return
        own = {number: line for number, line in self.lines.items() if self.pays(value, line)}
        rooms = {number: line.due - self.pinned[number] for number, line in own.items()}
        most = min(self.left, sum(rooms.values()))
        if value.percent is not None:
            whole = Fraction(sum(line.due for line in own.values()) * value.percent, 1_000_000)
            most = min(most, int(whole + Fraction(1, 2)))
            spent, lost = most, 0
        else:
            is_whole = value.kind == "gift_card"
            asked = value.balance if wanted == MAX or is_whole else int(wanted)
            spent = min(most, asked, value.balance)
            lost = value.balance - spent if is_whole else 0
        if not most or not spent:
            return
        if value.categories or value.groupings:
            for number, part in shared(spent, rooms).items():
                self.pinned[number] += part
        self.left -= spent
        units = 100 if value.percent is not None else spent
        self.paid[value.code] = (spent, lost, *self.lots(value, units, lost))

    def lots(
        self, value: StoredValue, units: int, lost: int
    ) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        one_by_one = [lot.id for lot in value.lots for _cent in range(lot.amount)]
        taken, gone = one_by_one[:units], one_by_one[units : units + lost]
        order = dict.fromkeys(one_by_one)
        return (
            [(lot, taken.count(lot)) for lot in order if lot in taken],
            [(lot, gone.count(lot)) for lot in order if lot in gone],
        )


def naive(
    asked: Sequence[StoredValueRequest], held: Sequence[StoredValue], lines: list[SaleLine]
) -> NaiveCounter:
    """Vouchers first, then the others, each as presented."""
    values = {value.code: value for value in held}
    counter = NaiveCounter(lines)
    presented = [(values[one.code], one.amount) for one in asked if one.code in values]
    for is_voucher in (True, False):
        for value, wanted in presented:
            if (value.kind == "voucher") == is_voucher:
                counter.present(value, wanted)
    return counter


@given(asked_values, stored_balances(), sale_lines)
def test_is_what_counting_cent_by_cent_gives(
    asked: tuple[StoredValueRequest, ...], held: tuple[StoredValue, ...], lines: list[SaleLine]
) -> None:
    redemption, counter = used(asked, held, lines), naive(asked, held, lines)

    found = {
        row.code: (row.amount, row.forfeited, list(row.takes), list(row.forfeits))
        for row in redemption.redeemed
    }
    assert found == counter.paid
    assert redemption.total == counter.due - counter.left
    pinned = dict.fromkeys(counter.lines, 0)
    for row in redemption.redeemed:
        for number, part in row.lines:
            pinned[number] += part
    assert pinned == counter.pinned


# --- Laws -----------------------------------------------------------------------------------------


def payable_lines(row: Redeemed, held: Sequence[StoredValue], lines: list[SaleLine]) -> set[int]:
    """The lines that a redeemed value may stand on at all."""
    if row.line is not None:
        return {row.line}
    value = next((one for one in held if row.code and one.code == row.code), None)
    return {line.line for line in lines if value is None or value.pays(line)}


@given(whole_redemptions())
def test_nothing_pays_more_than_is_due_nor_other_products(case: tuple) -> None:
    redemption, held, lines = case
    due = {line.line: line.due for line in lines}

    rows = [row for row in redemption.redeemed if row.target == "sale" and row.amount]

    may_stand = [payable_lines(row, held, lines) for row in rows]
    # Whichever of them are looked at, the lines that they may pay are worth them (Hall's theorem): there is a way to
    # say which cent of which value paid which line.
    for size in range(1, len(rows) + 1):
        for chosen in combinations(range(len(rows)), size):
            together = set().union(*[may_stand[place] for place in chosen])
            assert sum(rows[place].amount for place in chosen) <= sum(due[line] for line in together)
    by_line = dict.fromkeys(due, 0)
    for row, allowed in zip(rows, may_stand, strict=True):
        if row.lines:
            assert {number for number, _part in row.lines} <= allowed
            assert sum(part for _number, part in row.lines) == row.amount
            assert all(part > 0 for _number, part in row.lines)
        for number, part in row.lines or ([(row.line, row.amount)] if row.line else []):
            by_line[number] += part
    assert all(by_line[number] <= due[number] for number in due)


@given(asked_values, stored_balances(), sale_lines)
def test_what_expires_first_goes_first_and_nothing_twice(
    asked: tuple[StoredValueRequest, ...], held: tuple[StoredValue, ...], lines: list[SaleLine]
) -> None:
    values = {value.code: value for value in held}

    for row in used(asked, held, lines).redeemed:
        value = values[row.code]
        amounts = {lot.id: lot.amount for lot in value.lots}
        order = [lot.id for lot in value.lots]
        touched = [order.index(lot) for lot, _part in [*row.takes, *row.forfeits]]
        assert touched == sorted(touched)
        gone = dict(row.takes)
        for lot, part in row.forfeits:
            gone[lot] = gone.get(lot, 0) + part
        assert all(0 < part <= amounts[lot] for lot, part in gone.items())
        # Whatever is not the last was emptied before the next was touched.
        assert all(gone[lot] == amounts[lot] for lot, _next in pairwise(gone))
        if value.percent is None:
            assert row.amount + row.forfeited + row.balance_after == value.balance
            assert sum(part for _lot, part in row.takes) == row.amount
            assert sum(part for _lot, part in row.forfeits) == row.forfeited
            assert row.kind == "gift_card" or not row.forfeited
            assert row.kind != "gift_card" or not row.balance_after
        else:
            assert (row.units, row.balance_after, row.is_whole) == (100, 0, True)


@given(asked_values, stored_balances(), sale_lines)
def test_less_than_was_asked_for_is_always_explained(
    asked: tuple[StoredValueRequest, ...], held: tuple[StoredValue, ...], lines: list[SaleLine]
) -> None:
    redemption = used(asked, held, lines)

    explained = {row.path for row in redemption.refused}
    given_by = {row.code: row for row in redemption.redeemed}
    percents = {value.code for value in held if value.percent is not None}
    for place, one in enumerate(asked):
        row, path = given_by.get(one.code), f"redeem.stored_values[{place}]"
        if one.amount == 0:
            assert row is None
            assert path not in explained
        elif row is None:
            assert path in explained
        elif one.amount != MAX and one.code not in percents:
            # Used whole, a gift card takes the rest with it: nobody is told that less was given.
            less = row.amount < one.amount and not row.forfeited
            assert not less or path in explained


@given(asked_values, stored_balances(), sale_lines)
def test_the_terms_of_each_are_kept(
    asked: tuple[StoredValueRequest, ...], held: tuple[StoredValue, ...], lines: list[SaleLine]
) -> None:
    due = sum(line.due for line in lines)
    values = {value.code: value for value in held}

    rows = used(asked, held, lines).redeemed

    for row in rows:
        value = values[row.code]
        assert (value.minimum_purchase or 0) <= due
        own = sum(line.due for line in lines if value.pays(line))
        assert 0 < row.amount <= own
        if value.percent is not None:
            assert abs(row.amount - Fraction(own * value.percent, 1_000_000)) <= Fraction(1, 2) or (
                # Others had paid of these lines before.
                row.amount < Fraction(own * value.percent, 1_000_000)
            )
    kinds = [row.kind != "voucher" for row in rows]
    assert kinds == sorted(kinds)
    for is_voucher in (True, False):
        order = [one.code for one in asked if one.code in values]
        same = [row.code for row in rows if (row.kind == "voucher") == is_voucher]
        assert same == [code for code in order if code in same]


@given(asked_values, stored_balances(), sale_lines, st.randoms())
def test_of_values_for_everything_the_order_decides_who_pays_not_how_much(
    asked: tuple[StoredValueRequest, ...],
    held: tuple[StoredValue, ...],
    lines: list[SaleLine],
    random: object,
) -> None:
    plain = [
        replace(value, categories=frozenset(), groupings=frozenset())
        for value in held
        if value.percent is None
    ]
    other = tuple(random.sample(asked, len(asked)))  # type: ignore[attr-defined]

    assert used(asked, plain, lines).total == used(other, plain, lines).total


@given(whole_redemptions(), st.data())
def test_lines_carry_what_was_used_up_to_their_worth_and_give_it_back_in_any_split(
    case: tuple, data: st.DataObject
) -> None:
    redemption, _held, lines = case
    # A line is worth at least what is due for it; more where something was taken in exchange.
    worth = {line.line: line.due + data.draw(st.integers(0, 5)) for line in lines}

    shares = spent_shares(redemption.redeemed, worth)

    for row, carried in zip(redemption.redeemed, shares, strict=True):
        if row.target == "sale" and row.amount:
            assert sum(share.amount for share in carried.values()) == row.amount
            assert sum(share.units for share in carried.values()) == (row.units or 0)
    for line in lines:
        own = [carried[line.line].amount for carried in shares if line.line in carried]
        assert sum(own) <= worth[line.line]
        units = line.thousandths // 1000
        # Units come back in any portions: each gives the difference to what came before.
        given_back, came = 0, 0
        while came < units:
            more = data.draw(st.integers(1, units - came))
            steps = [
                money.share_after_returns(part, Decimal(units), Decimal(came + more))
                - money.share_after_returns(part, Decimal(units), Decimal(came))
                for part in own
            ]
            assert all(step >= 0 for step in steps)
            given_back, came = given_back + sum(steps), came + more
        assert given_back == sum(own)
