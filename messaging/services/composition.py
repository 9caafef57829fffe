"""Turns a template and the facts of one person into the texts that leave."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import linebreaks

from messaging.facts import Facts
from messaging.models import Channel, Template
from messaging.occasions import KINDS
from messaging.rendering import TemplateRefused, measure_sms, plain_text, render, single_line, used_variables
from retail import formats
from retail.models import Company


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """The texts of one message on one channel. `variables` are the values that an approved template needs."""

    subject: str
    text: str
    html: str
    variables: dict[str, str] = field(default_factory=dict)


class TextTooLong(TemplateRefused):
    """A text message is longer than the company allows."""

    def __init__(self, *, limit: int, actual: int) -> None:
        super().__init__("text_too_long", limit=limit, actual=actual)


def compose(template: Template, facts: Facts) -> Composed:
    """Fill a template. Raises TemplateRefused, and TextTooLong beyond the company's limit for text messages."""
    with translation.override(template.language):
        context = build_context(template.occasion, facts)
        return compose_with(template, context, company=facts.company)


def compose_with(template: Template, context: dict[str, Any], *, company: Company) -> Composed:
    """Fill a template with a context that is ready, such as an occasion's sample."""
    text = plain_text(render(template.text, context))
    if template.channel == Channel.SMS:
        _refuse_long_text(text, company)
    if template.channel != Channel.EMAIL:
        values = {name: str(_look_up(context, name)) for name in sorted(used_variables(template.text))}
        return Composed(subject="", text=text, html="", variables=values)
    subject = single_line(render(template.subject, context))
    body = render(template.html, context, html=True) if template.html else linebreaks(text, autoescape=True)
    with translation.override(template.language):
        html = render_to_string(
            "messaging/email_layout.html",
            {
                "subject": subject,
                "body": body,
                "company": company,
                "language": template.language,
                "unsubscribe_link": context.get("unsubscribe_link"),
            },
        )
    return Composed(subject=subject, text=text, html=html)


def build_context(occasion: str, facts: Facts) -> dict[str, Any]:
    """Return the variables of an occasion as plain values, formatted in the active language.

    What is absent is None, never "": to liquid an empty text counts as something.
    """
    name = facts.recipient.name.strip()
    context: dict[str, Any] = {
        "customer": {"name": name or None, "first_name": _first_name(name) or None},
        "company": {"name": facts.company.name},
        "store": {"name": facts.store.name if facts.store else facts.company.name},
        "coupon": {"code": None, "link": None, "valid_until": None},
        "unsubscribe_link": facts.unsubscribe_url or None,
    }
    if facts.coupon:
        context["coupon"] = {
            "code": facts.coupon.code,
            "link": facts.coupon.link or None,
            "valid_until": formats.moment(facts.coupon.expires_at, facts.zone),
        }
    return context | KINDS[occasion].fill(facts)


def pick_template(templates: list[Template], channel: str, language: str) -> Template | None:
    """Choose the text of a channel: the person's language, else the installation's, else any."""
    found = {template.language: template for template in templates if template.channel == channel}
    return found.get(language) or found.get(settings.LANGUAGE_CODE) or next(iter(found.values()), None)


def _first_name(name: str) -> str:
    first = name.split(" ", 1)[0]
    # Chains keep names in capitals; nobody likes to be shouted at.
    return first.capitalize() if first.isupper() else first


def _look_up(context: dict[str, Any], name: str) -> Any:
    value: Any = context
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return "" if value is None else value


def _refuse_long_text(text: str, company: Company) -> None:
    size = measure_sms(text)
    if size.characters > company.sms_limit:
        raise TextTooLong(limit=company.sms_limit, actual=size.characters)
