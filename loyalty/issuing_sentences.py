"""What issuing runs and rules give, in sentences for managers."""

from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.days import first_day, last_day
from loyalty.models import IssuingRule, IssuingTrigger, PercentMeans
from loyalty.models.issuing import IssuingTerms
from retail import formats


def tier_lines(terms: IssuingTerms) -> list[str]:
    """Return what each tier gives."""
    lines = []
    for tier in terms.tiers:
        if "amount" in tier:
            gives = formats.money(tier["amount"])
        elif terms.percent_means == PercentMeans.VOUCHER:
            gives = _("%(percent)s off a purchase") % {"percent": formats.percent(tier["percent"])}
        else:
            gives = _("%(percent)s of the turnover") % {"percent": formats.percent(tier["percent"])}
        start = Decimal(tier.get("from", "0"))
        text = _("from %(start)s: %(gives)s")
        lines.append(text % {"start": formats.money(start), "gives": gives} if start else gives)
    return lines


def worth(terms: IssuingTerms) -> str:
    """Return what is given, in one line."""
    text = "; ".join(tier_lines(terms))
    return (
        text
        if terms.most is None
        else f"{text} ({_('at most %(most)s') % {'most': formats.money(terms.most)}})"
    )


def conditions(terms: IssuingTerms) -> str:
    """Return what is asked of a customer; empty for nothing."""
    parts = []
    if terms.minimum_visits:
        text = ngettext("%(count)s visit", "%(count)s visits", terms.minimum_visits)
        parts.append(text % {"count": formats.number(terms.minimum_visits)})
    if terms.minimum_turnover:
        parts.append(_("a turnover of %(amount)s") % {"amount": formats.money(terms.minimum_turnover)})
    return _(" and ").join(parts)


def validity(terms: IssuingTerms, zone: ZoneInfo) -> str:
    """Return when vouchers can be used."""
    if terms.valid_days:
        text = ngettext("%(count)s day", "%(count)s days", terms.valid_days)
        return text % {"count": formats.number(terms.valid_days)}
    start = formats.day(first_day(terms.usable_from, zone)) if terms.usable_from else ""
    end = formats.day(last_day(terms.usable_until, zone)) if terms.usable_until else ""
    if start and end:
        return _("%(start)s to %(end)s") % {"start": start, "end": end}
    if end:
        return _("until %(end)s") % {"end": end}
    if start:
        return _("from %(start)s on") % {"start": start}
    return _("as the type says")


def stores(codes: list[str]) -> str:
    """Return stores in one line."""
    return ", ".join(codes) if codes else _("all stores")


def occasion(rule: IssuingRule) -> str:
    """Return when a rule gives something."""
    if rule.trigger == IssuingTrigger.CUSTOMER:
        days = formats.number(rule.window_days)
        asked = conditions(rule)
        if asked:
            return _("A known customer: %(asked)s in %(days)s days") % {"asked": asked, "days": days}
        return _("A known customer, by the turnover of %(days)s days") % {"days": days}
    asked = conditions(rule)
    if rule.trigger == IssuingTrigger.SALE and asked:
        return _("A sale: %(asked)s") % {"asked": asked}
    return rule.get_trigger_display()
