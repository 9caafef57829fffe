"""Points programs with their levels, gifts and tiers, saved as a whole from a list of rows or from a form."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from loyalty.models import PointsProgram, TierBasis, TierDowngrade
from loyalty.services.levels import Levels, check_levels, levels_differ, products_of, write_levels
from loyalty.services.program_tiers import Tiers, check_tiers, tiers_differ, write_tiers
from retail import upsert
from retail.models import Clawback, ExpiredRestore
from retail.rows import MISSING, Choice, Code, Column, Flag, Money, Row, RowResult, Text, Whole, validate_code

MAX_DAYS = 36_500

TERMS_COLUMNS: dict[str, Column] = {
    "code": Code(64),
    "name": Text(160, default=MISSING),
    "is_active": Flag(default=True),
    "pending_days": Whole(0, MAX_DAYS, default=0),
    "valid_days": Whole(1, MAX_DAYS),
    "clawback": Choice(Clawback, default=Clawback.CHARGE_BACK.value),
    "expired_restore": Choice(ExpiredRestore, default=ExpiredRestore.KEEP_EXPIRED.value),
    "grace_days": Whole(0, MAX_DAYS, default=0),
}
PROGRAM_COLUMNS: dict[str, Column] = {
    **TERMS_COLUMNS,
    "points": Money(default=None),
    "per_amount": Money(default=None),
    "earns_on_discounted": Flag(default=True),
    "point_value": Money(default=None),
    "redeem_step": Money(default=Decimal("1.00")),
    "tier_basis": Choice(TierBasis, default=TierBasis.SPEND.value),
    "tier_period_months": Whole(1, 120, default=12),
    "tier_downgrade": Choice(TierDowngrade, default=TierDowngrade.AT_PERIOD_END.value),
    "sets_customer_level": Flag(default=False),
}
PARTS: dict[str, Column] = {"levels": Levels(), "tiers": Tiers()}
COLUMNS: dict[str, Column] = {**PROGRAM_COLUMNS, **PARTS}


def upsert_programs(
    *, rows: Sequence[Any], replace: bool = False, version: int | None = None
) -> list[RowResult]:
    """Create or change points programs by code and answer one result per row. Raises TooManyRows.

    `levels` and `tiers`, when given, become the whole lists. A level goes only once its gifts are detached and every
    customer's points are below the first level. `version` is what the editor of a form had read: a program that has
    another by now is refused (`version_conflict`).
    """

    def work() -> list[RowResult]:
        parsed = upsert.read_rows(rows, COLUMNS)
        given = {
            row.index: {name: row.values.pop(name) for name in PARTS if name in row.values} for row in parsed
        }
        upsert.require(parsed, PROGRAM_COLUMNS, "code")
        upsert.refuse_duplicates(parsed, "code", lambda row: row.values["code"])
        upsert.refuse_duplicates(
            parsed, "sets_customer_level", lambda row: row.values.get("sets_customer_level") or None
        )
        codes = [row.values["code"] for row in parsed if not row.errors]
        existing = {
            program.code: program
            for program in PointsProgram.objects.filter(code__in=codes).order_by("pk").select_for_update()
        }
        products = products_of(parts["levels"] for parts in given.values() if "levels" in parts)
        for row in parsed:
            if replace:
                given[row.index] = dict.fromkeys(PARTS, ()) | given[row.index]
            if not row.errors:
                row.instance = existing.get(row.values["code"])
                refuse_overtaken(row, version)
                upsert.fill_instance(row, PointsProgram, PROGRAM_COLUMNS, replace=replace)
                check_terms(row)
                _check_ratio(row)
                _check_parts(row, given[row.index], products)
        for row in parsed:
            if not row.errors and row.status == "updated":
                row.instance.version += 1
                # Other tiers, period or basis: whoever qualifies is looked at again by the next run.
                row.instance.tiers_checked_at = None
        upsert.write(parsed, PointsProgram)
        for row in parsed:
            if not row.errors and row.status != "unchanged":
                if "levels" in given[row.index]:
                    write_levels(row.instance, given[row.index]["levels"], products)
                if "tiers" in given[row.index]:
                    write_tiers(row.instance, given[row.index]["tiers"])
        return upsert.results(parsed)

    return upsert.in_one_transaction(work)


def refuse_overtaken(row: Row, version: int | None) -> None:
    """Refuse to change what has another version by now than the one that was read."""
    if version is not None and row.instance is not None and row.instance.version != version:
        row.refuse("", "version_conflict", _("Somebody else changed this meanwhile."))


def _check_parts(row: Row, parts: dict[str, Any], products: dict[str, Any]) -> None:
    if row.errors:
        return
    if "levels" in parts:
        check_levels(row, parts["levels"], products)
    check_tiers(row)
    if row.errors or row.status != "unchanged":
        return
    if ("levels" in parts and levels_differ(row.instance, parts["levels"])) or (
        "tiers" in parts and tiers_differ(row.instance, parts["tiers"])
    ):
        row.status = "updated"


def check_code_and_grace(row: Row) -> None:
    """Refuse what no single field can say: a code with blanks, days of grace that are not given."""
    if row.errors:
        return
    instance = row.instance
    try:
        validate_code(instance.code)
    except ValidationError as error:
        row.refuse("code", "invalid", " ".join(error.messages))
    if instance.expired_restore == ExpiredRestore.GRACE and not instance.grace_days:
        row.refuse("grace_days", "required", _("Say how many days of grace there are."))


def check_terms(row: Row) -> None:
    """Refuse, beside that, what would have expired before it can be used."""
    if row.errors:
        return
    check_code_and_grace(row)
    instance = row.instance
    if instance.valid_days is not None and instance.valid_days <= instance.pending_days:
        row.refuse("valid_days", "range", _("This must be more than the pending days."))


def _check_ratio(row: Row) -> None:
    if row.errors:
        return
    program = row.instance
    if bool(program.points) != bool(program.per_amount):
        missing = "per_amount" if program.points else "points"
        row.refuse(missing, "required", _("Give points and the value that earns them, or neither."))
    for name in ("points", "per_amount", "point_value", "redeem_step"):
        if getattr(program, name) == 0:
            row.refuse(name, "range", _("This must be more than 0."))
    if program.redeem_step is None:
        row.refuse("redeem_step", "required", _("This is required."))
