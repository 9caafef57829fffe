"""The text that carries a code to its customer, and the same text as it is stored: without the code."""

from django.conf import settings

from messaging.defaults import VERIFICATION
from messaging.models import Occasion, Template
from messaging.services.composition import Composed, compose_with, pick_template
from messaging.services.verifications import VALID
from retail.models import Company

MASK = "••••••"


def compose_code(code: str, *, channel: str, language: str) -> tuple[Template, Composed, Composed]:
    """Return the template, what is sent, and what is stored of it. Raises TemplateRefused."""
    own = list(Template.objects.filter(occasion=Occasion.VERIFICATION))
    template = pick_template(own, channel, language) or _usual(channel, language)
    company = Company.objects.get()
    context = {
        "company": {"name": company.name},
        "minutes": VALID.seconds // 60,
        "unsubscribe_link": None,
    }
    sent, stored = (
        compose_with(template, context | {"code": shown}, company=company) for shown in (code, MASK)
    )
    return template, sent, stored


def _usual(channel: str, language: str) -> Template:
    spoken = language if language in VERIFICATION else settings.LANGUAGE_CODE
    words = VERIFICATION.get(spoken) or next(iter(VERIFICATION.values()))
    return Template(
        occasion=Occasion.VERIFICATION,
        channel=channel,
        language=spoken,
        subject=words.subject,
        text=words.text,
    )
