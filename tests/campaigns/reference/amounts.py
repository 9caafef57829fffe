"""Exact amounts of the reference evaluator, in fractions."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

ZERO = Fraction(0)


def fraction(text: object) -> Fraction:
    return Fraction(Decimal(str(text)))


def cents_half_up(value: Fraction) -> Fraction:
    """Round to the cent, half up."""
    return Fraction((value * 100 + Fraction(1, 2)).__floor__(), 100)


def spread(total: Fraction, weights: list[Fraction]) -> list[Fraction]:
    """Split by weight to the cent with largest remainder; ties go to the earlier."""
    whole = sum(weights)
    if not whole:
        return [ZERO for _ in weights]
    exact = [total * weight / whole * 100 for weight in weights]
    parts = [value.__floor__() for value in exact]
    missing = int(total * 100) - sum(parts)
    order = sorted(range(len(weights)), key=lambda i: (-(exact[i] - parts[i]), i))
    for place in order[:missing]:
        parts[place] += 1
    return [Fraction(part, 100) for part in parts]


def capped(benefit: dict[str, Any], total: Fraction) -> Fraction:
    return min(total, fraction(benefit["max_amount"])) if benefit.get("max_amount") else total
