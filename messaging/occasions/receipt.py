"""Receipts: what was bought, by e-mail, SMS or WhatsApp, offered at the till or sent always."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from django.conf import settings as django_settings
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from messaging.batches import BATCH, batches
from messaging.facts import Facts
from messaging.models import Automation, Channel, Message
from messaging.occasions.base import AutomaticKind
from messaging.occasions.parts import Candidate, LastLook, NotNow, Setting, Variable
from messaging.occasions.texts.receipt import TEXTS
from messaging.occasions.variables import CUSTOMER, SALE, STORE
from messaging.purposes import MessagePurpose, Urgency
from messaging.receipt_texts import NOTHING, written
from messaging.schedule import Window
from messaging.selectors.contacts import Recipient, recipients, why_no_channel
from messaging.selectors.purchases import (
    made_between,
    newest_purchases,
    not_written_about,
    occasion_key,
    sale_key,
    with_recipients,
)
from messaging.selectors.receipts import (
    Receipt,
    address_recipient,
    bounced_channels,
    find_receipt,
    find_receipts,
    receipt_of,
)
from retail.models import Sale, SaleState, Store
from retail.selectors.sale_links import sale_of_token, sale_token

# Who has waited for longer has asked at the till.
MISSED = timedelta(hours=24)
PATIENCE = timedelta(days=3)
_PAGE = "receipt"

Mode = Literal["never", "offer", "always"]
_AT_TILLS = _("At the till")
MODES = (("never", _("0 - Never")), ("offer", _("1 - Offer")), ("always", _("2 - Always")))

RECEIPT = (
    Variable(
        "receipt.link", _("Link to the receipt"), "https://fiel.example.com/receipt/2n9c-Zm9vYmFyYmF6cXV4/"
    ),
    Variable("receipt.moment", _("Day and hour of the purchase"), "22/11/2026 18:30"),
    Variable(
        "receipt.lines",
        _("Lines, each with name, quantity, price, discount (empty without one) and total"),
        [
            {"name": "Vestido midi floral", "quantity": "1", "price": "R$ 159,90", "discount": "R$ 15,99", "total": "R$ 143,91"},
            {"name": "Meia soquete", "quantity": "2", "price": "R$ 15,00", "discount": None, "total": "R$ 30,00"},
        ],
    ),
    Variable("receipt.payments", _("Payments, each with method and amount"), [{"method": "Pix", "amount": "R$ 173,91"}]),
    Variable(
        "receipt.balances",
        _("What the customer has after the sale, each with name and amount"),
        [{"name": "Cashback", "amount": "R$ 12,90"}],
    ),
    Variable("receipt.saved", _("What campaigns took off (empty for nothing)"), "R$ 15,99"),
    Variable("receipt.redeemed", _("What the customer's value paid (empty for nothing)"), "R$ 10,00"),
    Variable("receipt.exchange", _("Value of what was exchanged (empty for nothing)"), "R$ 20,00"),
    Variable("receipt.delivery", _("What the delivery cost (empty for nothing)"), "R$ 9,90"),
)  # fmt: skip


class ReceiptSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What tills do on each channel, for which kinds of document, and whom e-mails come from."""

    email: Mode = "offer"
    sms: Mode = "offer"
    whatsapp: Mode = "offer"
    # Operations of sales, with commas between them; none: all.
    operations: Annotated[str, msgspec.Meta(max_length=400)] = ""
    sender: Annotated[str, msgspec.Meta(max_length=254)] = ""

    def mode(self, channel: str) -> Mode:
        mode: Mode = getattr(self, Channel(channel).value)
        return mode

    def takes(self, operation: str) -> bool:
        """Whether sales of this kind of document have receipts, however it is written."""
        wanted = {word.lower() for word in self.wanted}
        return not wanted or operation.lower() in wanted

    @property
    def wanted(self) -> list[str]:
        return [word.strip() for word in self.operations.split(",") if word.strip()]


class SaleReceipt(AutomaticKind):
    """Keys: `sale:<key>`, with more behind it for each further receipt that somebody asked for."""

    code = "receipt"
    label = pgettext_lazy("message", "Receipt")
    icon = "sale"
    purpose = MessagePurpose.TRANSACTIONAL
    urgency = Urgency.AT_ONCE
    every_minute = True
    variables = (*CUSTOMER, *STORE, *SALE, *RECEIPT)
    texts = TEXTS
    settings = ReceiptSettings
    channels = ("email", "whatsapp", "sms")
    form: ClassVar[tuple[Setting, ...]] = (
        Setting(
            name="email",
            label=_("By e-mail"),
            help=_("Offer: the till asks the customer. Always: without asking, whoever has an address."),
            choices=MODES,
            section=_AT_TILLS,
        ),
        Setting(
            name="sms",
            label=_("By SMS"),
            help=_("The text has a link to the receipt."),
            choices=MODES,
            section=_AT_TILLS,
        ),
        Setting(
            name="whatsapp",
            label=_("By WhatsApp"),
            help=_("The text has a link to the receipt."),
            choices=MODES,
            section=_AT_TILLS,
        ),
        Setting(
            name="operations",
            label=_("Only these kinds of document"),
            help=_("As the points of sale call them, with commas: SAL, RESA. Empty: all."),
            width=3,
            text="line",
            section=_AT_TILLS,
        ),
        Setting(
            name="sender",
            label=_("Sender of e-mails"),
            help=_("An address that your e-mail provider lets you send from. Empty: the usual one."),
            width=3,
            text="email",
            section=_AT_TILLS,
        ),
    )
    when = _("What is always sent leaves within a minute.")

    def candidates(
        self, automation: Automation | None, *, at: datetime, whole_day: bool = False
    ) -> Iterator[Candidate]:
        """Yield the sales that get a receipt without anybody asking, and have none yet."""
        assert automation is not None  # noqa: S101 - automatic occasions are planned with theirs
        settings: ReceiptSettings = self.read(automation)
        chain = [channel for channel in automation.channels if settings.mode(channel) == "always"]
        if not chain:
            return
        sales = not_written_about(made_between(at - MISSED, at), self.code).exclude(
            store__in=automation.stores_off.all()
        )
        # What was sold while it was off gets none.
        sales = sales.filter(received_at__gte=automation.enabled_at or at)
        if settings.wanted:
            words = [word.lower() for word in settings.wanted]
            sales = sales.alias(kind=Lower("operation")).filter(kind__in=words)
        for batch in batches(sales.filter(_reachable(chain)).iterator(chunk_size=BATCH)):
            for sale, person in with_recipients(batch):
                reason = why_no_channel(person, chain, self.purpose)
                # Whoever has no address is not written to, and nobody wonders why.
                if reason != "no_address":
                    yield Candidate(
                        recipient=person,
                        occasion_key=occasion_key(sale),
                        window=Window(sale.received_at, sale.received_at + PATIENCE),
                        reason="sale_undone" if sale.state == SaleState.CANCELLED else reason,
                        store_id=sale.store_id,
                        channels=chain,
                    )

    def recipient(self, message: Message) -> Recipient:
        """Return the address that was told for this receipt, else the customer's."""
        if message.channel and message.to and len(message.channels) == 1:
            found = address_recipient(
                message.channel,
                message.to,
                person=message.person,
                customer=message.customer,
                language=message.language,
            )
        else:
            found = super().recipient(message)
        dead = bounced_channels(found.email, found.phone)
        # SMS and WhatsApp share the number: it is dead where both say so.
        return Recipient(
            customer_id=found.customer_id,
            person=found.person,
            name=found.name,
            language=found.language,
            email="" if Channel.EMAIL in dead else found.email,
            phone="" if dead.issuperset(_by_phone(message)) else found.phone,
        )

    def subject(self, message: Message, *, at: datetime) -> Any:
        return find_receipt(sale_key(message.occasion_key))

    def shown(self, candidates: Sequence[Candidate], *, at: datetime) -> list[Any]:
        keys = [int(sale_key(candidate.occasion_key)) for candidate in candidates]
        found = find_receipts(keys)
        return [found.get(key) for key in keys]

    def last_look(self, look: LastLook) -> NotNow | None:
        """A sale that was cancelled has no receipt; an address that does not exist gets none."""
        receipt: Receipt | None = look.subject
        if receipt is None or receipt.sale.state == SaleState.CANCELLED:
            return NotNow("sale_undone")
        channels = look.message.channels[look.message.position :]
        if all(look.settings.mode(channel) == "never" for channel in channels):
            return NotNow("automation_off")
        if not any(look.recipient.address(channel) for channel in channels):
            return NotNow("bounced" if look.message.to or _has_address(look.message) else "no_address")
        return None

    def sender_address(self, settings: Any) -> str:
        address: str = settings.sender
        return address

    def fill(self, facts: Facts) -> dict[str, Any]:
        receipt: Receipt | None = facts.subject
        if receipt is None:
            return NOTHING
        return written(receipt, link=receipt_url(receipt.sale))

    def describe(self, settings: Any) -> list[str]:
        sentences = []
        labels = {str(channel.value): str(channel.label) for channel in Channel}
        always = [labels[name] for name in labels if settings.mode(name) == "always"]
        offered = [labels[name] for name in labels if settings.mode(name) == "offer"]
        if always:
            sentences.append(
                _now("Sends the receipt of each sale within a minute, by %(channels)s.")
                % {"channels": ", ".join(always)}
            )
        if offered:
            sentences.append(
                _now("Points of sale offer the receipt by %(channels)s.") % {"channels": ", ".join(offered)}
            )
        if settings.wanted:
            sentences.append(
                _now("Only for documents of the kinds %(kinds)s.") % {"kinds": ", ".join(settings.wanted)}
            )
        return sentences or [_now("Sends no receipts.")]

    def people(self, *, at: datetime) -> list[tuple[str, str]]:
        return [(str(sale.pk), str(sale.customer)) for sale in newest_purchases()[:20]]

    def person(self, key: int, *, at: datetime) -> tuple[Recipient, Store | None, Any] | None:
        found = find_receipt(key)
        if found is None or found.sale.customer is None:
            return None
        customer = found.sale.customer
        return recipients([customer])[customer.pk], found.sale.store, found


def receipt_url(sale: Sale) -> str:
    """Return the public address of a sale's receipt."""
    path = reverse("messaging:receipt", args=[sale_token(sale, page=_PAGE)])
    return f"{django_settings.PUBLIC_URL}{path}"


def receipt_by_token(token: str, *, at: datetime) -> Receipt | None:
    """Return the receipt that a public address is about; None when it is none of ours, too old, or of a cancelled sale."""
    sale = sale_of_token(token, page=_PAGE, at=at)
    if sale is None or sale.state == SaleState.CANCELLED:
        return None
    return receipt_of(sale)


def _reachable(channels: Sequence[str]) -> Q:
    """Return the condition that a sale's customer has an address for one of some channels."""
    found = Q()
    for name in {"email" if channel == Channel.EMAIL else "phone" for channel in channels}:
        found |= ~Q(**{f"customer__{name}": ""})
    return found


def _by_phone(message: Message) -> set[str]:
    """Return the channels of a message's chain that use the telephone number; both, where it names none."""
    both = {Channel.SMS.value, Channel.WHATSAPP.value}
    return both & set(message.channels) or both


def _has_address(message: Message) -> bool:
    customer = message.customer
    return customer is not None and any(
        customer.email if channel == Channel.EMAIL else customer.phone for channel in message.channels
    )
