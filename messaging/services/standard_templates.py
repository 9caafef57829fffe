"""The texts that an installation begins with: what each automation says by itself, and the names that chains know from elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models.functions import Upper

from messaging.defaults import DEFAULTS
from messaging.models import Channel, Template
from messaging.occasions import AUTOMATIC
from messaging.occasions.parts import DefaultText
from messaging.services.templates import TemplateInvalid, save_template

# name, occasion, channel: they begin as the occasion's own text, in the language of the first chains.
NAMED = (
    ("ANNIV", "birthday", Channel.SMS),
    ("GIFTCARD REMINDER SMS", "gift_card_reminder", Channel.SMS),
    ("EXPIRATIONGIFTCARDEMAIL", "gift_card_reminder", Channel.EMAIL),
)
_LANGUAGE = "pt-br"


@dataclass(frozen=True, slots=True)
class Installed:
    """How many texts were added, and those that could not be: the company's name may be too long for a text message."""

    added: int
    refused: list[Template]


def missing_templates() -> list[Template]:
    """Return the standard texts that are not there, unsaved. Two queries."""
    own = set(Template.objects.filter(name="").values_list("occasion", "channel", "language"))
    named = set(Template.objects.exclude(name="").values_list(Upper("name"), "channel", "language"))
    return [
        template
        for template in _standard()
        if (template.name or template.occasion, template.channel, template.language)
        not in (named if template.name else own)
    ]


def install_standard_templates(*, by: User | None = None, at: datetime) -> Installed:
    """Save each standard text that is not there; nothing that is there changes. Named ones are not in use."""
    added, refused = 0, []
    for template in missing_templates():
        # Where a template with a name is in use, the own text stands beside it.
        used = Template.objects.in_use(template.occasion)
        same = used.filter(channel=template.channel, language=template.language)
        template.in_use = not template.name and not same.exists()
        try:
            save_template(template=template, by=by, at=at)
            added += 1
        except TemplateInvalid:
            refused.append(template)
    return Installed(added, refused)


def _standard() -> Iterator[Template]:
    for (occasion, channel, language), text in DEFAULTS.items():
        yield _template(occasion, channel, language, text)
    for name, occasion, channel in NAMED:
        yield _template(
            occasion, channel, _LANGUAGE, AUTOMATIC[occasion].texts[channel, _LANGUAGE], name=name
        )


def _template(occasion: str, channel: str, language: str, text: DefaultText, *, name: str = "") -> Template:
    return Template(
        name=name,
        occasion=occasion,
        channel=channel,
        language=language,
        subject=text.subject,
        text=text.text,
        html=text.html,
    )
