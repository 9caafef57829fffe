"""Groupings: named lists of products, stores or (customers.services.groupings) customers.

What the three kinds have in common stands here; a GroupingKind says where each keeps its members
and by which names they are called.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, models
from django.utils.text import slugify
from django.utils.translation import gettext as _

from retail import upsert
from retail.models import Grouping, Product, ProductGrouping, Store, StoreGrouping
from retail.rows import MISSING, Code, Column, FieldError, FieldRefused, RowResult, Text, read_text

COLUMNS: dict[str, Column] = {"code": Code(64), "name": Text(120, default=MISSING)}
MAX_MEMBERS = 100_000
# Of an entry that cannot be one.
_SHOWN = 32


@dataclass(frozen=True, slots=True)
class Members:
    """The members of one grouping as a row gives them: objects such as {"sku": "A-1"}, or null for "not given"."""

    default: Any = None

    def read(self, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise FieldRefused("type", _("This must be a list."))
        if len(value) > MAX_MEMBERS:
            limit = {"limit": MAX_MEMBERS}
            raise FieldRefused("too_long", _("This has more than %(limit)d entries.") % limit)
        return value

    def schema(self) -> dict[str, Any]:
        entry = {"type": "object", "minProperties": 1, "maxProperties": 1}
        return {"type": "array", "items": entry, "maxItems": MAX_MEMBERS}


@dataclass(frozen=True, slots=True)
class GroupingKind:
    """One of the three types of groupings.

    ``names`` maps the words by which a member is called to the member's field; ``normalize`` brings
    a given value into the form in which that field is stored.
    """

    name: str
    model: type[Grouping]
    member: type[models.Model]
    through: type[models.Model]
    grouping_column: str
    member_column: str
    names: Mapping[str, str]
    normalize: Mapping[str, Callable[[str], str]] = field(default_factory=dict)


PRODUCTS = GroupingKind(
    name="product",
    model=ProductGrouping,
    member=Product,
    through=ProductGrouping.products.through,
    grouping_column="productgrouping_id",
    member_column="product_id",
    names={"sku": "sku", "code": "code"},
)
STORES = GroupingKind(
    name="store",
    model=StoreGrouping,
    member=Store,
    through=StoreGrouping.stores.through,
    grouping_column="storegrouping_id",
    member_column="store_id",
    names={"code": "code"},
)


@dataclass(frozen=True, slots=True)
class MembersChange:
    """What a change of members did; wrong entries are in ``errors`` and stopped nothing."""

    added: int
    removed: int
    errors: tuple[FieldError, ...]


class MembersRefused(Exception):
    """The members of a grouping stay as they are; ``errors`` says why, by path."""

    errors: tuple[FieldError, ...] = ()


class NothingFound(MembersRefused):
    """A list that was to replace all members names none that exists; ``errors`` has one for each entry."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(_("Nothing in this list was found. The members stay as they are."))
        self.errors = tuple(errors)


class MembersComputed(MembersRefused):
    """The members follow from a segment; nobody adds or removes them."""

    def __init__(self) -> None:
        super().__init__(_computed())
        self.errors = (FieldError("", "computed", _computed()),)


def _computed() -> str:
    return _("Its members are those of a segment. Change the segment instead.")


def upsert_groupings(*, kind: GroupingKind, rows: Sequence[Any], replace: bool = False) -> list[RowResult]:
    """Create or change groupings by code and answer one result per row.

    A row that has only a name is about the grouping whose code is that name in lower case, joined by hyphens
    ("Clientes VIP": clientes-vip). ``members``, when given, becomes the whole list of members; a row with a wrong
    member is refused. Raises TooManyRows.
    """
    columns: dict[str, Column] = {**COLUMNS, "members": Members()}

    def work() -> list[RowResult]:
        parsed = upsert.read_rows(rows, columns)
        for row in parsed:
            if not row.errors and "code" not in row.values and (code := slugify(row.values.get("name", ""))):
                row.values["code"] = code[:64]
        upsert.require(parsed, columns, "code")
        upsert.refuse_duplicates(parsed, "code", lambda row: row.values["code"])
        given = {row.index: row.values.pop("members") for row in parsed if "members" in row.values}
        entries = [
            (index, f"members[{place}]", entry)
            for index, members in given.items()
            for place, entry in enumerate(members)
        ]
        found, errors = find_members(kind, entries)
        for index, error in errors:
            parsed[index].errors.append(error)
        codes = [row.values["code"] for row in parsed if not row.errors]
        existing = {
            grouping.code: grouping
            for grouping in kind.model._default_manager.filter(code__in=codes)
            .order_by("pk")
            .select_for_update()
        }
        for row in parsed:
            if not row.errors:
                row.instance = existing.get(row.values["code"])
                if row.index in given and row.instance is not None and row.instance.is_computed:
                    row.errors.append(FieldError("members", "computed", _computed()))
                    continue
                upsert.fill_instance(row, kind.model, COLUMNS, replace=replace)
        upsert.write(parsed, kind.model)
        wanted = {
            row.instance.pk: found[row.index] for row in parsed if not row.errors and row.index in given
        }
        touched = _set_members(kind, wanted)
        for row in parsed:
            if not row.errors and row.status == "unchanged" and row.instance.pk in touched:
                row.status = "updated"
        return upsert.results(parsed)

    return upsert.in_one_transaction(work)


def change_members(
    *,
    kind: GroupingKind,
    grouping: Grouping,
    add: Sequence[Any] = (),
    remove: Sequence[Any] = (),
    replace: Sequence[Any] | None = None,
) -> MembersChange:
    """Add and remove members of one grouping, given as objects such as {"sku": "A-1"} or {"code": "0012"}.

    ``replace`` makes the members exactly those listed; raises NothingFound when it lists entries and none exists, as
    the wrong column of a file would otherwise empty the grouping. A product code stands for all its SKUs. What is already
    there, or already gone, is left as it is; what is named both to add and to remove is removed. The same few
    statements for one member and for MAX_MEMBERS. Raises MembersComputed for a grouping of a segment.
    """
    entries = [(0, f"add[{place}]", entry) for place, entry in enumerate(add)]
    entries += [(1, f"remove[{place}]", entry) for place, entry in enumerate(remove)]
    entries += [(2, f"replace[{place}]", entry) for place, entry in enumerate(replace or ())]

    def work() -> MembersChange:
        locked = kind.model._default_manager.select_for_update().get(pk=grouping.pk)
        if locked.is_computed:
            raise MembersComputed
        found, errors = find_members(kind, entries)
        if replace and not found[2]:
            raise NothingFound([error for _owner, error in errors])
        wanted = (found[0] | found[2]) - found[1]
        gone = (
            _delete_others(kind, grouping.pk, wanted)
            if replace is not None
            else _delete(kind, grouping.pk, found[1])
        )
        added = _insert(kind, [(grouping.pk, member) for member in wanted])
        if added or gone:
            locked.save(update_fields=["updated_at"])
        return MembersChange(added, gone, tuple(error for _owner, error in errors))

    return upsert.in_one_transaction(work)


def find_members(
    kind: GroupingKind, entries: Iterable[tuple[int, str, Any]]
) -> tuple[dict[int, set[int]], list[tuple[int, FieldError]]]:
    """Turn entries (owner, path, object) into the keys of members per owner, one query per name in use."""
    wanted: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    errors: list[tuple[int, FieldError]] = []
    for owner, path, entry in entries:
        try:
            name, value = _read_entry(kind, entry)
        except FieldRefused as refusal:
            errors.append((owner, FieldError(path, refusal.code, refusal.message)))
            continue
        wanted[name].append((owner, path, value))
    found: dict[int, set[int]] = defaultdict(set)
    for name, places in wanted.items():
        column = kind.names[name]
        values = {value for _owner, _path, value in places}
        keys: dict[str, list[int]] = defaultdict(list)
        matches = kind.member._default_manager.filter(**{f"{column}__in": values})
        for value, key in matches.values_list(column, "pk"):
            keys[value].append(key)
        noun = str(kind.member._meta.verbose_name)
        message = _("There is no %(noun)s “%(code)s”.")
        for owner, path, value in places:
            if value in keys:
                found[owner].update(keys[value])
            else:
                text = message % {"noun": noun, "code": value}
                errors.append((owner, FieldError(f"{path}.{name}", f"unknown_{kind.name}", text)))
    return found, errors


def _read_entry(kind: GroupingKind, entry: Any) -> tuple[str, str]:
    if not isinstance(entry, Mapping) or len(entry) != 1 or next(iter(entry)) not in kind.names:
        words = " | ".join(f'{{"{name}": …}}' for name in kind.names)
        raise FieldRefused("member", _("This must be one of %(forms)s.") % {"forms": words})
    name, value = next(iter(entry.items()))
    try:
        text = read_text(value, 64, strict=True)
    except FieldRefused as refusal:
        if not isinstance(value, str):
            raise
        raise FieldRefused(refusal.code, f"“{_shortened(value.strip())}”: {refusal.message}") from refusal
    if not text:
        raise FieldRefused("blank", _("This may not be empty."))
    normalize = kind.normalize.get(name)
    return name, normalize(text) if normalize else text


def _shortened(text: str) -> str:
    """Return the beginning of an entry, by which whoever sent thousands finds it again."""
    shown = "".join(symbol if symbol.isprintable() else "?" for symbol in text[:_SHOWN])
    return f"{shown}…" if len(text) > _SHOWN else shown


def _set_members(kind: GroupingKind, wanted: Mapping[int, set[int]]) -> set[int]:
    """Make the members of each grouping exactly those given; return the groupings that this changed."""
    if not wanted:
        return set()
    links = kind.through._default_manager.filter(**{f"{kind.grouping_column}__in": list(wanted)})
    old: dict[int, dict[int, int]] = defaultdict(dict)
    for key, grouping, member in links.values_list("pk", kind.grouping_column, kind.member_column):
        old[grouping][member] = key
    gone = [
        key
        for grouping, members in wanted.items()
        for member, key in old[grouping].items()
        if member not in members
    ]
    if gone:
        kind.through._default_manager.filter(pk__in=gone).delete()
    _insert(
        kind,
        [
            (grouping, member)
            for grouping, members in wanted.items()
            for member in members - old[grouping].keys()
        ],
    )
    return {grouping for grouping, members in wanted.items() if members != old[grouping].keys()}


# A hundred thousand members are one array each way: no statement grows with them, and no object is made for a link.


def _insert(kind: GroupingKind, pairs: Iterable[tuple[int, int]]) -> int:
    """Link members to groupings, each once; return how many were not linked before."""
    ordered = sorted(pairs)
    if not ordered:
        return 0
    table, grouping, member = _names(kind)
    statement = f"""
        INSERT INTO {table} ({grouping}, {member})
        SELECT * FROM unnest(%s::bigint[], %s::bigint[]) ON CONFLICT DO NOTHING
    """  # noqa: S608 - names of our own tables
    return _execute(statement, [key for key, _member in ordered], [member for _key, member in ordered])


def _delete(kind: GroupingKind, grouping_key: int, members: Iterable[int]) -> int:
    table, grouping, member = _names(kind)
    statement = f"DELETE FROM {table} WHERE {grouping} = %s AND {member} = ANY(%s::bigint[])"  # noqa: S608
    keys = sorted(members)
    return _execute(statement, grouping_key, keys) if keys else 0


def _delete_others(kind: GroupingKind, grouping_key: int, kept: Iterable[int]) -> int:
    table, grouping, member = _names(kind)
    statement = f"""
        DELETE FROM {table} t WHERE t.{grouping} = %s
        AND NOT EXISTS (SELECT 1 FROM unnest(%s::bigint[]) AS kept(member) WHERE kept.member = t.{member})
    """  # noqa: S608 - names of our own tables
    return _execute(statement, grouping_key, sorted(kept))


def _names(kind: GroupingKind) -> tuple[str, ...]:
    quote = connection.ops.quote_name
    return tuple(map(quote, (kind.through._meta.db_table, kind.grouping_column, kind.member_column)))


def _execute(statement: str, *parameters: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.rowcount
