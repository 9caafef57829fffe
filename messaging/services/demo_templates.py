"""The named templates for mailings of a demonstration."""

from datetime import datetime

from messaging.models import AppliesTo, Channel, Template
from messaging.services.templates import save_template
from messaging.starters import PLACEHOLDER, begin

_LANGUAGE = "pt-br"
# name, starter, what it says.
_EMAILS_OF_MAILINGS = (
    (
        "NOVIDADES",
        "news",
        "a coleção de inverno chegou: tricôs, jaquetas e moletons para os dias frios. Venha conhecer!",
    ),
    ("OFERTA DA SEMANA", "offer", "em toda a coleção de inverno, na loja mais perto de você e no site."),
)
# name, channel, text.
_TEXTS_OF_MAILINGS = (
    (
        "NOVIDADES",
        Channel.WHATSAPP,
        "Oi, {{ customer.first_name }}! A coleção de inverno já está na {{ store.name }}. Esperamos você!"
        "\n\nPara não receber mais mensagens, responda SAIR.",
    ),
    # No letter that would cost a second segment.
    (
        "NOVIDADES",
        Channel.SMS,
        "{{ company.name }}: {{ customer.first_name }}, as novidades de inverno chegaram! Veja em https://loja.example.com/",
    ),
)


def install_mailing_templates(*, at: datetime) -> int:
    """Save each named template that is not there; return how many were added."""
    added = 0
    for name, starter, words in _EMAILS_OF_MAILINGS:
        draft = Template(applies_to=AppliesTo.CUSTOMERS, channel=Channel.EMAIL, language=_LANGUAGE)
        begin(draft, starter=starter)
        draft.html = draft.html.replace(PLACEHOLDER[_LANGUAGE], words)
        added += _add(draft, name, Channel.EMAIL, at)
    for name, channel, words in _TEXTS_OF_MAILINGS:
        added += _add(Template(applies_to=AppliesTo.CUSTOMERS, text=words), name, channel, at)
    return added


def _add(draft: Template, name: str, channel: str, at: datetime) -> bool:
    if Template.objects.filter(name=name, channel=channel, language=_LANGUAGE).exists():
        return False
    draft.name, draft.channel, draft.language, draft.in_use = name, channel, _LANGUAGE, False
    save_template(template=draft, by=None, at=at)
    return True
