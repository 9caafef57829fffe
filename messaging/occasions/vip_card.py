"""VIP card used: the people behind a card hear of each sale with it, whose text is made at once.

It is no marketing: no automation switches it, nobody's consent is asked. The person who is told may still ask for
silence, as anybody may.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from campaigns.models import Activation
from loyalty.models import VipCard
from messaging.addresses import person_key
from messaging.facts import format_money
from messaging.models import Automation, Channel, Message
from messaging.occasions.base import PlannedKind
from messaging.occasions.parts import Candidate, DefaultText, Texts, Variable
from messaging.occasions.variables import STORE
from messaging.purposes import MessagePurpose, Urgency
from messaging.rendering import measure_sms, plain_text, render, single_line
from messaging.schedule import Window
from messaging.selectors.contacts import Recipient
from retail import formats
from retail.models import Company

# Older sales are no news: what was missed for longer stays unsaid.
MISSED = timedelta(hours=24)
# How many characters of a name a notice keeps: first as they come, then so that a text message holds them.
_NAME_LENGTHS = (80, 40, 20, 8)

# What the company's own people are told: filled as they stand, nobody writes them anew.
TEXTS: Texts = {
    (Channel.SMS, "pt-br"): DefaultText(
        "VIP {{ customer.name }}: {{ sale.total }} em {{ store.name }}, desconto {{ sale.discount }}, {{ sale.moment }}"
    ),
    (Channel.SMS, "en"): DefaultText(
        "VIP {{ customer.name }}: {{ sale.total }} at {{ store.name }}, {{ sale.discount }} off, {{ sale.moment }}"
    ),
    (Channel.EMAIL, "pt-br"): DefaultText(
        subject="Cartão VIP de {{ customer.name }}: {{ sale.total }}",
        text=(
            "O cartão VIP {{ card.code }}, de {{ customer.name }}, foi usado na {{ store.name }} em {{ sale.moment }}.\n\n"
            "Cupom: {{ sale.ticket }}\nDesconto do cartão: {{ sale.discount }}\nTotal da venda: {{ sale.total }}\n\n"
            "{{ company.name }}"
        ),
    ),
    (Channel.EMAIL, "en"): DefaultText(
        subject="VIP card of {{ customer.name }}: {{ sale.total }}",
        text=(
            "The VIP card {{ card.code }} of {{ customer.name }} was used at {{ store.name }} on {{ sale.moment }}.\n\n"
            "Ticket: {{ sale.ticket }}\nDiscount of the card: {{ sale.discount }}\nTotal of the sale: {{ sale.total }}\n\n"
            "{{ company.name }}"
        ),
    ),
}


class VipCardUsed(PlannedKind):
    """Keys: `sale:<key>`. One message for each sale and person."""

    code = "vip_card"
    label = _("VIP card used")
    icon = "card"
    purpose = MessagePurpose.NOTICE
    urgency = Urgency.AT_ONCE
    every_minute = True
    is_written = True
    variables = (
        *STORE,
        Variable("customer.name", _("Customer's name"), "Ana Souza"),
        Variable("card.code", _("Code of the card"), "#VIP#ANA1"),
        Variable("sale.ticket", _("Ticket of the sale"), "000123"),
        Variable("sale.total", _("Total of the sale"), "R$ 189,90"),
        Variable("sale.discount", _("What the card took off"), "R$ 18,99"),
        Variable("sale.moment", _("When it was"), "22/11/2026 18:30"),
    )
    texts = TEXTS

    def candidates(
        self, automation: Automation | None, *, at: datetime, whole_day: bool = False
    ) -> Iterator[Candidate]:
        """Yield the people that are to be told of sales of which nobody was told."""
        language = settings.LANGUAGE_CODE
        company = Company.objects.get()
        with translation.override(language):
            found = [
                self._candidate(activation, address, company, language, at)
                for activation in self._untold(at)
                for address in activation.vip_card.notify  # type: ignore[union-attr]
            ]
        yield from found

    def _untold(self, at: datetime) -> QuerySet[Activation]:
        """Return the sales of cards with people to notify, unless they were taken back already."""
        key = Concat(Value("sale:"), Cast(OuterRef("sale_id"), CharField()), output_field=CharField())
        told = Message.objects.filter(occasion=self.code, occasion_key=key)
        return (
            Activation.objects.filter(
                vip_card__in=VipCard.objects.exclude(notify=[]).values("pk"),
                activated_at__gt=at - MISSED,
                reversed_at__isnull=True,
            )
            .exclude(Exists(told))
            .select_related("vip_card__customer", "sale__store")
            .order_by("pk")
        )

    def _candidate(
        self, activation: Activation, address: str, company: Company, language: str, at: datetime
    ) -> Candidate:
        is_email = "@" in address
        channel = Channel.EMAIL if is_email else Channel.SMS
        subject, text = self._texts(activation, channel, company, language)
        email, phone = (address, "") if is_email else ("", address)
        return Candidate(
            recipient=Recipient(
                customer_id=None,
                person=person_key(customer_id=None, email=email, phone=phone),
                name="",
                language=language,
                email=email,
                phone=phone,
            ),
            occasion_key=f"sale:{activation.sale_id}",
            window=Window(at, at + MISSED),
            store_id=activation.sale.store_id,
            channels=[channel],
            columns={"channel": channel, "to": address, "subject": subject, "text": text},
        )

    def _texts(
        self, activation: Activation, channel: Channel, company: Company, language: str
    ) -> tuple[str, str]:
        """Return subject and text; names are cut until a text message keeps to the company's limit."""
        proposal = self.texts.get((channel, language)) or self.texts[channel, "en"]
        subject = text = ""
        for length in _NAME_LENGTHS:
            subject, text = _filled(proposal, activation, company, length)
            if channel != Channel.SMS or measure_sms(text).characters <= company.sms_limit:
                break
        return subject, text


def _filled(proposal: DefaultText, activation: Activation, company: Company, length: int) -> tuple[str, str]:
    sale, card = activation.sale, activation.vip_card
    assert card is not None  # noqa: S101 - only activations of cards are asked for
    context = {
        "company": {"name": company.name[:length]},
        "store": {"name": sale.store.name[:length]},
        "customer": {"name": str(card.customer)[:length]},
        "card": {"code": card.code},
        "sale": {
            "ticket": sale.ticket,
            "total": format_money(sale.net),
            "discount": format_money(activation.discount),
            "moment": formats.moment(sale.occurred_at, sale.store.zone),
        },
    }
    return single_line(render(proposal.subject, context)), plain_text(render(proposal.text, context))
