"""Who has a birthday on a day."""

from collections.abc import Iterable, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet

from customers.models import Customer
from messaging.models import Message
from messaging.schedule import ADULT_YEARS, birthdays_kept_on
from messaging.selectors.zones import lives_in

# The occasion of greetings.
BIRTHDAY = "birthday"


def celebrating(days: Sequence[date], zone: ZoneInfo) -> QuerySet[Customer]:
    """Return the adult customers of a zone who celebrate on some days of one year and can be reached somehow."""
    born = Q()
    for day in days:
        for month, number in birthdays_kept_on(day):
            born |= Q(birth_date__month=month, birth_date__day=number)
    reachable = ~Q(email="") | ~Q(phone="")
    adult = Q(birth_date__year__lte=days[0].year - ADULT_YEARS)
    return Customer.objects.filter(born, lives_in(zone), reachable, adult, is_active=True)


def not_planned(customers: QuerySet[Customer], year: int, *, stores_off: Iterable[int]) -> QuerySet[Customer]:
    """Leave out who has this year's message already, and who belongs to a store where greetings are off."""
    planned = Message.objects.filter(customer=OuterRef("pk"), occasion=BIRTHDAY, occasion_key=str(year))
    return (
        customers.exclude(Exists(planned))
        .exclude(home_store__in=list(stores_off))
        .select_related("home_store")
        .order_by("pk")
    )
