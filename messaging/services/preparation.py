"""The last look before a provider is called: may this message still leave, on which channel, with what text?"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast
from uuid import UUID

from django.db import connection, transaction

from campaigns.models import PromoCode
from campaigns.services.promo_codes import Terms, generate_codes
from messaging.channels import CHANNELS
from messaging.channels.base import Outgoing
from messaging.models import Automation, CartState, Message, MessageState, Occasion, Template
from messaging.occasions import AutomationSettings, RecoverySettings, read_settings
from messaging.rendering import TemplateRefused
from messaging.schedule import Window, code_expiry, is_minor, recovery_window
from messaging.selectors.contacts import Recipient, cart_recipient, is_silent, recipients
from messaging.selectors.messages import company_name
from messaging.selectors.recovery import has_bought, why_not_again
from messaging.services import opt_outs
from messaging.services.carts import close_bought
from messaging.services.composition import Composed, Coupon, Facts, compose, coupon_link, pick_template
from messaging.services.verification_texts import compose_code
from messaging.services.verifications import code_to_send
from retail.models import Company


class ClaimLost(Exception):
    """The lease ended, or another process holds the message: this one must not send it."""

    code = "claim_lost"


@dataclass(frozen=True, slots=True)
class NotNow:
    """The message does not leave: for ever because of `reason`, or until `postponed_to`."""

    reason: str = ""
    error: str = ""
    postponed_to: Window | None = None


@dataclass(frozen=True, slots=True)
class _Choice:
    position: int
    channel: str
    template: Template
    composed: Composed


@transaction.atomic
def prepare(
    *, message_id: int, lease: UUID, at: datetime, lease_until: datetime
) -> tuple[Message, Outgoing | None]:
    """Decide on a claimed message at the last moment, and commit what will be sent.

    Returns the message, with what to hand to the provider, or with None when it does not leave (its row
    then says why). Everything that can have changed since it was queued is looked at again: consent,
    opt-outs, purchases, the automation and its stores. Raises ClaimLost.
    """
    message = _lock(message_id, lease, at)
    # Two carts of one person are decided one after the other; the frequency limit sees the first.
    _lock_person(message.person)
    if message.occasion == Occasion.VERIFICATION:
        return _prepare_code(message, at=at, lease_until=lease_until)
    if message.occasion == Occasion.TEST:
        return _start_call(message, at=at, lease_until=lease_until), _outgoing(message, {}, "")
    if message.occasion == Occasion.VIP_CARD:
        return _prepare_notice(message, at=at, lease_until=lease_until)
    automation = Automation.objects.select_related("pool").get(occasion=message.occasion)
    settings = read_settings(automation.occasion, automation.settings)
    recipient = _recipient(message)
    refused = _why_not(message, automation, settings, recipient, at=at)
    if refused is not None:
        return _stop(message, refused, at=at), None
    choice = _choose(message, automation, settings, recipient, at=at)
    if isinstance(choice, NotNow):
        return _stop(message, choice, at=at), None
    message.position, message.channel = choice.position, choice.channel
    message.language = choice.template.language
    message.to = recipient.address(choice.channel)
    message.subject, message.text, message.html = (
        choice.composed.subject,
        choice.composed.text,
        choice.composed.html,
    )
    _start_call(message, at=at, lease_until=lease_until)
    return message, _outgoing(message, choice.composed.variables, choice.template.content_sid)


def _prepare_code(
    message: Message, *, at: datetime, lease_until: datetime
) -> tuple[Message, Outgoing | None]:
    """Fill in the code by which a customer shows who they are: asked for at the till, so no consent is needed.

    What is stored of the text shows no code.
    """
    recipient, code, channel = _recipient(message), code_to_send(message, at=at), message.channels[0]
    if code is None:
        return _stop(message, NotNow("too_late", error=message.error), at=at), None
    if not recipient.address(channel) or not CHANNELS[channel].is_available():
        reason = "no_provider" if recipient.address(channel) else "no_address"
        return _stop(message, NotNow(reason), at=at), None
    try:
        template, sent, stored = compose_code(code, channel=channel, language=recipient.language)
    except TemplateRefused as error:
        return _stop(message, NotNow("template_failed", error=str(error.params)), at=at), None
    message.channel, message.language, message.to = channel, template.language, recipient.address(channel)
    message.subject, message.text, message.html = stored.subject, stored.text, stored.html
    _start_call(message, at=at, lease_until=lease_until)
    outgoing = _outgoing(message, sent.variables, template.content_sid)
    return message, replace(outgoing, subject=sent.subject, text=sent.text, html=sent.html)


def _prepare_notice(
    message: Message, *, at: datetime, lease_until: datetime
) -> tuple[Message, Outgoing | None]:
    """Decide on a notice, whose text is made: it leaves unless it is old news or its person asked for silence."""
    if message.expires_at is not None and at >= message.expires_at:
        return _stop(message, NotNow("too_late", error=message.error), at=at), None
    if is_silent(message.channel, message.to):
        return _stop(message, NotNow("opted_out"), at=at), None
    return _start_call(message, at=at, lease_until=lease_until), _outgoing(message, {}, "")


def _lock(message_id: int, lease: UUID, at: datetime) -> Message:
    message = (
        Message.objects.select_for_update(of=("self",))
        .select_related("customer", "store", "cart__customer", "promo_code")
        .filter(pk=message_id, state=MessageState.CLAIMED, lease=lease, lease_until__gt=at)
        .first()
    )
    if message is None:
        raise ClaimLost(message_id)
    return message


def _lock_person(person: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"messaging:{person}"])


def _recipient(message: Message) -> Recipient:
    if message.cart is not None:
        return cart_recipient(message.cart)
    assert message.customer is not None  # noqa: S101 - planned messages have a cart or a customer
    return recipients([message.customer])[message.customer.pk]


def _why_not(
    message: Message,
    automation: Automation,
    settings: AutomationSettings,
    recipient: Recipient,
    *,
    at: datetime,
) -> NotNow | None:
    """Return what speaks against the message as a whole, whatever the channel."""
    if not automation.enabled or message.store in automation.stores_off.all():
        return NotNow("automation_off")
    if message.customer is not None and not message.customer.is_active:
        return NotNow("customer_inactive")
    if message.customer is not None and is_minor(message.customer.birth_date, at.date()):
        return NotNow("minor")
    if message.occasion == Occasion.RECOVERY:
        against = _why_not_recover(message, cast(RecoverySettings, settings), recipient, at=at)
        if against is not None:
            return against
    if message.expires_at is not None and at >= message.expires_at:
        return NotNow("too_late", error=message.error)
    return None


def _why_not_recover(
    message: Message, settings: RecoverySettings, recipient: Recipient, *, at: datetime
) -> NotNow | None:
    cart = message.cart
    assert cart is not None and message.store is not None  # noqa: S101, PT018 - recovery messages have both
    if not (message.store.online_shop and message.store.is_active):
        return NotNow("no_online_shop")
    if cart.state == CartState.DELETED:
        return NotNow("cart_deleted")
    if cart.state != CartState.OPEN or cart.occasion_key != message.occasion_key:
        return NotNow("bought")
    if has_bought(cart, since=cart.opened_at):
        close_bought(cart=cart, at=at)
        return NotNow("bought")
    window = recovery_window(cart.last_interaction_at, settings.delay_minutes)
    if at < window.due_at:
        # They came back to the cart: the wait begins again.
        return NotNow(postponed_to=window)
    reason = why_not_again(recipient, settings, at=at, besides=message.pk)
    return NotNow(reason) if reason else None


def _choose(
    message: Message,
    automation: Automation,
    settings: AutomationSettings,
    recipient: Recipient,
    *,
    at: datetime,
) -> _Choice | NotNow:
    """Return the first channel of the chain, from where it stands, that is open and has a text."""
    templates = list(Template.objects.filter(occasion=message.occasion))
    company = Company.objects.get()
    against: list[NotNow] = []
    coupon: Coupon | None = None
    for position in range(message.position, len(message.channels)):
        channel = message.channels[position]
        template = pick_template(templates, channel, recipient.language)
        reason = recipient.why_not(channel)
        if reason or not CHANNELS[channel].is_available() or template is None:
            against.append(NotNow(reason or ("no_template" if template is None else "no_provider")))
            continue
        coupon = coupon or _coupon(message, automation, settings, at=at)
        facts = Facts(
            recipient=recipient,
            company=company,
            store=message.store,
            cart=message.cart,
            coupon=coupon,
            unsubscribe_url=opt_outs.unsubscribe_url(message),
        )
        try:
            return _Choice(position, channel, template, compose(template, facts))
        except TemplateRefused as error:
            code = error.code if error.code == "text_too_long" else "template_failed"
            against.append(NotNow(code, error=str(error.params)))
    return _most_telling(against)


def _most_telling(against: list[NotNow]) -> NotNow:
    silent = {"no_address"}
    return next((item for item in against if item.reason not in silent), NotNow("no_address"))


def _coupon(
    message: Message, automation: Automation, settings: AutomationSettings, *, at: datetime
) -> Coupon | None:
    """Issue the message's own code, valid from now. A repeated attempt keeps the code and starts its time again."""
    if automation.pool is None:
        return None
    expires_at = code_expiry(at, settings.code_valid_hours)
    if message.promo_code is None:
        terms = Terms(max_uses=1, starts_at=at, expires_at=expires_at)
        (code,) = generate_codes(pool=automation.pool, count=1, terms=terms, customer=message.customer, at=at)
        message.promo_code = PromoCode.objects.get(code=code)
    else:
        message.promo_code.expires_at = expires_at
        message.promo_code.save(update_fields=["expires_at"])
    base = settings.link or (message.cart.link if message.cart else "")
    return Coupon(
        code=message.promo_code.code, link=coupon_link(base, message.promo_code.code), expires_at=expires_at
    )


def _start_call(message: Message, *, at: datetime, lease_until: datetime) -> Message:
    message.call_began_at = at
    message.lease_until = lease_until
    message.save()
    return message


def _stop(message: Message, decision: NotNow, *, at: datetime) -> Message:
    message.lease = message.lease_until = None
    if decision.postponed_to is not None:
        message.state = MessageState.QUEUED
        message.due_at, message.expires_at = decision.postponed_to.due_at, decision.postponed_to.ends_at
        message.attempt = 0
    else:
        # After refusals of a provider it is a failure; nothing was tried before means it was held back.
        message.state = MessageState.FAILED if message.error else MessageState.SUPPRESSED
        message.reason = decision.reason
        message.error = (decision.error or message.error)[:500]
        message.closed_at = at
    message.save()
    return message


def _outgoing(message: Message, variables: dict[str, str], content_sid: str) -> Outgoing:
    marketing = message.occasion not in (Occasion.TEST, Occasion.VERIFICATION, Occasion.VIP_CARD)
    return Outgoing(
        uuid=message.uuid,
        to=message.to,
        subject=message.subject,
        text=message.text,
        html=message.html,
        unsubscribe_url=opt_outs.unsubscribe_url(message) if marketing else "",
        sender=company_name(),
        content_sid=content_sid,
        variables=variables,
    )
