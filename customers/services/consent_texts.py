"""The texts that people are shown when they are asked for consent: versions that are only ever added."""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils.translation import gettext as _

from customers.models import ConsentChannel, ConsentText, Purpose
from retail.rows import FieldError, FieldRefused, read_text

LONGEST = 4_000


class ConsentTextRefused(Exception):
    """A text cannot be written; ``errors`` name the fields."""

    code = "invalid"

    def __init__(self, errors: Iterable[FieldError]) -> None:
        super().__init__("")
        self.errors = tuple(errors)


def digest_of(text: str) -> str:
    """Return the SHA-256 of a text in hexadecimal; empty for an empty one."""
    return hashlib.sha256(text.encode()).hexdigest() if text else ""


@transaction.atomic
def write_consent_text(
    *, purpose: str, channel: str, language: str, text: str, by: User | None, at: datetime
) -> ConsentText:
    """Add a version of a text and return it; the text that is shown already is returned as it stands.

    Raises ConsentTextRefused.
    """
    errors = [
        FieldError(name, "choice", _("This is not one of the values."))
        for name, value, known in (
            ("purpose", purpose, Purpose.values),
            ("channel", channel, ConsentChannel.values),
            ("language", language, [code for code, _label in settings.LANGUAGES]),
        )
        if value not in known
    ]
    try:
        # As answers are read, so that whoever was shown the text can send it back with the answer.
        text = read_text(text, LONGEST, line_breaks=True)
    except FieldRefused as refusal:
        errors.append(FieldError("text", refusal.code, refusal.message))
    if not text:
        errors.append(FieldError("text", "blank", _("This cannot be empty.")))
    if errors:
        raise ConsentTextRefused(errors)
    _lock(f"{purpose}:{channel}:{language}")
    newest = (
        ConsentText.objects.filter(purpose=purpose, channel=channel, language=language)
        .order_by("-number")
        .first()
    )
    if newest is not None and newest.text == text:
        return newest
    number = newest.number + 1 if newest else 1
    return ConsentText.objects.create(
        purpose=purpose,
        channel=channel,
        language=language,
        number=number,
        version="-".join(part for part in (purpose, channel, language, str(number)) if part),
        text=text,
        digest=digest_of(text),
        written_by=by,
        written_at=at,
    )


def _lock(name: str) -> None:
    # Two managers who save at once get two numbers.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"consent-text:{name}"])
