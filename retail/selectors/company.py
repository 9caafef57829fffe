"""What the one row of the company says to all packages."""

from zoneinfo import ZoneInfo

from retail.models import Company


def company_zone() -> ZoneInfo:
    """Return the zone in which the company counts days where no store is meant. One query."""
    return ZoneInfo(Company.objects.values_list("time_zone", flat=True).get())
