"""Turns a template and the facts of one person into the texts that leave."""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from django.conf import settings
from django.utils import translation
from django.utils.html import linebreaks
from django.utils.translation import gettext as _now

from customers.phones import is_mobile
from messaging.facts import MASK, Facts
from messaging.markup import check_markup, text_of
from messaging.mjml import Frame, blocks_of, compile_email
from messaging.models import LONGEST_SUBJECT, Channel, HtmlFormat, PhoneField, Template
from messaging.occasions import KINDS
from messaging.rendering import TemplateRefused, measure_sms, plain_text, render, single_line, used_variables
from messaging.selectors.letterhead import Look, letterhead_look
from retail import formats
from retail.models import Company

_LINK = re.compile(r"https?://[^\s<>\"{]+", re.IGNORECASE)
_ENDS_A_SENTENCE = ".,;:!?)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """The texts of one message on one channel. `variables` are the values that an approved template needs."""

    subject: str
    text: str
    html: str
    variables: dict[str, str] = field(default_factory=dict)


class Links(Protocol):
    """What puts other addresses in place of the links of one message, such as `messaging.services.tracking.Tracker`."""

    def allow(self, links: Iterable[str]) -> None:
        """Take the values of variables that are links for links of the message, beside those that its template has."""
        ...

    def text(self, text: str) -> str:
        """Return a plain text with its links replaced."""
        ...

    def markup(self, markup: str) -> str:
        """Return a whole HTML document with its links replaced."""
        ...

    def value(self, value: str) -> str:
        """Return the value of a template's variable, replaced when it is a link."""
        ...


class TextTooLong(TemplateRefused):
    """A text message is longer than the company allows."""

    def __init__(self, *, limit: int, actual: int) -> None:
        super().__init__("text_too_long", limit=limit, actual=actual)


def compose(
    template: Template, facts: Facts, *, links: Links | None = None, look: Look | None = None
) -> Composed:
    """Fill a template for one person; `links` replaces its links before a text message is measured.

    `look` is the letterhead, for whoever fills many; else it is read.

    Raises TemplateRefused (`not_mobile` when it does not go to the person's number), and TextTooLong beyond the company's
    limit for text messages.
    """
    refuse_number(template, facts.recipient.phone)
    with translation.override(template.language):
        context = build_context(template.occasion, facts)
        if links is not None:
            links.allow(_links_in(context))
        return compose_with(template, context, company=facts.company, links=links, look=look)


def refuse_number(template: Template, phone: str) -> None:
    """Raise TemplateRefused(`not_mobile`) for a landline when a WhatsApp template goes to mobiles only."""
    for_mobiles = template.channel == Channel.WHATSAPP and template.phone_field == PhoneField.MOBILE
    if for_mobiles and phone and not is_mobile(phone):
        raise TemplateRefused("not_mobile")


def compose_with(
    template: Template,
    context: dict[str, Any],
    *,
    company: Company,
    links: Links | None = None,
    look: Look | None = None,
) -> Composed:
    """Fill a template with a context that is ready, such as an occasion's sample."""
    if template.channel == Channel.EMAIL:
        composed = _compose_email(template, context, company=company, look=look or letterhead_look())
        if links is None:
            return composed
        return replace(composed, text=links.text(composed.text), html=links.markup(composed.html))
    text = plain_text(render(template.text, context))
    variables = _variables(template, context)
    if links is not None:
        text = links.text(text)
        variables = {name: links.value(value) for name, value in variables.items()}
    if template.channel == Channel.SMS:
        _refuse_long_text(text, company)
    return Composed(subject="", text=text, html="", variables=variables)


def _compose_email(template: Template, context: dict[str, Any], *, company: Company, look: Look) -> Composed:
    # A long name in it must not cost its person the message.
    subject = single_line(render(template.subject, context))[:LONGEST_SUBJECT]
    text = plain_text(render(template.text, context))
    mjml = template.html_format == HtmlFormat.MJML and bool(template.html)
    body = render(template.html, context, html=True) if template.html else _as_html(text, template, context)
    blocks = blocks_of(body) if mjml else body
    # The template was checked when it was saved; what its values made of it is looked at each time.
    check_markup(blocks, mjml=mjml, values=True)
    text = text or plain_text(text_of(blocks))
    if look.footer:
        text = f"{text}\n\n{plain_text(look.footer)}"
    stop_url = context.get("unsubscribe_link") or ""
    choose_url = context.get("preferences_link") or ""
    with translation.override(template.language):
        choose_label = _now("Choose what you get")
        if choose_url and choose_url not in text:
            text = f"{text}\n\n{choose_label}: {choose_url}"
        frame = Frame(
            company=company.name,
            language=template.language,
            color=look.color,
            logo_url=look.logo_url,
            logo_width=look.logo_width,
            footer=look.footer,
            remark=_now("You get this e-mail because you agreed to news from %(company)s.")
            % {"company": company.name}
            if stop_url
            else "",
            stop_label=_now("Stop these e-mails"),
            stop_url=stop_url,
            choose_label=choose_label,
            choose_url=choose_url,
        )
    html = compile_email(body, mjml=mjml, subject=subject, frame=frame)
    return Composed(subject=subject, text=text, html=html)


def _as_html(text: str, template: Template, context: Mapping[str, Any]) -> str:
    """Return a plain text as paragraphs. Links that its template has, or that are variables, can be clicked.

    What else looks like a link stays text: customers type names.
    """
    known = {link.rstrip(_ENDS_A_SENTENCE) for link in _LINK.findall(template.text)} | set(_links_in(context))

    def linked(found: re.Match[str]) -> str:
        whole = html.unescape(found.group())
        link = whole.rstrip(_ENDS_A_SENTENCE)
        if link not in known:
            return found.group()
        return f'<a href="{html.escape(link)}">{html.escape(link)}</a>{html.escape(whole[len(link) :])}'

    return _LINK.sub(linked, linebreaks(text, autoescape=True))


def _variables(template: Template, context: dict[str, Any]) -> dict[str, str]:
    """Return the values that the provider fills an approved template with. Raises TemplateRefused(`empty_variable`)."""
    if template.channel != Channel.WHATSAPP or not template.content_sid:
        return {}
    if not template.numbered_variables:
        # It was approved by hand, under our own names.
        return {name: str(_look_up(context, name)) for name in sorted(used_variables(template.text))}
    values = {}
    for number, name in enumerate(template.numbered_variables, start=1):
        # WhatsApp takes neither an empty value nor one with line breaks.
        values[str(number)] = single_line(str(_look_up(context, name)))
        if not values[str(number)]:
            raise TemplateRefused("empty_variable", name=name)
    return values


def without_answers(composed: Composed, addresses: Iterable[str]) -> Composed:
    """Return texts in which addresses of ours open nothing any more: whoever has one answers for the message's person."""
    text, html = composed.text, composed.html
    for address in filter(None, addresses):
        masked = f"{address.rstrip('/').rpartition('/')[0]}/{MASK}/"
        text, html = text.replace(address, masked), html.replace(address, masked)
    return replace(composed, text=text, html=html)


def build_context(occasion: str, facts: Facts) -> dict[str, Any]:
    """Return the variables of an occasion, as `common_context` does, with those that only it has."""
    return common_context(facts) | KINDS[occasion].fill(facts)


def common_context(facts: Facts) -> dict[str, Any]:
    """Return the variables that do not depend on the occasion as plain values, formatted in the active language.

    What is absent is None, never "": to liquid an empty text counts as something.
    """
    name = facts.recipient.name.strip()
    context: dict[str, Any] = {
        "customer": {"name": name or None, "first_name": _first_name(name) or None},
        "company": {"name": facts.company.name},
        "store": {"name": facts.store.name if facts.store else facts.company.name},
        "coupon": {"code": None, "link": None, "valid_until": None},
        "unsubscribe_link": facts.unsubscribe_url or None,
        "preferences_link": facts.preferences_url or None,
    }
    if facts.coupon:
        context["coupon"] = {
            "code": facts.coupon.code,
            "link": facts.coupon.link or None,
            "valid_until": formats.moment(facts.coupon.expires_at, facts.zone),
        }
    return context


def _links_in(context: Mapping[str, Any]) -> Iterator[str]:
    """Yield the values of variables that are links: "cart.link", "unsubscribe_link". Their names say so."""
    for name, value in context.items():
        if isinstance(value, Mapping):
            yield from _links_in(value)
        elif isinstance(value, str) and name.rpartition("_")[2] == "link":
            yield value


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
