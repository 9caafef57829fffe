"""By whose clocks people are written to: those of their home store, else the company's."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Q

from customers.models import Customer
from messaging.schedule import is_minor
from retail.models import Store
from retail.selectors.company import company_zone


def zones() -> list[ZoneInfo]:
    """Return every time zone in which a customer may live, in a fixed order."""
    names = {*Store.objects.values_list("time_zone", flat=True), company_zone().key}
    return [ZoneInfo(name) for name in sorted(names)]


def lives_in(zone: ZoneInfo, *, customer: str = "") -> Q:
    """Return the condition that a customer lives in a zone. `customer` is the path to them; empty: they are what is read."""
    home = f"{customer}__home_store" if customer else "home_store"
    lives = Q(**{f"{home}__time_zone": zone.key})
    return lives | Q(**{f"{home}__isnull": True}) if zone.key == company_zone().key else lives


def is_minor_now(customer: Customer, *, at: datetime) -> bool:
    """Whether a customer is under 18 by their clocks."""
    if customer.birth_date is None:
        return False
    zone = customer.home_store.zone if customer.home_store else company_zone()
    return is_minor(customer.birth_date, at.astimezone(zone).date())
