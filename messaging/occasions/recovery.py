"""Cart recovery: a message minutes after somebody left a cart, or a conversation with the bot, without buying."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, ngettext_lazy

from messaging.facts import Facts, format_money
from messaging.models import RECOVERY, Automation, Cart, CartState, Message
from messaging.occasions.base import AutomaticKind
from messaging.occasions.parts import (
    LONGEST_CODE_HOURS,
    Candidate,
    CodeSettings,
    LastLook,
    NotNow,
    Setting,
    Variable,
)
from messaging.occasions.texts.recovery import TEXTS
from messaging.occasions.variables import COUPON, CUSTOMER, OPT_OUT, STORE
from messaging.purposes import MessagePurpose, Urgency
from messaging.schedule import RECOVERY_DELAY_MINUTES, RECOVERY_TOLERANCE, recovery_window
from messaging.selectors.contacts import Recipient, cart_recipient, why_no_channel
from messaging.selectors.messages import recovered_carts
from messaging.selectors.recovery import has_bought, why_not_again
from messaging.services.carts import close_bought
from retail import formats
from retail.models import Sale, SaleState, Store

SHORTEST_DELAY, LONGEST_DELAY = RECOVERY_DELAY_MINUTES
LONGEST_FREQUENCY_HOURS = 24 * 365
LONGEST_REST_DAYS = 365
# How far back the automation looks for what it missed, and how long the contact policy may hold a message back; older carts
# leave no trace.
MISSED = timedelta(hours=24)


class RecoverySettings(CodeSettings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When a cart counts as left behind, and how much of this one customer gets."""

    about: Literal["both", "carts", "conversations"] = "both"
    delay_minutes: Annotated[int, msgspec.Meta(ge=SHORTEST_DELAY, le=LONGEST_DELAY)] = 30
    # At most one recovery message to one person in this many hours; 0 sets no limit.
    frequency_hours: Annotated[int, msgspec.Meta(ge=0, le=LONGEST_FREQUENCY_HOURS)] = 24
    # No recovery message for this many days after the person used a recovery code; 0 sets no limit.
    rest_days_after_use: Annotated[int, msgspec.Meta(ge=0, le=LONGEST_REST_DAYS)] = 7
    code_valid_hours: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_CODE_HOURS)] = 48


ABOUT = (
    ("both", _("Carts and conversations")),
    ("carts", _("Carts only")),
    ("conversations", _("Conversations only")),
)
CART = (
    Variable("cart.link", _("Link back to the cart"), "https://loja.example.com/carrinho/8f31"),
    Variable("cart.total", _("Value of the cart (empty for a conversation without one)"), "R$ 189,90"),
    Variable(
        "cart.items",
        _("Items of the cart, each with name, quantity and price"),
        [
            {"name": "Vestido midi floral", "quantity": "1", "price": "R$ 159,90"},
            {"name": "Meia soquete", "quantity": "2", "price": "R$ 15,00"},
        ],
    ),
)


class Recovery(AutomaticKind):
    """Keys: `cart:<key>:<episode>`. A cart that was bought or emptied and is touched again is a new occasion."""

    code = RECOVERY
    label = _("Cart recovery")
    icon = "cart"
    purpose = MessagePurpose.MARKETING
    urgency = Urgency.BEFORE_LONG
    variables = (*CUSTOMER, *STORE, *CART, *COUPON, *OPT_OUT)
    texts = TEXTS
    settings = RecoverySettings
    has_links = True
    form: ClassVar[tuple[Setting, ...]] = (
        Setting(
            name="about",
            label=_("About"),
            help=_("A conversation is one with the shop's bot, without a cart."),
            choices=ABOUT,
            width=3,
        ),
        Setting(
            name="delay_minutes",
            label=_("Wait"),
            help=_(
                "Minutes after the customer last touched the cart or wrote, 5 to 60. The message leaves at most 9:59 later."
            ),
            unit=ngettext_lazy("%(number)s minute", "%(number)s minutes", "number"),
            width=3,
        ),
        Setting(
            name="frequency_hours",
            label=_("At most one message in"),
            help=_("Hours, for one customer. 0 sets no limit."),
            unit=ngettext_lazy("%(number)s hour", "%(number)s hours", "number"),
            width=3,
        ),
        Setting(
            name="rest_days_after_use",
            label=_("Rest after a used code"),
            help=_("Days without such messages after the customer used a recovery code. 0 sets no limit."),
            unit=ngettext_lazy("%(number)s day", "%(number)s days", "number"),
            width=3,
        ),
        Setting(
            name="code_valid_hours",
            label=_("Promo code valid for"),
            help=_("Hours after the message was sent, to the second."),
            unit=ngettext_lazy("%(number)s hour", "%(number)s hours", "number"),
        ),
    )
    when = _("Checked every five minutes.")

    def before_planning(self, *, at: datetime) -> None:
        """Close the open carts whose message was followed by a purchase of their customer."""
        bought = (
            Sale.objects.real()
            .filter(customer=OuterRef("cart__customer"), occurred_at__gte=OuterRef("sent_at"))
            .exclude(state=SaleState.CANCELLED)
        )
        answered = Message.objects.filter(
            Exists(bought),
            cart__state=CartState.OPEN,
            occasion=self.code,
            sent_at__gt=at - timedelta(days=30),
            planned_at__gte=F("cart__opened_at"),
        )
        for message in answered.select_related("cart").order_by("pk"):
            if message.cart is not None:
                close_bought(cart=message.cart, at=at)

    def candidates(
        self, automation: Automation | None, *, at: datetime, whole_day: bool = False
    ) -> Iterator[Candidate]:
        """Yield the carts whose time has come, or with `whole_day` will come, and that have no message yet."""
        assert automation is not None  # noqa: S101 - automatic occasions are planned with theirs
        settings = self.read(automation)
        delay = timedelta(minutes=settings.delay_minutes)
        # What became due while the automation was off stays unsaid.
        earliest = max(at - MISSED, automation.enabled_at or at)
        planned = Message.objects.filter(
            cart=OuterRef("pk"), occasion=self.code, planned_at__gte=OuterRef("opened_at")
        )
        carts = (
            Cart.objects.filter(
                state=CartState.OPEN,
                is_test=False,
                last_interaction_at__lte=at if whole_day else at - delay,
                last_interaction_at__gt=earliest - delay,
                store__online_shop=True,
                store__is_active=True,
            )
            .exclude(store__in=automation.stores_off.all())
            .exclude(Exists(planned))
            .select_related("customer", "store")
            .order_by("pk")
        )
        # A conversation that led to a cart counts as one.
        talked = {"is_conversation": True, "lines": []}
        if settings.about != "both":
            carts = carts.exclude(**talked) if settings.about == "carts" else carts.filter(**talked)
        for cart in carts:
            candidate = self._candidate(automation, settings, cart, at=at)
            if candidate is not None:
                yield candidate

    def _candidate(
        self, automation: Automation, settings: RecoverySettings, cart: Cart, *, at: datetime
    ) -> Candidate | None:
        person = cart_recipient(cart)
        if not person.person:
            return None
        window = recovery_window(cart.last_interaction_at, settings.delay_minutes)
        if has_bought(cart, since=cart.opened_at):
            reason = "bought"
        elif at >= window.ends_at:
            reason = "too_late"
        else:
            reason = why_no_channel(person, automation.channels, self.purpose) or why_not_again(
                person, **_limits(settings), at=at
            )
        return Candidate(
            recipient=person,
            occasion_key=cart.occasion_key,
            window=window,
            reason=reason,
            store_id=cart.store_id,
            subject=cart,
            columns={"cart": cart},
        )

    def after_planning(self, candidates: Sequence[Candidate], *, at: datetime) -> None:
        """Close the carts that were bought."""
        for candidate in candidates:
            if candidate.reason == "bought":
                close_bought(cart=candidate.subject, at=at)

    def recipient(self, message: Message) -> Recipient:
        assert message.cart is not None  # noqa: S101 - recovery messages have one
        return cart_recipient(message.cart)

    def subject(self, message: Message, *, at: datetime) -> Any:
        return message.cart

    def last_look(self, look: LastLook) -> NotNow | None:
        """Nobody is written to about a cart that was bought, that they came back to, or again so soon."""
        message, cart, settings = look.message, look.subject, look.settings
        assert message.store is not None  # noqa: S101 - recovery messages have one
        if not (message.store.online_shop and message.store.is_active):
            return NotNow("no_online_shop")
        if cart.state == CartState.DELETED:
            return NotNow("cart_deleted")
        if cart.state != CartState.OPEN or cart.occasion_key != message.occasion_key:
            return NotNow("bought")
        if has_bought(cart, since=cart.opened_at):
            close_bought(cart=cart, at=look.at)
            return NotNow("bought")
        window = recovery_window(cart.last_interaction_at, settings.delay_minutes)
        if look.at < window.due_at:
            # They came back to the cart: the wait begins again.
            return NotNow(postponed_to=window.due_at, expires_at=window.ends_at)
        reason = why_not_again(look.recipient, **_limits(settings), at=look.at, besides=message.pk)
        return NotNow(reason) if reason else None

    def held_back(self, message: Message, until: datetime) -> tuple[datetime, datetime | None] | None:
        """A cart is worth a message for a day: the minutes in which it may leave move along."""
        assert message.cart is not None  # noqa: S101 - recovery messages have one
        if until > message.cart.last_interaction_at + MISSED:
            return None
        return until, until + RECOVERY_TOLERANCE

    def fill(self, facts: Facts) -> dict[str, Any]:
        cart: Cart | None = facts.subject
        if cart is None:
            return {}
        return {
            "cart": {
                "link": cart.link or None,
                "total": format_money(cart.total) if cart.lines else None,
                "items": [_item(line) for line in cart.lines],
            }
        }

    def describe(self, settings: Any) -> list[str]:
        left = {
            "both": _now(
                "Writes %(minutes)s minutes after a customer left the cart, or the conversation, without buying."
            ),
            "carts": _now("Writes %(minutes)s minutes after a customer left the cart without buying."),
            "conversations": _now(
                "Writes %(minutes)s minutes after a customer left the conversation without buying."
            ),
        }
        sentences = [left[settings.about] % {"minutes": settings.delay_minutes}]
        if settings.frequency_hours:
            sentences.append(
                ngettext(
                    "Nobody gets more than one such message in %(hours)s hour.",
                    "Nobody gets more than one such message in %(hours)s hours.",
                    settings.frequency_hours,
                )
                % {"hours": settings.frequency_hours}
            )
        if settings.rest_days_after_use:
            sentences.append(
                ngettext(
                    "Who used a code of such a message is left alone for %(days)s day.",
                    "Who used a code of such a message is left alone for %(days)s days.",
                    settings.rest_days_after_use,
                )
                % {"days": settings.rest_days_after_use}
            )
        return sentences

    def stores(self) -> QuerySet[Store]:
        return super().stores().filter(online_shop=True)

    def link_of(self, subject: Any) -> str:
        return subject.link if subject else ""

    def figures(self, *, since: datetime) -> list[tuple[Promise | str, int]]:
        return [(_("Carts bought afterwards"), recovered_carts(since=since))]

    def people(self, *, at: datetime) -> list[tuple[str, str]]:
        carts = Cart.objects.exclude(state=CartState.DELETED).select_related("customer")
        newest = carts.order_by("-last_interaction_at", "-pk")[:20]
        return [(str(cart.pk), cart.customer.name if cart.customer else cart.name) for cart in newest]

    def person(self, key: int, *, at: datetime) -> tuple[Recipient, Store | None, Any] | None:
        cart = Cart.objects.filter(pk=key).select_related("customer", "store").first()
        return (cart_recipient(cart), cart.store, cart) if cart else None


def _item(line: dict[str, Any]) -> dict[str, str]:
    return {
        "name": line["name"] or line["sku"],
        "quantity": formats.number(Decimal(line["quantity"])),
        "price": format_money(Decimal(line["unit_price"])),
    }


def _limits(settings: RecoverySettings) -> dict[str, int]:
    return {
        "frequency_hours": settings.frequency_hours,
        "rest_days_after_use": settings.rest_days_after_use,
    }
