"""Notices to the company's own people: who is told of each sale with a VIP card.

They are no marketing: no automation switches them, nobody's consent is asked. The person who is told may still ask for
silence, as anybody may. The text is made when the notice is planned, since it says what happened then.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils import translation

from campaigns.models import Activation
from loyalty.models import VipCard
from messaging.addresses import person_key
from messaging.defaults import NOTICES, DefaultText
from messaging.models import Channel, Message, Occasion
from messaging.rendering import measure_sms, plain_text, render, single_line
from messaging.services.composition import format_money
from retail import formats
from retail.models import Company

BATCH = 500
# Older sales are no news: what was missed for longer stays unsaid.
MISSED = timedelta(hours=24)
# How many characters of a name a notice keeps: first as they come, then so that a text message holds them.
_NAME_LENGTHS = (80, 40, 20, 8)


def plan_vip_notices(*, at: datetime) -> int:
    """Queue what the people behind VIP cards are to be told of; return how many rows were new.

    One message for each sale and person: any number of planners may run at once, any number of times.
    """
    language = settings.LANGUAGE_CODE
    company = Company.objects.get()
    new = 0
    with translation.override(language):
        for activations in _batches(_untold(at)):
            rows = [
                _row(activation, address, company, language, at)
                for activation in activations
                for address in activation.vip_card.notify  # type: ignore[union-attr]
            ]
            # A skipped row gets no key; what is there afterwards with our uuid is ours.
            Message.objects.bulk_create(rows, ignore_conflicts=True)
            new += Message.objects.filter(uuid__in=[row.uuid for row in rows]).count()
    return new


def _untold(at: datetime) -> QuerySet[Activation]:
    """Return the sales of cards with people to notify of which nobody was told, unless they were taken back already."""
    key = Concat(Value("sale:"), Cast(OuterRef("sale_id"), CharField()), output_field=CharField())
    told = Message.objects.filter(occasion=Occasion.VIP_CARD, occasion_key=key)
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


def _batches(activations: QuerySet[Activation]) -> Iterator[list[Activation]]:
    rows = list(activations)
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def _row(activation: Activation, address: str, company: Company, language: str, at: datetime) -> Message:
    is_email = "@" in address
    channel = Channel.EMAIL if is_email else Channel.SMS
    subject, text = _texts(activation, channel, company, language)
    return Message(
        occasion=Occasion.VIP_CARD,
        occasion_key=f"sale:{activation.sale_id}",
        person=person_key(
            customer_id=None, email=address if is_email else "", phone="" if is_email else address
        ),
        store=activation.sale.store,
        channels=[channel],
        channel=channel,
        language=language,
        to=address,
        subject=subject,
        text=text,
        due_at=at,
        expires_at=at + MISSED,
        planned_at=at,
    )


def _texts(activation: Activation, channel: Channel, company: Company, language: str) -> tuple[str, str]:
    """Return subject and text; names are cut until a text message keeps to the company's limit."""
    proposal = (
        NOTICES.get((Occasion.VIP_CARD, channel, language)) or NOTICES[Occasion.VIP_CARD, channel, "en"]
    )
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
