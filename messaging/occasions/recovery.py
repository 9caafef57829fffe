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
from messaging.models import RECOVERY, Automation, Cart, CartState, Channel, Message
from messaging.occasions.base import AutomaticKind
from messaging.occasions.parts import (
    LONGEST_CODE_HOURS,
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

TEXTS: Texts = {
    (Channel.SMS, "pt-br"): DefaultText(
        "{% if cart.total %}{% if customer.first_name %}{{ customer.first_name }}, sua{% else %}Sua{% endif %} sacola espera na"
        "{% else %}{% if customer.first_name %}{{ customer.first_name }}, podemos{% else %}Podemos{% endif %} ajudar? Volte à"
        "{% endif %} {{ company.name }}"
        "{% if coupon.code %}. Use {{ coupon.code }}{% endif %}: {{ cart.link }}"
    ),
    (Channel.SMS, "en"): DefaultText(
        "{% if cart.total %}{% if customer.first_name %}{{ customer.first_name }}, your{% else %}Your{% endif %} bag is waiting at"
        "{% else %}{% if customer.first_name %}{{ customer.first_name }}, can{% else %}Can{% endif %} we help? Come back to"
        "{% endif %} {{ company.name }}"
        "{% if coupon.code %}. Use {{ coupon.code }}{% endif %}: {{ cart.link }}"
    ),
    (Channel.WHATSAPP, "pt-br"): DefaultText(
        "Oi{% if customer.first_name %}, {{ customer.first_name }}{% endif %}! {% if cart.total %}Sua sacola na {{ store.name }} ainda está aqui:\n"
        "{% for item in cart.items %}\n• {{ item.quantity }} × {{ item.name }}{% endfor %}\n\nTotal: {{ cart.total }}"
        "{% else %}Nossa conversa na {{ store.name }} ficou no meio. Podemos ajudar?{% endif %}"
        "{% if coupon.code %}\n\nVolte com o código *{{ coupon.code }}*, válido até {{ coupon.valid_until }}:"
        "\n{{ coupon.link }}{% else %}\n\nContinue de onde parou: {{ cart.link }}{% endif %}"
        "\n\nPara não receber mais mensagens, responda SAIR."
    ),
    (Channel.WHATSAPP, "en"): DefaultText(
        "Hi{% if customer.first_name %}, {{ customer.first_name }}{% endif %}! {% if cart.total %}Your bag at {{ store.name }} is still here:\n"
        "{% for item in cart.items %}\n• {{ item.quantity }} × {{ item.name }}{% endfor %}\n\nTotal: {{ cart.total }}"
        "{% else %}We were talking about {{ store.name }}. Can we help?{% endif %}"
        "{% if coupon.code %}\n\nCome back with the code *{{ coupon.code }}*, valid until {{ coupon.valid_until }}:"
        "\n{{ coupon.link }}{% else %}\n\nGo on where you left: {{ cart.link }}{% endif %}"
        "\n\nTo stop these messages, answer STOP."
    ),
    (Channel.EMAIL, "pt-br"): DefaultText(
        subject="{% if cart.total %}{% if customer.first_name %}{{ customer.first_name }}, você{% else %}Você{% endif %} esqueceu algo na sacola{% else %}Podemos ajudar?{% endif %}",
        text=(
            "Oi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},\n\n{% if cart.total %}sua sacola na {{ store.name }} ainda está aqui:\n"
            "{% for item in cart.items %}\n- {{ item.quantity }} x {{ item.name }}, {{ item.price }}{% endfor %}\n\n"
            "Total: {{ cart.total }}{% else %}nossa conversa na {{ store.name }} ficou no meio. Podemos ajudar?{% endif %}"
            "{% if coupon.code %}\n\nVolte com o código {{ coupon.code }}, válido até {{ coupon.valid_until }}:"
            "\n{{ coupon.link }}{% else %}\n\nContinue de onde parou:\n{{ cart.link }}{% endif %}"
        ),
        html=(
            "<p>Oi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},</p>\n{% if cart.total %}<p>sua sacola na <strong>{{ store.name }}</strong> ainda está aqui:</p>\n"
            '<table role="presentation" width="100%" cellpadding="8" style="border-collapse:collapse">\n'
            "{% for item in cart.items %}"
            '<tr style="border-bottom:1px solid #e5e7eb"><td>{{ item.quantity }} × {{ item.name }}</td>'
            '<td align="right">{{ item.price }}</td></tr>\n{% endfor %}'
            '<tr><td><strong>Total</strong></td><td align="right"><strong>{{ cart.total }}</strong></td></tr>\n</table>\n'
            "{% else %}<p>nossa conversa com a <strong>{{ store.name }}</strong> ficou no meio. Podemos ajudar?</p>\n{% endif %}"
            "{% if coupon.code %}<p>Volte com o código <strong>{{ coupon.code }}</strong>, válido até "
            "{{ coupon.valid_until }}.</p>\n{% endif %}"
            '<p style="margin-top:24px"><a href="{% if coupon.code %}{{ coupon.link }}{% else %}{{ cart.link }}{% endif %}" '
            'style="display:inline-block;padding:14px 22px;border-radius:10px;background:#1f2a44;color:#ffffff;'
            'text-decoration:none;font-weight:600">'
            "{% if cart.total %}Voltar para a sacola{% else %}Continuar{% endif %}</a></p>"
        ),
    ),
    (Channel.EMAIL, "en"): DefaultText(
        subject="{% if cart.total %}{% if customer.first_name %}{{ customer.first_name }}, you{% else %}You{% endif %} left something in your bag{% else %}Can we help?{% endif %}",
        text=(
            "Hi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},\n\n{% if cart.total %}your bag at {{ store.name }} is still here:\n"
            "{% for item in cart.items %}\n- {{ item.quantity }} x {{ item.name }}, {{ item.price }}{% endfor %}\n\n"
            "Total: {{ cart.total }}{% else %}we were talking about {{ store.name }}. Can we help?{% endif %}"
            "{% if coupon.code %}\n\nCome back with the code {{ coupon.code }}, valid until {{ coupon.valid_until }}:"
            "\n{{ coupon.link }}{% else %}\n\nGo on where you left:\n{{ cart.link }}{% endif %}"
        ),
        html=(
            "<p>Hi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},</p>\n{% if cart.total %}<p>your bag at <strong>{{ store.name }}</strong> is still here:</p>\n"
            '<table role="presentation" width="100%" cellpadding="8" style="border-collapse:collapse">\n'
            "{% for item in cart.items %}"
            '<tr style="border-bottom:1px solid #e5e7eb"><td>{{ item.quantity }} × {{ item.name }}</td>'
            '<td align="right">{{ item.price }}</td></tr>\n{% endfor %}'
            '<tr><td><strong>Total</strong></td><td align="right"><strong>{{ cart.total }}</strong></td></tr>\n</table>\n'
            "{% else %}<p>we were talking about <strong>{{ store.name }}</strong>. Can we help?</p>\n{% endif %}"
            "{% if coupon.code %}<p>Come back with the code <strong>{{ coupon.code }}</strong>, valid until "
            "{{ coupon.valid_until }}.</p>\n{% endif %}"
            '<p style="margin-top:24px"><a href="{% if coupon.code %}{{ coupon.link }}{% else %}{{ cart.link }}{% endif %}" '
            'style="display:inline-block;padding:14px 22px;border-radius:10px;background:#1f2a44;color:#ffffff;'
            'text-decoration:none;font-weight:600">'
            "{% if cart.total %}Back to the bag{% else %}Go on{% endif %}</a></p>"
        ),
    ),
}


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
    form: ClassVar[tuple[Setting, ...]] = (
        Setting(
            name="about",
            label=_("About"),
            help=_("A conversation is one with the shop's bot, without a cart."),
            choices=ABOUT,
        ),
        Setting(
            name="delay_minutes",
            label=_("Wait"),
            help=_(
                "Minutes after the customer last touched the cart or wrote, 5 to 60. The message leaves at most 9:59 later."
            ),
            unit=ngettext_lazy("%(number)s minute", "%(number)s minutes", "number"),
        ),
        Setting(
            name="frequency_hours",
            label=_("At most one message in"),
            help=_("Hours, for one customer. 0 sets no limit."),
            unit=ngettext_lazy("%(number)s hour", "%(number)s hours", "number"),
        ),
        Setting(
            name="rest_days_after_use",
            label=_("Rest after a used code"),
            help=_("Days without such messages after the customer used a recovery code. 0 sets no limit."),
            unit=ngettext_lazy("%(number)s day", "%(number)s days", "number"),
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
