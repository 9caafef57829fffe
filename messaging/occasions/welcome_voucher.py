"""Welcome voucher: tells a new customer the code of the voucher that an issuing rule has given them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from loyalty.models import AccountKind, IssuingRule, IssuingTrigger, Lot
from messaging.batches import BATCH, batches
from messaging.facts import Facts
from messaging.models import Automation, Channel, Message
from messaging.occasions.base import AutomaticKind
from messaging.occasions.parts import (
    Candidate,
    DefaultText,
    LastLook,
    NoSettings,
    NotNow,
    Texts,
)
from messaging.occasions.value_variables import CODE, NO_VALUE, VALUE, value_words
from messaging.occasions.variables import CUSTOMER, OPT_OUT, STORE
from messaging.purposes import MessagePurpose
from messaging.schedule import Window
from messaging.selectors import value as values
from messaging.selectors.contacts import Recipient, recipients, why_no_channel
from retail.models import Store

# The rule gives within a week after somebody became a customer; who is told later is welcomed no more.
NEW_FOR = timedelta(days=7)
KINDS = (AccountKind.VOUCHER, AccountKind.RATE_VOUCHER)

TEXTS: Texts = {
    (Channel.SMS, "pt-br"): DefaultText(
        "{{ company.name }}: boas-vindas{% if customer.first_name %}, {{ customer.first_name }}{% endif %}! "
        "{{ value.amount }} com o vale {{ value.code }}{% if value.expires %}, até {{ value.expires }}{% endif %}"
    ),
    (Channel.SMS, "en"): DefaultText(
        "{{ company.name }}: welcome{% if customer.first_name %}, {{ customer.first_name }}{% endif %}! "
        "{{ value.amount }} with voucher {{ value.code }}{% if value.expires %}, until {{ value.expires }}{% endif %}"
    ),
    (Channel.WHATSAPP, "pt-br"): DefaultText(
        "Boas-vindas{% if customer.first_name %}, {{ customer.first_name }}{% endif %}! 🎉\n\n"
        "Seu vale de *{{ value.amount }}* na {{ store.name }}: *{{ value.code }}*"
        "{% if value.expires %}, válido até {{ value.expires }}{% endif %}."
        "\n\nPara não receber mais mensagens, responda SAIR."
    ),
    (Channel.WHATSAPP, "en"): DefaultText(
        "Welcome{% if customer.first_name %}, {{ customer.first_name }}{% endif %}! 🎉\n\n"
        "Your voucher of *{{ value.amount }}* at {{ store.name }}: *{{ value.code }}*"
        "{% if value.expires %}, valid until {{ value.expires }}{% endif %}."
        "\n\nTo stop these messages, answer STOP."
    ),
    (Channel.EMAIL, "pt-br"): DefaultText(
        subject="Boas-vindas! Seu vale de {{ value.amount }}",
        text=(
            "Oi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},\n\n"
            "que bom ter você na {{ company.name }}. Para começar, um vale de {{ value.amount }}:\n\n{{ value.code }}"
            "{% if value.expires %}\n\nVale até {{ value.expires }}.{% endif %}"
        ),
    ),
    (Channel.EMAIL, "en"): DefaultText(
        subject="Welcome! Your voucher of {{ value.amount }}",
        text=(
            "Hi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},\n\n"
            "good to have you at {{ company.name }}. To begin with, a voucher of {{ value.amount }}:\n\n{{ value.code }}"
            "{% if value.expires %}\n\nValid until {{ value.expires }}.{% endif %}"
        ),
    ),
}


class WelcomeVoucher(AutomaticKind):
    """Keys: `lot:<key>` of the voucher. Due as soon as it was given."""

    code = "welcome_voucher"
    label = _("Welcome voucher")
    icon = "sparkles"
    purpose = MessagePurpose.MARKETING
    variables = (*CUSTOMER, *STORE, *VALUE, *CODE, *OPT_OUT)
    texts = TEXTS
    settings = NoSettings
    channels = ("email",)
    when = _("Checked every five minutes.")

    def candidates(
        self, automation: Automation | None, *, at: datetime, whole_day: bool = False
    ) -> Iterator[Candidate]:
        """Yield the new customers who have a voucher of a rule for new customers and were not told."""
        assert automation is not None  # noqa: S101 - automatic occasions are planned with theirs
        since = max(at - NEW_FOR, automation.enabled_at or at)
        off = set(automation.stores_off.values_list("pk", flat=True))
        for batch in batches(self._given(since, at=at).iterator(chunk_size=BATCH)):
            known = recipients([values.owner_of(lot) for lot in batch])
            for lot in batch:
                person, store = known[values.owner_of(lot).pk], values.store_of(lot)
                if (store is None or store.pk not in off) and (person.email or person.phone):
                    ends_at = min(filter(None, (lot.created_at + NEW_FOR, lot.ends_at)))
                    yield Candidate(
                        recipient=person,
                        occasion_key=f"lot:{lot.pk}",
                        window=Window(lot.created_at, ends_at),
                        reason=why_no_channel(person, automation.channels, self.purpose),
                        store_id=store.pk if store else None,
                    )

    def _given(self, since: datetime, *, at: datetime) -> QuerySet[Lot]:
        rules = IssuingRule.objects.filter(trigger=IssuingTrigger.NEW_CUSTOMER)
        key = Concat(Value("lot:"), Cast(OuterRef("pk"), CharField()), output_field=CharField())
        told = Message.objects.filter(occasion=self.code, occasion_key=key)
        return (
            values.open_lots(KINDS, at=at)
            .filter(
                account__stored_value__origin__in=[rule.origin for rule in rules],
                # Who was not new for longer than that was given none; it finds the few by the index of customers.
                account__stored_value__customer__created_at__gt=since - NEW_FOR,
                account__stored_value__created_at__gte=since,
            )
            .exclude(Exists(told))
            .order_by("pk")
        )

    def subject(self, message: Message, *, at: datetime) -> Any:
        number = message.occasion_key.removeprefix("lot:")
        lots = list(values.open_lots(KINDS, at=at).filter(pk=number))
        return values.value_of(lots, at=at, with_code=True)

    def shown(self, candidates: Sequence[Candidate], *, at: datetime) -> list[Any]:
        """Return the vouchers without their codes: a manager sees the last four."""
        keys = [int(candidate.occasion_key.removeprefix("lot:")) for candidate in candidates]
        lots = values.open_lots(KINDS, at=at).filter(pk__in=keys)
        found = values.values_of({lot.pk: [lot] for lot in lots}, at=at)
        return [found.get(key) for key in keys]

    def last_look(self, look: LastLook) -> NotNow | None:
        """A voucher that was used, or whose code nobody can read any more, is not told."""
        if look.subject is None or not look.subject.code:
            return NotNow("value_used")
        return None

    def fill(self, facts: Facts) -> dict[str, Any]:
        value = facts.subject
        if value is None:
            return {"value": NO_VALUE}
        # Whoever looks at what would be sent sees the last four.
        return {"value": value_words(value, zone=facts.zone) | {"code": value.code or values.masked(value)}}

    def as_stored(self, facts: Facts) -> Facts:
        """A code is worth money to whoever reads it: the stored text has its last four only."""
        return replace(facts, subject=replace(facts.subject, code="")) if facts.subject else facts

    def describe(self, settings: Any) -> list[str]:
        return [
            _now(
                "Tells new customers the code of the voucher that an issuing rule for new customers gave them, at once."
            ),
            _now("Without such a rule nobody is given one, and nobody is told."),
        ]

    def people(self, *, at: datetime) -> list[tuple[str, str]]:
        lots = values.sample_lots(KINDS, at=at)
        return [(str(lot.pk), values.owner_of(lot).name) for lot in lots]

    def person(self, key: int, *, at: datetime) -> tuple[Recipient, Store | None, Any] | None:
        found = values.value_of(values.sample_lots(KINDS, at=at, pks=[key]), at=at)
        return (recipients([found.customer])[found.customer.pk], found.store, found) if found else None
