"""Tier notice: tells customers that they stand in another tier of a points program."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any, ClassVar

import msgspec
from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from loyalty.models import CustomerTier
from messaging.batches import BATCH, batches
from messaging.facts import Facts
from messaging.models import Automation, Channel, Message
from messaging.occasions.base import AutomaticKind
from messaging.occasions.parts import (
    Candidate,
    DefaultText,
    LastLook,
    NotNow,
    Setting,
    Texts,
    Variable,
)
from messaging.occasions.variables import CUSTOMER, OPT_OUT, STORE
from messaging.purposes import MessagePurpose
from messaging.schedule import Window, first_instant
from messaging.selectors.contacts import Recipient, recipients, why_no_channel
from messaging.selectors.outbox import written_about
from retail import formats
from retail.models import Store
from retail.selectors.company import company_zone

# What happened longer ago is no news; a notice that was held back is one for some days more.
MISSED = timedelta(hours=24)
PATIENCE = timedelta(days=3)

_PT = "você agora é {{ tier.name }} no {{ program.name }}"
_EN = "you are {{ tier.name }} in {{ program.name }} now"
_KEPT = "{% if tier.kept_until %}, até {{ tier.kept_until }}{% endif %}"
_KEPT_EN = "{% if tier.kept_until %}, until {{ tier.kept_until }}{% endif %}"
TEXTS: Texts = {
    (Channel.SMS, "pt-br"): DefaultText(
        "{{ company.name }}: {% if customer.first_name %}{{ customer.first_name }}, {% endif %}"
        "sua nova faixa no {{ program.name }} é {{ tier.name }}" + _KEPT
    ),
    (Channel.SMS, "en"): DefaultText(
        "{{ company.name }}: {% if customer.first_name %}{{ customer.first_name }}, {% endif %}"
        + _EN
        + _KEPT_EN
    ),
    (Channel.WHATSAPP, "pt-br"): DefaultText(
        "Oi{% if customer.first_name %}, {{ customer.first_name }}{% endif %}! Temos uma novidade: "
        + _PT
        + _KEPT
        + ".\n\nPara não receber mais mensagens, responda SAIR."
    ),
    (Channel.WHATSAPP, "en"): DefaultText(
        "Hi{% if customer.first_name %}, {{ customer.first_name }}{% endif %}! Some news: "
        + _EN
        + _KEPT_EN
        + ".\n\nTo stop these messages, answer STOP."
    ),
    (Channel.EMAIL, "pt-br"): DefaultText(
        subject="Sua faixa no {{ program.name }}: {{ tier.name }}",
        text="Oi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},\n\n" + _PT + _KEPT + ".",
    ),
    (Channel.EMAIL, "en"): DefaultText(
        subject="Your tier in {{ program.name }}: {{ tier.name }}",
        text="Hi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},\n\n"
        + _EN
        + _KEPT_EN
        + ".",
    ),
}


class TierNoticeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """From which hour of the day on customers are told. Tiers end at midnight."""

    send_at: time = time(9, 0)


class TierNotice(AutomaticKind):
    """Keys: `tier:<program>:<tier>:<since>`. Whoever falls below the first tier is not written to."""

    code = "tier_notice"
    label = _("Tier notice")
    icon = "layers"
    purpose = MessagePurpose.MARKETING
    variables = (
        *CUSTOMER,
        *STORE,
        Variable("program.name", _("Name of the points program"), "Clube Aurora"),
        Variable("tier.name", _("Name of the tier"), "Ouro"),
        Variable("tier.kept_until", _("Its last day (empty when it is not kept)"), "30/11/2027"),
        *OPT_OUT,
    )
    texts = TEXTS
    settings = TierNoticeSettings
    form: ClassVar[tuple[Setting, ...]] = (
        Setting(
            name="send_at",
            label=_("Not before"),
            help=_(
                "What changes in the night is told from this hour on, in the time zone of the customer's home store."
            ),
        ),
    )
    when = _("Checked every five minutes.")

    def candidates(
        self, automation: Automation | None, *, at: datetime, whole_day: bool = False
    ) -> Iterator[Candidate]:
        """Yield who has stood in another tier for less than 24 hours and was not told."""
        assert automation is not None  # noqa: S101 - automatic occasions are planned with theirs
        since = max(at - MISSED, automation.enabled_at or at)
        off = list(automation.stores_off.values_list("pk", flat=True))
        standings = (
            CustomerTier.objects.filter(
                since__gte=since,
                since__lte=at,
                tier__isnull=False,
                program__is_active=True,
                customer__is_active=True,
            )
            .exclude(customer__home_store__in=off)
            .select_related("customer__home_store", "program", "tier")
            .order_by("pk")
        )
        send_at = self.read(automation).send_at
        for batch in batches(_untold(standings).iterator(chunk_size=BATCH)):
            for candidate in self._of_batch(batch, automation, send_at):
                if whole_day or candidate.window.is_open(at):
                    yield candidate

    def _of_batch(
        self, standings: list[CustomerTier], automation: Automation, send_at: time
    ) -> Iterator[Candidate]:
        known = recipients([standing.customer for standing in standings])
        planned = written_about(self.code, {key_of(standing) for standing in standings}, known.values())
        away = company_zone()
        for standing in standings:
            person, key = known[standing.customer_id], key_of(standing)
            if (key, person.person) in planned or not (person.email or person.phone):
                continue
            assert standing.since is not None  # noqa: S101 - it was asked for
            home = standing.customer.home_store
            zone = home.zone if home else away
            day = standing.since.astimezone(zone).date()
            due_at = max(standing.since, first_instant(day, send_at, zone))
            yield Candidate(
                recipient=person,
                occasion_key=key,
                window=Window(due_at, due_at + PATIENCE),
                reason=why_no_channel(person, automation.channels, self.purpose),
                store_id=standing.customer.home_store_id,
                subject=standing,
            )

    def subject(self, message: Message, *, at: datetime) -> Any:
        program = int(message.occasion_key.split(":")[1])
        found = CustomerTier.objects.select_related("program", "tier")
        return found.filter(customer=message.customer, program=program).first()

    def last_look(self, look: LastLook) -> NotNow | None:
        """Whoever stands elsewhere by now is told of that, not of this."""
        if look.subject is None or key_of(look.subject) != look.message.occasion_key:
            return NotNow("tier_changed")
        return None

    def fill(self, facts: Facts) -> dict[str, Any]:
        standing: CustomerTier | None = facts.subject
        if standing is None or standing.tier is None:
            return {"program": {"name": None}, "tier": {"name": None, "kept_until": None}}
        ends = standing.valid_until
        last = None if ends is None else (ends - timedelta(microseconds=1)).astimezone(facts.zone).date()
        return {
            "program": {"name": standing.program.name},
            "tier": {"name": standing.tier.name, "kept_until": formats.day(last) if last else None},
        }

    def describe(self, settings: Any) -> list[str]:
        return [
            _now("Tells customers, within minutes, that they stand in another tier of a points program."),
            _now("Not before %(time)s, in the time zone of their home store.")
            % {"time": settings.send_at.strftime("%H:%M")},
            _now("Whoever falls below the first tier is not written to."),
        ]

    def people(self, *, at: datetime) -> list[tuple[str, str]]:
        standings = CustomerTier.objects.filter(tier__isnull=False).select_related("customer")
        return [(str(standing.pk), standing.customer.name) for standing in standings.order_by("-pk")[:20]]

    def person(self, key: int, *, at: datetime) -> tuple[Recipient, Store | None, Any] | None:
        found = CustomerTier.objects.select_related("customer__home_store", "program", "tier")
        standing = found.filter(pk=key, tier__isnull=False).first()
        if standing is None:
            return None
        customer: Customer = standing.customer
        return recipients([customer])[customer.pk], customer.home_store, standing


def _untold(standings: QuerySet[CustomerTier]) -> QuerySet[CustomerTier]:
    """Leave out those whose customer was told of the tier since, so that nobody is read again at each planning."""
    begin = Concat(
        Value("tier:"),
        Cast(OuterRef("program"), CharField()),
        Value(":"),
        Cast(OuterRef("tier"), CharField()),
        Value(":"),
        output_field=CharField(),
    )
    told = Message.objects.filter(
        customer=OuterRef("customer"),
        occasion=TierNotice.code,
        occasion_key__startswith=begin,
        planned_at__gte=OuterRef("since"),
    )
    return standings.exclude(Exists(told))


def key_of(standing: CustomerTier) -> str:
    since = f"{standing.since:%Y%m%d%H%M%S}" if standing.since else ""
    return f"tier:{standing.program_id}:{standing.tier_id}:{since}"
