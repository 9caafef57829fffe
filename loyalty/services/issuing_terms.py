"""What issuing runs and rules have in common: checking what they give and to whom."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.issuing import MOST_TIERS, PercentMeans, TermsInvalid
from loyalty.models import AccountKind
from loyalty.models.issuing import IssuingTerms
from loyalty.rules import end_after
from retail.models import Store
from retail.rows import FieldError
from retail.selectors.company import company_zone

# What may be given away: a credit note is given for goods, an e-purse is bought.
ISSUED_KINDS = (AccountKind.VOUCHER, AccountKind.GIFT_CARD)

_MESSAGES: dict[str, Any] = {
    "required": gettext_lazy("Say what is given."),
    "too_many": gettext_lazy("There can be at most %(most)d tiers."),
    "amount_or_percent": gettext_lazy("Give either an amount or a percentage."),
    "not_positive": gettext_lazy("Must be more than 0."),
    "negative": gettext_lazy("Must not be less than 0."),
    "range": gettext_lazy("This must be a percentage such as “10.00”, more than 0 and at most 100."),
    "percent": gettext_lazy("This must be a percentage such as “10.00”, more than 0 and at most 100."),
    "amount": gettext_lazy("This must be an amount such as “12.50”."),
    "not_rising": gettext_lazy("Each tier begins at a higher turnover than the one before."),
    "list": gettext_lazy("This must be a list."),
    "unknown_field": gettext_lazy("A tier has “from” and either “amount” or “percent”."),
}


class IssuingError(Exception):
    """A refusal; the message is for people."""

    code = "issuing_error"
    message = gettext_lazy("This could not be done.")

    def __init__(self) -> None:
        super().__init__(str(self.message))


class IssuingInvalid(IssuingError):
    """Fields that are wrong; `errors` name them."""

    code = "invalid"
    message = gettext_lazy("Some fields need another value.")

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__()
        self.errors = tuple(errors)


class IssuingOvertaken(IssuingError):
    code = "version_conflict"
    message = gettext_lazy("Somebody else changed this meanwhile. Look at it again before you change it.")


def check_terms(instance: IssuingTerms, *, at: datetime | None) -> list[FieldError]:
    """Return what is wrong with the terms that a run and a rule have in common.

    What gives something from `at` on must be able to: without it, as of a rule that is switched off, nothing is asked of the
    type and of the day until which vouchers can be used.
    """
    errors: list[FieldError] = []

    def refuse(path: str, code: str, message: str) -> None:
        errors.append(FieldError(path, code, message))

    if instance.type_id is None:
        refuse("type", "required", _("This is required."))
    elif instance.type.kind not in ISSUED_KINDS:
        refuse("type", "other_kind", _("Only vouchers and gift cards are given away."))
    elif at is not None and not instance.type.is_active:
        refuse("type", "not_active", _("This type is switched off."))
    try:
        terms = instance.terms() if instance.type_id is not None else None
    except TermsInvalid as wrong:
        refuse(wrong.path, wrong.code, str(_MESSAGES[wrong.code]) % {"most": MOST_TIERS})
        terms = None
    if (
        terms is not None
        and terms.percent_means == PercentMeans.VOUCHER
        and any(tier.percent is not None for tier in terms.tiers)
        and instance.type.kind != AccountKind.VOUCHER
    ):
        refuse("percent_means", "other_kind", _("Only a voucher can be worth a percentage of a purchase."))
    if instance.valid_days is not None and (instance.usable_from or instance.usable_until):
        refuse("valid_days", "days_or_dates", _("Give days or dates, not both."))
    elif instance.usable_from and instance.usable_until and instance.usable_from >= instance.usable_until:
        refuse("usable_until", "order", _("It ends before it begins."))
    elif at is not None and instance.usable_until is not None and instance.usable_until <= at:
        refuse("usable_until", "past", _("This moment is over."))
    elif at is not None and _ends_before_it_begins(instance, at):
        message = _("By the days of its type it would end before it can be used: say until when.")
        refuse("usable_until", "required", message)
    refuse_unknown_stores(instance.usable_store_codes, "usable_stores", errors)
    return errors


def _ends_before_it_begins(instance: IssuingTerms, at: datetime) -> bool:
    """Whether what is given at that moment ends, as its type says, before it can be used."""
    if instance.usable_from is None or instance.usable_until is not None or instance.type_id is None:
        return False
    days = instance.type.valid_days
    return days is not None and end_after(at, days, company_zone()) <= instance.usable_from


def refuse_unknown_stores(codes: Sequence[str], path: str, errors: list[FieldError]) -> None:
    """Add an error for every code of a store that does not exist."""
    if not codes:
        return
    known = set(Store.objects.filter(code__in=codes).values_list("code", flat=True))
    for place, code in enumerate(codes):
        if code not in known:
            message = _("There is no store “%(code)s”.") % {"code": code[:64]}
            errors.append(FieldError(f"{path}[{place}]", "unknown", message))
