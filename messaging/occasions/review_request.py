"""Review request: asks customers what they think of a purchase; their answer makes the cashback usable that waits for it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar

import msgspec
from django.conf import settings as django_settings
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, ngettext_lazy

from loyalty.surveys import survey_path
from messaging.batches import BATCH, batches
from messaging.facts import NO_SALE, Facts, format_money, sale_words
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
from messaging.occasions.variables import CUSTOMER, OPT_OUT, SALE, STORE
from messaging.purposes import MessagePurpose
from messaging.schedule import Window, end_of_day
from messaging.selectors.contacts import Recipient, recipients, why_no_channel
from messaging.selectors.purchases import (
    Purchase,
    made_between,
    newest_purchases,
    not_written_about,
    occasion_key,
    purchase,
    purchases,
    sale_key,
    with_answers,
    with_recipients,
)
from retail.models import Sale, SaleState, Store
from retail.selectors.company import company_zone

LONGEST_HOURS = 24 * 30
# How far back it looks for what it missed, and how long the contact policy may hold a request back.
MISSED = timedelta(hours=24)
PATIENCE = timedelta(days=3)

_PT = "{% if cashback.waiting %}Responda e libere {{ cashback.waiting }}: {% endif %}{{ survey.link }}"
_EN = "{% if cashback.waiting %}Answer and get {{ cashback.waiting }}: {% endif %}{{ survey.link }}"
_BUTTON = (
    '<p style="margin-top:24px"><a href="{{ survey.link }}" '
    'style="display:inline-block;padding:14px 22px;border-radius:10px;background:#1f2a44;color:#ffffff;'
    'text-decoration:none;font-weight:600">'
)

TEXTS: Texts = {
    (Channel.SMS, "pt-br"): DefaultText("{{ company.name }}: como foi sua compra? " + _PT),
    (Channel.SMS, "en"): DefaultText("{{ company.name }}: how was your purchase? " + _EN),
    (Channel.WHATSAPP, "pt-br"): DefaultText(
        "Oi{% if customer.first_name %}, {{ customer.first_name }}{% endif %}! "
        "Como foi sua compra na {{ store.name }} em {{ sale.date }}?\n\n"
        + _PT
        + "\n\nPara não receber mais mensagens, responda SAIR."
    ),
    (Channel.WHATSAPP, "en"): DefaultText(
        "Hi{% if customer.first_name %}, {{ customer.first_name }}{% endif %}! "
        "How was your purchase at {{ store.name }} on {{ sale.date }}?\n\n"
        + _EN
        + "\n\nTo stop these messages, answer STOP."
    ),
    (Channel.EMAIL, "pt-br"): DefaultText(
        subject="Como foi sua compra na {{ store.name }}?",
        text=(
            "Oi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},\n\n"
            "o que você achou da sua compra de {{ sale.date }} na {{ store.name }}?\n\n"
            "{% if cashback.waiting %}Sua resposta libera {{ cashback.waiting }} de cashback.\n\n{% endif %}"
            "{{ survey.link }}"
        ),
        html=(
            "<p>Oi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},</p>\n"
            "<p>o que você achou da sua compra de {{ sale.date }} na <strong>{{ store.name }}</strong>?</p>\n"
            "{% if cashback.waiting %}<p>Sua resposta libera <strong>{{ cashback.waiting }}</strong> de cashback.</p>\n"
            "{% endif %}" + _BUTTON + "Responder</a></p>"
        ),
    ),
    (Channel.EMAIL, "en"): DefaultText(
        subject="How was your purchase at {{ store.name }}?",
        text=(
            "Hi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},\n\n"
            "what do you think of your purchase of {{ sale.date }} at {{ store.name }}?\n\n"
            "{% if cashback.waiting %}Your answer releases {{ cashback.waiting }} of cashback.\n\n{% endif %}"
            "{{ survey.link }}"
        ),
        html=(
            "<p>Hi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},</p>\n"
            "<p>what do you think of your purchase of {{ sale.date }} at <strong>{{ store.name }}</strong>?</p>\n"
            "{% if cashback.waiting %}<p>Your answer releases <strong>{{ cashback.waiting }}</strong> of cashback.</p>\n"
            "{% endif %}" + _BUTTON + "Answer</a></p>"
        ),
    ),
}


class ReviewRequestSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long after a purchase its customer is asked, and of which purchases."""

    hours: Annotated[int, msgspec.Meta(ge=0, le=LONGEST_HOURS)] = 24
    only_with_cashback: bool = False


class ReviewRequest(AutomaticKind):
    """Keys: `sale:<key>`. Once for each purchase; not for one of which anything was taken back."""

    code = "review_request"
    label = _("Review request")
    icon = "star"
    purpose = MessagePurpose.MARKETING
    variables = (
        *CUSTOMER,
        *STORE,
        *SALE,
        Variable(
            "survey.link",
            _("Link to the survey of the purchase"),
            "https://fiel.example.com/survey/2n9c-Zm9vYmFyYmF6cXV4/",
        ),
        Variable(
            "cashback.waiting", _("Cashback that the answer releases (empty when none waits)"), "R$ 12,90"
        ),
        *OPT_OUT,
    )
    texts = TEXTS
    settings = ReviewRequestSettings
    channels = ("email", "whatsapp", "sms")
    form: ClassVar[tuple[Setting, ...]] = (
        Setting(
            name="hours",
            label=_("Ask after"),
            help=_("Hours after the purchase. 0 asks at once."),
            unit=ngettext_lazy("%(number)s hour", "%(number)s hours", "number"),
        ),
        Setting(
            name="only_with_cashback",
            label=_("Only purchases whose cashback waits for the answer"),
            help=_("Otherwise customers are asked about every purchase."),
            width=4,
        ),
    )
    when = _("Checked every five minutes.")

    def candidates(
        self, automation: Automation | None, *, at: datetime, whole_day: bool = False
    ) -> Iterator[Candidate]:
        """Yield the purchases whose hours are over, or with `whole_day` will be today, and that have no request yet."""
        assert automation is not None  # noqa: S101 - automatic occasions are planned with theirs
        settings = self.read(automation)
        wait = timedelta(hours=settings.hours)
        # What became due while the automation was off stays unsaid.
        since = max(at - MISSED, automation.enabled_at or at) - wait
        until = end_of_day(at, company_zone()) if whole_day else at
        sales = with_answers(
            not_written_about(made_between(since, min(until - wait, at)), self.code),
            only_waiting=settings.only_with_cashback,
        ).exclude(store__in=automation.stores_off.all())
        for batch in batches(sales.iterator(chunk_size=BATCH)):
            for sale, person in with_recipients(batch):
                if person.email or person.phone:
                    due_at = sale.occurred_at + wait
                    yield Candidate(
                        recipient=person,
                        occasion_key=occasion_key(sale),
                        window=Window(due_at, due_at + PATIENCE),
                        reason=_why_not_ask(sale)
                        or why_no_channel(person, automation.channels, self.purpose),
                        store_id=sale.store_id,
                    )

    def subject(self, message: Message, *, at: datetime) -> Any:
        return purchase(sale_key(message.occasion_key))

    def shown(self, candidates: Sequence[Candidate], *, at: datetime) -> list[Any]:
        keys = [int(sale_key(candidate.occasion_key)) for candidate in candidates]
        found = purchases(keys)
        return [found.get(key) for key in keys]

    def last_look(self, look: LastLook) -> NotNow | None:
        """Nobody is asked about what they gave back, or have answered."""
        bought: Purchase | None = look.subject
        if bought is None or not bought.stands:
            return NotNow("sale_undone")
        if bought.is_answered:
            return NotNow("answered")
        # It expired, or was taken back: there is nothing to release any more.
        if look.settings.only_with_cashback and not bought.waiting:
            return NotNow("value_used")
        return None

    def fill(self, facts: Facts) -> dict[str, Any]:
        bought: Purchase | None = facts.subject
        if bought is None:
            return {"sale": NO_SALE, "survey": {"link": None}, "cashback": {"waiting": None}}
        return {
            "sale": sale_words(bought.sale),
            "survey": {"link": _survey_url(bought.sale)},
            "cashback": {"waiting": format_money(bought.waiting) if bought.waiting else None},
        }

    def answer_links(self, facts: Facts) -> Sequence[str]:
        """Whoever answers the survey releases the cashback."""
        bought: Purchase | None = facts.subject
        return (*super().answer_links(facts), *([_survey_url(bought.sale)] if bought else []))

    def describe(self, settings: Any) -> list[str]:
        asked = (
            ngettext(
                "Asks customers about their purchase %(hours)s hour afterwards.",
                "Asks customers about their purchase %(hours)s hours afterwards.",
                settings.hours,
            )
            if settings.hours
            else _now("Asks customers about their purchase at once.")
        )
        sentences = [asked % {"hours": settings.hours}]
        if settings.only_with_cashback:
            sentences.append(_now("Only of purchases whose cashback waits for the answer."))
        return [
            *sentences,
            _now("Nobody is asked about a purchase that was cancelled or of which anything came back."),
        ]

    def people(self, *, at: datetime) -> list[tuple[str, str]]:
        return [(str(sale.pk), str(sale.customer)) for sale in newest_purchases()[:20]]

    def person(self, key: int, *, at: datetime) -> tuple[Recipient, Store | None, Any] | None:
        found = purchase(key)
        if found is None or found.sale.customer is None:
            return None
        customer = found.sale.customer
        return recipients([customer])[customer.pk], found.sale.store, found


def _survey_url(sale: Sale) -> str:
    return django_settings.PUBLIC_URL + survey_path(sale)


def _why_not_ask(sale: Sale) -> str:
    if sale.state != SaleState.COMMITTED:
        return "sale_undone"
    return "answered" if sale.is_answered else ""  # type: ignore[attr-defined]
