"""Price markdowns ("remarcação"): new prices for products, before any campaign is looked at."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from campaigns.engine import fields
from campaigns.engine.basket import Line
from campaigns.engine.campaign import Schedule
from campaigns.engine.decoding import Reader, report_faults, without_refused
from campaigns.engine.encoding import encode_fields
from campaigns.engine.fields import DocumentError, Field
from campaigns.engine.marks import gettext_noop
from campaigns.engine.scene import BEGINNING, END, microseconds
from retail import money

IDENTIFIER_CHOICES = (
    ("sku", gettext_noop("SKU")),
    ("code", gettext_noop("product code")),
    ("all", gettext_noop("SKU or product code")),
)
MOST_ITEMS = 100_000
CUSTOMER_CHOICES = (
    ("all", gettext_noop("everyone")),
    ("registered", gettext_noop("registered customers")),
    ("loyalty", gettext_noop("loyalty customers")),
)


@fields.declared
class MarkdownItem:
    """One product and its new unit price, or the percentage taken off its price."""

    value: str = fields.text(label=gettext_noop("Product"), help=gettext_noop("Its SKU or code."), minimum=1)
    price: int | None = fields.money(label=gettext_noop("New price"), default=None)
    percent: int | None = fields.percent(label=gettext_noop("Percentage off"), default=None)

    def faults(self) -> list[tuple[str, str, str]]:
        if (self.price is None) == (self.percent is None):
            return [("price", "exactly_one", gettext_noop("Give either a price or a percentage."))]
        return []


@fields.declared
class Markdown:
    """New prices under bounds. Of several markdowns that reach a line, the lowest price wins; none raises a price."""

    code: str = fields.declare("code", label=gettext_noop("Code"), help=gettext_noop("Unique and permanent."))
    name: str = fields.text(label=gettext_noop("Name"), default="")
    starts_at: datetime | None = fields.instant(label=gettext_noop("Starts"), default=None)
    ends_at: datetime | None = fields.instant(label=gettext_noop("Ends"), default=None)
    schedule: Schedule | None = fields.record(
        Schedule,
        label=gettext_noop("Days and hours"),
        help=gettext_noop("Happy hours; empty is always."),
        default=None,
    )
    stores: tuple[str, ...] = fields.texts(
        label=gettext_noop("Stores"),
        help=gettext_noop("Store codes, or grouping:name. None means every store."),
        default=(),
    )
    by: str = fields.choice(IDENTIFIER_CHOICES, label=gettext_noop("Products by"), default="sku")
    items: tuple[MarkdownItem, ...] = fields.objects(
        MarkdownItem, label=gettext_noop("Products and prices"), min_items=1
    )
    price_min: int | None = fields.money(
        label=gettext_noop("Price from"), help=gettext_noop("Only products at least this dear."), default=None
    )
    price_max: int | None = fields.money(
        label=gettext_noop("Price up to"), help=gettext_noop("Only products at most this dear."), default=None
    )
    minimum_quantity: Decimal | None = fields.quantity(
        label=gettext_noop("Minimum quantity"),
        help=gettext_noop("Of its products in the sale."),
        default=None,
    )
    maximum_quantity: Decimal | None = fields.quantity(
        label=gettext_noop("Maximum quantity"),
        help=gettext_noop("Of its products in the sale."),
        default=None,
    )
    minimum_amount: int | None = fields.money(
        label=gettext_noop("Minimum value"),
        help=gettext_noop("Of its products, at today's prices."),
        default=None,
    )
    maximum_amount: int | None = fields.money(
        label=gettext_noop("Maximum value"),
        help=gettext_noop("Of its products, at today's prices."),
        default=None,
    )
    customers: str = fields.choice(CUSTOMER_CHOICES, label=gettext_noop("For"), default="all")
    include_covered: bool = fields.boolean(
        label=gettext_noop("Also products of other campaigns"),
        help=gettext_noop("Otherwise lines that an active campaign names keep their price."),
        default=True,
    )

    def faults(self) -> list[tuple[str, str, str]]:
        found = []
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            found.append(("ends_at", "empty_period", gettext_noop("Must be after the start.")))
        for low, high in (
            ("price_min", "price_max"),
            ("minimum_quantity", "maximum_quantity"),
            ("minimum_amount", "maximum_amount"),
        ):
            least, most = getattr(self, low), getattr(self, high)
            if least is not None and most is not None and most < least:
                found.append((high, "empty_range", gettext_noop("Must not be below the lower bound.")))
        if len(self.items) > MOST_ITEMS:
            found.append(("items", "too_many", gettext_noop("At most 100,000 products.")))
        if len({item.value for item in self.items}) != len(self.items):
            found.append(("items", "repeated", gettext_noop("Contains the same product twice.")))
        return found


MARKDOWN_FIELDS: tuple[Field, ...] = fields.declared_fields(Markdown)


def decode_markdown(document: Any, *, path: str = "") -> Markdown:
    """Read a markdown document. Raises DocumentError with every fault."""
    reader = Reader()
    markdown = read_markdown(reader, document, path)
    if markdown is None:
        raise DocumentError(reader.problems)
    return markdown


def read_markdown(reader: Reader, document: Any, path: str = "") -> Markdown | None:
    before = len(reader.problems)
    values = reader.members(MARKDOWN_FIELDS, document, path)
    if values is None:
        return None
    readable = without_refused(MARKDOWN_FIELDS, values)
    markdown = Markdown(**readable | {"items": readable["items"] or ()})
    report_faults(reader, markdown, path)
    return markdown if len(reader.problems) == before else None


def encode_markdown(markdown: Markdown) -> dict[str, Any]:
    return encode_fields(MARKDOWN_FIELDS, markdown)


# A markdown of 100,000 products is kept in two parts: what it says of itself, and its products.
HEADER_FIELDS: tuple[Field, ...] = tuple(field for field in MARKDOWN_FIELDS if field.name != "items")

ITEM_FIELD: Field = Field(
    type="object",
    label=gettext_noop("Products and prices"),
    fields=fields.declared_fields(MarkdownItem),
    build=MarkdownItem,
)


def decode_header(document: Any) -> Markdown:
    """Read what a markdown says of itself, without its products. Raises DocumentError with every fault."""
    reader = Reader()
    values = reader.members(HEADER_FIELDS, document, "")
    if values is None:
        raise DocumentError(reader.problems)
    markdown = Markdown(items=(), **without_refused(HEADER_FIELDS, values))
    report_faults(reader, markdown, "")
    if reader.problems:
        raise DocumentError(reader.problems)
    return markdown


def encode_header(markdown: Markdown) -> dict[str, Any]:
    return encode_fields(HEADER_FIELDS, markdown)


def read_item(reader: Reader, document: Any, path: str) -> MarkdownItem | None:
    """Read one product of a markdown; the reader collects every fault."""
    before = len(reader.problems)
    item = reader.value(ITEM_FIELD, document, path)
    return item if len(reader.problems) == before else None


def stored_markdown(header: Any, items: Iterable[Mapping[str, str]]) -> Markdown:
    """Return a markdown that was checked before it was stored. Its many products are taken as they are.

    `items` are canonical: `{"value": "A-1", "price": "9.90"}` or `{"value": "A-1", "percent": "10.00"}`.
    Raises DocumentError for the header.
    """
    reader = Reader()
    values = reader.fields(HEADER_FIELDS, header, "")
    if values is None:
        raise DocumentError(reader.problems)
    return Markdown(items=tuple([_stored_item(item) for item in items]), **values)


def _stored_item(item: Mapping[str, str]) -> MarkdownItem:
    if "price" in item:
        return MarkdownItem(value=item["value"], price=money.parse(item["price"]), percent=None)
    return MarkdownItem(value=item["value"], price=None, percent=int(Decimal(item["percent"]) * 10_000))


class CompiledMarkdown:
    """A markdown, unpacked into what an evaluation reads: its prices by product."""

    __slots__ = ("code", "document", "ends", "items", "reads_code", "reads_sku", "starts")

    def __init__(self, markdown: Markdown) -> None:
        self.document = markdown
        self.code = markdown.code
        self.items: Mapping[str, MarkdownItem] = {item.value: item for item in markdown.items}
        self.reads_sku = markdown.by != "code"
        self.reads_code = markdown.by != "sku"
        self.starts = BEGINNING if markdown.starts_at is None else microseconds(markdown.starts_at)
        self.ends = END if markdown.ends_at is None else microseconds(markdown.ends_at)

    def item_for(self, line: Line) -> MarkdownItem | None:
        """Return what is said of a line's product, by its SKU before its code; None when it is not listed."""
        item = self.items.get(line.sku) if self.reads_sku else None
        if item is None and self.reads_code and line.code:
            item = self.items.get(line.code)
        return item
