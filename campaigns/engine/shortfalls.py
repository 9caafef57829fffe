"""How far a basket is from what a campaign or one of its benefits needs: the refusals that carry a distance."""

from collections.abc import Sequence
from decimal import Decimal

from campaigns.engine.scene import Scene
from campaigns.engine.selector import Selector
from campaigns.engine.verdict import Unit, Verdict


def too_few(scene: Scene, positions: Sequence[int], required: Decimal, actual: Decimal) -> Verdict:
    """Return the refusal of lines of which a greater quantity is needed."""
    return Verdict(
        satisfied=False,
        code="minimum_quantity",
        required=required,
        actual=actual,
        missing=required - actual,
        unit=Unit.QUANTITY,
        lines=scene.numbers(positions),
    )


def too_few_units(scene: Scene, positions: Sequence[int], required: int, actual: int) -> Verdict:
    """Return the refusal of lines of which more units are needed; it names those of which units can be added.

    A weighed line is one unit, however much it weighs.
    """
    counted = [p for p in positions if scene.lines[p].quantity == scene.units[p]]
    return too_few(scene, counted, Decimal(required), Decimal(actual))


def amount_refusal(code: str, required: int, actual: int, lines: tuple[int, ...]) -> Verdict:
    """Return the refusal of lines whose amount, in cents, is on the wrong side of a bound."""
    return Verdict(
        satisfied=False,
        code=code,
        required=required,
        actual=actual,
        missing=abs(required - actual),
        unit=Unit.MONEY,
        lines=lines,
    )


def too_little(scene: Scene, positions: Sequence[int], required: int, actual: int) -> Verdict:
    """Return the refusal of lines that must come to a greater amount, in cents."""
    return amount_refusal("minimum_amount", required, actual, scene.numbers(positions))


def absent(selector: Selector) -> Verdict:
    """Return the refusal of a basket in which nothing is selected."""
    return Verdict(
        satisfied=False,
        code="product",
        required=selector.values or None,
        missing=None if selector.exclude else selector.values or None,
        unit=Unit.TEXT,
        subject=selector.by,
    )


def unpaid(methods: tuple[str, ...], used: frozenset[str]) -> Verdict:
    """Return the refusal of a sale of which none of these payment methods pays anything."""
    return Verdict(
        satisfied=False,
        code="payment",
        required=methods,
        actual=tuple(sorted(used)) or None,
        missing=methods,
        unit=Unit.TEXT,
    )
