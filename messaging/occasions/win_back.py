"""Win-back: a message to customers who have bought nothing for some time."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo

import msgspec
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, ngettext_lazy, pgettext_lazy

from customers.models import CustomerMetrics
from messaging.batches import BATCH, batches
from messaging.facts import Facts
from messaging.models import Automation, Channel, Message
from messaging.occasions.base import AutomaticKind
from messaging.occasions.parts import (
    CODE_VALID_DAYS,
    Candidate,
    CodeSettings,
    DefaultText,
    LastLook,
    NotNow,
    Setting,
    Texts,
    Variable,
)
from messaging.occasions.variables import COUPON, CUSTOMER, OPT_OUT, STORE
from messaging.purposes import MessagePurpose
from messaging.schedule import Window, first_instant
from messaging.selectors.absences import last_bought_on, metrics_of
from messaging.selectors.contacts import Recipient, recipients, why_no_channel
from messaging.selectors.outbox import written_about
from messaging.selectors.zones import zones
from retail import formats
from retail.models import Store

# How late a planner still writes, and how long the contact policy may hold a message back.
MISSED = timedelta(hours=24)
PATIENCE = timedelta(days=7)

_BUTTON = (
    '{% if coupon.link %}<p style="margin-top:24px"><a href="{{ coupon.link }}" '
    'style="display:inline-block;padding:14px 22px;border-radius:10px;background:#1f2a44;color:#ffffff;'
    'text-decoration:none;font-weight:600">'
)

TEXTS: Texts = {
    (Channel.SMS, "pt-br"): DefaultText(
        "{{ company.name }}: {% if customer.first_name %}{{ customer.first_name }}, {% endif %}sentimos sua falta"
        "{% if coupon.code %}! Use {{ coupon.code }} até {{ coupon.valid_until }}{% endif %}"
    ),
    (Channel.SMS, "en"): DefaultText(
        "{{ company.name }}: {% if customer.first_name %}{{ customer.first_name }}, {% endif %}we miss you"
        "{% if coupon.code %}! {{ coupon.code }} is valid until {{ coupon.valid_until }}{% endif %}"
    ),
    (Channel.WHATSAPP, "pt-br"): DefaultText(
        "Oi{% if customer.first_name %}, {{ customer.first_name }}{% endif %}! "
        "Faz tempo que não vemos você na {{ store.name }}."
        "{% if coupon.code %}\n\nVolte com o código *{{ coupon.code }}*, válido até {{ coupon.valid_until }}.{% endif %}"
        "\n\nPara não receber mais mensagens, responda SAIR."
    ),
    (Channel.WHATSAPP, "en"): DefaultText(
        "Hi{% if customer.first_name %}, {{ customer.first_name }}{% endif %}! "
        "We have not seen you at {{ store.name }} for a while."
        "{% if coupon.code %}\n\nCome back with the code *{{ coupon.code }}*, valid until {{ coupon.valid_until }}.{% endif %}"
        "\n\nTo stop these messages, answer STOP."
    ),
    (Channel.EMAIL, "pt-br"): DefaultText(
        subject="{% if customer.first_name %}{{ customer.first_name }}, sentimos{% else %}Sentimos{% endif %} sua falta",
        text=(
            "Oi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},\n\n"
            "faz tempo que não vemos você na {{ store.name }}: sua última compra foi em {{ last_purchase.date }}."
            "{% if coupon.code %}\n\nVolte com o código {{ coupon.code }}, válido até {{ coupon.valid_until }}."
            "{% if coupon.link %}\n{{ coupon.link }}{% endif %}{% endif %}"
        ),
        html=(
            "<p>Oi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},</p>\n"
            "<p>faz tempo que não vemos você na <strong>{{ store.name }}</strong>: "
            "sua última compra foi em {{ last_purchase.date }}.</p>\n"
            "{% if coupon.code %}<p>Volte com o código <strong>{{ coupon.code }}</strong>, válido até "
            "{{ coupon.valid_until }}.</p>\n{% endif %}" + _BUTTON + "Voltar à loja</a></p>{% endif %}"
        ),
    ),
    (Channel.EMAIL, "en"): DefaultText(
        subject="{% if customer.first_name %}{{ customer.first_name }}, we{% else %}We{% endif %} miss you",
        text=(
            "Hi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},\n\n"
            "we have not seen you at {{ store.name }} for a while: your last purchase was on {{ last_purchase.date }}."
            "{% if coupon.code %}\n\nCome back with the code {{ coupon.code }}, valid until {{ coupon.valid_until }}."
            "{% if coupon.link %}\n{{ coupon.link }}{% endif %}{% endif %}"
        ),
        html=(
            "<p>Hi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},</p>\n"
            "<p>we have not seen you at <strong>{{ store.name }}</strong> for a while: "
            "your last purchase was on {{ last_purchase.date }}.</p>\n"
            "{% if coupon.code %}<p>Come back with the code <strong>{{ coupon.code }}</strong>, valid until "
            "{{ coupon.valid_until }}.</p>\n{% endif %}" + _BUTTON + "Back to the shop</a></p>{% endif %}"
        ),
    ),
}


class WinBackSettings(CodeSettings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """After how many days without a purchase customers are written to, and at which hour."""

    days: Annotated[int, msgspec.Meta(ge=7, le=3650)] = 90
    send_at: time = time(10, 0)


class WinBack(AutomaticKind):
    """Keys: `absent:<moment of the last purchase>`. Once for each absence, however long it lasts."""

    code = "win_back"
    label = _("Win-back")
    icon = "heart"
    purpose = MessagePurpose.MARKETING
    variables = (
        *CUSTOMER,
        *STORE,
        Variable("last_purchase.date", _("Day of the last purchase"), "22/08/2026"),
        *COUPON,
        *OPT_OUT,
    )
    texts = TEXTS
    settings = WinBackSettings
    form: ClassVar[tuple[Setting, ...]] = (
        Setting(
            name="days",
            label=pgettext_lazy("days", "After"),
            help=_("Days since the last purchase, in any store."),
            unit=ngettext_lazy("%(number)s day", "%(number)s days", "number"),
        ),
        Setting(
            name="send_at",
            label=_("Hour of the day"),
            help=_("In the time zone of the customer's home store."),
        ),
        CODE_VALID_DAYS,
    )
    when = _("Checked every five minutes.")

    def candidates(
        self, automation: Automation | None, *, at: datetime, whole_day: bool = False
    ) -> Iterator[Candidate]:
        """Yield who has been away for so many days today, or since the same hour of yesterday, and was not written to."""
        assert automation is not None  # noqa: S101 - automatic occasions are planned with theirs
        settings = self.read(automation)
        stores_off = list(automation.stores_off.values_list("pk", flat=True))
        earliest = max(at - MISSED, automation.enabled_at or at)
        for zone in zones():
            today = at.astimezone(zone).date()
            for day in (today - timedelta(days=1), today):
                due_at = first_instant(day, settings.send_at, zone)
                is_due = (whole_day and day == today) or due_at <= at
                # What became due while the automation was off, or long ago, stays unsaid.
                if is_due and due_at >= earliest:
                    yield from self._of_day(automation, settings.days, day, due_at, zone, stores_off)

    def _of_day(
        self,
        automation: Automation,
        days: int,
        day: date,
        due_at: datetime,
        zone: ZoneInfo,
        stores_off: list[int],
    ) -> Iterator[Candidate]:
        absent = last_bought_on(day - timedelta(days=days), zone).exclude(customer__home_store__in=stores_off)
        for batch in batches(absent.iterator(chunk_size=BATCH)):
            known = recipients([metrics.customer for metrics in batch])
            written = written_about(self.code, {key_of(metrics) for metrics in batch}, known.values())
            for metrics in batch:
                person, key = known[metrics.customer_id], key_of(metrics)
                if (key, person.person) not in written:
                    yield Candidate(
                        recipient=person,
                        occasion_key=key,
                        window=Window(due_at, due_at + PATIENCE),
                        reason=why_no_channel(person, automation.channels, self.purpose)
                        or ("" if person.may_be_profiled else "profiling_refused"),
                        store_id=metrics.customer.home_store_id,
                        subject=metrics,
                    )

    def chooses_by_profile(self, message: Message) -> bool:
        return True

    def subject(self, message: Message, *, at: datetime) -> Any:
        return metrics_of(message.customer_id)

    def last_look(self, look: LastLook) -> NotNow | None:
        """Whoever came back meanwhile is not missed; whose last purchase was taken back has been away for longer."""
        if look.subject is None or key_of(look.subject) != look.message.occasion_key:
            return NotNow("bought")
        return None

    def fill(self, facts: Facts) -> dict[str, Any]:
        metrics: CustomerMetrics | None = facts.subject
        last = metrics.last_at if metrics else None
        return {"last_purchase": {"date": formats.day(last.astimezone(facts.zone).date()) if last else None}}

    def describe(self, settings: Any) -> list[str]:
        return [
            ngettext(
                "Writes to customers who have bought nothing for %(days)s day, at %(time)s by their home store's clocks.",
                "Writes to customers who have bought nothing for %(days)s days, at %(time)s by their home store's clocks.",
                settings.days,
            )
            % {"days": settings.days, "time": settings.send_at.strftime("%H:%M")},
            _now("Once for each absence: they have to buy again before they are missed again."),
        ]

    def people(self, *, at: datetime) -> list[tuple[str, str]]:
        absent = CustomerMetrics.objects.filter(last_at__isnull=False, customer__is_active=True)
        named = absent.exclude(customer__name="").select_related("customer").order_by("last_at", "pk")[:20]
        return [(str(metrics.pk), metrics.customer.name) for metrics in named]

    def person(self, key: int, *, at: datetime) -> tuple[Recipient, Store | None, Any] | None:
        found = CustomerMetrics.objects.select_related("customer__home_store")
        metrics = found.filter(pk=key, last_at__isnull=False).first()
        if metrics is None:
            return None
        customer = metrics.customer
        return recipients([customer])[customer.pk], customer.home_store, metrics


def key_of(metrics: CustomerMetrics) -> str:
    return f"absent:{metrics.last_at:%Y%m%d%H%M%S}" if metrics.last_at else "absent:"
