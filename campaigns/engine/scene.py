"""Everything that the checks and benefits of one evaluation look at, computed once.

Lines are held in the order of their numbers, whatever the order in which they came; everywhere in the engine a line
is meant by its position in that order, so that ties go to the lower line number.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

from campaigns.engine.basket import Basket, Line, PromoCode, Shopper, Surroundings
from campaigns.engine.policy import CalculationPolicy
from campaigns.engine.selector import Selector, values_of
from retail import money

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
BEGINNING, END = -(10**18), 10**18  # before and after any moment, in microseconds


def microseconds(moment: datetime) -> int:
    """Return an instant as a number that compares fast."""
    return (moment - EPOCH) // MICROSECOND


class Scene:
    """A basket as priced (step 1) and abated by its exchange (step 2), with shopper, store and moment.

    Amounts are cents by position: `gross`, `markdown`, `value` (gross - markdown), `share` (of the exchange), `room`
    (the greatest discount a line may get). `units` is how many there are: a line whose quantity is not whole is one.
    """

    def __init__(
        self,
        basket: Basket,
        shopper: Shopper | None,
        around: Surroundings,
        policy: CalculationPolicy,
        lines: Sequence[Line],
    ) -> None:
        self.basket = basket
        self.shopper = shopper
        self.around = around
        self.policy = policy
        self.instant = microseconds(around.moment)
        self.lines = lines
        self.positions = tuple(range(len(lines)))
        self.units: list[int] = []
        self.gross: list[int] = []
        self.untaken = [0] * len(lines)  # no discount on any line; never changed
        self.markdown = [0] * len(lines)
        self.share = [0] * len(lines)
        self.exchange = 0
        self.exchange_left = 0
        self.has_exchange = bool(basket.exchange)
        self.discountable = all(line.discountable for line in lines)
        for line in lines:
            quantity, unit_price = line.quantity, line.unit_price
            whole = int(quantity)
            if whole == quantity:
                self.units.append(whole)
                self.gross.append(unit_price * whole)
            else:
                amount = money.gross(unit_price, quantity)
                self.units.append(1)
                self.gross.append(amount)
        self.value = self.gross.copy()
        self.room: list[int] = []
        self.has_floors = any(line.floor_price for line in lines)
        self._selected: dict[Selector, tuple[int, ...]] = {}
        self._offered: dict[str, dict[str, list[int]]] = {}

    def close_prices(self) -> None:
        """Derive what depends on markdowns and exchange; called once, when both are known."""
        if not self.has_exchange and self.discountable and not self.has_floors:
            self.room = self.value
            return
        room = []
        for position, line in enumerate(self.lines):
            least = self.share[position]
            if line.floor_price:
                least = max(least, money.gross(line.floor_price, line.quantity))
            room.append(max(0, self.value[position] - least) if line.discountable else 0)
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
        if pool is not None:
            return tuple(code for code in self.basket.promo_codes if code.pool == pool)
        return tuple(code for code in self.basket.promo_codes if code.campaign == campaign)

    def select(self, selector: Selector) -> tuple[int, ...]:
        """Return the positions of the lines that a selector means."""
        if selector.everything:
            return self.positions
        found = self._selected.get(selector)
        if found is None:
            found = self._selected[selector] = self._search(selector)
        return found

    def _search(self, selector: Selector) -> tuple[int, ...]:
        offered = self._offered.get(selector.by)
        if offered is None:
            offered = self._offered[selector.by] = self._values(selector.by)
        listed: list[int] = []
        # Whichever is shorter is walked: the selector's list may hold thousands of products.
        if len(selector.values) <= len(offered):
            for value in selector.values:
                listed += offered.get(value, ())
        else:
            for value, positions in offered.items():
                if value in selector.lookup:
                    listed += positions
        if selector.plain:
            return tuple(listed) if len(listed) < 2 else tuple(sorted(set(listed)))
        wanted = set(listed)
        return tuple([p for p, line in enumerate(self.lines) if selector.admits(p in wanted, line)])

    def _values(self, by: str) -> dict[str, list[int]]:
        """Return where each value of a kind occurs in the basket."""
        offered: dict[str, list[int]] = {}
        for position, line in enumerate(self.lines):
            for value in values_of(line, by):
                offered.setdefault(value, []).append(position)
        return offered

    def numbers(self, positions: Sequence[int]) -> tuple[int, ...]:
        """Return the line numbers of positions, for answers."""
        lines = self.lines
        return tuple([lines[position].line for position in positions])
