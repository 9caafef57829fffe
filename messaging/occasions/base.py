"""What an occasion is: a reason to write to one person once, declared in one file (docs/how-to/add-an-occasion.md)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.functional import Promise

from customers.models import Customer
from messaging.facts import Facts
from messaging.models import Automation, Message, Template
from messaging.occasions.parts import (
    Candidate,
    CodeSettings,
    DefaultText,
    FurtherPage,
    LastLook,
    NotNow,
    Setting,
    Variable,
    read_document,
)
from messaging.purposes import MessagePurpose, Urgency
from messaging.selectors.contacts import Recipient, recipients
from retail.models import Store


class Kind:
    """One occasion. Subclasses declare it and answer what the outbox asks; the registry holds one object of each."""

    code: ClassVar[str]
    label: ClassVar[Promise | str]
    icon: ClassVar[str]
    purpose: ClassVar[MessagePurpose]
    variables: ClassVar[Sequence[Variable]] = ()
    texts: ClassVar[Mapping[tuple[str, str], DefaultText]] = {}
    # Whether a channel for which the company has no text of its own gets the proposed one: it must not stay silent.
    falls_back: ClassVar[bool] = False
    # Its messages carry their text from the moment when they are queued: it says what happened then.
    is_written: ClassVar[bool] = False
    # Which of many due messages leave first.
    urgency: ClassVar[Urgency] = Urgency.IN_TURN
    # How long after it was planned a message still leaves that the contact policy alone kept from leaving in its time.
    grace: ClassVar[timedelta] = timedelta()

    @property
    def names(self) -> list[str]:
        return [variable.name for variable in self.variables]

    @property
    def sample(self) -> dict[str, Any]:
        """A context with a value for each variable."""
        context: dict[str, Any] = {}
        for variable in self.variables:
            *parents, last = variable.name.split(".")
            place = context
            for parent in parents:
                place = place.setdefault(parent, {})
            place[last] = variable.sample
        return context

    def recipient(self, message: Message) -> Recipient:
        """Return whom a message is for, as they can be reached now."""
        assert message.customer is not None  # noqa: S101 - whoever is no customer has an occasion that knows them
        return recipients([message.customer])[message.customer.pk]

    def subject(self, message: Message, *, at: datetime) -> Any:
        """Return what a message is about, as it stands now."""
        return None

    def last_look(self, look: LastLook) -> NotNow | None:
        """Return what speaks against a message right before it leaves, whatever the channel; None lets it go."""
        return None

    def give(self, look: LastLook) -> Any:
        """Make what a message brings besides a promo code, now that it leaves; return what the message is about then.

        Runs again when the provider refuses: it gives the same. Nothing is given when the text cannot be filled.
        """
        return look.subject

    def held_back(self, message: Message, until: datetime) -> tuple[datetime, datetime | None] | None:
        """Return when a message may leave that the contact policy holds back, and from when it is useless.

        None: by then it is of no use, and it is not sent at all.
        """
        expires_at = message.expires_at
        return None if expires_at is not None and until >= expires_at else (until, expires_at)

    def chooses_by_profile(self, message: Message) -> bool:
        """Say whether a person was chosen by what they bought or read: whoever refused that gets no such message."""
        return False

    def templates(self, message: Message | None = None) -> list[Template]:
        """Return the texts that messages of this occasion, or this one, may be made of."""
        own = list(Template.objects.in_use(self.code))
        return own + self._proposed(besides=own) if self.falls_back else own

    def _proposed(self, *, besides: Sequence[Template]) -> list[Template]:
        written = {template.channel for template in besides}
        return [
            Template(
                occasion=self.code, channel=channel, language=language, subject=words.subject, text=words.text
            )
            for (channel, language), words in self.texts.items()
            if channel not in written
        ]

    def fill(self, facts: Facts) -> dict[str, Any]:
        """Return the values of its own variables, formatted in the active language; what is absent is None."""
        return {}

    def sender_address(self, settings: Any) -> str:
        """Return the address that its e-mails come from; empty for the installation's own."""
        return ""

    def answer_links(self, facts: Facts) -> Sequence[str]:
        """Return the addresses of ours by which only the message's person may answer; the stored text has them masked."""
        return (facts.unsubscribe_url, facts.preferences_url)

    def as_stored(self, facts: Facts) -> Facts:
        """Return the facts from which the stored text is made: others than those that leave when it holds a secret."""
        return facts


class PlannedKind(Kind):
    """An occasion that planners look for."""

    # How often they look: every minute, or every five.
    every_minute: ClassVar[bool] = False

    def before_planning(self, *, at: datetime) -> None:
        """Note what happened since the last planning, also while the automation is off."""

    def candidates(
        self, automation: Automation | None, *, at: datetime, whole_day: bool = False
    ) -> Iterator[Candidate]:
        """Yield for whom the occasion has come and who has no message yet: due now, or with `whole_day` all of today."""
        raise NotImplementedError

    def after_planning(self, candidates: Sequence[Candidate], *, at: datetime) -> None:
        """Act on what the candidates have shown, after their rows are there."""


class AutomaticKind(PlannedKind):
    """An occasion with an automation: a switch, stores, a chain of channels, settings and texts of managers."""

    settings: ClassVar[type[Any]]
    form: ClassVar[Sequence[Setting]] = ()
    # Whether what it is about has a link of its own, which brings a promo code when the settings name none.
    has_links: ClassVar[bool] = False
    # The chain of a new installation.
    channels: ClassVar[Sequence[str]] = ("whatsapp", "sms", "email")
    when: ClassVar[Promise | str] = ""
    pages: ClassVar[Sequence[FurtherPage]] = ()

    @property
    def gives_codes(self) -> bool:
        """Whether a message may bring a promo code of its own."""
        return issubclass(self.settings, CodeSettings)

    def read(self, automation: Automation) -> Any:
        """Return an automation's settings. Raises SettingsInvalid."""
        return read_document(self.settings, automation.settings)

    def problem(self, settings: Any) -> tuple[str, str] | None:
        """Return the setting with which it cannot be switched on, and the code of the reason; None when all is well."""
        return None

    def describe(self, settings: Any) -> list[str]:
        """Say in sentences when and to whom it writes."""
        raise NotImplementedError

    def stores(self) -> QuerySet[Store]:
        """Return the stores that it can be on for, by name."""
        return Store.objects.filter(is_active=True).order_by("name", "pk")

    def shown(self, candidates: Sequence[Candidate], *, at: datetime) -> list[Any]:
        """Return what each candidate is about, for those who look at "who gets what today", in as many queries as for one."""
        return [candidate.subject for candidate in candidates]

    def link_of(self, subject: Any) -> str:
        """Return the address that brings a promo code when the settings name none."""
        return ""

    def figures(self, *, since: datetime) -> list[tuple[Promise | str, int]]:
        """Return results that only this occasion has, beside those of all messages."""
        return []

    def people(self, *, at: datetime) -> list[tuple[str, str]]:
        """Return real people to look at a text with: (key, name), the newest first."""
        customers = Customer.objects.filter(is_active=True).exclude(name="").order_by("-pk")[:20]
        return [(str(customer.pk), customer.name) for customer in customers]

    def person(self, key: int, *, at: datetime) -> tuple[Recipient, Store | None, Any] | None:
        """Return one of `people` with the store and the subject; None for anybody else."""
        customer = Customer.objects.select_related("home_store").filter(pk=key).first()
        return (recipients([customer])[customer.pk], customer.home_store, None) if customer else None
