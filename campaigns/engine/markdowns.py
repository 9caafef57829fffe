"""Price markdowns ("remarcação"): new prices for products, before any campaign is looked at."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from campaigns.engine import fields
from campaigns.engine.decoding import Reader, report_faults
from campaigns.engine.encoding import encode_fields
from campaigns.engine.fields import DocumentError, Field
from campaigns.engine.marks import gettext_noop

IDENTIFIER_CHOICES = (
    ("sku", gettext_noop("SKU")),
    ("code", gettext_noop("product code")),
    ("all", gettext_noop("SKU or product code")),
)
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
        values = [item.value for item in self.items]
        if len(set(values)) != len(values):
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
    values = reader.fields(MARKDOWN_FIELDS, document, path)
    if values is None:
        return None
    markdown = Markdown(**values)
    report_faults(reader, markdown, path)
    return markdown if len(reader.problems) == before else None


def encode_markdown(markdown: Markdown) -> dict[str, Any]:
    return encode_fields(MARKDOWN_FIELDS, markdown)
