"""Confirmation of consent: where the company asks for double opt-in, a yes counts once its person confirms it from the address."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from customers.models import Consent, Purpose
from customers.selectors import standing_consents
from messaging.batches import batches
from messaging.facts import MASK, Facts
from messaging.models import Automation, Channel, Message, MessageState
from messaging.occasions.base import PlannedKind
from messaging.occasions.parts import Candidate, DefaultText, LastLook, NotNow, Variable, on_every_channel
from messaging.occasions.variables import COMPANY
from messaging.purposes import MessagePurpose, Urgency
from messaging.schedule import Window
from messaging.selectors.contacts import Recipient, recipients
from messaging.selectors.marketing import CONFIRMED_SOURCES, awaits_confirmation, marketing_settings
from messaging.selectors.zones import is_minor_now
from messaging.services.confirmations import VALID, channel_of, confirmation_url

# An answer that was recorded later than that is asked about no more: its person has forgotten the question.
MISSED = timedelta(hours=24)

# No letter makes it cost two segments.
_WORDS = {
    "pt-br": DefaultText(
        subject="Confirme: quer receber ofertas da {{ company.name }}?",
        text="{{ company.name }}: toque para confirmar que quer receber ofertas: {{ confirmation_link }}",
    ),
    "en": DefaultText(
        subject="Please confirm: offers from {{ company.name }}?",
        text="{{ company.name }}: tap to confirm that you want offers: {{ confirmation_link }}",
    ),
}
TEXTS = on_every_channel(_WORDS)


class ConfirmationOfConsent(PlannedKind):
    """Keys: `consent:<id>:<channel>`. It asks nobody's consent, but whoever asked for silence gets none."""

    code = "opt_in"
    label = _("Confirmation of consent")
    icon = "consent"
    purpose = MessagePurpose.NOTICE
    urgency = Urgency.SOON
    every_minute = True
    variables = (
        *COMPANY,
        Variable(
            "confirmation_link", _("Link to confirm"), "https://fiel.example.com/c/1bY.k3Jd8sLq0PzXw9Tf/"
        ),
    )
    texts = TEXTS
    falls_back = True

    def candidates(
        self, automation: Automation | None, *, at: datetime, whole_day: bool = False
    ) -> Iterator[Candidate]:
        """Yield who agreed to marketing, must confirm it and was not asked to yet, for each channel of the answer.

        A yes that is given again within a day asks nobody again: the question stands, unless the address is another one now.
        """
        since = marketing_settings().double_opt_in_since
        if since is None:
            return
        for batch in batches(self._unconfirmed(max(since, at - MISSED)).iterator(chunk_size=500)):
            customers = [consent.customer for consent in batch]
            known = recipients(customers)
            standing = standing_consents([customer.pk for customer in customers])
            asked = self._asked(batch)
            questions = self._standing_questions([person.person for person in known.values()], at=at)
            for consent in batch:
                person = known[consent.customer_id]
                for channel in [consent.channel] if consent.channel else Channel.values:
                    key, address = f"consent:{consent.pk}:{channel}", person.address(channel)
                    # A question that has not left yet goes to the address of then.
                    question = {(person.person, channel, address), (person.person, channel, "")}
                    awaited = awaits_confirmation(standing[consent.customer_id], channel, since=since)
                    if awaited and address and key not in asked and not question & questions:
                        questions.add((person.person, channel, address))
                        minor = is_minor_now(consent.customer, at=at)
                        yield self._candidate(person, channel, key, "minor" if minor else "", at=at)

    def _unconfirmed(self, since: datetime) -> QuerySet[Consent]:
        return (
            Consent.objects.filter(
                purpose=Purpose.MARKETING, granted=True, given_at__gte=since, customer__is_active=True
            )
            .exclude(source__in=CONFIRMED_SOURCES)
            .select_related("customer__home_store")
            .order_by("pk")
        )

    def _asked(self, consents: list[Consent]) -> set[str]:
        keys = [f"consent:{consent.pk}:{channel}" for consent in consents for channel in Channel.values]
        asked = Message.objects.filter(occasion=self.code, occasion_key__in=keys)
        return set(asked.values_list("occasion_key", flat=True))

    def _standing_questions(self, people: list[str], *, at: datetime) -> set[tuple[str, str, str]]:
        """Return who was asked within a day, by which channel and at which address; none while it waits to leave."""
        asked = Message.objects.filter(
            occasion=self.code, person__in=people, planned_at__gt=at - MISSED
        ).exclude(state__in=[MessageState.SUPPRESSED, MessageState.FAILED])
        return {
            (person, channels[0], to)
            for person, channels, to in asked.values_list("person", "channels", "to")
        }

    def _candidate(
        self, person: Recipient, channel: str, key: str, reason: str, *, at: datetime
    ) -> Candidate:
        return Candidate(
            recipient=person,
            occasion_key=key,
            window=Window(at, at + VALID),
            reason=reason or person.why_not(channel, self.purpose),
            channels=[channel],
        )

    def subject(self, message: Message, *, at: datetime) -> Any:
        return confirmation_url(message)

    def last_look(self, look: LastLook) -> NotNow | None:
        """Who confirmed by another way, or took the answer back, is not asked."""
        assert look.message.customer_id is not None  # noqa: S101 - only customers are asked
        standing = standing_consents([look.message.customer_id])[look.message.customer_id]
        since = marketing_settings().double_opt_in_since
        if not awaits_confirmation(standing, channel_of(look.message), since=since):
            return NotNow("answered")
        return None

    def fill(self, facts: Facts) -> dict[str, Any]:
        return {"confirmation_link": facts.subject}

    def as_stored(self, facts: Facts) -> Facts:
        """Who can read messages in the back-office must not be able to confirm for their people."""
        return replace(facts, subject=MASK)
