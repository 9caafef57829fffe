"""Everything that the checks and benefits of one evaluation look at, computed once."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import cached_property

from campaigns.engine.basket import Basket, Line, PromoCode, Shopper, Surroundings
from campaigns.engine.policy import CalculationPolicy
from campaigns.engine.selector import Selector


class Scene:
    """A basket that has been priced (markdowns and exchange included), its shopper, store and moment.

    Lines are held in the order of their numbers, whatever the order in which they came; everywhere in the engine a
    line is meant by its position in that order.
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
        self.lines = lines
        self.positions = tuple(range(len(lines)))
        self._selected: dict[Selector, tuple[int, ...]] = {}

    @cached_property
    def local(self) -> datetime:
        """The moment in the store's time zone."""
        return self.around.moment.astimezone(self.around.store.timezone)

    @cached_property
    def today(self) -> date:
        return self.local.date()

    @cached_property
    def methods(self) -> frozenset[str]:
        return frozenset(payment.method for payment in self.basket.payments)

    @cached_property
    def usable_codes(self) -> tuple[PromoCode, ...]:
        return tuple(code for code in self.basket.promo_codes if code.usable)

    def select(self, selector: Selector) -> tuple[int, ...]:
        """Return the positions of the lines that a selector means."""
        if selector.everything:
            return self.positions
        found = self._selected.get(selector)
        if found is None:
            found = tuple(p for p, line in enumerate(self.lines) if selector.selects(line))
            self._selected[selector] = found
        return found

    def numbers(self, positions: Sequence[int]) -> tuple[int, ...]:
        """Return the line numbers of positions, for answers."""
        return tuple(self.lines[position].line for position in positions)
