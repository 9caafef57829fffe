"""Issuing rules: making and changing them. Tills follow a change with their next basket."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from loyalty.issuing import given_for, write_tiers
from loyalty.models import AccountKind, IssuingRule, IssuingTrigger, StoredValueType
from loyalty.selectors.stored_values import usual_type
from loyalty.services.issuing_terms import (
    IssuingInvalid,
    IssuingOvertaken,
    check_terms,
    refuse_unknown_stores,
)
from retail.rows import FieldError

MOST_DAYS = 3_650


def usual_type_for(trigger: str) -> StoredValueType:
    """Return the type of voucher of a rule that names none: for every sale one that anybody may use, if there is one."""
    return usual_type(AccountKind.VOUCHER, for_anybody=trigger == IssuingTrigger.SALE)


@transaction.atomic
def save_rule(
    *,
    rule: IssuingRule | None,
    values: Mapping[str, Any],
    user: User | None,
    at: datetime,
    version: int | None = None,
) -> IssuingRule:
    """Make a rule, or change one. `values` are the model's fields by name.

    Raises IssuingInvalid, IssuingOvertaken (`version` is the one that was looked at).
    """
    if rule is None:
        rule = IssuingRule(created_by=user, created_at=at)
    else:
        rule = IssuingRule.objects.select_for_update(no_key=True).get(pk=rule.pk)
        if version is not None and version != rule.version:
            raise IssuingOvertaken
        rule.version += 1
    for name, value in values.items():
        setattr(rule, name, value)
    if rule.trigger != IssuingTrigger.CUSTOMER:
        rule.window_days = None
    errors = check_terms(rule, at=at if rule.is_active else None)
    _check(rule, errors)
    refuse_unknown_stores(rule.store_codes, "stores", errors)
    if errors:
        raise IssuingInvalid(errors)
    rule.tiers = write_tiers(rule.terms().tiers)
    rule.save()
    return rule


def _check(rule: IssuingRule, errors: list[FieldError]) -> None:
    if not rule.name.strip():
        errors.append(FieldError("name", "required", _("This is required.")))
    if not rule.code:
        errors.append(FieldError("code", "required", _("This is required.")))
    elif IssuingRule.objects.exclude(pk=rule.pk).filter(code=rule.code).exists():
        errors.append(FieldError("code", "code_taken", _("Another one has this code.")))
    if rule.trigger not in IssuingTrigger.values:
        errors.append(FieldError("trigger", "unknown", _("This is not one of the choices.")))
    if rule.trigger == IssuingTrigger.CUSTOMER and not 1 <= (rule.window_days or 0) <= MOST_DAYS:
        message = _("Say in how many days visits and turnover are counted, up to %(most)d.")
        errors.append(FieldError("window_days", "required", message % {"most": MOST_DAYS}))
    if rule.trigger == IssuingTrigger.SALE and rule.type_id is not None and rule.type.is_personal:
        message = _(
            "“%(type)s” is only for its customer, and a sale may have none. Choose another type of voucher, or give it for a "
            "sale of a known customer."
        )
        errors.append(FieldError("type", "personal", message % {"type": rule.type.name}))
    if rule.starts_at and rule.ends_at and rule.starts_at >= rule.ends_at:
        errors.append(FieldError("ends_at", "order", _("It ends before it begins.")))
    if rule.trigger == IssuingTrigger.NEW_CUSTOMER:
        _check_new_customer(rule, errors)


def _check_new_customer(rule: IssuingRule, errors: list[FieldError]) -> None:
    """Refuse what somebody who has bought nothing yet could never be given."""
    if errors:
        return
    if rule.minimum_turnover or rule.minimum_visits:
        path = "minimum_turnover" if rule.minimum_turnover else "minimum_visits"
        errors.append(FieldError(path, "not_allowed", _("A new customer has bought nothing yet.")))
    elif not given_for(rule.terms(), turnover=0, visits=0).is_something:
        message = _(
            "A new customer has bought nothing yet: give an amount, or a voucher in percent, from the start."
        )
        errors.append(FieldError("tiers", "not_allowed", message))
