"""The tiers of a points program: read as a list, compared with what is there, written as a whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from loyalty.models import PointsProgram, ProgramTier
from loyalty.services.levels import read_entry
from retail.rows import MISSING, Code, Column, FieldRefused, Money, Row, Text, Whole, schema_of, validate_code

MAX_TIERS = 50
TIER_COLUMNS: dict[str, Column] = {
    "number": Whole(1, MAX_TIERS),
    "code": Code(40),
    "name": Text(80, default=MISSING),
    "threshold": Money(),
}


@dataclass(frozen=True, slots=True)
class TierSpec:
    """One tier as a row gives it; its number is its place in the list."""

    code: str
    name: str
    threshold: Decimal


@dataclass(frozen=True, slots=True)
class Tiers:
    """The whole list of tiers of a program, lowest first."""

    default: Any = None

    def read(self, value: Any) -> tuple[TierSpec, ...]:
        if not isinstance(value, list):
            raise FieldRefused("type", _("This must be a list."))
        if len(value) > MAX_TIERS:
            raise FieldRefused("too_long", _("This has more than %(limit)d entries.") % {"limit": MAX_TIERS})
        tiers = tuple(_read_tier(place, raw) for place, raw in enumerate(value))
        if len({tier.code for tier in tiers}) < len(tiers):
            raise FieldRefused("duplicate", _("Two tiers have the same code."))
        for place, (lower, higher) in enumerate(pairwise(tiers), 1):
            if higher.threshold <= lower.threshold:
                message = _("Tier %(number)d must need more than the one before.")
                raise FieldRefused("order", message % {"number": place + 1})
        return tiers

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "maxItems": MAX_TIERS, "items": schema_of(TIER_COLUMNS)}


def _read_tier(place: int, raw: Any) -> TierSpec:
    values = read_entry(f"[{place}]", raw, TIER_COLUMNS)
    if values["number"] not in (None, place + 1):
        raise FieldRefused("order", _("[%(place)d].number is the place in the list.") % {"place": place})
    if not values["threshold"]:
        raise FieldRefused("range", _("[%(place)d].threshold must be more than 0.") % {"place": place})
    try:
        validate_code(values["code"])
    except ValidationError as error:
        raise FieldRefused("invalid", f"[{place}].code: {error.messages[0]}") from error
    return TierSpec(values["code"], values["name"], values["threshold"])


def check_tiers(row: Row) -> None:
    """Refuse a second program whose tiers are the customers' level."""
    if row.errors or not row.instance.sets_customer_level:
        return
    other = PointsProgram.objects.filter(sets_customer_level=True).exclude(pk=row.instance.pk).first()
    if other is not None:
        message = _("The tiers of “%(program)s” are the customers' level already.")
        row.refuse("sets_customer_level", "taken", message % {"program": other.name})


def tiers_of(program: PointsProgram) -> tuple[TierSpec, ...]:
    """Return a program's tiers as a row would give them."""
    return tuple(TierSpec(tier.code, tier.name, tier.threshold) for tier in program.tiers.order_by("number"))


def tiers_differ(program: PointsProgram, tiers: Sequence[TierSpec]) -> bool:
    return tiers_of(program) != tuple(tiers)


def write_tiers(program: PointsProgram, tiers: Sequence[TierSpec]) -> None:
    """Make the rows of the tiers say what the list says; a tier is the same while its code is."""
    present: Mapping[str, ProgramTier] = {tier.code: tier for tier in program.tiers.all()}
    program.tiers.exclude(code__in=[spec.code for spec in tiers]).delete()
    for number, spec in enumerate(tiers, 1):
        tier = present.get(spec.code) or ProgramTier(program=program, code=spec.code)
        tier.number, tier.name, tier.threshold = number, spec.name, spec.threshold
        tier.save()
