"""An account's unit in forms and addresses: "cashback", "points:<program id>", "stamps:<plan id>"."""

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from loyalty.models import STORED_KINDS, AccountKind, PointsProgram, StampPlan
from loyalty.services.ledger import AccountKey


def unit_choices(*, only_active: bool, with_stored: bool = False) -> list[tuple[str, str]]:
    """Return every unit of value: cashback, the programs and the plans, by name. Two queries.

    `with_stored` adds gift cards and the other stored values, each kind as one unit.
    """
    wanted = Q(is_active=True) if only_active else Q()
    choices = [(AccountKind.CASHBACK.value, _("Cashback"))]
    for kind, model in ((AccountKind.POINTS, PointsProgram), (AccountKind.STAMPS, StampPlan)):
        named = model._default_manager.filter(wanted).order_by("name", "pk").values_list("pk", "name")
        choices += [(f"{kind.value}:{pk}", name) for pk, name in named]
    if with_stored:
        choices += [(kind.value, str(kind.label)) for kind in STORED_KINDS]
    return choices


def unit_key(unit: str) -> AccountKey:
    """Return the kind and the id of the program or plan that a choice stands for."""
    kind, _colon, pk = unit.partition(":")
    return kind, int(pk) if pk else None


def of_unit(unit: str, *, account: str = "account") -> dict[str, Any]:
    """Return the look-ups by which entries or lots are those of a unit."""
    kind, pk = unit_key(unit)
    column = {AccountKind.POINTS: "program_id", AccountKind.STAMPS: "plan_id"}.get(AccountKind(kind))
    return {f"{account}__kind": kind} | ({f"{account}__{column}": pk} if column else {})
