"""Templates as real customers would get them, and what a text message costs. Nothing is stored or sent."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.utils import translation

from customers.models import Customer
from messaging.facts import Facts, sale_words
from messaging.models import AppliesTo, Channel, Template
from messaging.rendering import SmsSize, measure_sms
from messaging.selectors.contacts import recipients
from messaging.services.composition import Composed, common_context, compose_with
from messaging.services.templates import check_template, save_template
from messaging.vocabulary import overlay, vocabulary_of
from retail.models import Company, Sale

MOST_FOUND = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """One template filled for one person. `size` and `cost` (reais for one message, None without a price) are of text messages."""

    composed: Composed
    size: SmsSize | None = None
    cost: Decimal | None = None
    limit: int = 0


def find_customers(text: str) -> list[Customer]:
    """Return customers to look at a template with: those that a search finds, else the newest; at most 20."""
    found = Customer.objects.search(text) if text.strip() else Customer.objects.filter(is_active=True)
    return list(found.exclude(name="").order_by("-pk")[:MOST_FOUND])


def customer_context(template: Template, customer: Customer | None) -> dict[str, Any]:
    """Return the variables of a template for a customer; what a customer alone does not say is the sample's.

    For mailings to sales, the sale is the customer's last one.
    """
    sample = vocabulary_of(template).sample
    if customer is None:
        return sample
    sale = None
    if template.applies_to == AppliesTo.SALES:
        sale = (
            Sale.objects.real()
            .filter(customer=customer)
            .select_related("store")
            .order_by("-occurred_at", "-pk")
            .first()
        )
    with translation.override(template.language):
        values = mailing_context(
            Facts(
                recipient=recipients([customer])[customer.pk],
                company=Company.objects.get(),
                store=sale.store if sale else customer.home_store,
                unsubscribe_url=sample.get("unsubscribe_link", ""),
                preferences_url=sample.get("preferences_link", ""),
            ),
            sale=sale,
        )
    known = {name: value for name, value in values.items() if name in sample and name != "coupon"}
    return overlay(sample, known)


def mailing_context(facts: Facts, *, sale: Sale | None = None) -> dict[str, Any]:
    """Return the variables of a mailing's text for one person, in the active language; with `sale`, also those of sales."""
    context = common_context(facts)
    if sale is not None:
        context["sale"] = sale_words(sale)
    return context


def preview_template(template: Template, context: dict[str, Any]) -> Preview:
    """Fill a template as it stands, saved or not. Raises TemplateInvalid, and TemplateRefused for this person's values."""
    check_template(template)
    company = Company.objects.get()
    composed = compose_with(template, context, company=company)
    if template.channel != Channel.SMS:
        return Preview(composed=composed)
    size = measure_sms(composed.text)
    price = company.sms_segment_price
    return Preview(
        composed=composed,
        size=size,
        cost=None if price is None else price * size.segments,
        limit=company.sms_limit,
    )


def save_as_template(
    *,
    name: str,
    applies_to: str,
    channel: str,
    language: str,
    texts: dict[str, str],
    by: User | None,
    at: datetime,
) -> Template:
    """Keep what was written in a composer as a named template for mailings. Raises TemplateInvalid.

    `texts` are any of subject, text, html, html_format.
    """
    template = Template(
        name=name, applies_to=applies_to, channel=channel, language=language, in_use=False, **texts
    )
    return save_template(template=template, by=by, at=at)
