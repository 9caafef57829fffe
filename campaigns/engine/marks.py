"""Mark texts for translation without translating them: the engine knows no language, the edge does."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct


def gettext_noop(message: str) -> str:
    """Return the message unchanged. The name is one that `makemessages` collects."""
    return message


class Phrase(Struct, frozen=True):
    """A translatable sentence and what goes into its `%(name)s` places.

    Each parameter is `(unit, value)` with the units of `campaigns.engine.verdict.Unit` and `percent` (millionths), so
    that the reader's language decides how an amount looks.
    """

    message: str
    params: Mapping[str, tuple[str, Any]] = {}
