"""The levels of a points program with their gifts: read as a list, compared with what is there, written as a whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from loyalty.models import Account, LevelGift, PointsProgram, ProgramLevel
from retail.models import Product
from retail.models.catalogue import validate_web_address
from retail.rows import MISSING, Code, Column, FieldRefused, Money, Row, Text, Whole, read_row, schema_of

MAX_LEVELS = 100
MAX_GIFTS = 500

LEVEL_COLUMNS: dict[str, Column] = {
    "number": Whole(1, MAX_LEVELS),
    "name": Text(80),
    "points": Money(),
}
GIFT_COLUMNS: dict[str, Column] = {
    "sku": Code(64),
    "picture_url": Text(500, validators=[validate_web_address]),
}


@dataclass(frozen=True, slots=True)
class GiftSpec:
    sku: str
    picture_url: str


@dataclass(frozen=True, slots=True)
class LevelSpec:
    """One level as a row gives it; its number is its place in the list."""

    name: str
    points: Decimal
    gifts: tuple[GiftSpec, ...]


@dataclass(frozen=True, slots=True)
class Levels:
    """The whole list of levels of a program, lowest first, each with its gifts."""

    default: Any = None

    def read(self, value: Any) -> tuple[LevelSpec, ...]:
        if not isinstance(value, list):
            raise FieldRefused("type", _("This must be a list."))
        if len(value) > MAX_LEVELS:
            raise FieldRefused("too_long", _("This has more than %(limit)d entries.") % {"limit": MAX_LEVELS})
        levels = tuple(_read_level(place, raw) for place, raw in enumerate(value))
        for place, (lower, higher) in enumerate(pairwise(levels), 1):
            if higher.points <= lower.points:
                message = _("Level %(number)d must need more points than the one before.")
                raise FieldRefused("order", message % {"number": place + 1})
        return levels

    def schema(self) -> dict[str, Any]:
        level = schema_of(LEVEL_COLUMNS)
        level["properties"]["gifts"] = {
            "type": "array",
            "maxItems": MAX_GIFTS,
            "items": schema_of(GIFT_COLUMNS),
        }
        return {"type": "array", "maxItems": MAX_LEVELS, "items": level}


def _read_level(place: int, raw: Any) -> LevelSpec:
    gifts = raw.get("gifts", []) if isinstance(raw, Mapping) else []
    rest = (
        {name: value for name, value in raw.items() if name != "gifts"} if isinstance(raw, Mapping) else raw
    )
    values = read_entry(f"[{place}]", rest, LEVEL_COLUMNS)
    if values["number"] not in (None, place + 1):
        raise FieldRefused("order", _("[%(place)d].number is the place in the list.") % {"place": place})
    if not values["points"]:
        raise FieldRefused("range", _("[%(place)d].points must be more than 0.") % {"place": place})
    if not isinstance(gifts, list) or len(gifts) > MAX_GIFTS:
        raise FieldRefused("type", _("[%(place)d].gifts must be a list of products.") % {"place": place})
    specs = [
        GiftSpec(**read_entry(f"[{place}].gifts[{number}]", {"picture_url": "", **_gift(gift)}, GIFT_COLUMNS))
        for number, gift in enumerate(gifts)
    ]
    if len({spec.sku for spec in specs}) < len(specs):
        raise FieldRefused("duplicate", _("[%(place)d].gifts names a product twice.") % {"place": place})
    return LevelSpec(name=values["name"], points=values["points"], gifts=tuple(specs))


def _gift(raw: Any) -> Mapping[str, Any]:
    return {"sku": raw} if not isinstance(raw, Mapping) else raw


def read_entry(path: str, raw: Any, columns: Mapping[str, Column]) -> dict[str, Any]:
    """Read an object inside a row; what is wrong with it is said with its place."""
    row = read_row(0, raw, columns)
    for name, column in columns.items():
        if name not in row.values and not any(error.path == name for error in row.errors):
            if column.default is MISSING:
                row.refuse(name, "required", _("This is required."))
            else:
                row.values[name] = column.default
    if row.errors:
        error = row.errors[0]
        raise FieldRefused(error.code, f"{path}{'.' if error.path else ''}{error.path}: {error.message}")
    return row.values


def products_of(levels: Any) -> dict[str, Product]:
    skus = {gift.sku for group in levels for level in group for gift in level.gifts}
    return {product.sku: product for product in Product.objects.filter(sku__in=skus)} if skus else {}


def check_levels(row: Row, levels: Sequence[LevelSpec], products: Mapping[str, Product]) -> None:
    if row.errors:
        return
    for place, level in enumerate(levels):
        for number, gift in enumerate(level.gifts):
            if gift.sku not in products:
                message = _("There is no product “%(sku)s”.") % {"sku": gift.sku}
                row.refuse(f"levels[{place}].gifts[{number}].sku", "unknown_product", message)
    if row.instance.pk is None:
        return
    present = list(row.instance.levels.order_by("number").prefetch_related("gifts"))
    removed = _left_out(present, levels)
    if not removed:
        return
    holding = [level for level in removed if level.gifts.all()]
    if holding:
        message = _("Detach the gifts of level %(number)d before you remove it.")
        row.refuse("levels", "level_has_gifts", message % {"number": holding[0].number})
    highest = Account.objects.filter(program=row.instance).aggregate(most=Max("balance"))["most"] or 0
    if highest >= present[0].points:
        message = _("A level can be removed once every customer has fewer points than level 1 needs.")
        row.refuse("levels", "points_reach_level", message)


def _left_out(present: Sequence[ProgramLevel], levels: Sequence[LevelSpec]) -> list[ProgramLevel]:
    """Return the levels that a shorter list removes: those whose points it does not name, from the highest down."""
    surplus = len(present) - len(levels)
    if surplus <= 0:
        return []
    named = {level.points for level in levels}
    return [level for level in present if level.points not in named][-surplus:]


def levels_of(program: PointsProgram) -> tuple[LevelSpec, ...]:
    """Return a program's levels as a row would give them."""
    return tuple(
        LevelSpec(
            name=level.name,
            points=level.points,
            gifts=tuple(
                GiftSpec(gift.product.sku, gift.picture_url)
                for gift in sorted(level.gifts.all(), key=lambda gift: gift.pk)
            ),
        )
        for level in program.levels.order_by("number").prefetch_related("gifts__product")
    )


def levels_differ(program: PointsProgram, levels: Sequence[LevelSpec]) -> bool:
    return levels_of(program) != tuple(levels)


def write_levels(
    program: PointsProgram, levels: Sequence[LevelSpec], products: Mapping[str, Product]
) -> None:
    """Make the rows of the levels say what the list says; a level keeps its row by its number."""
    present = {level.number: level for level in program.levels.all()}
    LevelGift.objects.filter(level__program=program).delete()
    program.levels.filter(number__gt=len(levels)).delete()
    # Thresholds are unique: those that move up make room from the top, those that move down from the bottom.
    for number, spec in sorted(enumerate(levels, 1), reverse=True):
        if number in present and spec.points > present[number].points:
            _write_level(program, number, spec)
    for number, spec in enumerate(levels, 1):
        if number not in present or spec.points <= present[number].points:
            _write_level(program, number, spec)
    by_number = {level.number: level for level in program.levels.all()}
    LevelGift.objects.bulk_create(
        LevelGift(level=by_number[number], product=products[gift.sku], picture_url=gift.picture_url)
        for number, spec in enumerate(levels, 1)
        for gift in spec.gifts
    )


def _write_level(program: PointsProgram, number: int, spec: LevelSpec) -> None:
    ProgramLevel.objects.update_or_create(
        program=program, number=number, defaults={"name": spec.name, "points": spec.points}
    )
