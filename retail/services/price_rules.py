"""What a change of many prices says: a list of prices by SKU, or a selection of products with a rule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from retail import money, upsert
from retail.models import Category, Product, ProductGrouping
from retail.rows import (
    Code,
    Column,
    FieldError,
    FieldRefused,
    Flag,
    Money,
    Reference,
    Row,
    Text,
    read_row,
    schema_of,
)

MAX_LISTED = 100_000
# What may be changed in bulk; the floor price is set product by product.
FIELDS = ("price", "original_price", "cost")


@dataclass(frozen=True, slots=True)
class Signed:
    """A number with a sign and a fixed number of decimals, as text or exact number; null when absent."""

    decimals: int
    limit: int
    default: Any = None

    def read(self, value: Any) -> Decimal | None:
        if value is None:
            return None
        message = _("This must be a number such as “-12.5” with at most %(decimals)d decimals.")
        wrong = FieldRefused("number", message % {"decimals": self.decimals})
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise wrong
        text = (format(value, "f") if isinstance(value, Decimal) else str(value)).strip()
        digits = text.lstrip("+-") if text[:1] in "+-" else text
        whole, _dot, rest = digits.partition(".")
        if not (whole.isascii() and whole.isdigit() and (not rest or (rest.isascii() and rest.isdigit()))):
            raise wrong
        if len(text) > 20 or len(rest) > self.decimals or abs(number := Decimal(text)) > self.limit:
            raise wrong
        return number

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "number", "null"], "examples": ["-12.5"]}


@dataclass(frozen=True, slots=True)
class Ending:
    """The two last digits that a price gets, "99" or "90"; null keeps them as they come."""

    default: Any = None

    def read(self, value: Any) -> int | None:
        if value is None or value == "":
            return None
        if not (isinstance(value, str) and len(value) == 2 and value.isascii() and value.isdigit()):
            raise FieldRefused("ending", _("This must be two digits such as “99” or “90”."))
        return int(value)

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "null"], "pattern": "^[0-9]{2}$", "examples": ["99", "90"]}


@dataclass(frozen=True, slots=True)
class FieldName:
    default: Any = "price"

    def read(self, value: Any) -> str:
        if value not in FIELDS:
            raise FieldRefused(
                "choice", _("This must be one of %(choices)s.") % {"choices": ", ".join(FIELDS)}
            )
        return str(value)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(FIELDS), "default": self.default}


LISTED_COLUMNS: dict[str, Column] = {
    "sku": Code(64),
    "price": Money(),
    "original_price": Money(default=None),
    "cost": Money(default=None),
}
SELECT_COLUMNS: dict[str, Column] = {
    "all": Flag(default=False),
    "category": Reference(Category),
    "grouping": Reference(ProductGrouping),
    "code": Text(64),
    "ncm": Text(8),
    "q": Text(120),
    "price_min": Money(default=None),
    "price_max": Money(default=None),
    "is_active": Flag(default=True),
}
RULE_COLUMNS: dict[str, Column] = {
    "field": FieldName(),
    "base": FieldName(default=""),
    "percent": Signed(decimals=4, limit=1000),
    "amount": Signed(decimals=2, limit=10**9),
    "value": Money(default=None),
    "ending": Ending(),
}
WAYS = ("percent", "amount", "value")
NOTE = Text(200)


class PriceRequestRefused(Exception):
    """A change of prices that says nothing that can be done; ``errors`` name the fields."""

    code = "invalid"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("")
        self.errors = tuple(errors)


@dataclass(frozen=True, slots=True)
class ListedPrice:
    index: int
    sku: str
    prices: Mapping[str, Decimal | None] = field(default_factory=dict)
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class ListedPrices:
    """SKUs with their prices; a wrong row says why and stops nothing."""

    rows: tuple[ListedPrice, ...]


@dataclass(frozen=True, slots=True)
class PriceRule:
    """All products of a selection, and how each one's price follows from what it is now."""

    selection: Mapping[str, Any]
    rule: Mapping[str, Any]

    def select(self) -> QuerySet[Product]:
        """Return the selected products."""
        wanted = self.selection
        products = Product.objects.all()
        if wanted.get("is_active", True):
            products = products.on_sale()
        if wanted.get("category"):
            products = products.filter(category__path__contains=[wanted["category"].code])
        if wanted.get("grouping"):
            products = products.filter(groupings=wanted["grouping"].pk)
        for name in ("code", "ncm"):
            if wanted.get(name):
                products = products.filter(**{name: wanted[name]})
        if wanted.get("q"):
            products = products.search(wanted["q"])
        if wanted.get("price_min") is not None:
            products = products.filter(price__gte=wanted["price_min"])
        if wanted.get("price_max") is not None:
            products = products.filter(price__lte=wanted["price_max"])
        return products

    def apply(self, prices: Mapping[str, Decimal | None]) -> dict[str, Decimal | None]:
        """Return the new value of the field; nothing where there is no value to start from.

        A percent is rounded half up to the cent, then the ending is given. No price becomes negative, and one of 0.00
        stays 0.00 under a percent.
        """
        target, rule = self.rule["field"], self.rule
        if rule["value"] is not None:
            return {target: rule["value"]}
        start = prices[rule["base"] or target]
        if start is None or (rule["percent"] is not None and not start):
            return {}
        cents = money.from_decimal(start)
        if rule["percent"] is not None:
            cents += money.percent_of(cents, int(rule["percent"] * 10_000))
        else:
            cents += money.from_decimal(rule["amount"].quantize(Decimal("0.01")))
        cents = max(cents, 0)
        if rule["ending"] is not None:
            cents = money.with_ending(cents, rule["ending"])
        return {target: money.to_decimal(cents)}


@dataclass(frozen=True, slots=True)
class PriceRequest:
    """A change of many prices, read and found to be whole."""

    what: ListedPrices | PriceRule
    note: str = ""

    def as_rule(self) -> dict[str, Any]:
        """Return what was asked for as the history keeps it: the rule, or that a list was given."""
        if isinstance(self.what, ListedPrices):
            return {"list": len(self.what.rows)}
        selection = {
            name: getattr(value, "code", value)
            for name, value in self.what.selection.items()
            if value not in (None, "")
        }
        rule = {name: value for name, value in self.what.rule.items() if value not in (None, "")}
        return {"select": selection, "rule": rule}


def read_price_request(raw: Mapping[str, Any]) -> PriceRequest:
    """Read ``{"prices": [...]}`` or ``{"select": {...}, "rule": {...}}``, each with an optional ``note``.

    Raises PriceRequestRefused.
    """
    errors = [
        FieldError(name, "unknown_field", _("There is no such field."))
        for name in raw
        if name not in ("prices", "select", "rule", "note")
    ]
    note = ""
    try:
        note = NOTE.read(raw.get("note", ""))
    except FieldRefused as refusal:
        errors.append(FieldError("note", refusal.code, refusal.message))
    listed = "prices" in raw
    if listed and ("select" in raw or "rule" in raw):
        errors.append(
            FieldError("prices", "not_alone", _("Give either a list of prices, or a selection with a rule."))
        )
    elif listed:
        what: ListedPrices | PriceRule = _read_list(raw["prices"], errors)
    else:
        what = _read_rule(raw, errors)
    if errors:
        raise PriceRequestRefused(errors)
    return PriceRequest(what, note)


def _read_list(raw: Any, errors: list[FieldError]) -> ListedPrices:
    if not isinstance(raw, list) or not raw:
        errors.append(FieldError("prices", "type", _("This must be a list with at least one row.")))
        return ListedPrices(())
    if len(raw) > MAX_LISTED:
        message = _("This has more than %(limit)d entries.") % {"limit": MAX_LISTED}
        errors.append(FieldError("prices", "too_long", message))
        return ListedPrices(())
    rows = [read_row(index, one, LISTED_COLUMNS) for index, one in enumerate(raw)]
    for row in rows:
        if row.errors:
            continue
        if "sku" not in row.values:
            row.refuse("sku", "required", _("This is required."))
        elif len(row.values) < 2:
            row.refuse("", "required", _("Give a price, an original price or a cost."))
    upsert.refuse_duplicates(rows, "sku", lambda row: row.values["sku"])
    return ListedPrices(
        tuple(
            ListedPrice(row.index, row.values.pop("sku", ""), row.values, tuple(row.errors)) for row in rows
        )
    )


def _read_rule(raw: Mapping[str, Any], errors: list[FieldError]) -> PriceRule:
    selection = _read_part(raw, "select", SELECT_COLUMNS, errors)
    rule = _read_part(raw, "rule", RULE_COLUMNS, errors)
    if errors:
        return PriceRule({}, {})
    narrows = any(
        value not in (None, "", False)
        for name, value in selection.items()
        if name not in ("all", "is_active")
    )
    if not narrows and not selection["all"]:
        message = _("Say which products: a category, a grouping, a code, words, prices, or all of them.")
        errors.append(FieldError("select", "required", message))
    ways = [name for name in WAYS if rule[name] is not None]
    if len(ways) != 1:
        message = _("Give exactly one of percent, amount and value.")
        errors.append(FieldError("rule", "one_way", message))
    elif rule["percent"] is not None and rule["percent"] < -100:
        errors.append(FieldError("rule.percent", "range", _("A price cannot fall by more than 100 percent.")))
    elif rule["ending"] is not None and rule["value"] is not None:
        errors.append(FieldError("rule.ending", "not_alone", _("A fixed value has its ending already.")))
    return PriceRule(selection, rule)


def _read_part(
    raw: Mapping[str, Any], name: str, columns: Mapping[str, Column], errors: list[FieldError]
) -> dict[str, Any]:
    row: Row = read_row(0, raw.get(name, {}), columns)
    if not row.errors:
        upsert.resolve_references([row], columns)
    for error in row.errors:
        path = f"{name}.{error.path}" if error.path else name
        errors.append(FieldError(path, error.code, error.message))
    return {key: row.values.get(key, column.default) for key, column in columns.items()}


SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "prices": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_LISTED,
            "items": schema_of(LISTED_COLUMNS, required=["sku"]),
        },
        "select": schema_of(SELECT_COLUMNS, required=[]),
        "rule": schema_of(RULE_COLUMNS, required=[]),
        "note": NOTE.schema(),
    },
}
