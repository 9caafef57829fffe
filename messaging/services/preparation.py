"""The last look before a provider is called: may this message still leave, on which channel, with what text?"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction

from campaigns.models import PromoCode
from campaigns.services.promo_codes import Terms, generate_codes
from messaging.channels import CHANNELS
from messaging.channels.base import Outgoing
from messaging.facts import Coupon, Facts, coupon_link
from messaging.models import OWN, Automation, Channel, Message, MessageEvent, MessageState, Template
from messaging.occasions import AUTOMATIC, KINDS, Kind, read_settings
from messaging.occasions.parts import LastLook, NotNow
from messaging.reasons import REASONS
from messaging.rendering import TemplateRefused, measure_sms
from messaging.schedule import code_expiry
from messaging.selectors.contact_policy import current_policy, why_wait
from messaging.selectors.contacts import why_silent
from messaging.selectors.messages import cost_of, sender_name
from messaging.selectors.zones import is_minor_now
from messaging.services import opt_outs
from messaging.services.composition import Composed, compose, pick_template, without_answers
from messaging.services.locks import lock_person, share_address, share_customer
from messaging.services.preferences import preferences_url
from messaging.services.tracking import tracker_for
from retail.models import Company

# What a message says of the call that begins: of forty columns, which take a while to write.
_LEAVING = (
    *("position", "channel", "language", "to", "subject", "text", "html", "segments", "cost", "promo_code"),
    *("call_began_at", "lease_until", "reason"),
)


class ClaimLost(Exception):
    """The lease ended, or another process holds the message: this one must not send it."""

    code = "claim_lost"


@dataclass(frozen=True, slots=True)
class _Choice:
    """The channel and the text that a message leaves with; `stored` is the text that its row keeps."""

    position: int
    channel: str
    template: Template
    composed: Composed
    stored: Composed


@transaction.atomic
def prepare(
    *, message_id: int, lease: UUID, at: datetime, lease_until: datetime
) -> tuple[Message, Outgoing | None]:
    """Decide on a claimed message at the last moment, and commit what will be sent.

    Returns the message, with what to hand to the provider, or with None when it does not leave (its row
    then says why). Everything that can have changed since it was queued is looked at again: consent,
    opt-outs, purchases, the automation and its stores. Raises ClaimLost.
    """
    shared = share_customer(message_id)
    message = _lock(message_id, lease, at)
    if message.customer_id != shared:
        # Merged, or parted again, at this very moment: whoever claims it next shares the right row.
        raise ClaimLost(message_id)
    # Two carts of one person are decided one after the other; the frequency limit sees the first.
    lock_person(message.addressee)
    kind = KINDS[message.occasion]
    if kind.is_written:
        return _prepare_written(message, kind, at=at, lease_until=lease_until)
    automation = None
    if message.occasion in AUTOMATIC:
        automation = (
            Automation.objects.select_related("pool").filter(occasion=message.occasion, enabled=True).first()
        )
        if automation is None or message.store in automation.stores_off.all():
            return _stop(message, NotNow("automation_off"), at=at), None
    look = LastLook(
        message=message,
        recipient=kind.recipient(message),
        subject=kind.subject(message, at=at),
        settings=read_settings(message.occasion, automation.settings) if automation else None,
        at=at,
    )
    company = Company.objects.get()
    decision = _why_not(kind, look) or _choose(kind, look, automation, company)
    if isinstance(decision, NotNow):
        return _stop(message, decision, at=at), None
    message.position, message.channel = decision.position, decision.channel
    message.language = decision.template.language
    message.to = look.recipient.address(decision.channel)
    stored, sent = decision.stored, decision.composed
    message.subject, message.text, message.html = stored.subject, stored.text, stored.html
    _start_call(message, sent.text, company, at=at, lease_until=lease_until)
    outgoing = _outgoing(message, kind, company, sent.variables, decision.template.content_sid)
    sender_address = kind.sender_address(look.settings)
    return message, replace(
        outgoing, subject=sent.subject, text=sent.text, html=sent.html, sender_address=sender_address
    )


def _prepare_written(
    message: Message, kind: Kind, *, at: datetime, lease_until: datetime
) -> tuple[Message, Outgoing | None]:
    """Decide on a message whose text is made: it leaves unless it is old news or its person asked for silence."""
    if message.expires_at is not None and at >= message.expires_at:
        return _stop(message, NotNow("too_late", error=message.error), at=at), None
    if silence := _was_silenced(kind, message.channel, message.to):
        return _stop(message, NotNow(silence), at=at), None
    company = Company.objects.get()
    if kind.purpose.keeps_to_policy:
        wait = _hold_back(kind, message, message.channel, company, at=at)
        if wait is not None:
            return _stop(message, wait, at=at), None
    message = _start_call(message, message.text, company, at=at, lease_until=lease_until)
    return message, _outgoing(message, kind, company, {}, "")


def _lock(message_id: int, lease: UUID, at: datetime) -> Message:
    message = (
        Message.objects.select_for_update(of=("self",))
        # What few messages have is read for those: putting ten tables together takes longer than all that is read here.
        .select_related("customer__home_store", "mailing")
        .filter(pk=message_id, state=MessageState.CLAIMED, lease=lease, lease_until__gt=at)
        .first()
    )
    if message is None:
        raise ClaimLost(message_id)
    return message


def _was_silenced(kind: Kind, channel: str, address: str) -> str:
    """Return why an address fell silent, perhaps a moment ago, empty when it did not; from now until the commit it cannot."""
    if not kind.purpose.respects_silence:
        return ""
    share_address(channel, address)
    return why_silent(channel, address)


def _why_not(kind: Kind, look: LastLook) -> NotNow | None:
    """Return what speaks against the message as a whole, whatever the channel."""
    customer, message = look.message.customer, look.message
    if customer is not None and _went_to_them(message):
        return NotNow("merged", error=message.error)
    if kind.purpose.needs_consent and customer is not None:
        if not customer.is_active:
            return NotNow("customer_inactive")
        if is_minor_now(customer, at=look.at):
            return NotNow("minor")
    if not look.recipient.may_be_profiled and kind.chooses_by_profile(message):
        return NotNow("profiling_refused")
    against = kind.last_look(look)
    if against is not None:
        return against
    if message.expires_at is not None and look.at >= message.expires_at:
        return NotNow("too_late", error=message.error)
    return None


def _went_to_them(message: Message) -> bool:
    """Whether its customer got the same, or may have, under a record that was merged with theirs since."""
    same = Message.objects.to_whom_gets(message).filter(
        occasion=message.occasion, occasion_key=message.occasion_key
    )
    begun = same.perhaps_received().exclude(state=MessageState.CLAIMED, call_began_at__isnull=True)
    return begun.exclude(pk=message.pk).exists()


def _choose(kind: Kind, look: LastLook, automation: Automation | None, company: Company) -> _Choice | NotNow:
    """Return the first channel of the chain, from where it stands, that is open and has a text."""
    message, recipient = look.message, look.recipient
    templates = kind.templates(message)
    against: list[NotNow] = []
    coupon: Coupon | None = None
    for position in range(message.position, len(message.channels)):
        channel = message.channels[position]
        template = pick_template(templates, channel, recipient.language)
        reason = recipient.why_not(channel, kind.purpose)
        if reason or not CHANNELS[channel].is_available() or template is None:
            against.append(NotNow(reason or ("no_template" if template is None else "no_provider")))
            continue
        if silence := _was_silenced(kind, channel, recipient.address(channel)):
            against.append(NotNow(silence))
            continue
        wait = _hold_back(kind, message, channel, company, at=look.at)
        if wait is not None and wait.postponed_to is not None:
            # The chain goes on when a channel is closed to us, not when it is closed for now.
            return wait
        if wait is not None:
            against.append(wait)
            continue
        coupon = coupon or _coupon(look, automation)
        try:
            # What no text can tell is not given.
            with transaction.atomic():
                facts = Facts(
                    recipient=recipient,
                    company=company,
                    store=message.store,
                    subject=kind.give(look),
                    coupon=coupon,
                    unsubscribe_url=_unsubscribe_url(message, kind),
                    preferences_url=preferences_url(message) if kind.purpose.needs_consent else "",
                )
                composed, stored = _fill(kind, message, template, facts, at=look.at)
            return _Choice(position, channel, template, composed, stored)
        except TemplateRefused as error:
            code = error.code if error.code in REASONS else "template_failed"
            against.append(NotNow(code, error=str(error.params)))
    return _belated(kind, message, against) or _most_telling(against)


def _belated(kind: Kind, message: Message, against: list[NotNow]) -> NotNow | None:
    """Return when a message leaves after its time, because the contact policy alone kept it; None when it does not."""
    waits = [item for item in against if item.opens_at]
    latest = message.planned_at + kind.grace
    first = min(waits, key=lambda item: item.opens_at or latest, default=None)
    if first is None or first.opens_at is None or first.opens_at >= latest:
        return None
    return NotNow(first.reason, postponed_to=first.opens_at, expires_at=latest)


def _fill(
    kind: Kind, message: Message, template: Template, facts: Facts, *, at: datetime
) -> tuple[Composed, Composed]:
    """Return what leaves and what its row keeps: with plain links, without what is worth money or answers for its person."""
    kept = kind.as_stored(facts)
    links = None
    if kind.purpose.needs_consent:
        secret = kept is not facts
        links = tracker_for(message, template, facts.recipient, holds_secrets=secret, at=at)
    composed = compose(template, facts, links=links)
    stored = composed if kept is facts else compose(template, kept, links=links)
    return composed, without_answers(links.restored(stored) if links else stored, kind.answer_links(facts))


def _hold_back(
    kind: Kind, message: Message, channel: str, company: Company, *, at: datetime
) -> NotNow | None:
    """Return what the contact policy has against a message leaving now: until when, or for good when that is too late."""
    if not kind.purpose.keeps_to_policy:
        return None
    wait = why_wait(current_policy(), message, channel, company, at=at)
    if wait is None:
        return None
    later = kind.held_back(message, wait.until)
    if later is None:
        return NotNow(wait.reason, opens_at=wait.until)
    return NotNow(wait.reason, postponed_to=later[0], expires_at=later[1])


def _most_telling(against: list[NotNow]) -> NotNow:
    silent = {"no_address"}
    return next((item for item in against if item.reason not in silent), NotNow("no_address"))


def _coupon(look: LastLook, automation: Automation | None) -> Coupon | None:
    """Issue the message's own code, valid from now. A repeated attempt keeps the code and starts its time again."""
    if automation is None or automation.pool is None:
        return None
    message, at = look.message, look.at
    expires_at = code_expiry(at, look.settings.code_valid_hours)
    if message.promo_code is None:
        terms = Terms(max_uses=1, starts_at=at, expires_at=expires_at)
        (code,) = generate_codes(pool=automation.pool, count=1, terms=terms, customer=message.customer, at=at)
        message.promo_code = PromoCode.objects.get(code=code)
    else:
        message.promo_code.expires_at = expires_at
        message.promo_code.save(update_fields=["expires_at"])
    base = look.settings.link or AUTOMATIC[message.occasion].link_of(look.subject)
    return Coupon(
        code=message.promo_code.code, link=coupon_link(base, message.promo_code.code), expires_at=expires_at
    )


def _start_call(
    message: Message, text: str, company: Company, *, at: datetime, lease_until: datetime
) -> Message:
    message.call_began_at = at
    message.lease_until = lease_until
    # It waited for something, perhaps.
    message.reason = ""
    # Of what leaves: its links are others than those that the row keeps.
    message.segments = measure_sms(text).segments if message.channel == Channel.SMS else None
    message.cost = cost_of(message.channel, message.segments, company)
    message.save(update_fields=_LEAVING)
    return message


def _stop(message: Message, decision: NotNow, *, at: datetime) -> Message:
    message.lease = message.lease_until = None
    if decision.postponed_to is not None:
        _note_waiting(message, decision, at=at)
        message.state = MessageState.QUEUED
        message.due_at, message.expires_at = decision.postponed_to, decision.expires_at
        # A message that was held back was not tried.
        message.attempt = max(0, message.attempt - 1) if decision.reason else 0
        message.reason = decision.reason
    else:
        # After refusals of a provider it is a failure; nothing was tried before means it was held back.
        message.state = MessageState.FAILED if message.error else MessageState.SUPPRESSED
        message.reason = decision.reason
        message.error = (decision.error or message.error)[:500]
        message.closed_at = at
    message.save()
    return message


def _note_waiting(message: Message, decision: NotNow, *, at: datetime) -> None:
    """Keep in the message's life that it was held back, once for each reason in a row."""
    if decision.reason and decision.reason != message.reason:
        MessageEvent.objects.create(
            message=message,
            provider=OWN,
            event_key=uuid4().hex,
            kind=decision.reason,
            occurred_at=at,
        )


def _unsubscribe_url(message: Message, kind: Kind) -> str:
    return opt_outs.unsubscribe_url(message) if kind.purpose.needs_consent else ""


def _outgoing(
    message: Message, kind: Kind, company: Company, variables: dict[str, str], content_sid: str
) -> Outgoing:
    return Outgoing(
        uuid=message.uuid,
        to=message.to,
        subject=message.subject,
        text=message.text,
        html=message.html,
        unsubscribe_url=_unsubscribe_url(message, kind),
        sender=sender_name(message.channel, company),
        content_sid=content_sid,
        variables=variables,
    )
