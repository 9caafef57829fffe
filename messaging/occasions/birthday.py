"""Birthday: a greeting on the day itself, at an hour of the customer's own time zone."""

from collections.abc import Iterator
from datetime import datetime, time
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from messaging.batches import batches
from messaging.models import Automation, Channel
from messaging.occasions.base import AutomaticKind
from messaging.occasions.parts import (
    Candidate,
    CodeSettings,
    DefaultText,
    Setting,
    Texts,
)
from messaging.occasions.variables import COUPON, CUSTOMER, OPT_OUT, STORE
from messaging.purposes import MessagePurpose
from messaging.schedule import Window, birthday_window
from messaging.selectors.birthdays import BIRTHDAY, celebrating, not_planned, zones
from messaging.selectors.contacts import recipients, why_no_channel


class BirthdaySettings(CodeSettings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When greetings leave, in the time zone of the customer's home store, and how long their code is valid."""

    send_at: time = time(9, 0)


TEXTS: Texts = {
    (Channel.SMS, "pt-br"): DefaultText(
        "{{ company.name }}: feliz dia, {{ customer.first_name }}! "
        "{% if coupon.code %}Seu presente: {{ coupon.code }} vale até {{ coupon.valid_until }}{% endif %}"
    ),
    (Channel.SMS, "en"): DefaultText(
        "{{ company.name }}: happy birthday, {{ customer.first_name }}! "
        "{% if coupon.code %}Your gift: {{ coupon.code }}, until {{ coupon.valid_until }}{% endif %}"
    ),
    (Channel.WHATSAPP, "pt-br"): DefaultText(
        "Feliz aniversário, {{ customer.first_name }}! 🎉\n\n"
        "Toda a equipe da {{ store.name }} deseja um dia lindo para você."
        "{% if coupon.code %}\n\nSeu presente: use o código *{{ coupon.code }}* até {{ coupon.valid_until }}."
        "{% endif %}\n\nPara não receber mais mensagens, responda SAIR."
    ),
    (Channel.WHATSAPP, "en"): DefaultText(
        "Happy birthday, {{ customer.first_name }}! 🎉\n\n"
        "Everybody at {{ store.name }} wishes you a lovely day."
        "{% if coupon.code %}\n\nYour gift: use the code *{{ coupon.code }}* until {{ coupon.valid_until }}."
        "{% endif %}\n\nTo stop these messages, answer STOP."
    ),
    (Channel.EMAIL, "pt-br"): DefaultText(
        subject="Feliz aniversário, {{ customer.first_name }}!",
        text=(
            "Feliz aniversário, {{ customer.first_name }}!\n\n"
            "Hoje o dia é seu, e toda a equipe da {{ store.name }} quer comemorar com você."
            "{% if coupon.code %}\n\nSeu presente: {{ coupon.code }}\nVale até {{ coupon.valid_until }}.{% endif %}"
        ),
        html=(
            '<h1 style="font-size:24px;margin:0 0 16px">Feliz aniversário, {{ customer.first_name }}!</h1>\n'
            "<p>Hoje o dia é seu, e toda a equipe da <strong>{{ store.name }}</strong> quer comemorar com você.</p>\n"
            "{% if coupon.code %}\n"
            '<p style="margin:24px 0;padding:20px;border-radius:12px;background:#eef2ff;text-align:center">'
            'Seu presente<br><strong style="font-size:22px;letter-spacing:1px">{{ coupon.code }}</strong><br>'
            "vale até {{ coupon.valid_until }}</p>\n{% endif %}"
        ),
    ),
    (Channel.EMAIL, "en"): DefaultText(
        subject="Happy birthday, {{ customer.first_name }}!",
        text=(
            "Happy birthday, {{ customer.first_name }}!\n\n"
            "Today is your day, and everybody at {{ store.name }} would like to celebrate with you."
            "{% if coupon.code %}\n\nYour gift: {{ coupon.code }}\nValid until {{ coupon.valid_until }}.{% endif %}"
        ),
        html=(
            '<h1 style="font-size:24px;margin:0 0 16px">Happy birthday, {{ customer.first_name }}!</h1>\n'
            "<p>Today is your day, and everybody at <strong>{{ store.name }}</strong> would like to celebrate with you.</p>\n"
            "{% if coupon.code %}\n"
            '<p style="margin:24px 0;padding:20px;border-radius:12px;background:#eef2ff;text-align:center">'
            'Your gift<br><strong style="font-size:22px;letter-spacing:1px">{{ coupon.code }}</strong><br>'
            "valid until {{ coupon.valid_until }}</p>\n{% endif %}"
        ),
    ),
}


class Birthday(AutomaticKind):
    """Keys: the year of the day that is celebrated."""

    code = BIRTHDAY
    label = _("Birthday")
    icon = "cake"
    purpose = MessagePurpose.MARKETING
    variables = (*CUSTOMER, *STORE, *COUPON, *OPT_OUT)
    texts = TEXTS
    settings = BirthdaySettings
    form: ClassVar[tuple[Setting, ...]] = (
        Setting(
            name="send_at",
            label=_("Hour of the day"),
            help=_("In the time zone of the customer's home store."),
            width=3,
        ),
        Setting(
            name="code_valid_hours",
            label=_("Promo code valid for"),
            help=_("Days after the message."),
            unit=_("%(number)s hours"),
            shown_as="code_valid_days",
            per=24,
        ),
    )
    when = _("Checked every five minutes.")

    def candidates(
        self, automation: Automation | None, *, at: datetime, whole_day: bool = False
    ) -> Iterator[Candidate]:
        """Yield who has a birthday today and no greeting yet."""
        assert automation is not None  # noqa: S101 - automatic occasions are planned with theirs
        send_at = self.read(automation).send_at
        stores_off = list(automation.stores_off.values_list("pk", flat=True))
        for zone in zones():
            day = at.astimezone(zone).date()
            window = birthday_window(day, send_at, zone)
            if whole_day or window.is_open(at):
                waiting = not_planned(celebrating(day, zone), day, stores_off=stores_off)
                yield from self._greetings(automation, waiting, str(day.year), window)

    def _greetings(
        self, automation: Automation, customers: QuerySet[Customer], key: str, window: Window
    ) -> Iterator[Candidate]:
        for batch in batches(customers.iterator(chunk_size=500)):
            known = recipients(batch)
            for customer in batch:
                yield Candidate(
                    recipient=known[customer.pk],
                    occasion_key=key,
                    window=window,
                    reason=why_no_channel(known[customer.pk], automation.channels, self.purpose),
                    store_id=customer.home_store_id,
                )

    def describe(self, settings: Any) -> list[str]:
        return [
            _now("Greets customers on their birthday at %(time)s, in the time zone of their home store.")
            % {"time": settings.send_at.strftime("%H:%M")},
            _now("Who was born on 29 February is greeted on the 28th in common years."),
        ]

    def people(self, *, at: datetime) -> list[tuple[str, str]]:
        customers = Customer.objects.filter(is_active=True, birth_date__isnull=False).exclude(name="")
        return [(str(customer.pk), customer.name) for customer in customers.order_by("-pk")[:20]]
