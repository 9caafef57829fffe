"""Reading customers and what is known of them."""

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import DateField, DateTimeField, F, Func, QuerySet
from django.db.models.functions import Cast

from customers.documents import is_valid, normalize
from customers.models import Appointment, AppointmentStatus, Consent, ConsentText, Customer
from customers.phones import to_e164
from retail.models import Company, Sale, SaleState

LAST_PURCHASES = 5


class CustomerAmbiguous(Exception):
    """Several customers share what was looked up; their document or card tells them apart."""

    code = "customer_ambiguous"


@dataclass(frozen=True, slots=True)
class CustomerCard:
    """What a seller sees of a customer who says who they are."""

    customer: Customer
    groupings: list[str]
    consents: "StandingConsents"
    purchases: list[Sale]
    missing: list[str]
    birthday_in_days: int | None


def look_up_customer(text: str) -> Customer | None:
    """Return the one active customer with exactly this document, card, phone or e-mail, in this order.

    This is no search: a part of anything finds nobody. Raises CustomerAmbiguous.
    """
    text = text.strip()
    ways: list[dict[str, str]] = []
    if is_valid(document := normalize(text)):
        ways.append({"document": document})
    ways.append({"card": text})
    with suppress(ValueError):
        ways.append({"phone": to_e164(text)})
    if "@" in text:
        ways.append({"email": text.lower()})
    for way in ways:
        ours = Customer.objects.active().known_by(**way)
        found = list(ours.select_related("home_store").order_by("pk")[:2])
        if len(found) > 1:
            raise CustomerAmbiguous
        if found:
            return found[0]
    return None


def find_customer(name: str, value: str) -> Customer | None:
    """Return the one customer with this id, document, card, code, phone or email. Raises CustomerAmbiguous."""
    if name == "id":
        wanted: dict[str, object] = {"pk": int(value)}
    elif name == "document":
        wanted = {"document": normalize(value)}
    elif name == "phone":
        try:
            wanted = {"phone": to_e164(value)}
        except ValueError:
            return None
    else:
        wanted = {name: value.lower() if name == "email" else value}
    found = list(Customer.objects.known_by(**wanted).order_by("pk")[:2])
    if len(found) > 1:
        raise CustomerAmbiguous
    return found[0] if found else None


def has_standing_appointment(customer: Customer, *, last_purchase_at: datetime | None, at: datetime) -> bool:
    """Whether an appointment stands for the customer's next purchase, as `pos_snapshot` tells a till."""
    booked = customer.appointments.exclude(status=AppointmentStatus.CANCELLED).filter(booked_at__lte=at)
    if last_purchase_at is None:
        return booked.exists()
    for appointment in booked.select_related("store"):
        day = appointment.starts_at.astimezone(appointment.store.zone).date()
        begins = datetime.combine(day, time(), tzinfo=appointment.store.zone)
        if appointment.booked_at > last_purchase_at or last_purchase_at <= begins <= at:
            return True
    return False


def on_day(appointments: QuerySet[Appointment], day: date) -> QuerySet[Appointment]:
    """Return those that begin on this day, in the time zone of each one's store."""
    noon = datetime.combine(day, time(12), tzinfo=UTC)
    local = Func(F("store__time_zone"), F("starts_at"), function="timezone", output_field=DateTimeField())
    return (
        appointments.filter(
            # Every zone's day lies within these three; this is what the index can find.
            starts_at__range=(noon - timedelta(days=1.5), noon + timedelta(days=1.5))
        )
        .alias(local_day=Cast(local, DateField()))
        .filter(local_day=day)
    )


def customer_card(customer: Customer, *, today: date) -> CustomerCard:
    """Gather the card of a customer; ``today`` is the day in the store."""
    purchases = (
        Sale.objects.real()
        .filter(customer=customer)
        .exclude(state=SaleState.CANCELLED)
        .select_related("store")
        .order_by("-occurred_at", "-pk")[:LAST_PURCHASES]
    )
    required = Company.objects.values_list("required_customer_fields", flat=True).get(pk=1)
    return CustomerCard(
        customer=customer,
        groupings=list(customer.groupings.order_by("code").values_list("code", flat=True)),
        consents=standing_consents([customer.pk])[customer.pk],
        purchases=list(purchases),
        missing=[name for name in required if getattr(customer, name, None) in ("", None)],
        birthday_in_days=days_to_birthday(customer.birth_date, today) if customer.birth_date else None,
    )


def days_to_birthday(birth_date: date, today: date) -> int:
    """Return the days from ``today`` to the next birthday, 0 on the day itself.

    Whoever was born on 29 February celebrates on the 28th when the year has no 29th.
    """
    upcoming = (_in_year(birth_date, year) for year in (today.year, today.year + 1))
    return next((day - today).days for day in upcoming if day >= today)


def _in_year(day: date, year: int) -> date:
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


@dataclass(slots=True)
class StandingConsents:
    """The answers of one customer that stand, by purpose and channel."""

    answers: dict[tuple[str, str], tuple[datetime, int, bool]] = field(default_factory=dict)
    # Where each of them was given: till, web, confirmation.
    sources: dict[tuple[str, str], str] = field(default_factory=dict)

    def get(self, purpose: str, channel: str = "") -> bool | None:
        """Return the answer for a purpose and channel; None when it was never asked.

        The newer of the answer for this channel and the answer for all channels counts. Without a channel
        only answers for all channels count.
        """
        given = [self.answers[key] for key in {(purpose, channel), (purpose, "")} if key in self.answers]
        return max(given)[2] if given else None

    def standing_key(self, purpose: str, channel: str) -> tuple[str, str] | None:
        """Return which answer stands for a purpose and channel: the key of `answers`; None when it was never asked."""
        given = [key for key in {(purpose, channel), (purpose, "")} if key in self.answers]
        return max(given, key=lambda key: self.answers[key]) if given else None

    def granted(self, purpose: str, channel: str = "") -> bool:
        """Tell whether the customer agreed and has not taken it back."""
        return self.get(purpose, channel) is True

    def __iter__(self) -> Iterator[tuple[str, str, bool]]:
        for (purpose, channel), (_at, _id, granted) in sorted(self.answers.items()):
            yield purpose, channel, granted


def standing_consents(customers: Collection[int]) -> dict[int, StandingConsents]:
    """Return the standing answers of each customer, by primary key, in one query.

    Of several answers to one question the one given last stands, not the one that arrived last: an old
    paper form that is typed in late does not undo a revocation.
    """
    standing = {customer: StandingConsents() for customer in customers}
    newest = (
        Consent.objects.filter(customer__in=customers)
        .order_by("customer", "purpose", "channel", "-given_at", "-id")
        .distinct("customer", "purpose", "channel")
    )
    for customer, purpose, channel, given_at, key, granted, source in newest.values_list(
        "customer_id", "purpose", "channel", "given_at", "id", "granted", "source"
    ):
        standing[customer].answers[purpose, channel] = (given_at, key, granted)
        standing[customer].sources[purpose, channel] = source
    return standing


def current_texts(*, language: str) -> dict[tuple[str, str], ConsentText]:
    """Return the text to show for each (purpose, channel) in a language. One query."""
    newest = (
        ConsentText.objects.filter(language=language)
        .order_by("purpose", "channel", "-number")
        .distinct("purpose", "channel")
    )
    return {(text.purpose, text.channel): text for text in newest}
