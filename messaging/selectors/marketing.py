"""What the company decided about marketing: tracking, attribution, double opt-in."""

from datetime import datetime

from customers.models import Purpose
from customers.selectors import StandingConsents
from messaging.models import MarketingSettings

# Where answers come from that the person gave through the address itself.
CONFIRMED = "confirmation"
CONFIRMED_SOURCES = frozenset([CONFIRMED, "preference_page"])


def marketing_settings() -> MarketingSettings:
    """Return the company's decisions; those of a new installation while nobody has decided anything."""
    return MarketingSettings.objects.filter(pk=1).first() or MarketingSettings(pk=1)


def awaits_confirmation(answers: StandingConsents, channel: str, *, since: datetime | None) -> bool:
    """Whether the yes to marketing that stands for a channel was given since double opt-in and is not confirmed yet."""
    key = answers.standing_key(Purpose.MARKETING, channel)
    if key is None or since is None:
        return False
    given_at, _id, granted = answers.answers[key]
    return granted and given_at >= since and answers.sources[key] not in CONFIRMED_SOURCES


def may_be_written_to(answers: StandingConsents, channel: str, *, since: datetime | None) -> bool:
    """Whether a customer agreed to marketing on a channel, and confirmed it where the company asks for that."""
    return answers.granted(Purpose.MARKETING, channel) and not awaits_confirmation(
        answers, channel, since=since
    )


def refused_profiling(answers: StandingConsents) -> bool:
    """Whether a customer said no to profiling, for one channel or for all."""
    return any(purpose == Purpose.PROFILING and not granted for purpose, _channel, granted in answers)
