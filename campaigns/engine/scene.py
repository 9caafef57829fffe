"""Everything that the checks and benefits of one evaluation look at, computed once.

Lines are held in the order of their numbers, whatever the order in which they came; everywhere in the engine a line
is meant by its position in that order, so that ties go to the lower line number.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from operator import attrgetter, mul

from campaigns.engine.basket import Basket, Line, PromoCode, Shopper, Surroundings
from campaigns.engine.policy import CalculationPolicy
from campaigns.engine.selector import Occurrences, Selector, occurrences
from retail import money

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
BEGINNING, END = -(10**18), 10**18  # before and after any moment, in microseconds


def microseconds(moment: datetime) -> int:
    """Return an instant as a number that compares fast."""
    return (moment - EPOCH) // MICROSECOND


class _WholeUnits(dict[Decimal, int]):
    """Whole quantities as integers, 0 for weighed goods. Tills send the same few all day, so they are remembered."""

    def __missing__(self, quantity: Decimal) -> int:
        whole = int(quantity)
        if whole != quantity:
            return 0
        if len(self) < 1024:
            self[quantity] = whole
        return whole


whole_units = _WholeUnits().__getitem__
_line_number = attrgetter("line")


class Scene:
    """A basket as priced (step 1) and abated by its exchange (step 2), with shopper, store and moment.

    Amounts are cents by position: `gross`, `markdown`, `value` (gross - markdown), `share` (of the exchange), `room`
    (the greatest discount a line may get). `units` is how many there are: a line whose quantity is not whole is one.
    `line_numbers`, `skus`, `quantities` and `prices` are the columns of the basket itself.
    """

    # Slots are read and written faster; `__dict__` holds what is worked out only where somebody asks for it.
    __slots__ = (
        "__dict__",
        "_occurrences",
        "_selected",
        "around",
        "basket",
        "discountable",
        "exchange",
        "exchange_left",
        "gross",
        "has_exchange",
        "has_floors",
        "in_order",
        "instant",
        "line_numbers",
        "lines",
        "markdown",
        "policy",
        "positions",
        "prices",
        "quantities",
        "redeemed",
        "room",
        "sale_room",
        "share",
        "shopper",
        "skus",
        "units",
        "untaken",
        "value",
    )

    def __init__(
        self,
        basket: Basket,
        shopper: Shopper | None,
        around: Surroundings,
        policy: CalculationPolicy,
    ) -> None:
        # Line by line costs twice what column by column does, and every request pays for it.
        lines: Sequence[Line] = basket.lines
        line_numbers = [line.line for line in lines]
        self.in_order = line_numbers == sorted(line_numbers)
        if not self.in_order:
            lines = sorted(lines, key=_line_number)
            line_numbers.sort()
        count = len(lines)
        self.basket = basket
        self.shopper = shopper
        self.around = around
        self.policy = policy
        self.instant = microseconds(around.moment)
        self.lines = lines
        self.line_numbers = line_numbers
        self.skus = [line.sku for line in lines]
        self.quantities = [line.quantity for line in lines]
        self.prices = [line.unit_price for line in lines]
        self.positions = tuple(range(count))
        self.untaken = [0] * count  # no discount on any line; never changed
        self.markdown = [0] * count
        self.share = [0] * count
        self.exchange = 0
        self.exchange_left = 0
        self.redeemed = 0  # what value pays; known when the discounts are
        self.has_exchange = bool(basket.exchange)
        restricted = [line for line in lines if line.floor_price or not line.discountable]
        self.discountable = all(line.discountable for line in restricted)
        self.has_floors = any(line.floor_price for line in restricted)
        self.units = list(map(whole_units, self.quantities))
        self.gross = list(map(mul, self.prices, self.units))
        if 0 in self.units:
            self._weigh()
        self.value = self.gross.copy()
        self.room: list[int] = []
        self.sale_room: int | None = None  # the greatest discount of the sale, where the policy caps it
        self._selected: dict[Selector, Sequence[int]] = {}
        self._occurrences: dict[str, Occurrences] = {}

    def _weigh(self) -> None:
        """Make each weighed line one unit, priced by its quantity."""
        for position, whole in enumerate(self.units):
            if not whole:
                self.units[position] = 1
                self.gross[position] = money.gross(self.prices[position], self.quantities[position])

    def close_prices(self) -> None:
        """Derive what depends on markdowns and exchange; called once, when both are known."""
        cap = self.policy.line_cap
        if self.policy.sale_cap is not None:
            self.sale_room = money.percent_of(sum(self.value), self.policy.sale_cap, money.Rounding.DOWN)
        if not self.has_exchange and self.discountable and not self.has_floors and cap is None:
            self.room = self.value
            return
        room = []
        for position, line in enumerate(self.lines):
            least = self.share[position]
            if line.floor_price:
                least = max(least, money.gross(line.floor_price, line.quantity))
            most = max(0, self.value[position] - least) if line.discountable else 0
            if cap is not None:
                most = min(most, money.percent_of(self.value[position], cap, money.Rounding.DOWN))
            room.append(most)
        self.room = room

    @cached_property
    def local(self) -> datetime:
        """The moment in the store's time zone."""
        return self.around.moment.astimezone(self.around.store.timezone)

    @cached_property
    def today(self) -> date:
        return self.local.date()

    @cached_property
    def methods(self) -> frozenset[str]:
        return frozenset(payment.method.casefold() for payment in self.basket.payments)

    @cached_property
    def fresh(self) -> tuple[bool, ...]:
        """By position: sold at its original price, neither marked down nor reduced before."""
        return tuple(
            not self.markdown[p]
            and not (line.original_price is not None and line.unit_price < line.original_price)
            for p, line in enumerate(self.lines)
        )

    @cached_property
    def abated(self) -> list[int]:
        """Values after the exchange."""
        return [value - share for value, share in zip(self.value, self.share, strict=True)]

    @cached_property
    def original(self) -> list[int]:
        """Values at the original prices."""
        return [
            money.gross(
                line.unit_price if line.original_price is None else line.original_price, line.quantity
            )
            for line in self.lines
        ]

    def amounts(self, exchange: str) -> list[int]:
        """Return what a campaign with this way of treating exchanges computes on, before any discount."""
        if self.has_exchange:
            if exchange == "net":
                return self.abated
            if exchange == "original":
                return self.original
        return self.value

    def codes_for(self, campaign: str, pool: str | None) -> tuple[PromoCode, ...]:
        """Return the entered codes that a `promo_code` condition of a campaign means, usable or not."""
        if not self.basket.promo_codes:
            return ()
        if pool is not None:
            return tuple(code for code in self.basket.promo_codes if code.pool == pool)
        return tuple(code for code in self.basket.promo_codes if code.campaign == campaign)

    def where(self, by: str) -> Occurrences:
        """Return where each value of a kind occurs in the basket."""
        found = self._occurrences.get(by)
        if found is None:
            found = self._occurrences[by] = occurrences(self.lines, by)
        return found

    def offers(self, by: str) -> Iterable[str]:
        """Return what the lines offer of a kind."""
        # Most baskets meet no campaign on SKUs: these need not know where each one occurs.
        return self.skus if by == "sku" else self.where(by)

    def select(self, selector: Selector) -> Sequence[int]:
        """Return the positions of the lines that a selector means."""
        only = selector.only
        if only is not None:
            where = self._occurrences.get(selector.by) or self.where(selector.by)
            return where.get(only, ())
        if selector.everything:
            return self.positions
        found = self._selected.get(selector)
        if found is None:
            found = self._selected[selector] = self._search(selector)
        return found

    def _search(self, selector: Selector) -> Sequence[int]:
        where = self.where(selector.by)
        lookup = selector.lookup
        # The shorter one is walked: a selector may list thousands of products.
        shared = where.keys() & lookup if len(lookup) < len(where) else lookup.intersection(where)
        found = [where[value] for value in shared]
        if selector.plain:
            return found[0] if len(found) == 1 else sorted({p for positions in found for p in positions})
        wanted = {p for positions in found for p in positions}
        return [p for p, line in enumerate(self.lines) if selector.admits(p in wanted, line)]

    def numbers(self, positions: Sequence[int]) -> tuple[int, ...]:
        """Return the line numbers of positions, for answers."""
        numbers = self.line_numbers
        if positions is self.positions:
            return tuple(numbers)
        if len(positions) == 1:
            return (numbers[positions[0]],)
        return tuple([numbers[position] for position in positions])
