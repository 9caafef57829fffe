"""Which addresses may be called: https to public addresses only, whatever way they are written.

What counts is the address that a name resolves to, not how it is spelt: 127.1, 0x7f.1 and 2130706433 are all 127.0.0.1
once resolved. The check of the text only says early what would be refused at the call.
"""

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

MAX_URL = 500
_PLAIN = re.compile(r"[\x21-\x7e]+")
_HOST = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*")
# Public IPv4 within IPv6, as networks without IPv4 write it (RFC 6052).
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# What Python versions call public, or not, differently.
_NEVER = [
    ipaddress.ip_network(network)
    for network in (
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "240.0.0.0/4",
        "::/96",
        "::ffff:0:0/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
    )
]


class AddressRefused(ValueError):
    """An address may not be called. `code` says why: `scheme`, `host`, `port`, `credentials`, `not_public`, `url`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Target:
    """Where a call goes: `path` with its query."""

    is_tls: bool
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """What the header Host says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_tls else 80) else f"{host}:{self.port}"


def parse_url(url: str) -> Target:
    """Return where a URL leads. Raises AddressRefused."""
    if len(url) > MAX_URL or not _PLAIN.fullmatch(url) or "\\" in url:
        raise AddressRefused("url")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise AddressRefused("url") from error
    if parts.scheme not in ("https", "http"):
        raise AddressRefused("scheme")
    if "@" in parts.netloc:
        raise AddressRefused("credentials")
    if parts.fragment or not host:
        raise AddressRefused("url")
    literal = _literal(host)
    if literal is None and not _HOST.fullmatch(host):
        raise AddressRefused("host")
    is_loopback = host.lower() == "localhost" or (literal is not None and literal.is_loopback)
    is_tls = parts.scheme == "https"
    port = (443 if is_tls else 80) if port is None else port
    if not (is_loopback and loopback_is_allowed()):
        if not is_tls:
            raise AddressRefused("scheme")
        if port not in settings.WEBHOOK_PORTS:
            raise AddressRefused("port")
        if host.lower() == "localhost" or (literal is not None and not is_public(literal)):
            raise AddressRefused("not_public")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(is_tls=is_tls, host=host, port=port, path=path)


def loopback_is_allowed() -> bool:
    """Whether this very machine may be called: while developing, and in a demonstration that is no server for strangers."""
    return not settings.PRODUCTION and bool(settings.DEMO or settings.DEBUG)


def may_be_called(address: str) -> bool:
    """Whether an address that a name was resolved to may be called."""
    found = ipaddress.ip_address(address.partition("%")[0])
    return is_public(found) or (found.is_loopback and loopback_is_allowed())


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is one of the public internet. IPv4 in the clothes of IPv6 is refused, public or not."""
    if address in _NAT64:
        address = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if any(address in network for network in _NEVER):
        return False
    return address.is_global and not (
        address.is_multicast
        or address.is_reserved
        or address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_unspecified
    )


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that a host is, in any notation that the system's resolver understands; None for a name."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None
