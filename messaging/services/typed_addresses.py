"""Writing to one person whose e-mail or phone somebody types: who has it, or a new customer with it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from customers.models import Customer, Purpose
from customers.services.consents import record_consent
from customers.services.customers import upsert_customers
from messaging.models import Channel
from retail.rows import FieldError

SOURCE = "back_office"


class AddressRefused(Exception):
    """Nobody can be written to at an address; ``errors`` name the fields."""

    code = "invalid"

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedAddress:
    """An e-mail in small letters or a phone in E.164, whose it is, and whether that person agreed to marketing there."""

    to: str
    name: str = ""
    agreed: bool = False
    text: str = ""

    @property
    def field(self) -> str:
        return "email" if "@" in self.to else "phone"

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that an answer about this address is for."""
        if self.field == "email":
            return (Channel.EMAIL.value,)
        return (Channel.SMS.value, Channel.WHATSAPP.value)


@transaction.atomic
def customer_at_address(*, address: TypedAddress, by: User, at: datetime) -> Customer:
    """Return who has an address, the oldest record of several, or a new customer with it.

    Nothing that is known is changed. An agreement is recorded as the person's answer for the channels of this address: consent is
    asked when the message leaves, as for everybody. Raises AddressRefused, and ConsentRefused.
    """
    found = Customer.objects.active().known_by(**{address.field: address.to}).order_by("pk").first()
    customer = found or _new(address, by=by, at=at)
    if address.agreed:
        for channel in address.channels:
            values = {
                "purpose": Purpose.MARKETING.value,
                "channel": channel,
                "granted": True,
                "text": address.text,
                "operator": by.get_username()[:80],
            }
            record_consent(customer=customer, values=values, source=SOURCE, at=at, recorded_by=by)
    return customer


def _new(address: TypedAddress, *, by: User, at: datetime) -> Customer:
    row: dict[str, Any] = {address.field: address.to, "name": address.name}
    [result] = upsert_customers(rows=[row], at=at, source=SOURCE, recorded_by=by)
    if result.status == "error":
        raise AddressRefused([_of_input(error, address) for error in result.errors])
    customer: Customer = result.instance
    return customer


def _of_input(error: FieldError, address: TypedAddress) -> FieldError:
    """Return an error of a record beside the input that its value came from."""
    return FieldError("to" if error.path == address.field else error.path, error.code, error.message)
