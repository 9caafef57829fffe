"""The parts that an occasion is declared from, and what it is asked and answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

import msgspec
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from messaging.models import Channel, Message
from messaging.schedule import Window
from messaging.selectors.contacts import Recipient

LONGEST_CODE_HOURS = 24 * 365


@dataclass(frozen=True, slots=True)
class Variable:
    """A name that the texts of an occasion may use."""

    name: str
    label: Promise | str
    sample: Any


@dataclass(frozen=True, slots=True)
class DefaultText:
    """The text that a new installation proposes."""

    text: str
    subject: str = ""
    html: str = ""


# (channel, language) -> text.
Texts = dict[tuple[str, str], DefaultText]
Choices = Sequence[tuple[str, Promise | str]]


def on_every_channel(words: Mapping[str, DefaultText]) -> Texts:
    """Return texts, by language, that are the same on every channel."""
    return {(channel.value, language): text for channel in Channel for language, text in words.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How the form shows one setting of an automation. Its limits are those of the settings' own type.

    `unit` writes the number as the form shows it ("%(number)s days"). An input that counts in something else than what is
    stored has a name of its own in `shown_as`, and `per` says how many stored units one of its own is.
    `choices` are the values of a setting that is a word; a function finds those that are rows, of which none may be chosen.
    `text` says what is typed freely: a "line" or an "email", either may stay empty. `section` is the heading under which it
    stands, where that is not the one of the automation's moment.
    """

    name: str
    label: Promise | str
    help: Promise | str = ""
    unit: Promise | str = ""
    width: int = 2
    shown_as: str = ""
    per: int = 1
    choices: Choices | Callable[[], Choices] = ()
    text: str = ""
    section: Promise | str = ""

    @property
    def input(self) -> str:
        return self.shown_as or self.name

    @property
    def options(self) -> Choices:
        """The values to choose from, as they are now."""
        return self.choices() if callable(self.choices) else self.choices

    def shown(self, stored: Any) -> Any:
        """Return what is stored as the form shows it: a number in its units, and never none of what is some."""
        return max(1, stored // self.per) if self.per != 1 else stored


@dataclass(frozen=True, slots=True, kw_only=True)
class FurtherPage:
    """A page about the people of an automation: a button on the automation's own, for who has all the permissions."""

    label: Promise | str
    url_name: str
    icon: str
    permissions: Sequence[str]
    # Whether its address takes the occasion.
    of_occasion: bool = True


class NoSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Of an automation that has a switch, a chain and stores, and nothing else to decide."""


class CodeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Of an automation that may give a promo code: how long it is valid, and the address that brings it."""

    code_valid_hours: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_CODE_HOURS)] = 24 * 7
    link: Annotated[str, msgspec.Meta(max_length=1000)] = ""


# How the form shows `code_valid_hours` where whole days are enough.
CODE_VALID_DAYS = Setting(
    name="code_valid_hours",
    label=_("Promo code valid for"),
    help=_("Days after the message."),
    unit=ngettext_lazy("%(number)s day", "%(number)s days", "number"),
    shown_as="code_valid_days",
    per=24,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody for whom an occasion has come. `reason` says why there will be no message; empty: there will.

    `subject` is what the occasion is about (a cart, a card); `columns` are what it sets in the message's row.
    """

    recipient: Recipient
    occasion_key: str
    window: Window
    reason: str = ""
    store_id: int | None = None
    channels: Sequence[str] = ()
    subject: Any = None
    columns: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotNow:
    """The message does not leave: for ever, or until `postponed_to` (then it is useless from `expires_at`), because of `reason`.

    Without a reason its waiting begins anew, as if it had not been due yet. `opens_at` says of a channel that the contact
    policy closes for longer than the message is of use when it opens again.
    """

    reason: str = ""
    error: str = ""
    postponed_to: datetime | None = None
    expires_at: datetime | None = None
    opens_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LastLook:
    """What an occasion is asked about, right before its message may leave."""

    message: Message
    recipient: Recipient
    subject: Any
    settings: Any
    at: datetime


class SettingsInvalid(Exception):
    """An automation's settings cannot be used. `field` names the setting, `message` is msgspec's reason."""

    code = "settings_invalid"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


def read_document(settings: type[Any], document: dict[str, Any]) -> Any:
    """Turn a stored or submitted document into settings. Raises SettingsInvalid naming the field."""
    try:
        return msgspec.convert(document, settings)
    except msgspec.ValidationError as error:
        # msgspec ends its message with "- at `$.field`", or names an unknown field in backticks.
        message, _at, path = str(error).partition(" - at `$")
        raise SettingsInvalid(path.strip(".`") or message.partition("`")[2].strip("`"), message) from error
