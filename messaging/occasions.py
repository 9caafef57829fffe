"""What each occasion knows: its variables, its settings, and a sample for previews.

The settings are one typed declaration. The form, the stored document and the planner all go through it, so
a value outside its limits is refused everywhere with the same words.
"""

from dataclasses import dataclass
from datetime import time
from typing import Annotated, Any

import msgspec
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from messaging.models.template import Occasion
from messaging.schedule import RECOVERY_DELAY_MINUTES

SHORTEST_DELAY, LONGEST_DELAY = RECOVERY_DELAY_MINUTES
LONGEST_CODE_HOURS = 24 * 365
LONGEST_FREQUENCY_HOURS = 24 * 365
LONGEST_REST_DAYS = 365


class SettingsInvalid(Exception):
    """An automation's settings cannot be used. `field` names the setting, `message` is msgspec's reason."""

    code = "settings_invalid"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class BirthdaySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When greetings leave, in the time zone of the customer's home store, and how long their code is valid."""

    send_at: time = time(9, 0)
    code_valid_hours: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_CODE_HOURS)] = 24 * 7
    link: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class RecoverySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When a cart counts as left behind, and how much of this one customer gets."""

    delay_minutes: Annotated[int, msgspec.Meta(ge=SHORTEST_DELAY, le=LONGEST_DELAY)] = 30
    code_valid_hours: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_CODE_HOURS)] = 48
    # At most one recovery message to one person in this many hours; 0 sets no limit.
    frequency_hours: Annotated[int, msgspec.Meta(ge=0, le=LONGEST_FREQUENCY_HOURS)] = 24
    # No recovery message for this many days after the person used a recovery code; 0 sets no limit.
    rest_days_after_use: Annotated[int, msgspec.Meta(ge=0, le=LONGEST_REST_DAYS)] = 7
    link: Annotated[str, msgspec.Meta(max_length=1000)] = ""


AutomationSettings = BirthdaySettings | RecoverySettings


@dataclass(frozen=True, slots=True)
class Variable:
    """A name that templates of an occasion may use."""

    name: str
    label: Promise | str
    sample: Any


_CUSTOMER = (
    Variable("customer.first_name", _("Customer's first name"), "Maximiliano"),
    Variable("customer.name", _("Customer's name"), "Maximiliano Albuquerque"),
)
_STORE = (
    Variable("company.name", _("Name of the company"), "Loja Exemplo"),
    Variable("store.name", _("Name of the store"), "Shopping Iguatemi"),
)
_COUPON = (
    Variable("coupon.code", _("Promo code (empty without one)"), "VOLTE-7GK2-M0ZD-9QWT-31HX"),
    Variable(
        "coupon.link",
        _("Link that brings the promo code"),
        "https://loja.example.com/?coupon=VOLTE-7GK2-M0ZD-9QWT-31HX",
    ),
    Variable("coupon.valid_until", _("When the promo code expires"), "22/11/2026 18:30"),
)
_CART = (
    Variable("cart.link", _("Link back to the cart"), "https://loja.example.com/carrinho/8f31"),
    Variable("cart.total", _("Value of the cart"), "R$ 189,90"),
    Variable(
        "cart.items",
        _("Items of the cart, each with name, quantity and price"),
        [
            {"name": "Vestido midi floral", "quantity": "1", "price": "R$ 159,90"},
            {"name": "Meia soquete", "quantity": "2", "price": "R$ 15,00"},
        ],
    ),
)
_OPT_OUT = (
    Variable(
        "unsubscribe_link", _("Link to stop these messages"), "https://fiel.example.com/unsubscribe/token"
    ),
)


@dataclass(frozen=True, slots=True)
class Declaration:
    """All that the code knows about one occasion."""

    settings: type[BirthdaySettings] | type[RecoverySettings]
    variables: tuple[Variable, ...]

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


DECLARATIONS = {
    Occasion.BIRTHDAY: Declaration(BirthdaySettings, (*_CUSTOMER, *_STORE, *_COUPON, *_OPT_OUT)),
    Occasion.RECOVERY: Declaration(RecoverySettings, (*_CUSTOMER, *_STORE, *_CART, *_COUPON, *_OPT_OUT)),
}


def declaration(occasion: str) -> Declaration:
    """Return what an occasion declares. Raises KeyError for one that is not automatic."""
    return DECLARATIONS[Occasion(occasion)]


def read_settings(occasion: str, document: dict[str, Any]) -> AutomationSettings:
    """Turn a stored or submitted document into settings. Raises SettingsInvalid naming the field."""
    try:
        return msgspec.convert(document, declaration(occasion).settings)
    except msgspec.ValidationError as error:
        # msgspec ends its message with "- at `$.field`", or names an unknown field in backticks.
        message, _at, path = str(error).partition(" - at `$")
        raise SettingsInvalid(path.strip(".`") or message.partition("`")[2].strip("`"), message) from error


def write_settings(settings: AutomationSettings) -> dict[str, Any]:
    """Return the document to store."""
    return msgspec.to_builtins(settings)
