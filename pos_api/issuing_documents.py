"""What managers' programs send about issuing runs and rules, and how they are answered."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from msgspec import Meta, Struct

from customers.models import Customer, CustomerGrouping
from loyalty.models import AccountKind, IssuingRule, IssuingRun, StoredValueType
from loyalty.models.issuing import IssuingTerms
from loyalty.selectors.stored_values import usual_type
from loyalty.services.issuing_rules import usual_type_for
from pos_api.fields import Cents, Identifier, Moment, Slug
from pos_api.openapi import Json
from pos_api.problems import invalid_field
from retail import money

Name = Annotated[str, Meta(min_length=1, max_length=160)]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Days = Annotated[int, Meta(ge=1, le=36_500)]
Percentage = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{1,3}(\.[0-9]{1,4})?$",
        description='More than 0 and at most 100, such as "5" or "7.50".',
    ),
]
Stores = Annotated[list[Identifier], Meta(max_length=5_000, description="Codes of stores; empty: all.")]


class TierDocument(Struct, forbid_unknown_fields=True, kw_only=True, rename={"start": "from"}):
    """From a turnover on: an `amount` or a `percent`, never both. The last tier that is reached counts."""

    start: Cents | None = None
    amount: Cents | None = None
    percent: Percentage | None = None

    def stored(self) -> dict[str, str]:
        found = {"from": money.text(+(self.start or 0))}
        if self.amount is not None:
            found["amount"] = money.text(+self.amount)
        if self.percent is not None:
            found["percent"] = self.percent
        return found


class TermsDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """What is given and to whom. The validity is in days or between two moments; without either as the type says."""

    name: Name
    type: Annotated[Slug, Meta(description="Code of the type of voucher.")] | None = None
    minimum_turnover: Cents | None = None
    minimum_visits: Count = 0
    tiers: Annotated[list[TierDocument], Meta(min_length=1, max_length=20)]
    percent_means: Annotated[
        Literal["turnover", "voucher"],
        Meta(
            description="A percentage is that part of the turnover, or a voucher that takes it off one purchase."
        ),
    ] = "turnover"
    most: Cents | None = None
    valid_days: Days | None = None
    usable_from: Moment | None = None
    usable_until: Moment | None = None
    usable_stores: Stores = []

    def values(self) -> dict[str, Any]:
        """Return the fields of the model. Raises a 422 problem for names that nothing has."""
        return {
            "name": self.name,
            "type": _type(self.type),
            "minimum_turnover": money.to_decimal(+(self.minimum_turnover or 0)),
            "minimum_visits": self.minimum_visits,
            "tiers": [tier.stored() for tier in self.tiers],
            "percent_means": self.percent_means,
            "most": None if self.most is None else money.to_decimal(+self.most),
            "valid_days": self.valid_days,
            "usable_from": self.usable_from,
            "usable_until": self.usable_until,
            "usable_store_codes": self.usable_stores,
        }


class RunDocument(TermsDocument, kw_only=True):
    """Vouchers for customers by what they bought in a period; what is left out narrows nothing."""

    period_starts_at: Moment | None = None
    period_ends_at: Annotated[Moment, Meta(description="Purchases before this moment.")] | None = None
    stores: Stores = []
    customer: Annotated[int, Meta(ge=1, le=2**53, description="Id of one customer.")] | None = None
    grouping: Annotated[Slug, Meta(description="Code of a grouping of customers.")] | None = None
    country: Annotated[str, Meta(max_length=2, pattern="^([A-Z]{2})?$")] = ""
    language: Annotated[str, Meta(max_length=8)] = ""

    def values(self) -> dict[str, Any]:
        customer = grouping = None
        if self.customer is not None:
            customer = Customer.objects.filter(pk=self.customer).first()
            if customer is None:
                raise invalid_field("customer", "unknown", _("There is no such customer."))
        if self.grouping is not None:
            grouping = CustomerGrouping.objects.filter(code=self.grouping).first()
            if grouping is None:
                raise invalid_field("grouping", "unknown", _("There is no such grouping."))
        return super().values() | {
            "period_starts_at": self.period_starts_at,
            "period_ends_at": self.period_ends_at,
            "store_codes": self.stores,
            "customer": customer,
            "grouping": grouping,
            "country": self.country,
            "language": self.language.lower(),
        }


class RuleDocument(TermsDocument, kw_only=True):
    """Vouchers that the point of sale gives by itself. With `version`, a rule that somebody changed meanwhile is refused."""

    version: Annotated[int, Meta(ge=0, le=10**9)] | None = None
    active: bool = True
    trigger: Literal["sale", "customer", "new_customer"] = "sale"
    window_days: Annotated[int, Meta(ge=1, le=3_650, description="With the trigger `customer`.")] | None = (
        None
    )
    once_in_window: bool = True
    stores: Stores = []
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    priority: Annotated[int, Meta(ge=0, le=32_000)] = 0

    def values(self) -> dict[str, Any]:
        own = {} if self.type is not None else {"type": usual_type_for(self.trigger)}
        return (
            super().values()
            | own
            | {
                "is_active": self.active,
                "trigger": self.trigger,
                "window_days": self.window_days,
                "once_in_window": self.once_in_window,
                "store_codes": self.stores,
                "starts_at": self.starts_at,
                "ends_at": self.ends_at,
                "priority": self.priority,
            }
        )


class NewRuleDocument(RuleDocument, kw_only=True):
    code: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]

    def values(self) -> dict[str, Any]:
        return super().values() | {"code": self.code}


class ConfirmDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """`version` is that of the preview that was looked at."""

    version: Annotated[int, Meta(ge=1, le=10**9)]
    accepts_overlap: bool = False


def _type(code: str | None) -> StoredValueType:
    if code is None:
        return usual_type(AccountKind.VOUCHER)
    found = StoredValueType.objects.filter(code=code).first()
    if found is None:
        raise invalid_field("type", "unknown", _("There is no such type."))
    return found


# --- Answers ------------------------------------------------------------------------------------------


def percent_text(percent: Decimal | None) -> str | None:
    return None if percent is None else f"{percent.normalize():f}"


def _terms(terms: IssuingTerms) -> Json:
    return {
        "type": terms.type.code,
        "minimum_turnover": str(terms.minimum_turnover),
        "minimum_visits": terms.minimum_visits,
        "tiers": terms.tiers,
        "percent_means": terms.percent_means,
        "most": None if terms.most is None else str(terms.most),
        "valid_days": terms.valid_days,
        "usable_from": terms.usable_from,
        "usable_until": terms.usable_until,
        "usable_stores": terms.usable_store_codes,
    }


def rule_body(rule: IssuingRule) -> Json:
    """Return a rule with its type loaded."""
    return {
        "code": rule.code,
        "name": rule.name,
        "version": rule.version,
        "active": rule.is_active,
        "trigger": rule.trigger,
        "window_days": rule.window_days,
        "once_in_window": rule.once_in_window,
        "stores": rule.store_codes,
        "starts_at": rule.starts_at,
        "ends_at": rule.ends_at,
        "priority": rule.priority,
        **_terms(rule),
    }


def run_body(run: IssuingRun) -> Json:
    """Return a run with its type, grouping and people loaded."""
    return {
        "id": run.pk,
        "name": run.name,
        "version": run.version,
        "state": run.state,
        "period_starts_at": run.period_starts_at,
        "period_ends_at": run.period_ends_at,
        "stores": run.store_codes,
        "customer": run.customer_id,
        "grouping": None if run.grouping is None else run.grouping.code,
        "country": run.country,
        "language": run.language,
        **_terms(run),
        "preview": None
        if run.previewed_at is None
        else {
            "customers": run.customer_count,
            "total": str(run.total_amount),
            "highest": str(run.highest_amount),
            "in_percent": run.rate_count,
            "at": run.previewed_at,
        },
        "issued": {"count": run.issued_count, "amount": str(run.issued_amount)},
        "prepared_by": run.prepared_by.get_username() if run.prepared_by else None,
        "confirmed_by": run.confirmed_by.get_username() if run.confirmed_by else None,
        "confirmed_at": run.confirmed_at,
        "ended_at": run.ended_at,
        "codes_closed_at": run.codes_closed_at,
    }


_MOMENT: Json = {"type": ["string", "null"], "format": "date-time"}
_TERMS_SCHEMA: Json = {
    "type": {"type": "string"},
    "minimum_turnover": {"type": "string"},
    "minimum_visits": {"type": "integer"},
    "tiers": {"type": "array", "items": {"type": "object"}},
    "percent_means": {"enum": ["turnover", "voucher"]},
    "most": {"type": ["string", "null"]},
    "valid_days": {"type": ["integer", "null"]},
    "usable_from": _MOMENT,
    "usable_until": _MOMENT,
    "usable_stores": {"type": "array", "items": {"type": "string"}},
}
RULE: Json = {
    "type": "object",
    "properties": {
        "code": {"type": "string"},
        "name": {"type": "string"},
        "version": {"type": "integer"},
        "active": {"type": "boolean"},
        "trigger": {"enum": ["sale", "customer", "new_customer"]},
        "window_days": {"type": ["integer", "null"]},
        "once_in_window": {"type": "boolean"},
        "stores": {"type": "array", "items": {"type": "string"}},
        "starts_at": _MOMENT,
        "ends_at": _MOMENT,
        "priority": {"type": "integer"},
        **_TERMS_SCHEMA,
    },
}
RUN: Json = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "version": {"type": "integer", "description": "Of the preview that a confirmation names."},
        "state": {"enum": ["draft", "previewed", "issuing", "done", "cancelled"]},
        "period_starts_at": _MOMENT,
        "period_ends_at": _MOMENT,
        "stores": {"type": "array", "items": {"type": "string"}},
        "customer": {"type": ["integer", "null"]},
        "grouping": {"type": ["string", "null"]},
        "country": {"type": "string"},
        "language": {"type": "string"},
        **_TERMS_SCHEMA,
        "preview": {
            "type": ["object", "null"],
            "properties": {
                "customers": {"type": "integer"},
                "total": {"type": "string"},
                "highest": {"type": "string"},
                "in_percent": {
                    "type": "integer",
                    "description": "Vouchers in percent, which have no amount.",
                },
                "at": {"type": "string", "format": "date-time"},
            },
        },
        "issued": {
            "type": "object",
            "properties": {"count": {"type": "integer"}, "amount": {"type": "string"}},
        },
        "prepared_by": {"type": ["string", "null"], "description": "Who made or changed it last."},
        "confirmed_by": {"type": ["string", "null"]},
        "confirmed_at": _MOMENT,
        "ended_at": _MOMENT,
        "codes_closed_at": _MOMENT,
    },
}
GRANT: Json = {
    "type": "object",
    "properties": {
        "customer": {"type": "integer"},
        "turnover": {"type": "string"},
        "visits": {"type": "integer"},
        "amount": {"type": "string"},
        "percent": {"type": ["string", "null"]},
        "stored_value": {"type": ["integer", "null"], "description": "Null until it is issued."},
    },
}
RULE_EXAMPLE: Json = {
    "code": "vale-da-venda",
    "name": "Vale da venda",
    "trigger": "sale",
    "tiers": [
        {"from": "50.00", "amount": "5.00"},
        {"from": "100.00", "amount": "10.00"},
        {"from": "150.00", "amount": "15.00"},
    ],
    "valid_days": 30,
}
RUN_EXAMPLE: Json = {
    "name": "Natal",
    "period_starts_at": "2026-11-01T00:00:00-03:00",
    "period_ends_at": "2026-12-01T00:00:00-03:00",
    "minimum_visits": 2,
    "minimum_turnover": "100.00",
    "tiers": [{"percent": "5"}],
    "valid_days": 60,
}
