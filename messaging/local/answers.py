"""What the imitations of providers answer."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a JSON document, as the real provider would answer."""

    status: int
    document: dict[str, Any] = field(default_factory=dict)
