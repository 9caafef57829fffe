"""The texts that a new installation proposes for automations, by occasion, channel and language."""

from messaging.occasions import AUTOMATIC
from messaging.occasions.parts import DefaultText

DEFAULTS: dict[tuple[str, str, str], DefaultText] = {
    (kind.code, channel, language): text
    for kind in AUTOMATIC.values()
    for (channel, language), text in kind.texts.items()
}
