"""What an automation would send, without sending or storing anything."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.utils import translation

from customers.models import Customer
from messaging.models import Automation, Cart, CartState, Occasion, Template
from messaging.occasions import declaration, read_settings
from messaging.rendering import TemplateRefused
from messaging.schedule import code_expiry
from messaging.selectors.contacts import Recipient, cart_recipient, recipients
from messaging.services.composition import Coupon, Facts, build_context, compose, coupon_link, pick_template
from messaging.services.planning import (
    Candidate,
    birthday_candidates,
    first_open_channel,
    recovery_candidates,
)
from retail.models import Company, Store

MOST_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One line of "who would get what today". `reason` says why there would be no message."""

    candidate: Candidate
    store: Store | None
    channel: str
    text: str
    reason: str


def todays_messages(automation: Automation, *, at: datetime) -> list[Planned]:
    """Return who would still get what today, in the order of the day; at most 200."""
    find = birthday_candidates if automation.occasion == Occasion.BIRTHDAY else recovery_candidates
    candidates = list(islice(_by_time(find(automation, at=at, whole_day=True)), MOST_SHOWN))
    stores = Store.objects.in_bulk([found.store_id for found in candidates if found.store_id])
    templates = list(Template.objects.filter(occasion=automation.occasion))
    company = Company.objects.get()
    planned = []
    for candidate in candidates:
        channel = first_open_channel(candidate.recipient, automation.channels)
        template = pick_template(templates, channel, candidate.recipient.language) if channel else None
        store = stores.get(candidate.store_id or 0)
        text, reason = "", candidate.reason
        if template is not None and not reason:
            facts = Facts(
                recipient=candidate.recipient,
                company=company,
                store=store,
                cart=candidate.cart,
                coupon=sample_coupon(automation, candidate.cart, at=at),
            )
            try:
                text = compose(template, facts).text
            except TemplateRefused as refusal:
                reason = refusal.code if refusal.code == "text_too_long" else "template_failed"
        elif not reason:
            reason = "no_template"
        planned.append(Planned(candidate=candidate, store=store, channel=channel, text=text, reason=reason))
    return planned


def sample_coupon(automation: Automation, cart: Cart | None, *, at: datetime) -> Coupon | None:
    """Return a promo code that looks like the real ones; None when the automation gives none."""
    if automation.pool is None:
        return None
    settings = read_settings(automation.occasion, automation.settings)
    prefix = f"{automation.pool.pattern}-" if automation.pool.pattern else ""
    code = f"{prefix}7GK2-M0ZD-9QWT-31HX"
    return Coupon(
        code=code,
        link=coupon_link(settings.link or (cart.link if cart else ""), code),
        expires_at=code_expiry(at, settings.code_valid_hours),
    )


def preview_people(occasion: str) -> list[tuple[str, str]]:
    """Return real people to look at a text with: (key, name), the newest first."""
    if occasion == Occasion.RECOVERY:
        carts = Cart.objects.exclude(state=CartState.DELETED).select_related("customer")
        newest = carts.order_by("-last_interaction_at", "-pk")[:20]
        return [(str(cart.pk), cart.customer.name if cart.customer else cart.name) for cart in newest]
    customers = Customer.objects.filter(is_active=True, birth_date__isnull=False).exclude(name="")
    return [(str(customer.pk), customer.name) for customer in customers.order_by("-pk")[:20]]


def preview_context(automation: Automation, key: str, *, language: str, at: datetime) -> dict[str, Any]:
    """Return the variables for one of `preview_people`; the sample for anybody else."""
    found = _recovery_facts(key) if automation.occasion == Occasion.RECOVERY else _birthday_facts(key)
    if found is None:
        return declaration(automation.occasion).sample
    recipient, store, cart = found
    facts = Facts(
        recipient=recipient,
        company=Company.objects.get(),
        store=store,
        cart=cart,
        coupon=sample_coupon(automation, cart, at=at),
        unsubscribe_url=declaration(automation.occasion).sample["unsubscribe_link"],
    )
    with translation.override(language):
        return build_context(facts)


def _recovery_facts(key: str) -> tuple[Recipient, Store | None, Cart | None] | None:
    cart = Cart.objects.filter(pk=key).select_related("customer", "store").first() if _is_key(key) else None
    return (cart_recipient(cart), cart.store, cart) if cart else None


def _birthday_facts(key: str) -> tuple[Recipient, Store | None, Cart | None] | None:
    customers = Customer.objects.select_related("home_store")
    customer = customers.filter(pk=key).first() if _is_key(key) else None
    return (recipients([customer])[customer.pk], customer.home_store, None) if customer else None


def _is_key(key: str) -> bool:
    return key.isascii() and key.isdigit() and len(key) < 19


def _by_time(candidates: Iterator[Candidate]) -> Iterator[Candidate]:
    return iter(sorted(candidates, key=lambda found: (found.window.due_at, found.recipient.person)))
