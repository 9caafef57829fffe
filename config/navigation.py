"""The back-office's own entries; gathers those of all packages and says what one person sees on one page."""

from dataclasses import dataclass
from functools import cache

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from retail.navigation import OVERVIEW, NavigationEntry, Section, registered

ENTRIES = [
    NavigationEntry(section=OVERVIEW, label=_("Overview"), url_name="config:dashboard", icon="home", order=0),
]


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as it is drawn: its address, and whether the reader stands on it."""

    entry: NavigationEntry
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Block:
    """A section with the links that the reader may follow."""

    section: Section
    links: list[Link]


@cache
def entries() -> tuple[tuple[NavigationEntry, str, tuple[str, ...]], ...]:
    """Return each entry with its address and the addresses on which it is current, in order.

    An entry of an address that does not exist raises at once: a broken link must not reach a manager.
    """
    found: list[NavigationEntry] = sorted(
        registered("ENTRIES"), key=lambda entry: (entry.section.order, entry.order, entry.url_name)
    )
    return tuple(
        (entry, reverse(entry.url_name), tuple(reverse(name) for name in entry.also)) for entry in found
    )


def blocks_for(request: HttpRequest) -> list[Block]:
    """Return the navigation of the request's user; the longest matching address is the current one."""
    visible = [
        item for item in entries() if not item[0].permission or request.user.has_perm(item[0].permission)
    ]
    current = _current(request.path, visible)
    blocks: list[Block] = []
    for entry, url, _also in visible:
        if not blocks or blocks[-1].section != entry.section:
            blocks.append(Block(entry.section, []))
        blocks[-1].links.append(Link(entry, url, entry is current))
    return blocks


def _current(
    path: str, visible: list[tuple[NavigationEntry, str, tuple[str, ...]]]
) -> NavigationEntry | None:
    best: tuple[int, NavigationEntry] | None = None
    for entry, url, also in visible:
        for address in (url, *also):
            matches = path == address if address == "/" else path.startswith(address)
            if matches and (best is None or len(address) > best[0]):
                best = (len(address), entry)
    return best[1] if best else None
