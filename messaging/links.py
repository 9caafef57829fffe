"""Which links may stand in a message. No Django, no network: a link is judged by how it is written."""

import ipaddress
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

_SCHEMES = ("https", "http")
_PEOPLE = ("mailto", "tel")
# Carriers and WhatsApp throw messages with such links away: nobody can see where they lead.
_SHORTENERS = frozenset(
    [
        "bit.ly",
        "cutt.ly",
        "encurtador.com.br",
        "goo.gl",
        "is.gd",
        "ow.ly",
        "rb.gy",
        "shorturl.at",
        "t.co",
        "t.ly",
        "tiny.cc",
        "tinyurl.com",
    ]
)
_IN_TEXT = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,20}://[^\s<>\"]*|\b(?:javascript|vbscript|data):[^\s<>\"]+|\bwww\.[^\s<>\"]+|"
    + "|".join(rf"(?<![\w.@/-]){re.escape(host)}/[^\s<>\"]*" for host in sorted(_SHORTENERS)),
    re.IGNORECASE,
)


def links_of(text: str) -> Iterator[str]:
    """Yield what a phone would turn into a link."""
    for found in _IN_TEXT.finditer(text):
        yield found.group().rstrip(".,;:!?)")


def why_forbidden(url: str, *, shorteners: bool = True, people: bool = False) -> str:
    """Return the code of what is wrong with a link; empty when nothing is.

    `people` allows mailto: and tel:, `shorteners` False refuses links that hide where they lead. Codes: `scheme`, `host`,
    `local` (only this machine or network knows it), `credentials`, `shortener`.
    """
    text = url.strip()
    scheme = text.partition(":")[0].lower() if ":" in text else ""
    if people and scheme in _PEOPLE:
        return "" if text.partition(":")[2].strip() else "host"
    try:
        parts = urlsplit(
            text if "://" in text or scheme in ("javascript", "vbscript", "data") else f"https://{text}"
        )
        host = (parts.hostname or "").rstrip(".").lower()
        _port = parts.port
    except ValueError:
        return "host"
    if parts.scheme.lower() not in _SCHEMES:
        return "scheme"
    if parts.username is not None or parts.password is not None:
        return "credentials"
    if not host:
        return "host"
    if _is_local(host):
        return "local"
    if "." not in host:
        return "host"
    if not shorteners and host.removeprefix("www.") in _SHORTENERS:
        return "shortener"
    return ""


def _is_local(host: str) -> bool:
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal", ".lan")):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False
