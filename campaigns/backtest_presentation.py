"""A back-test's report as pages and files show it: figures written for people, charts, rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from retail import formats
from retail.models import Product

Json = Mapping[str, Any]

# More bars than this cannot be told apart: then weeks are drawn, then months.
MOST_DAYS = 45
MOST_WEEKS = 60

REASONS: Mapping[str, Promise] = {
    "not_started": gettext_lazy("Before it starts"),
    "ended": gettext_lazy("After its end"),
    "schedule": gettext_lazy("Outside of its days and hours"),
    "store": gettext_lazy("In another store"),
    "operation": gettext_lazy("Another category of sale"),
    "exchange": gettext_lazy("A sale with exchanged items"),
    "consent": gettext_lazy("Without the customer's consent"),
    "customer_required": gettext_lazy("Customer not identified"),
    "not_accepted": gettext_lazy("Not accepted by the operator"),
    "product": gettext_lazy("Without its products"),
    "payment": gettext_lazy("Paid in another way"),
    "promo_code": gettext_lazy("Without a promotional code"),
    "promo_code_not_usable": gettext_lazy("With a code that could not be used"),
    "customer_document": gettext_lazy("Another customer"),
    "customer_age": gettext_lazy("Customer of another age"),
    "customer_sex": gettext_lazy("Customer of another sex"),
    "customer_groupings": gettext_lazy("Customer outside of its groupings"),
    "customer_level": gettext_lazy("Customer of another level"),
    "customer_loyalty_category": gettext_lazy("Customer of another loyalty category"),
    "customer_turnover": gettext_lazy("Customer with another turnover"),
    "customer_visits": gettext_lazy("Customer with another number of visits"),
    "customer_last_purchase_days": gettext_lazy("Last purchase too near or too long ago"),
    "birthday": gettext_lazy("Not around the birthday"),
    "birth_date_required": gettext_lazy("Birth date not known"),
    "credit_open": gettext_lazy("Earlier cashback not used yet"),
    "first_purchase": gettext_lazy("Not the first purchase"),
    "purchase_number": gettext_lazy("Another purchase number"),
    "customer_field": gettext_lazy("What was typed about the customer does not fit"),
    "agenda": gettext_lazy("Without an appointment"),
    "no_qualifying_lines": gettext_lazy("No product qualifies"),
    "minimum_quantity": gettext_lazy("Below the minimum quantity"),
    "minimum_amount": gettext_lazy("Below the minimum value"),
    "maximum_amount": gettext_lazy("Above the maximum value"),
    "limit_reached": gettext_lazy("Limit of uses reached"),
    "budget_reached": gettext_lazy("Budget used up"),
    "no_effect": gettext_lazy("It would give nothing"),
    "outranked": gettext_lazy("An associated campaign is given instead"),
    "exclusive_elsewhere": gettext_lazy("Another campaign is given alone"),
    "order_discount_elsewhere": gettext_lazy("Another sale-wide discount comes first"),
    "not_best": gettext_lazy("Another combination is better for the customer"),
    "stopped": gettext_lazy("Stopped by an earlier campaign"),
}


# Why another campaign gives something else than was recorded, beside those for which it does not activate.
CHANGES: Mapping[str, Promise] = {
    "less": gettext_lazy("Computed on what the drafts leave"),
    "more": gettext_lazy("Gives more beside the drafts"),
    "added": gettext_lazy("Activates only beside the drafts"),
    "gone": gettext_lazy("No longer in play in this sale"),
    "outranked": gettext_lazy("The associated %(name)s is given instead"),
    "exclusive_elsewhere": gettext_lazy("%(name)s is given alone"),
    "order_discount_elsewhere": gettext_lazy("The sale-wide discount of %(name)s comes first"),
    "stopped": gettext_lazy("%(name)s lets no other apply after it"),
}


@dataclass(frozen=True, slots=True)
class Span:
    """A day, week or month of the report, with the sums that charts draw."""

    label: str
    name: str
    cost: Decimal
    before: Decimal
    after: Decimal
    reached: int


def spans(days: Sequence[Json]) -> list[Span]:
    """Return the report's days, gathered into weeks or months where there are too many to draw."""
    rows = [(date.fromisoformat(row["day"]), row) for row in days]
    count = (rows[-1][0] - rows[0][0]).days + 1 if rows else 0
    gathered: dict[date, list[Json]] = {}
    for day, row in rows:
        if count > 7 * MOST_WEEKS:
            first = day.replace(day=1)
        elif count > MOST_DAYS:
            first = day - timedelta(days=day.weekday())
        else:
            first = day
        gathered.setdefault(first, []).append(row)
    return [_span(first, some, count) for first, some in gathered.items()]


def _span(first: date, rows: Sequence[Json], count: int) -> Span:
    name = formats.day(first)
    if count > 7 * MOST_WEEKS:
        name = f"{first:%m/%Y}"
    elif count > MOST_DAYS:
        name = _("Week of %(day)s") % {"day": name}
    return Span(
        label=f"{first:%m/%y}" if count > 7 * MOST_WEEKS else formats.short_day(first),
        name=name,
        cost=_sum(rows, "cost"),
        before=_sum(rows, "reduction_before"),
        after=_sum(rows, "reduction_after"),
        reached=sum(row["reached"] for row in rows),
    )


def _sum(rows: Sequence[Json], name: str) -> Decimal:
    return sum((Decimal(row[name]) for row in rows), Decimal(0))


def other_rows(report: Json) -> list[dict[str, Any]]:
    """Return what the campaigns beside the drafts give, those that change most first, each with its reasons (`why`)."""
    names = {row["campaign"]: row["name"] for row in report["campaigns"]}
    others = [row for row in report["campaigns"] if not row["draft"]]
    others.sort(key=lambda row: -abs(Decimal(row["difference"])))
    # Reports of before have no reasons.
    return [{**row, "why": [_why(change, names) for change in row.get("changes", ())]} for row in others]


def _why(change: Json, names: Mapping[str, str]) -> str:
    reason, by = change["reason"], change["by"]
    text = str(CHANGES[reason]) if by or reason not in REASONS else str(REASONS[reason])
    values = {
        "why": text % {"name": names.get(by) or by} if by else text,
        "shown": formats.number(change["sales"]),
        "amount": formats.money(change["difference"]),
    }
    told = ngettext(
        "%(why)s: in one sale, %(amount)s", "%(why)s: in %(shown)s sales, %(amount)s", change["sales"]
    )
    return told % values


def refusal_rows(report: Json) -> list[dict[str, Any]]:
    """Return why drafts did not activate, the most frequent reason first, with how near sales came."""
    names = {row["campaign"]: row["name"] for row in report["campaigns"]}
    return [
        {
            "campaign": names.get(row["campaign"], row["campaign"]),
            "reason": REASONS.get(row["reason"], row["reason"]),
            "sales": row["sales"],
            "alone": row["alone"],
            "missing": _distance(row),
            "near": [entry for entry in row["near"] if entry["percent"] in (10, 25)],
        }
        for row in report["refusals"]
    ]


def _distance(row: Json) -> str:
    if row["average_missing"] is None:
        return ""
    return (formats.money if row["unit"] == "money" else formats.number)(row["average_missing"])


def product_rows(report: Json) -> list[dict[str, Any]]:
    """Return the products that the drafts discount most, with their names of today."""
    skus = [row["sku"] for row in report["products"]]
    names = dict(Product.objects.filter(sku__in=skus).values_list("sku", "name"))
    return [{**row, "name": names.get(row["sku"], row["sku"])} for row in report["products"]]


# --- Files ---------------------------------------------------------------------------------------

_SUMS: tuple[tuple[str, Promise, bool], ...] = (
    ("sales", gettext_lazy("Sales"), False),
    ("reached", gettext_lazy("Sales reached"), False),
    ("gross", gettext_lazy("Value before reductions"), True),
    ("cost", gettext_lazy("Discount of the drafts"), True),
    ("reduction_before", gettext_lazy("Reductions as recorded"), True),
    ("reduction_after", gettext_lazy("Reductions with the drafts"), True),
    ("extra_cost", gettext_lazy("Extra cost"), True),
    ("margin_before", gettext_lazy("Margin as recorded"), True),
    ("margin_after", gettext_lazy("Margin with the drafts"), True),
)
_TABLES: Mapping[str, tuple[tuple[str, Promise, bool], ...]] = {
    "days": (("day", gettext_lazy("Day"), False), *_SUMS),
    "stores": (("store", gettext_lazy("Code"), False), ("name", gettext_lazy("Store"), False), *_SUMS),
    "campaigns": (
        ("campaign", gettext_lazy("Code"), False),
        ("name", gettext_lazy("Campaign"), False),
        ("activations_before", gettext_lazy("Activations as recorded"), False),
        ("activations", gettext_lazy("Activations with the drafts"), False),
        ("discount_before", gettext_lazy("Discount as recorded"), True),
        ("discount", gettext_lazy("Discount with the drafts"), True),
        ("difference", gettext_lazy("Difference"), True),
    ),
    "products": (
        ("sku", gettext_lazy("SKU"), False),
        ("name", gettext_lazy("Product"), False),
        ("sales", gettext_lazy("Sales"), False),
        ("units", gettext_lazy("Units"), False),
        ("discount", gettext_lazy("Discount"), True),
    ),
}
TABLES = tuple(_TABLES)


def table(report: Json, name: str) -> tuple[list[str], Iterator[list[Any]]]:
    """Return headings and rows of one table of the report, for a file. Raises KeyError for an unknown name."""
    columns = _TABLES[name]
    rows = product_rows(report) if name == "products" else report[name]
    headings = [str(label) for _name, label, _is_money in columns]

    def cell(row: Json, column: str, is_money: bool) -> Any:
        value = row[column]
        if value is None:
            return ""
        if column == "day":
            return date.fromisoformat(value)
        return Decimal(value) if is_money or column == "units" else value

    return headings, ([cell(row, column, is_money) for column, _label, is_money in columns] for row in rows)
