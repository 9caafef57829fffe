"""The named templates of a demonstration: those that chains know from elsewhere, and some for mailings."""

from datetime import datetime

from messaging.models import AppliesTo, Channel, Template
from messaging.occasions import AUTOMATIC
from messaging.services.templates import save_template
from messaging.starters import begin

_LANGUAGE = "pt-br"
# name, occasion, channel: they begin as the occasion's own text.
_OF_OCCASIONS = (
    ("ANNIV", "birthday", Channel.SMS),
    ("GIFTCARD REMINDER SMS", "gift_card_reminder", Channel.SMS),
    ("EXPIRATIONGIFTCARDEMAIL", "gift_card_reminder", Channel.EMAIL),
)
# name, channel, starter.
_OF_MAILINGS = (
    ("NOVIDADES", Channel.EMAIL, "news"),
    ("OFERTA DA SEMANA", Channel.EMAIL, "offer"),
    ("NOVIDADES", Channel.WHATSAPP, ""),
    ("NOVIDADES", Channel.SMS, ""),
)


def install_named_templates(*, at: datetime) -> int:
    """Save each named template that is not there; return how many were added."""
    added = 0
    for name, occasion, channel in _OF_OCCASIONS:
        text = AUTOMATIC[occasion].texts.get((channel, _LANGUAGE))
        if text is not None:
            draft = Template(occasion=occasion, subject=text.subject, text=text.text, html=text.html)
            added += _add(draft, name, channel, at)
    for name, channel, starter in _OF_MAILINGS:
        draft = begin(
            Template(applies_to=AppliesTo.CUSTOMERS, channel=channel, language=_LANGUAGE), starter=starter
        )
        added += _add(draft, name, channel, at)
    return added


def _add(draft: Template, name: str, channel: str, at: datetime) -> bool:
    if Template.objects.filter(name=name, channel=channel, language=_LANGUAGE).exists():
        return False
    draft.name, draft.channel, draft.language, draft.in_use = name, channel, _LANGUAGE, False
    save_template(template=draft, by=None, at=at)
    return True
