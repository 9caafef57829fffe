"""By whose clocks people are written to: those of their home store, else the company's."""

from zoneinfo import ZoneInfo

from django.db.models import Q

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
