"""The steps by which a list of rows becomes objects, with the same few statements for one row or ten thousand.

A wrong row never stops the others. Every list answers one result per row, in order.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from django.db import IntegrityError, OperationalError, models, transaction
from django.utils.translation import gettext as _

from retail.rows import MISSING, Column, Reference, Row, RowResult, read_row

MAX_ROWS = 10_000
ATTEMPTS = 5
DEADLOCK = "40P01"
Result = TypeVar("Result")


class TooManyRows(Exception):
    """A list is longer than MAX_ROWS."""

    code = "too_many_rows"

    def __init__(self) -> None:
        super().__init__(_("A list may have at most %(limit)d rows.") % {"limit": MAX_ROWS})


def read_rows(rows: Sequence[Any], columns: Mapping[str, Column]) -> list[Row]:
    """Read raw rows by their columns. Raises TooManyRows."""
    if len(rows) > MAX_ROWS:
        raise TooManyRows
    return [read_row(index, raw, columns) for index, raw in enumerate(rows)]


def require(rows: Iterable[Row], columns: Mapping[str, Column], *names: str) -> None:
    """Refuse rows without the fields that say which object they are about, naming all else that they lack."""
    for row in rows:
        if any(name not in row.values for name in names):
            given = {error.path for error in row.errors} | row.values.keys()
            for name, column in columns.items():
                if name not in given and (name in names or column.default is MISSING) and "" not in given:
                    row.refuse(name, "required", _("This is required."))


def refuse_duplicates(rows: Iterable[Row], path: str, key: Callable[[Row], Hashable | None]) -> None:
    """Refuse every row whose key an earlier row of the same list has; rows without key do not count."""
    first: dict[Hashable, int] = {}
    for row in rows:
        if row.errors or (value := key(row)) is None:
            continue
        earlier = first.setdefault(value, row.index)
        if earlier != row.index:
            message = _("Row %(row)d of this list is about the same object.") % {"row": earlier}
            row.refuse(path, "duplicate", message)


def resolve_references(rows: Iterable[Row], columns: Mapping[str, Column]) -> None:
    """Replace the codes of other objects by the objects, one query per kind; unknown codes are errors."""
    wanted: dict[Reference, list[tuple[Row, str]]] = defaultdict(list)
    for row in rows:
        for name, value in row.values.items():
            column = columns[name]
            if isinstance(column, Reference) and value is not None:
                wanted[column].append((row, name))
    for column, places in wanted.items():
        codes = {row.values[name] for row, name in places}
        found = {
            getattr(target, column.key): target
            for target in column.model._default_manager.filter(**{f"{column.key}__in": codes})
        }
        for row, name in places:
            code = row.values[name]
            if code in found:
                row.values[name] = found[code]
            else:
                message = _("There is no %(noun)s “%(code)s”.")
                noun = column.model._meta.verbose_name
                row.refuse(
                    name, f"unknown_{column.model._meta.model_name}", message % {"noun": noun, "code": code}
                )


def fill_instance(
    row: Row, model: type[models.Model], columns: Mapping[str, Column], *, replace: bool
) -> None:
    """Put the row's values into its object, making one when it has none, and say in ``status`` what changed.

    Fields that are absent keep their value; with ``replace`` they go back to their default. A new object, and
    one that is replaced, needs every field that has no default.
    """
    creating = row.instance is None
    if creating or replace:
        for name, column in columns.items():
            if name in row.values:
                continue
            if column.default is not MISSING:
                row.values[name] = column.default
            else:
                row.refuse(name, "required", _("This is required."))
    if row.errors:
        return
    if creating:
        row.instance = model(**row.values)
        row.status = "created"
        return
    row.status = "unchanged"
    for name, value in row.values.items():
        # Objects are compared by key, so that the old one is not read.
        reference = isinstance(columns[name], Reference)
        old = getattr(row.instance, f"{name}_id" if reference else name)
        if old != (value.pk if reference and value else value):
            setattr(row.instance, name, value)
            row.status = "updated"


def write(rows: Iterable[Row], model: type[models.Model]) -> None:
    """Insert what was created in one statement and rewrite what changed in another."""
    created = [row.instance for row in rows if not row.errors and row.status == "created"]
    updated = [row.instance for row in rows if not row.errors and row.status == "updated"]
    if created:
        model._default_manager.bulk_create(created)
    rewrite(updated)


def rewrite(instances: Sequence[models.Model]) -> None:
    """Save objects that are locked and known to exist, all in one statement."""
    if not instances:
        return
    model = type(instances[0])
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    kept = {field.name for field in fields if getattr(field, "auto_now_add", False)}
    created_at = [[getattr(instance, name) for name in kept] for instance in instances]
    # An insert that always meets its own row is the cheapest update of many rows with different values.
    model._default_manager.bulk_create(
        instances,
        update_conflicts=True,
        unique_fields=["pk"],
        update_fields=[field.name for field in fields if field.name not in kept],
    )
    for instance, values in zip(instances, created_at, strict=True):
        for name, value in zip(kept, values, strict=True):
            setattr(instance, name, value)


def results(rows: Iterable[Row]) -> list[RowResult]:
    return [
        RowResult(row.index, "error", None, tuple(row.errors))
        if row.errors
        else RowResult(row.index, row.status, row.instance)
        for row in rows
    ]


def in_one_transaction(work: Callable[[], Result]) -> Result:
    """Run ``work`` in a transaction; when another one came in between, run it again on what is there then.

    That is: another transaction has just inserted the same key, or the two waited for each other.
    """
    for _attempt in range(ATTEMPTS - 1):
        try:
            with transaction.atomic():
                return work()
        except IntegrityError:
            continue
        except OperationalError as error:
            if getattr(error.__cause__, "pgcode", "") != DEADLOCK:
                raise
    with transaction.atomic():
        return work()
