"""Birthday: a greeting on the day, in its week or its month, at an hour of the customer's own time zone."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from django.db.models import QuerySet
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, ngettext_lazy

from customers.models import Customer
from messaging.batches import batches
from messaging.facts import Facts
from messaging.models import Automation, Channel
from messaging.occasions.base import AutomaticKind
from messaging.occasions.parts import (
    CODE_VALID_DAYS,
    Candidate,
    CodeSettings,
    DefaultText,
    FurtherPage,
    LastLook,
    NotNow,
    Setting,
    Texts,
    Variable,
)
from messaging.occasions.variables import COUPON, CUSTOMER, OPT_OUT, STORE
from messaging.purposes import MessagePurpose
from messaging.schedule import Window, birthday_period, period_window
from messaging.selectors.birthdays import BIRTHDAY, celebrating, not_planned
from messaging.selectors.contacts import recipients, why_no_channel
from messaging.selectors.zones import zones
from messaging.services.gifts import Gift, Terms, give_voucher, promised, type_choices, usable_type, written
from retail.selectors.company import company_zone


class BirthdaySettings(CodeSettings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When greetings leave, in the time zone of the customer's home store, and what they bring.

    `gift` adds a voucher of a type: an amount in whole reais, or a percentage of one purchase.
    """

    send_at: time = time(9, 0)
    span: Literal["day", "week", "month"] = "day"
    gift: Literal["none", "amount", "percent"] = "none"
    gift_type: Annotated[str, msgspec.Meta(max_length=64)] = ""
    gift_amount: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 20
    gift_percent: Annotated[int, msgspec.Meta(ge=1, le=100)] = 10
    gift_valid_days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 30

    @property
    def terms(self) -> Terms | None:
        """What the voucher is; None when greetings bring none."""
        if self.gift == "none":
            return None
        return Terms(
            type_code=self.gift_type,
            amount=self.gift_amount if self.gift == "amount" else 0,
            percent=self.gift_percent if self.gift == "percent" else 0,
            valid_days=self.gift_valid_days,
        )


SPANS = (("day", _("On the day")), ("week", _("In its week")), ("month", _("In its month")))
GIFTS = (("none", _("None")), ("amount", _("Of an amount")), ("percent", _("In percent")))
GIFT = (
    Variable("gift.code", _("Code of the voucher (empty without one)"), "7GK2-M0ZD-9QWT-31HX"),
    Variable("gift.amount", _("What the voucher is worth: an amount or a percentage"), "R$ 20,00"),
    Variable("gift.valid_until", _("Last day of the voucher"), "22/12/2026"),
)


TEXTS: Texts = {
    (Channel.SMS, "pt-br"): DefaultText(
        "{{ company.name }}: parabéns pelo seu dia, {{ customer.first_name }}! "
        "{% if gift.code %}Seu presente: {{ gift.amount }} com o vale {{ gift.code }}, até {{ gift.valid_until }}"
        "{% elsif coupon.code %}Seu presente: {{ coupon.code }} vale até {{ coupon.valid_until }}{% endif %}"
    ),
    (Channel.SMS, "en"): DefaultText(
        "{{ company.name }}: happy birthday, {{ customer.first_name }}! "
        "{% if gift.code %}{{ gift.amount }} with voucher {{ gift.code }}, until {{ gift.valid_until }}"
        "{% elsif coupon.code %}Your gift: {{ coupon.code }}, until {{ coupon.valid_until }}{% endif %}"
    ),
    (Channel.WHATSAPP, "pt-br"): DefaultText(
        "Feliz aniversário, {{ customer.first_name }}! 🎉\n\n"
        "Toda a equipe da {{ store.name }} deseja um dia lindo para você."
        "{% if gift.code %}\n\nSeu presente: *{{ gift.amount }}* com o vale *{{ gift.code }}*, até {{ gift.valid_until }}."
        "{% endif %}{% if coupon.code %}\n\nSeu presente: use o código *{{ coupon.code }}* até {{ coupon.valid_until }}."
        "{% endif %}\n\nPara não receber mais mensagens, responda SAIR."
    ),
    (Channel.WHATSAPP, "en"): DefaultText(
        "Happy birthday, {{ customer.first_name }}! 🎉\n\n"
        "Everybody at {{ store.name }} wishes you a lovely day."
        "{% if gift.code %}\n\nYour gift: *{{ gift.amount }}* with the voucher *{{ gift.code }}*, until {{ gift.valid_until }}."
        "{% endif %}{% if coupon.code %}\n\nYour gift: use the code *{{ coupon.code }}* until {{ coupon.valid_until }}."
        "{% endif %}\n\nTo stop these messages, answer STOP."
    ),
    (Channel.EMAIL, "pt-br"): DefaultText(
        subject="Feliz aniversário, {{ customer.first_name }}!",
        text=(
            "Feliz aniversário, {{ customer.first_name }}!\n\n"
            "Toda a equipe da {{ store.name }} quer comemorar com você."
            "{% if gift.code %}\n\nSeu presente: {{ gift.amount }} com o vale {{ gift.code }}\nVale até {{ gift.valid_until }}.{% endif %}"
            "{% if coupon.code %}\n\nSeu presente: {{ coupon.code }}\nVale até {{ coupon.valid_until }}.{% endif %}"
        ),
        html=(
            '<h1 style="font-size:24px;margin:0 0 16px">Feliz aniversário, {{ customer.first_name }}!</h1>\n'
            "<p>Toda a equipe da <strong>{{ store.name }}</strong> quer comemorar com você.</p>\n"
            "{% if gift.code %}\n"
            '<p style="margin:24px 0;padding:20px;border-radius:12px;background:#eef2ff;text-align:center">'
            "Seu presente: {{ gift.amount }} com o vale<br>"
            '<strong style="font-size:22px;letter-spacing:1px">{{ gift.code }}</strong><br>'
            "vale até {{ gift.valid_until }}</p>\n{% endif %}"
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
            "Everybody at {{ store.name }} would like to celebrate with you."
            "{% if gift.code %}\n\nYour gift: {{ gift.amount }} with the voucher {{ gift.code }}\nValid until {{ gift.valid_until }}.{% endif %}"
            "{% if coupon.code %}\n\nYour gift: {{ coupon.code }}\nValid until {{ coupon.valid_until }}.{% endif %}"
        ),
        html=(
            '<h1 style="font-size:24px;margin:0 0 16px">Happy birthday, {{ customer.first_name }}!</h1>\n'
            "<p>Everybody at <strong>{{ store.name }}</strong> would like to celebrate with you.</p>\n"
            "{% if gift.code %}\n"
            '<p style="margin:24px 0;padding:20px;border-radius:12px;background:#eef2ff;text-align:center">'
            "Your gift: {{ gift.amount }} with the voucher<br>"
            '<strong style="font-size:22px;letter-spacing:1px">{{ gift.code }}</strong><br>'
            "valid until {{ gift.valid_until }}</p>\n{% endif %}"
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
    # A birthday on a quiet Sunday is greeted on Monday: better a little late than not at all.
    grace = timedelta(days=7)
    variables = (*CUSTOMER, *STORE, *GIFT, *COUPON, *OPT_OUT)
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
            name="span",
            label=_("Greet"),
            help=_("On the day; from Monday of its week; or from the first day of its month."),
            choices=SPANS,
            width=3,
        ),
        Setting(
            name="gift",
            label=_("Voucher"),
            help=_("Made when the greeting leaves, for its customer. It may come besides a promo code."),
            choices=GIFTS,
            section=_("Voucher"),
        ),
        Setting(
            name="gift_type",
            label=_("Type of voucher"),
            help=_("Made under Loyalty, Types of stored value. It says where the voucher can be used."),
            choices=type_choices,
            width=4,
            section=_("Voucher"),
        ),
        Setting(
            name="gift_amount",
            label=_("Worth"),
            help=_("Whole reais, for a voucher of an amount."),
            unit=_("R$ %(number)s"),
            section=_("Voucher"),
        ),
        Setting(
            name="gift_percent",
            label=_("Percentage"),
            help=_("Off one purchase, for a voucher in percent."),
            unit=_("%(number)s percent"),
            section=_("Voucher"),
        ),
        Setting(
            name="gift_valid_days",
            label=_("Voucher valid for"),
            help=_("Days after the message, to the end of the last one."),
            unit=ngettext_lazy("%(number)s day", "%(number)s days", "number"),
            section=_("Voucher"),
        ),
        CODE_VALID_DAYS,
    )
    when = _("Checked every five minutes.")
    pages = (
        FurtherPage(
            label=_("Birthdays"),
            url_name="customers:birthday_list",
            icon="calendar",
            permissions=("customers.view_customer",),
            of_occasion=False,
        ),
    )

    def candidates(
        self, automation: Automation | None, *, at: datetime, whole_day: bool = False
    ) -> Iterator[Candidate]:
        """Yield who has a birthday today, or in its week or month, and no greeting yet."""
        assert automation is not None  # noqa: S101 - automatic occasions are planned with theirs
        settings: BirthdaySettings = self.read(automation)
        stores_off = list(automation.stores_off.values_list("pk", flat=True))
        for zone in zones():
            today = at.astimezone(zone).date()
            first, last = birthday_period(today, settings.span)
            # Whoever is found on a later day, such as after an import in the night, waits for the hour of that day.
            window = period_window(today, last, settings.send_at, zone)
            if whole_day or window.is_open(at):
                gift = promised(settings.terms, at=at, zone=zone) if settings.terms else None
                # A week may lie in two years: each birthday belongs to its own.
                for year, days in groupby(_days(first, last), key=lambda day: day.year):
                    waiting = not_planned(celebrating(list(days), zone), year, stores_off=stores_off)
                    yield from self._greetings(automation, waiting, str(year), window, gift)

    def _greetings(
        self,
        automation: Automation,
        customers: QuerySet[Customer],
        key: str,
        window: Window,
        gift: Gift | None,
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
                    subject=gift,
                )

    def last_look(self, look: LastLook) -> NotNow | None:
        """A greeting that promises a voucher does not leave without one."""
        terms = look.settings.terms
        return NotNow("gift_unavailable") if terms and usable_type(terms) is None else None

    def give(self, look: LastLook) -> Any:
        """Make the voucher of the greeting, valid from now on."""
        terms = look.settings.terms
        if terms is None:
            return None
        store = look.message.store
        return give_voucher(look.message, terms, at=look.at, zone=store.zone if store else company_zone())

    def fill(self, facts: Facts) -> dict[str, Any]:
        return {"gift": written(facts.subject, facts.zone)}

    def as_stored(self, facts: Facts) -> Facts:
        """A code is worth money to whoever reads it: the stored text has its last four only."""
        return replace(facts, subject=replace(facts.subject, code="")) if facts.subject else facts

    def problem(self, settings: Any) -> tuple[str, str] | None:
        terms = settings.terms
        return ("gift_type", "no_voucher_type") if terms and usable_type(terms) is None else None

    def describe(self, settings: Any) -> list[str]:
        when = {
            "day": _now(
                "Greets customers on their birthday at %(time)s, in the time zone of their home store."
            ),
            "week": _now(
                "Greets customers in the week of their birthday, from Monday at %(time)s by their home store's clocks."
            ),
            "month": _now(
                "Greets customers in the month of their birthday, from the first at %(time)s by their home store's clocks."
            ),
        }
        sentences = [when[settings.span] % {"time": settings.send_at.strftime("%H:%M")}]
        if settings.gift == "amount":
            sentences.append(
                ngettext(
                    "Gives a voucher of R$ %(amount)s, valid for %(days)s day.",
                    "Gives a voucher of R$ %(amount)s, valid for %(days)s days.",
                    settings.gift_valid_days,
                )
                % {"amount": settings.gift_amount, "days": settings.gift_valid_days}
            )
        elif settings.gift == "percent":
            sentences.append(
                ngettext(
                    "Gives a voucher of %(percent)s percent, valid for %(days)s day.",
                    "Gives a voucher of %(percent)s percent, valid for %(days)s days.",
                    settings.gift_valid_days,
                )
                % {"percent": settings.gift_percent, "days": settings.gift_valid_days}
            )
        return [*sentences, _now("Who was born on 29 February is greeted on the 28th in common years.")]

    def people(self, *, at: datetime) -> list[tuple[str, str]]:
        customers = Customer.objects.filter(is_active=True, birth_date__isnull=False).exclude(name="")
        return [(str(customer.pk), customer.name) for customer in customers.order_by("-pk")[:20]]


def _days(first: date, last: date) -> Sequence[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
