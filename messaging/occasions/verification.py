"""Proof of the person: the code by which a customer shows who they are, asked for at the till."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from messaging.facts import MASK, Facts
from messaging.models import Message
from messaging.occasions.base import Kind
from messaging.occasions.parts import DefaultText, LastLook, NotNow, Variable, on_every_channel
from messaging.occasions.variables import COMPANY
from messaging.purposes import MessagePurpose, Urgency
from messaging.services.verifications import VALID, VERIFICATION, code_to_send

# No letter makes it cost two segments.
_WORDS = {
    "pt-br": DefaultText(
        subject="Seu código na {{ company.name }}",
        text="{{ company.name }}: {{ code }} confirma o uso do seu saldo na loja. Vale {{ minutes }} minutos. Diga apenas no caixa.",
    ),
    "en": DefaultText(
        subject="Your code at {{ company.name }}",
        text="{{ company.name }}: {{ code }} confirms the use of your balance. Valid for {{ minutes }} minutes. Tell it at the till only.",
    ),
}
TEXTS = on_every_channel(_WORDS)


class ProofOfThePerson(Kind):
    """Keys: `verification:<id>`. What is stored of the text shows no code."""

    code = VERIFICATION
    label = _("Proof of the person")
    icon = "lock"
    purpose = MessagePurpose.TRANSACTIONAL
    urgency = Urgency.AT_ONCE
    variables = (
        *COMPANY,
        Variable("code", _("The code"), "123456"),
        Variable("minutes", _("For how many minutes it is valid"), 10),
    )
    texts = TEXTS
    falls_back = True

    def subject(self, message: Message, *, at: datetime) -> Any:
        return code_to_send(message, at=at)

    def last_look(self, look: LastLook) -> NotNow | None:
        """A code that was used, or is too old, is of no use any more."""
        return NotNow("too_late", error=look.message.error) if look.subject is None else None

    def fill(self, facts: Facts) -> dict[str, Any]:
        return {"code": facts.subject, "minutes": VALID.seconds // 60}

    def as_stored(self, facts: Facts) -> Facts:
        return replace(facts, subject=MASK)
