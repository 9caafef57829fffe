"""What the ledger lets segments ask for: value that can be spent now."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.segments.kinds import Amount, Code, named
from customers.segments.operators import BOUNDS, Sql
from customers.segments.registry import LOYALTY, Asked, Field, Statement, totals
from loyalty.models import AccountKind, PointsProgram, StampPlan, StoredValueType

# As `LotQuerySet.usable` means it, whatever job has run.
_USABLE = (
    "l.remaining > 0 AND l.available_from <= %s AND (NOT l.awaits_review OR l.reviewed_at <= %s)"
    " AND (l.expires_at IS NULL OR l.expires_at > %s OR l.grace_until > %s)"
)


_PROGRAMS = " AND a.program_id = ANY(ARRAY(SELECT id FROM loyalty_pointsprogram WHERE code = ANY(%s)))"
_TYPES = " AND v.type_id = ANY(ARRAY(SELECT id FROM loyalty_storedvaluetype WHERE code = ANY(%s)))"
_DAY = timedelta(days=1)
_PLANS = " AND a.plan_id = ANY(ARRAY(SELECT id FROM loyalty_stampplan WHERE code = ANY(%s)))"


def _balance(kind: str, narrowed: str = "") -> Callable[[Asked, Statement], Sql]:
    """Sum the usable lots of the customer's accounts of one kind; `narrowed` is what keeps those that `of` names."""

    def query(asked: Asked, statement: Statement) -> Sql:
        codes = (list(asked.of),) if asked.of else ()
        return Sql(
            "SELECT a.customer_id, sum(l.remaining) AS value FROM loyalty_account a"  # noqa: S608
            f" JOIN loyalty_lot l ON l.account_id = a.id AND {_USABLE}"
            f" WHERE a.kind = %s{narrowed if codes else ''} GROUP BY a.customer_id",
            (*[statement.at] * 4, kind, *codes),
        )

    return query


def _stored(_asked: Asked, statement: Statement) -> Sql:
    return Sql(
        "SELECT v.customer_id, sum(l.remaining) AS value FROM loyalty_storedvalue v"  # noqa: S608
        f" JOIN loyalty_lot l ON l.account_id = v.account_id AND {_USABLE}"
        # A voucher in percent holds a use, not money.
        " WHERE v.customer_id IS NOT NULL AND v.percent IS NULL AND v.blocked_at IS NULL GROUP BY v.customer_id",
        (statement.at,) * 4,
    )


def _ending(asked: Asked, statement: Statement) -> Sql:
    """Count what can be used now and has its last day in the period, by the company's clocks."""
    conditions = ""
    params: list[Any] = []
    if asked.span.starts is not None:
        conditions += " AND l.expires_at > %s"
        params.append(statement.midnight(asked.span.starts))
    if asked.span.until is not None:
        conditions += " AND l.expires_at <= %s"
        params.append(statement.midnight(asked.span.until + _DAY))
    if asked.of:
        conditions += _TYPES
        params.append(list(asked.of))
    return Sql(
        "SELECT v.customer_id, count(*) AS value FROM loyalty_storedvalue v"  # noqa: S608 - constants
        f" JOIN loyalty_lot l ON l.account_id = v.account_id AND {_USABLE}"
        " WHERE v.customer_id IS NOT NULL AND v.blocked_at IS NULL"
        f" AND l.expires_at IS NOT NULL AND l.grace_until IS NULL{conditions} GROUP BY v.customer_id",
        (*[statement.at] * 4, *params),
    )


_OPERATORS = {
    "is_set": pgettext_lazy("balance", "has some"),
    "is_empty": pgettext_lazy("balance", "has none"),
    **named(*BOUNDS),
}

FIELDS = [
    Field(
        code="points_balance",
        label=_("Points"),
        group=LOYALTY,
        is_profile=True,
        kind=Amount(operators=_OPERATORS),
        sql=totals(_balance(AccountKind.POINTS, _PROGRAMS)),
        subject=Code(lambda: PointsProgram),
        subject_label=_("Programs"),
        note=_("That can be used now; of all programs when none is named."),
    ),
    Field(
        code="stamps_balance",
        label=_("Stamps"),
        group=LOYALTY,
        is_profile=True,
        kind=Amount(operators=_OPERATORS),
        sql=totals(_balance(AccountKind.STAMPS, _PLANS)),
        subject=Code(lambda: StampPlan),
        subject_label=_("Stamp plans"),
    ),
    Field(
        code="cashback_balance",
        label=_("Cashback"),
        group=LOYALTY,
        is_profile=True,
        kind=Amount(operators=_OPERATORS),
        sql=totals(_balance(AccountKind.CASHBACK)),
        note=_("That can be used now."),
    ),
    Field(
        code="stored_value_balance",
        label=_("Gift cards, vouchers, e-purses and credit notes"),
        group=LOYALTY,
        is_profile=True,
        kind=Amount(operators=_OPERATORS),
        sql=totals(_stored),
        note=_("What all that the customer holds is worth now; vouchers in percent are left out."),
    ),
    Field(
        code="stored_value_ending",
        label=_("Holds a gift card, voucher, e-purse or credit note that ends"),
        group=LOYALTY,
        is_profile=True,
        kind=Amount(operators={"is_set": _("does"), "is_empty": _("does not"), **named(*BOUNDS)}),
        sql=totals(_ending),
        measures={"times": _("cards")},
        subject=Code(lambda: StoredValueType),
        subject_label=_("Types"),
        period="days",
        note=_("Say from which day until which its last day lies; of all types when none is named."),
    ),
]
