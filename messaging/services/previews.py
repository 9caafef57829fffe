"""What an automation would send, without sending or storing anything."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.utils import translation

from messaging.facts import Coupon, Facts, coupon_link
from messaging.hold_out import HELD_OUT
from messaging.models import Automation, Template
from messaging.occasions import AUTOMATIC
from messaging.occasions.parts import Candidate
from messaging.reasons import REASONS
from messaging.rendering import TemplateRefused
from messaging.schedule import code_expiry
from messaging.selectors.contacts import first_open_channel
from messaging.selectors.letterhead import Look, letterhead_look
from messaging.services.composition import build_context, compose, pick_template
from retail.models import Company, Store
from retail.typed import typed_key

MOST_SHOWN = 200
# On a day of a hundred thousand greetings nobody waits until all of them are put in order.
MOST_READ = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One line of "who would get what today". `reason` says why there would be no message."""

    candidate: Candidate
    store: Store | None
    channel: str
    text: str
    reason: str


def todays_messages(automation: Automation, *, at: datetime) -> list[Planned]:
    """Return who would still get what today, in the order of the day: at most 200 of the first thousand that are found.

    The number of queries does not grow with the lines.
    """
    kind = AUTOMATIC[automation.occasion]
    found = islice(kind.candidates(automation, at=at, whole_day=True), MOST_READ)
    candidates = sorted(found, key=lambda one: (one.window.due_at, one.recipient.person))[:MOST_SHOWN]
    subjects = kind.shown(candidates, at=at)
    look = letterhead_look()
    stores = Store.objects.in_bulk([found.store_id for found in candidates if found.store_id])
    templates = kind.templates()
    company = Company.objects.get()
    planned = []
    for candidate, subject in zip(candidates, subjects, strict=True):
        chain = candidate.channels or automation.channels
        channel = first_open_channel(candidate.recipient, chain, kind.purpose)
        template = pick_template(templates, channel, candidate.recipient.language) if channel else None
        store = stores.get(candidate.store_id or 0)
        held_out = automation.holds_out(candidate.recipient.customer_id)
        text, reason = "", candidate.reason or (HELD_OUT if held_out else "")
        if template is not None and not reason:
            facts = Facts(
                recipient=candidate.recipient,
                company=company,
                store=store,
                subject=subject,
                coupon=sample_coupon(automation, subject, at=at),
            )
            text, reason = _text(template, facts, look)
        elif not reason:
            reason = "no_template"
        planned.append(Planned(candidate=candidate, store=store, channel=channel, text=text, reason=reason))
    return planned


def _text(template: Template, facts: Facts, look: Look) -> tuple[str, str]:
    """Return the text, and why there is none."""
    try:
        return compose(template, facts, look=look).text, ""
    except TemplateRefused as refusal:
        return "", refusal.code if refusal.code in REASONS else "template_failed"


def sample_coupon(automation: Automation, subject: Any, *, at: datetime) -> Coupon | None:
    """Return a promo code that looks like the real ones; None when the automation gives none."""
    if automation.pool is None:
        return None
    kind = AUTOMATIC[automation.occasion]
    settings = kind.read(automation)
    prefix = f"{automation.pool.pattern}-" if automation.pool.pattern else ""
    code = f"{prefix}7GK2-M0ZD-9QWT-31HX"
    return Coupon(
        code=code,
        link=coupon_link(settings.link or kind.link_of(subject), code),
        expires_at=code_expiry(at, settings.code_valid_hours),
    )


def preview_people(occasion: str, *, at: datetime) -> list[tuple[str, str]]:
    """Return real people to look at a text with: (key, name), the newest first."""
    return AUTOMATIC[occasion].people(at=at)


def preview_context(automation: Automation, key: str, *, language: str, at: datetime) -> dict[str, Any]:
    """Return the variables for one of `preview_people`; the sample for anybody else."""
    kind = AUTOMATIC[automation.occasion]
    number = typed_key(key)
    found = kind.person(number, at=at) if number is not None else None
    if found is None:
        return kind.sample
    recipient, store, subject = found
    facts = Facts(
        recipient=recipient,
        company=Company.objects.get(),
        store=store,
        subject=subject,
        coupon=sample_coupon(automation, subject, at=at),
        unsubscribe_url=kind.sample["unsubscribe_link"],
        preferences_url=kind.sample["preferences_link"],
    )
    with translation.override(language):
        return build_context(automation.occasion, facts)
