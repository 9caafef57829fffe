"""What the company decided about marketing: tracking, attribution, double opt-in."""

from datetime import datetime
from typing import Any

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


# The same for statements over many customers, `c`: with the moment since which a yes must be confirmed, the channel's answers
# (the channel and ""), and the purpose.
AGREED_SQL = """coalesce((SELECT n.granted AND (%s::timestamptz IS NULL OR n.given_at < %s OR n.source = ANY(%s))
    FROM customers_consent n WHERE n.customer_id = c.id AND n.purpose = %s AND n.channel = ANY(%s)
   ORDER BY n.given_at DESC, n.id DESC LIMIT 1), false)"""


def agreed_params(channel: str, *, since: datetime | None) -> tuple[Any, ...]:
    """Return the values of `AGREED_SQL`: `may_be_written_to` on a channel."""
    return (since, since, sorted(CONFIRMED_SOURCES), Purpose.MARKETING.value, sorted({channel, ""}))


def refused_profiling(answers: StandingConsents) -> bool:
    """Whether a customer said no to profiling, for one channel or for all."""
    return any(purpose == Purpose.PROFILING and not granted for purpose, _channel, granted in answers)


# The same for statements over many customers, `c`: of each channel the answer that stands.
REFUSED_PROFILING_SQL = """EXISTS (SELECT FROM (SELECT DISTINCT ON (n.channel) n.granted FROM customers_consent n
    WHERE n.customer_id = c.id AND n.purpose = 'profiling' ORDER BY n.channel, n.given_at DESC, n.id DESC) p WHERE NOT p.granted)"""
