"""Types of stored values, saved from a list of rows or from a form: what a gift card, e-purse, voucher or credit note is."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from loyalty.models import AccountKind, StoredValueType
from loyalty.selectors.stored_values import USUAL
from loyalty.services.programs import MAX_DAYS, check_code_and_grace, refuse_overtaken
from retail import upsert
from retail.models import Category, Clawback, ExpiredRestore, ProductGrouping, Store
from retail.rows import MISSING, Choice, Code, Codes, Column, Flag, Money, Row, RowResult, Text, Whole


class StoredValueKind(models.TextChoices):
    GIFT_CARD = AccountKind.GIFT_CARD.value, AccountKind.GIFT_CARD.label
    E_PURSE = AccountKind.E_PURSE.value, AccountKind.E_PURSE.label
    VOUCHER = AccountKind.VOUCHER.value, AccountKind.VOUCHER.label
    CREDIT_NOTE = AccountKind.CREDIT_NOTE.value, AccountKind.CREDIT_NOTE.label


_SOLD = (StoredValueKind.GIFT_CARD, StoredValueKind.E_PURSE)
# Addresses of the API beside those of the types, which such a type would not be found behind.
RESERVED_CODES = frozenset({"sold"})
# What only some kinds have. Vouchers and credit notes are worth what their issue or return says, and are not loaded.
ONLY_OF: dict[str, tuple[StoredValueKind, ...]] = {
    "fixed_load": _SOLD,
    "fixed_price": _SOLD,
    "ceiling": (StoredValueKind.E_PURSE,),
    "is_reloadable": (StoredValueKind.E_PURSE,),
}

OWN_COLUMNS: dict[str, Column] = {
    "code": Code(64),
    "name": Text(160, default=MISSING),
    "kind": Choice(StoredValueKind, default=MISSING),
    "is_active": Flag(default=True),
    "fixed_load": Money(default=None),
    "fixed_price": Money(default=None),
    "ceiling": Money(default=None),
    "is_reloadable": Flag(default=False),
    "is_personal": Flag(default=False),
    "minimum_purchase": Money(default=None),
    "valid_days": Whole(1, MAX_DAYS),
    "clawback": Choice(Clawback, default=Clawback.CHARGE_BACK.value),
    "expired_restore": Choice(ExpiredRestore, default=ExpiredRestore.KEEP_EXPIRED.value),
    "grace_days": Whole(0, MAX_DAYS, default=0),
}
# Each is replaced as a whole when it is given.
_MODELS: dict[str, type[models.Model]] = {
    "stores": Store,
    "categories": Category,
    "groupings": ProductGrouping,
}
COLUMNS: dict[str, Column] = {**OWN_COLUMNS, **{name: Codes() for name in _MODELS}}

Lists = dict[str, list[str]]
Known = Mapping[str, Mapping[str, int]]


def upsert_stored_value_types(
    *, rows: Sequence[Any], replace: bool = False, version: int | None = None
) -> list[RowResult]:
    """Create or change types of stored values by code and answer one result per row. Raises TooManyRows.

    `stores`, `categories` and `groupings` are codes; a list that is given becomes the whole list. A new e-purse is
    reloadable and holds at most 150.00 unless the row says otherwise. The kind of a type that has values stays. A type
    that has another version by now than `version` is refused (`version_conflict`).
    """

    def work() -> list[RowResult]:
        parsed = upsert.read_rows(rows, COLUMNS)
        lists: dict[int, Lists] = {
            row.index: {name: row.values.pop(name) for name in _MODELS if name in row.values}
            for row in parsed
        }
        upsert.require(parsed, OWN_COLUMNS, "code")
        upsert.refuse_duplicates(parsed, "code", lambda row: row.values["code"])
        codes = [row.values["code"] for row in parsed if not row.errors]
        existing = {
            kind.code: kind
            for kind in StoredValueType.objects.filter(code__in=codes).order_by("pk").select_for_update()
        }
        known = _known(lists.values())
        for row in parsed:
            if replace:
                lists[row.index] = {name: [] for name in _MODELS} | lists[row.index]
            if not row.errors:
                row.instance = existing.get(row.values["code"])
                _fill(row, lists[row.index], known, replace=replace, version=version)
        upsert.write(parsed, StoredValueType)
        for row in parsed:
            if not row.errors and row.status != "unchanged":
                for name in ("categories", "groupings"):
                    if name in lists[row.index]:
                        getattr(row.instance, name).set(known[name][code] for code in lists[row.index][name])
        return upsert.results(parsed)

    return upsert.in_one_transaction(work)


def _known(given: Iterable[Lists]) -> Known:
    """Return the keys of stores, categories and groupings by their codes, of those that are named."""
    wanted: dict[str, set[str]] = {name: set() for name in _MODELS}
    for lists in given:
        for name, codes in lists.items():
            wanted[name].update(codes)
    return {
        name: dict(_MODELS[name]._default_manager.filter(code__in=codes).values_list("code", "pk"))
        if codes
        else {}
        for name, codes in wanted.items()
    }


def _fill(row: Row, lists: Lists, known: Known, *, replace: bool, version: int | None) -> None:
    refuse_overtaken(row, version)
    creating = row.instance is None
    if creating or replace:
        for name, value in USUAL.get(row.values.get("kind", ""), {}).items():
            row.values.setdefault(name, value)
    kind_before = "" if creating else row.instance.kind
    upsert.fill_instance(row, StoredValueType, OWN_COLUMNS, replace=replace)
    _check_kind(row, kind_before)
    check_code_and_grace(row)
    if creating and not row.errors and row.instance.code in RESERVED_CODES:
        message = _("“%(code)s” is an address of the API. Choose another code.")
        row.refuse("code", "reserved", message % {"code": row.instance.code})
    _check_amounts(row)
    _check_lists(row, lists, known)
    if row.errors:
        return
    if row.status == "unchanged" and any(_differs(row.instance, name, lists[name]) for name in lists):
        row.status = "updated"
    if "stores" in lists:
        row.instance.store_codes = lists["stores"]
    if row.status == "updated":
        row.instance.version += 1


def _check_kind(row: Row, kind_before: str) -> None:
    if row.errors:
        return
    kind = row.instance
    if kind_before and kind.kind != kind_before and kind.values.exists():
        row.refuse("kind", "in_use", _("There are values of this type; its kind stays."))
    for name, kinds in ONLY_OF.items():
        if getattr(kind, name) and kind.kind not in kinds:
            row.refuse(name, "not_allowed", _("This does not go with the kind."))


def _check_amounts(row: Row) -> None:
    if row.errors:
        return
    kind = row.instance
    for name in ("fixed_load", "ceiling"):
        if getattr(kind, name) == 0:
            row.refuse(name, "range", _("This must be more than 0."))
    if kind.fixed_load and kind.ceiling and kind.fixed_load > kind.ceiling:
        row.refuse("fixed_load", "range", _("This is more than the ceiling."))
    if kind.fixed_price is not None and kind.fixed_load is None:
        row.refuse("fixed_load", "required", _("Say what is loaded for this price."))


def _check_lists(row: Row, lists: Lists, known: Known) -> None:
    for name, codes in lists.items():
        unknown = [code for code in codes if code not in known[name]]
        if unknown:
            noun = _MODELS[name]._meta.verbose_name
            row.refuse(
                name,
                f"unknown_{_MODELS[name]._meta.model_name}",
                _("There is no %(noun)s “%(code)s”.") % {"noun": noun, "code": unknown[0]},
            )


def _differs(kind: StoredValueType, name: str, codes: list[str]) -> bool:
    if name == "stores":
        return kind.store_codes != codes
    return set(getattr(kind, name).values_list("code", flat=True)) != set(codes)
