"""The products of a markdown's working copy: up to 100,000 rows, changed with the same few statements as one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils.translation import gettext as _

from campaigns.engine.decoding import Reader
from campaigns.engine.fields import DocumentError, Problem
from campaigns.engine.markdowns import MOST_ITEMS, MarkdownItem, read_item
from campaigns.engine.marks import gettext_noop
from campaigns.models import Markdown
from campaigns.services import publication
from retail import money
from retail.models import Product
from retail.rows import FieldError


@dataclass(frozen=True, slots=True)
class ItemsChange:
    """How many products a change touched; `errors` say for each wrong entry why it was left out."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemsRead:
    """A list of products, read: the good ones, and for each wrong one what is wrong."""

    items: tuple[MarkdownItem, ...]
    errors: tuple[FieldError, ...] = field(default=())


@transaction.atomic
def change_items(
    *,
    code: str,
    add: Sequence[Any] = (),
    remove: Sequence[Any] = (),
    replace: Sequence[Any] | None = None,
    version: int | None = None,
    user: User | None,
    at: datetime,
) -> ItemsChange:
    """Add products or give them other prices, remove some, or replace them all; what is live stays live.

    `add` and `replace` hold items of the document (`{"value", "price"}` or `{"value", "percent"}`), `remove` values.
    A wrong entry is reported and stops nothing. Raises Markdown.DoesNotExist, VersionConflict, and DocumentError when
    there would be more than 100,000.
    """
    listed = read_items(add if replace is None else replace, "add" if replace is None else "replace")
    gone, errors = _read_values(remove)
    markdown = publication.locked(Markdown, code, version)
    removed = _delete(markdown, gone) if gone else 0
    change = store(markdown, listed.items, whole=replace is not None, removed=removed)
    if change.added or change.changed or change.removed:
        publication.touch(markdown, user=user, at=at)
        markdown.save()
    return ItemsChange(
        change.added, change.changed, change.unchanged, change.removed, (*listed.errors, *errors)
    )


def preview_items(*, code: str, whole: bool, rows: Sequence[Any]) -> ItemsChange:
    """Return what `change_items` would do with a list, and write nothing. Raises Markdown.DoesNotExist, DocumentError."""
    listed = read_items(rows, "replace" if whole else "add")
    with transaction.atomic():
        change = store(publication.locked(Markdown, code), listed.items, whole=whole)
        transaction.set_rollback(True)
    return ItemsChange(change.added, change.changed, change.unchanged, change.removed, listed.errors)


def read_items(rows: Sequence[Any], path: str) -> ItemsRead:
    """Read rows as the document holds them. A row that is wrong, or names a product again, is an error."""
    found: dict[str, MarkdownItem] = {}
    errors: list[FieldError] = []
    for position, row in enumerate(rows):
        reader = Reader()
        item = read_item(reader, row, f"{path}[{position}]")
        if item is None:
            errors += [
                FieldError(problem.path, problem.code, _(problem.message) % problem.params)
                for problem in reader.problems
            ]
        elif item.value in found:
            message = _("Contains the same product twice.")
            errors.append(FieldError(f"{path}[{position}].value", "repeated", message))
        else:
            found[item.value] = item
    return ItemsRead(tuple(found.values()), tuple(errors))


def store(markdown: Markdown, items: Iterable[MarkdownItem], *, whole: bool, removed: int = 0) -> ItemsChange:
    """Write products of a locked markdown, whose columns the caller saves. `whole`: all others go.

    Raises DocumentError when there would be more than 100,000.
    """
    listed = list(items)
    values = [item.value for item in listed]
    prices = [None if item.price is None else Decimal(money.text(item.price)) for item in listed]
    percents = [None if item.percent is None else Decimal(item.percent).scaleb(-4) for item in listed]
    with connection.cursor() as cursor:
        if whole:
            cursor.execute(_DELETE_OTHERS, [markdown.pk, values])
            removed += cursor.rowcount
        cursor.execute(_UPSERT, [markdown.pk, values, prices, percents])
        inserted, updated = cursor.fetchone()
    change = ItemsChange(inserted, updated, len(listed) - inserted - updated, removed)
    markdown.item_count += inserted - removed
    if markdown.item_count > MOST_ITEMS:
        raise DocumentError([Problem("items", "too_many", gettext_noop("At most 100,000 products."))])
    if inserted or updated or removed:
        markdown.items_version += 1
    return change


def restore(markdown: Markdown, *, prices_id: int, count: int) -> None:
    """Make the products of a locked markdown those that were published once; the caller saves its columns."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM campaigns_markdownitem WHERE markdown_id = %s", [markdown.pk])
        cursor.execute(_THAW, [markdown.pk, prices_id])
    markdown.item_count = count
    markdown.items_version += 1


def freeze(markdown: Markdown) -> None:
    """Keep the products as they are now, for ever, under their version."""
    with connection.cursor() as cursor:
        cursor.execute(_FREEZE, [markdown.pk, markdown.items_version, markdown.pk])


def unknown_products(by: str, values: Iterable[str]) -> set[str]:
    """Return those values that no product of the catalogue has as its SKU or code, whichever `by` means."""
    wanted = set(values)
    known: set[str] = set()
    for name in ("sku", "code"):
        if by in (name, "all"):
            known |= set(
                Product.objects.filter(**{f"{name}__in": wanted}).values_list(name, flat=True).distinct()
            )
    return wanted - known


def _read_values(values: Sequence[Any]) -> tuple[list[str], list[FieldError]]:
    good, errors = [], []
    for position, value in enumerate(values):
        path = f"remove[{position}]"
        if not isinstance(value, str):
            errors.append(FieldError(path, "invalid_type", _("Must be a text.")))
        elif "\x00" in value:
            errors.append(FieldError(path, "invalid_text", _("Contains characters that cannot be used.")))
        else:
            good.append(value)
    return good, errors


def _delete(markdown: Markdown, values: list[str]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_DELETE, [markdown.pk, values])
        return cursor.rowcount


_DELETE = "DELETE FROM campaigns_markdownitem WHERE markdown_id = %s AND value = ANY(%s)"
_DELETE_OTHERS = """
    DELETE FROM campaigns_markdownitem item WHERE item.markdown_id = %s
    AND NOT EXISTS (SELECT 1 FROM unnest(%s::text[]) AS kept(value) WHERE kept.value = item.value)
"""
_UPSERT = """
    WITH written AS (
        INSERT INTO campaigns_markdownitem AS item (markdown_id, value, price, percent)
        SELECT %s, listed.* FROM unnest(%s::text[], %s::numeric[], %s::numeric[]) AS listed
        ON CONFLICT (markdown_id, value) DO UPDATE SET price = EXCLUDED.price, percent = EXCLUDED.percent
        WHERE (item.price, item.percent) IS DISTINCT FROM (EXCLUDED.price, EXCLUDED.percent)
        RETURNING item.xmax = 0 AS is_new
    )
    SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written
"""
_FREEZE = """
    INSERT INTO campaigns_markdownprices (markdown_id, items_version, items)
    SELECT %s, %s, jsonb_agg(
        CASE WHEN price IS NULL THEN jsonb_build_object('value', value, 'percent', percent::text)
        ELSE jsonb_build_object('value', value, 'price', price::text) END ORDER BY value)
    FROM campaigns_markdownitem WHERE markdown_id = %s
"""
_THAW = """
    INSERT INTO campaigns_markdownitem (markdown_id, value, price, percent)
    SELECT %s, item.value, item.price, item.percent
    FROM campaigns_markdownprices prices,
        jsonb_to_recordset(prices.items) AS item(value text, price numeric, percent numeric)
    WHERE prices.id = %s
"""
