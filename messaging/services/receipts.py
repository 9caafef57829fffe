"""Receipts that somebody asked for: at the till, or on the sale's page."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4, uuid5

from django.conf import settings
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from customers.services.customers import save_at_counter
from messaging.addresses import person_key
from messaging.channels import CHANNELS
from messaging.models import Automation, Channel, Message, MessageState
from messaging.occasions import KINDS
from messaging.occasions.receipt import PATIENCE, ReceiptSettings, SaleReceipt
from messaging.selectors.receipts import receipt_keys
from retail.models import Sale, SaleState
from retail.selectors.sale_links import VALID


class ReceiptRefused(Exception):
    """No receipt is sent. `code` says why, `field` what of the request it is about."""

    code = "receipt_refused"
    field = ""
    message: Promise | str = gettext_lazy("No receipt can be sent.")

    def __init__(self) -> None:
        super().__init__(str(self.message))


class ReceiptsOff(ReceiptRefused):
    code = "receipts_off"
    message = gettext_lazy("Receipts are switched off, or off for this store or this kind of document.")


class ChannelOff(ReceiptRefused):
    code = "channel_off"
    field = "channel"
    message = gettext_lazy("Receipts are never sent by this channel.")


class NoReceiptAddress(ReceiptRefused):
    code = "no_address"
    field = "address"
    message = gettext_lazy("Nobody has said where to send it on this channel.")


class NoReceiptProvider(ReceiptRefused):
    code = "no_provider"
    field = "channel"
    message = gettext_lazy("No provider is set up for this channel.")


class SaleUndone(ReceiptRefused):
    code = "sale_undone"
    message = gettext_lazy("The sale was cancelled, was a test, or is too old.")


class TooManyReceipts(ReceiptRefused):
    code = "too_many_receipts"
    message = gettext_lazy("Enough receipts of this sale were sent.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """The message with the receipt. `replayed` says that it had been asked for before."""

    message: Message
    replayed: bool


@dataclass(frozen=True, slots=True)
class Offers:
    """What a store does on each channel: never, offer or always; and for which operations, none meaning all."""

    modes: dict[str, str]
    operations: list[str]


def offers_of(store_id: int) -> Offers:
    """Return what a store's points of sale may offer. Everything is never while receipts are off. Two queries."""
    found = _settings_of(store_id)
    if found is None:
        return Offers(dict.fromkeys(Channel.values, "never"), [])
    return Offers({channel: found.mode(channel) for channel in Channel.values}, found.wanted)


def request_receipt(
    *, sale: Sale, channel: str, address: str = "", is_own: bool = False, at: datetime
) -> Requested:
    """Queue the receipt of a sale for what its customer said at the till; the same again is the same message.

    Without an address it goes to the customer's own. One that `is_own` is kept in the customer's record where that lacks it: what the
    customer agreed to holds for it. A colleague's, who never agreed to anything, is not. Raises ReceiptsOff, ChannelOff,
    NoReceiptAddress, NoReceiptProvider, SaleUndone, TooManyReceipts.
    """
    to = _check(sale, channel, address, at=at)
    if is_own:
        _keep_address(sale, channel, to, at=at)
    return _queue(sale, channel, to, at=at)


def send_again(*, sale: Sale, channel: str, address: str = "", token: UUID, at: datetime) -> Requested:
    """Queue the receipt once more, whatever was sent before. The message's id is made of `token` and where it goes: clicked twice, sent once.

    Raises as `request_receipt` does.
    """
    to = _check(sale, channel, address, at=at)
    return _queue(sale, channel, to, token=token, at=at)


def _settings_of(store_id: int) -> ReceiptSettings | None:
    """Return how receipts are sent in a store; None while they are off."""
    automation = Automation.objects.filter(occasion=SaleReceipt.code, enabled=True).first()
    if automation is None or automation.stores_off.filter(pk=store_id).exists():
        return None
    kind = KINDS[SaleReceipt.code]
    assert isinstance(kind, SaleReceipt)  # noqa: S101 - the registry holds one object of each
    found: ReceiptSettings = kind.read(automation)
    return found


def _check(sale: Sale, channel: str, address: str, *, at: datetime) -> str:
    """Return where the receipt goes."""
    if sale.is_test or sale.state == SaleState.CANCELLED or sale.received_at <= at - VALID:
        raise SaleUndone
    found = _settings_of(sale.store_id)
    if found is None or not found.takes(sale.operation):
        raise ReceiptsOff
    if found.mode(channel) == "never":
        raise ChannelOff
    if not CHANNELS[channel].is_available():
        raise NoReceiptProvider
    to = address or _own_address(sale, channel)
    if not to:
        raise NoReceiptAddress
    return to.lower() if channel == Channel.EMAIL else to


def _own_address(sale: Sale, channel: str) -> str:
    if sale.customer is None:
        return ""
    return sale.customer.email if channel == Channel.EMAIL else sale.customer.phone


def _keep_address(sale: Sale, channel: str, address: str, *, at: datetime) -> None:
    """Complete the customer's record where it has no such address; one that it has stays."""
    customer = sale.customer
    if customer is None or not customer.is_active or _own_address(sale, channel):
        return
    name = "email" if channel == Channel.EMAIL else "phone"
    # A record that refuses it, such as one that another till changes now, gets its receipt all the same.
    save_at_counter(values={name: address}, store=sale.store, at=at, customer=customer)


@transaction.atomic
def _queue(sale: Sale, channel: str, to: str, *, token: UUID | None = None, at: datetime) -> Requested:
    # Two tills, or a till and a manager, decide one after the other.
    Sale.objects.select_for_update(no_key=True).only("pk").get(pk=sale.pk)
    keys = receipt_keys(sale)
    sent = list(Message.objects.filter(occasion=SaleReceipt.code, occasion_key__in=keys).order_by("pk"))
    # A form that is kept open and sent with another address asks for another message.
    uuid = uuid5(token, f"{sale.pk}:{channel}:{to}") if token else None
    same = [
        message
        for message in sent
        if (message.uuid == uuid if uuid else _is_the_same(message, sale, channel, to))
    ]
    if same:
        return Requested(message=same[0], replayed=True)
    taken = {message.occasion_key for message in sent}
    for key in keys:
        if key not in taken:
            message, is_new = _create(sale, channel, to, key=key, uuid=uuid, at=at)
            if is_new:
                return Requested(message=message, replayed=False)
            # The planner has written about the sale at this very moment: the same, or else the next key.
            if uuid is None and _is_the_same(message, sale, channel, to):
                return Requested(message=message, replayed=True)
    raise TooManyReceipts


def _is_the_same(message: Message, sale: Sale, channel: str, to: str) -> bool:
    """Say whether a receipt that was sent, or will be, is what is asked for."""
    if message.state in (MessageState.SUPPRESSED, MessageState.FAILED):
        return False
    is_by = message.channel or message.channels[0]
    return is_by == channel and (message.to or _own_address(sale, channel)) == to


def _create(
    sale: Sale, channel: str, to: str, *, key: str, uuid: UUID | None, at: datetime
) -> tuple[Message, bool]:
    is_email = channel == Channel.EMAIL
    customer = sale.customer
    person = person_key(
        customer_id=customer.pk if customer else None,
        email=to if is_email else "",
        phone="" if is_email else to,
    )
    return Message.objects.get_or_create(
        occasion=SaleReceipt.code,
        occasion_key=key,
        person=person,
        defaults={
            "uuid": uuid or uuid4(),
            "customer": customer,
            "store": sale.store,
            "channels": [channel],
            "urgency": SaleReceipt.urgency,
            "channel": channel,
            "to": to,
            "language": (customer.language if customer else "") or settings.LANGUAGE_CODE,
            "due_at": at,
            "planned_at": at,
            "expires_at": at + PATIENCE,
        },
    )
