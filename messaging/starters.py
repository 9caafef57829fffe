"""What new templates begin with: layouts of e-mails that look good everywhere, and a line for short messages.

They use only variables that every template has, so each can begin any of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from messaging.models import Channel, HtmlFormat, Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Starter:
    """One layout, with its text in each language. `html` is MJML."""

    label: Promise | str
    subject: Mapping[str, str]
    html: Mapping[str, str]
    format: str = HtmlFormat.MJML


_NEWS = """<mj-section>
  <mj-column>
    <mj-text font-size="26px" font-weight="700" line-height="1.2">{title}</mj-text>
    <mj-text>{hello} {{{{ customer.first_name | default: "{friend}" }}}},</mj-text>
    <mj-text>{body}</mj-text>
    <mj-button href="https://loja.example.com/">{button}</mj-button>
  </mj-column>
</mj-section>
"""
_OFFER = """<mj-section background-color="#eef2ff" padding="24px 8px">
  <mj-column>
    <mj-text align="center" font-size="14px" font-weight="600" color="#3730a3">{kicker}</mj-text>
    <mj-text align="center" font-size="44px" font-weight="800" line-height="1.1" color="#1e1b4b">20% OFF</mj-text>
    <mj-text align="center" color="#312e81">{body}</mj-text>
    <mj-button href="https://loja.example.com/">{button}</mj-button>
  </mj-column>
</mj-section>
<mj-section>
  <mj-column>
    <mj-text font-size="13px" color="#6b7280" align="center">{terms} {{{{ store.name }}}}</mj-text>
  </mj-column>
</mj-section>
"""
_TWO = """<mj-section>
  <mj-column>
    <mj-text font-size="24px" font-weight="700" line-height="1.25">{title}</mj-text>
  </mj-column>
</mj-section>
<mj-section>
  <mj-column>
    <mj-text font-weight="700" font-size="18px">{first}</mj-text>
    <mj-text>{body}</mj-text>
    <mj-button href="https://loja.example.com/um">{button}</mj-button>
  </mj-column>
  <mj-column>
    <mj-text font-weight="700" font-size="18px">{second}</mj-text>
    <mj-text>{body}</mj-text>
    <mj-button href="https://loja.example.com/dois">{button}</mj-button>
  </mj-column>
</mj-section>
"""
_LETTER = '<p>{hello} {{{{ customer.first_name | default: "{friend}" }}}},</p>\n<p>{body}</p>\n<p>{{{{ company.name }}}}</p>\n'

_WORDS = {
    "pt-br": {
        "title": "Uma novidade para você",
        "hello": "Olá,",
        "friend": "cliente",
        "body": "Conte aqui o que há de novo, em duas ou três frases.",
        "button": "Ver na loja",
        "kicker": "SÓ ESTA SEMANA",
        "terms": "Válido enquanto durarem os estoques.",
        "first": "Primeiro assunto",
        "second": "Segundo assunto",
        "subject": "Uma novidade da {{ company.name }}",
    },
    "en": {
        "title": "Something new for you",
        "hello": "Hello,",
        "friend": "friend",
        "body": "Tell what is new here, in two or three sentences.",
        "button": "See it in the shop",
        "kicker": "THIS WEEK ONLY",
        "terms": "While stocks last.",
        "first": "First subject",
        "second": "Second subject",
        "subject": "News from {{ company.name }}",
    },
}


def _starter(label: Promise | str, layout: str, kind: str = HtmlFormat.MJML) -> Starter:
    return Starter(
        label=label,
        subject={language: words["subject"] for language, words in _WORDS.items()},
        html={language: layout.format(**words) for language, words in _WORDS.items()},
        format=kind,
    )


STARTERS: dict[str, Starter] = {
    "news": _starter(_("News with a button"), _NEWS),
    "offer": _starter(_("An offer in large letters"), _OFFER),
    "two": _starter(_("Two subjects side by side"), _TWO),
    "letter": _starter(_("A letter (rich text)"), _LETTER, HtmlFormat.RICH),
}
# What stands in a new e-mail where its text is to be written.
PLACEHOLDER: Mapping[str, str] = {language: words["body"] for language, words in _WORDS.items()}
_SHORT = {
    "pt-br": "{{ company.name }}: escreva aqui a mensagem, {{ customer.first_name }}! Até logo.",
    "en": "{{ company.name }}: write the message here, {{ customer.first_name }}! See you soon.",
}
# WhatsApp wants words at both ends of an approved text.
_BUBBLE = {
    "pt-br": "Oi, {{ customer.first_name }}! Escreva aqui a mensagem da {{ store.name }}.\n\nPara não receber mais mensagens, responda SAIR.",
    "en": "Hi, {{ customer.first_name }}! Write the message of {{ store.name }} here.\n\nTo stop these messages, answer STOP.",
}


def begin(template: Template, *, starter: str = "") -> Template:
    """Put a text to begin with into a new template, without saving it."""
    language = template.language if template.language in _WORDS else "en"
    if template.channel == Channel.EMAIL:
        chosen = STARTERS.get(starter) or next(iter(STARTERS.values()))
        template.subject, template.html = chosen.subject[language], chosen.html[language]
        template.html_format, template.text = chosen.format, ""
    else:
        template.text = (_SHORT if template.channel == Channel.SMS else _BUBBLE)[language]
    return template
