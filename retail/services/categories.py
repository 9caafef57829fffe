"""The product tree. Each category knows the way from the root to itself; moving one rewrites what hangs below."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from retail import upsert
from retail.models import Category
from retail.rows import MISSING, Code, Column, Row, RowResult, Text

COLUMNS: dict[str, Column] = {
    "code": Code(64),
    "name": Text(120, default=MISSING),
    "parent": Code(64, default=None),
}
MAX_DEPTH = 20


def upsert_categories(*, rows: Sequence[Any], replace: bool = False) -> list[RowResult]:
    """Create or change categories by code and answer one result per row.

    ``parent`` is the code of a category that exists or comes in the same list, in any order; null puts
    the category at the root. A row that would close a circle or go deeper than MAX_DEPTH is refused.
    Raises TooManyRows.
    """
    return upsert.in_one_transaction(lambda: _upsert(rows, replace=replace))


def _upsert(rows: Sequence[Any], *, replace: bool) -> list[RowResult]:
    parsed = upsert.read_rows(rows, COLUMNS)
    upsert.require(parsed, COLUMNS, "code")
    upsert.refuse_duplicates(parsed, "code", lambda row: row.values["code"])
    # The whole tree is locked: two moves at once could otherwise close a circle that neither of them sees.
    tree = {category.code: category for category in Category.objects.order_by("pk").select_for_update()}
    by_key = {category.pk: category.code for category in tree.values()}
    parents = {
        code: by_key[category.parent_id] if category.parent_id else None for code, category in tree.items()
    }
    for row in parsed:
        if not row.errors:
            row.instance = tree.get(row.values["code"])
            _read_name(row, replace=replace)
    _settle_parents(parsed, parents)
    _write_tree(parsed, tree, parents)
    return upsert.results(parsed)


def _read_name(row: Row, *, replace: bool) -> None:
    """Apply everything but the parent, whose object may come later in the list."""
    parent = row.values.pop("parent", MISSING)
    columns = {name: column for name, column in COLUMNS.items() if name != "parent"}
    upsert.fill_instance(row, Category, columns, replace=replace)
    if parent is MISSING and (replace or row.status == "created"):
        parent = None
    if parent is not MISSING:
        row.values["parent"] = parent


def _settle_parents(parsed: list[Row], parents: dict[str, str | None]) -> None:
    """Enter each row's parent into ``parents`` (code to code), or refuse the row and leave what was there.

    Refusing a new category can take the ground from under its children, so this repeats until nothing changes.
    """
    before = dict(parents)
    waiting = True
    while waiting:
        waiting = False
        parents.clear()
        parents.update(before)
        good = [row for row in parsed if not row.errors]
        parents.update({row.values["code"]: None for row in good if row.status == "created"})
        for row in good:
            if "parent" not in row.values:
                continue
            code, parent = row.values["code"], row.values["parent"]
            old = parents[code]
            parents[code] = parent
            if parent is not None and parent not in parents:
                message = _("There is no %(noun)s “%(code)s”.") % {"noun": _("category"), "code": parent}
                row.refuse("parent", "unknown_category", message)
            elif len(path_of(code, parents)) > MAX_DEPTH:
                row.refuse("parent", "cycle", _("The tree would close a circle or become too deep here."))
            else:
                continue
            parents[code] = old
            waiting = True


def path_of(code: str, parents: dict[str, str | None]) -> list[str]:
    """Return the codes from the root to ``code``; more than MAX_DEPTH of them when there is a circle."""
    path = [code]
    parent = parents.get(code)
    while parent is not None and len(path) <= MAX_DEPTH:
        path.append(parent)
        parent = parents.get(parent)
    return path[::-1]


def _write_tree(parsed: list[Row], tree: dict[str, Category], parents: dict[str, str | None]) -> None:
    rows = [row for row in parsed if not row.errors]
    created = [row.instance for row in rows if row.status == "created"]
    if created:
        Category.objects.bulk_create(created)
    tree |= {category.code: category for category in created}
    status = {row.values["code"]: row for row in rows}
    changed = {row.instance.code for row in rows if row.status == "updated"}
    for code, category in tree.items():
        parent = parents[code]
        parent_key = tree[parent].pk if parent else None
        path = path_of(code, parents)
        if (category.parent_id, category.path) != (parent_key, path):
            if category.parent_id != parent_key and code in status and status[code].status == "unchanged":
                status[code].status = "updated"
            category.parent_id, category.path = parent_key, path
            changed.add(code)
    upsert.rewrite([tree[code] for code in sorted(changed)])


@transaction.atomic
def rebuild_paths() -> int:
    """Compute every path anew from the parents and return how many were wrong."""
    tree = {category.pk: category for category in Category.objects.order_by("pk").select_for_update()}
    parents = {
        category.code: tree[category.parent_id].code if category.parent_id else None
        for category in tree.values()
    }
    wrong = []
    for category in tree.values():
        path = path_of(category.code, parents)
        if category.path != path:
            category.path = path
            wrong.append(category)
    upsert.rewrite(wrong)
    return len(wrong)
