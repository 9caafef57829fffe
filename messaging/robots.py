"""Was it a person who followed a link or opened an e-mail? Plain Python: no Django, no clock.

Mail providers, companies' gateways and phones fetch what is in a message before anybody has read it. They are redirected like
everybody else, and not counted. Doubt counts against counting: a manager who sees 40 clicks shall have had 40 people.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

# Nobody reads a message and taps within this time after it was handed to the provider.
SOONEST_SECONDS = 2

_ROBOTS = re.compile(
    r"bot\b|crawl|spider|slurp|scan|preview|prefetch|monitor|check|headless|phantom|selenium|puppeteer|playwright"
    r"|curl|wget|python|java/|okhttp|go-http|libwww|httpclient|axios|node-fetch|ruby|perl|php/"
    r"|facebookexternalhit|whatsapp/|skypeuri|embedly|iframely"
    r"|barracuda|mimecast|proofpoint|symantec|messagelabs|fireeye|trendmicro|sophos|forcepoint|ironport|safelinks"
    r"|microsoft office|ms-office|bingpreview|google-safety|googleother|adsbot|mediapartners|urldefense|zscaler",
    re.IGNORECASE,
)
# Apple's privacy proxy names itself like this and nothing more; it opens every e-mail that arrives.
_NAMELESS = frozenset(["", "mozilla/5.0", "mozilla/4.0"])
# Mail services that fetch pictures when their reader opens the e-mail, on the reader's behalf.
_READERS_PROXIES = ("googleimageproxy", "yahoomailproxy", "outlook-ios", "outlook-android")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request, as far as it says who made it. Names of headers are in lower case."""

    method: str
    user_agent: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def is_person(visit: Visit, *, seconds_after_sending: float | None) -> bool:
    """Whether a visit counts as one of a person; None: it is not known when the message was sent."""
    if visit.method != "GET" or _is_fetched_ahead(visit.headers):
        return False
    agent = visit.user_agent.strip().lower()
    if agent in _NAMELESS:
        return False
    if not any(name in agent for name in _READERS_PROXIES) and _ROBOTS.search(agent):
        return False
    return seconds_after_sending is None or seconds_after_sending >= SOONEST_SECONDS


def _is_fetched_ahead(headers: Mapping[str, str]) -> bool:
    """Whether a browser or a program says that it fetches what nobody has asked for yet."""
    said = " ".join(
        headers.get(name, "") for name in ("sec-purpose", "purpose", "x-purpose", "x-moz")
    ).lower()
    return any(word in said for word in ("prefetch", "prerender", "preview"))
