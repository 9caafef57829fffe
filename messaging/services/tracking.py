"""Clicks and opened e-mails: links that lead through us, an invisible picture, and what is noted when they are used."""

import hashlib
import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.urls import reverse

from customers.selectors import standing_consents
from messaging.links import why_forbidden
from messaging.models import OWN, Channel, Message, MessageEvent, Template, TrackedLink
from messaging.robots import Visit, is_person
from messaging.selectors.contacts import Recipient
from messaging.selectors.marketing import marketing_settings, refused_profiling
from messaging.services.composition import Composed
from messaging.tokens import CLICK, OPEN, TokenInvalid, seal, unseal

_IN_TEXT = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_IN_HTML = re.compile(r"(\bhref=\")(https?://[^\"]+)(\")", re.IGNORECASE)
# In a template: the address, and whether a variable goes on with it.
_WRITTEN = re.compile(r"(https?://[^\s<>\"{]+)({[{%])?", re.IGNORECASE)
_HAS_HOST = re.compile(r"https?://[^/?#]+[/?#]", re.IGNORECASE)
_ENDS_A_SENTENCE = ".,;:!?)"
_BODY_END = re.compile(r"</body>", re.IGNORECASE)
# Scanners follow every link of a message at once.
BURST = timedelta(seconds=1)
# What other tools add to an address on its way, and shops count by.
_CAMPAIGN_PARAMETERS = ("utm_", "gclid", "fbclid", "msclkid")
_MOST_ADDED = 500


class LinkUnknown(Exception):
    """The address was not made by us."""

    code = "link_unknown"


@dataclass(frozen=True, slots=True)
class Addresses:
    """The links that stand in the text of a template: whole ones, and the beginnings of those that go on with a variable."""

    whole: frozenset[str]
    begun: frozenset[str]


@dataclass(slots=True, kw_only=True)
class Tracker:
    """Puts our own addresses in place of the links of one message, and takes them out again for the stored text.

    `source` names the text that the links stand in, `written` are the addresses of that text. What else looks like a link stays as it is,
    because customers type names: an address of ours never leads to where one of them wants. Links that variables bring are
    allowed one by one, unless the message `holds_secrets`: then they may hold a code that is worth money, which is not written down.
    """

    message_id: int
    source: str
    at: datetime
    links: bool
    opens: bool
    written: Addresses
    holds_secrets: bool = False
    allowed: set[str] = field(default_factory=set)
    made: dict[str, str] = field(default_factory=dict)

    def allow(self, links: Iterable[str]) -> None:
        """Take the values of variables for links of the message."""
        if not self.holds_secrets:
            self.allowed.update(links)

    def text(self, text: str) -> str:
        """Return a plain text with tracked links."""
        return _IN_TEXT.sub(self._in_text, text)

    def markup(self, markup: str) -> str:
        """Return a whole HTML document with tracked links and the picture that says it was opened."""
        found = _IN_HTML.sub(self._in_markup, markup)
        if self.opens:
            found = _BODY_END.sub(f"{self._picture()}</body>", found, count=1)
        return found

    def value(self, value: str) -> str:
        """Return the value of a template's variable: tracked when it is a link and nothing else."""
        return self._tracked(value) if _IN_TEXT.fullmatch(value) else value

    def restored(self, composed: Composed) -> Composed:
        """Return the texts with the destinations, as people keep them."""
        text, markup = composed.text, composed.html.replace(self._picture(), "")
        for destination, address in self.made.items():
            text = text.replace(address, destination)
            markup = markup.replace(address, html.escape(destination))
        return replace(composed, text=text, html=markup)

    def _in_text(self, found: re.Match[str]) -> str:
        # A full stop after a link ends the sentence.
        link = found.group().rstrip(_ENDS_A_SENTENCE)
        return self._tracked(link) + found.group()[len(link) :]

    def _in_markup(self, found: re.Match[str]) -> str:
        opening, link, closing = found.groups()
        destination = html.unescape(link)
        tracked = self._tracked(destination)
        return f"{opening}{link if tracked == destination else html.escape(tracked)}{closing}"

    def _tracked(self, destination: str) -> str:
        if not self._is_ours_to_track(destination):
            return destination
        if destination not in self.made:
            link = _link(self.source, destination, at=self.at)
            token = seal(CLICK, self.message_id, link)
            self.made[destination] = settings.PUBLIC_URL + reverse("messaging:click", args=[token])
        return self.made[destination]

    def _is_ours_to_track(self, destination: str) -> bool:
        if not self.links or destination.startswith(f"{settings.PUBLIC_URL}/"):
            return False
        known = destination in self.written.whole or destination in self.allowed
        return (known or self._goes_on(destination)) and not why_forbidden(destination)

    def _goes_on(self, destination: str) -> bool:
        """Whether a known link, whose host cannot become another one, goes on with what a variable brought."""
        if self.holds_secrets:
            return False
        begun = self.written.begun | {link for link in self.allowed if _HAS_HOST.match(link)}
        return destination.startswith(tuple(begun))

    def _picture(self) -> str:
        address = settings.PUBLIC_URL + reverse("messaging:open", args=[seal(OPEN, self.message_id)])
        return f'<img src="{address}" width="1" height="1" alt="" style="display:block;width:1px;height:1px;border:0" />'


def tracker_for(
    message: Message, template: Template, recipient: Recipient, *, holds_secrets: bool, at: datetime
) -> Tracker | None:
    """Return what tracks a marketing message; None where the company does not, or its person refused profiling."""
    decided = marketing_settings()
    if not recipient.may_be_profiled or not (decided.track_links or decided.track_opens):
        return None
    return Tracker(
        message_id=message.pk,
        source=_source(message, template),
        at=at,
        links=decided.track_links,
        opens=decided.track_opens,
        written=addresses_of(template),
        holds_secrets=holds_secrets,
    )


def addresses_of(template: Template) -> Addresses:
    """Return the links that a template has before it is filled."""
    whole, begun = set(), set()
    for found in _WRITTEN.finditer(f"{template.text}\n{html.unescape(template.html)}"):
        link, variable = found.groups()
        if not variable:
            # An attribute may stand in single quotes.
            whole |= {link, link.rstrip(_ENDS_A_SENTENCE), link.partition("'")[0]}
        elif _HAS_HOST.match(link):
            begun.add(link)
    return Addresses(frozenset(whole), frozenset(begun))


def _source(message: Message, template: Template) -> str:
    """Name the text that links stand in: a stored one, a mailing's own, else what is usual for the occasion."""
    if template.pk:
        return f"template:{template.pk}"
    return f"mailing:{message.mailing_id}" if message.mailing_id else f"occasion:{message.occasion}"


def _link(source: str, destination: str, *, at: datetime) -> int:
    """Return the row of a destination, which is made when it is new."""
    digest = hashlib.sha256(destination.encode()).hexdigest()
    rows = TrackedLink.objects.filter(source=source, digest=digest).values_list("pk", flat=True)
    found = rows.first()
    if found is None:
        new = TrackedLink(source=source, destination=destination, digest=digest, created_at=at)
        TrackedLink.objects.bulk_create([new], ignore_conflicts=True)
        found = rows.get()
    return found


def follow(*, token: str, visit: Visit, query: str, at: datetime) -> str:
    """Note that a link was followed, when a person did, and return where it leads. Raises LinkUnknown.

    Two requests of one minute are one click. `query` is what came with the address: parameters that count campaigns go along.
    """
    try:
        message_id, link_id = unseal(CLICK, token, count=2)
        link = TrackedLink.objects.get(pk=link_id)
    except (TokenInvalid, TrackedLink.DoesNotExist) as error:
        raise LinkUnknown from error
    message = Message.objects.only("call_began_at", "customer_id", "channel").filter(pk=message_id).first()
    if message is not None and _counts(message, visit, at=at) and not _is_burst(message, link, at=at):
        minute = int(at.timestamp()) // 60
        _note(message, "clicked", f"click:{message_id}:{link_id}:{minute}", link=link, at=at)
    return _with_campaign(link.destination, query)


def note_opening(*, token: str, visit: Visit, at: datetime) -> None:
    """Note that an e-mail was opened, when a person did, the first time. Raises LinkUnknown."""
    try:
        [message_id] = unseal(OPEN, token, count=1)
    except TokenInvalid as error:
        raise LinkUnknown from error
    message = Message.objects.only("call_began_at", "customer_id", "channel").filter(pk=message_id).first()
    if message is not None and message.channel == Channel.EMAIL and _counts(message, visit, at=at):
        _note(message, "opened", f"open:{message_id}", link=None, at=at)


def _counts(message: Message, visit: Visit, *, at: datetime) -> bool:
    began_at = message.call_began_at
    if not is_person(visit, seconds_after_sending=(at - began_at).total_seconds() if began_at else None):
        return False
    if message.customer_id is None:
        return True
    # Who has refused since it was sent is not counted from then on.
    return not refused_profiling(standing_consents([message.customer_id])[message.customer_id])


def _is_burst(message: Message, link: TrackedLink, *, at: datetime) -> bool:
    """Whether another link of the same message was followed a moment ago: people have one finger."""
    others = MessageEvent.objects.filter(
        message=message, kind="clicked", occurred_at__gt=at - BURST, occurred_at__lte=at
    )
    return others.exclude(link=link).exists()


def _note(message: Message, kind: str, key: str, *, link: TrackedLink | None, at: datetime) -> None:
    # The unique key decides; what was noted before is left as it is.
    event = MessageEvent(
        message=message,
        provider=OWN,
        event_key=key,
        kind=kind,
        # The query may hold a code.
        detail=link.destination.partition("?")[0][:500] if link else "",
        link=link,
        occurred_at=at,
    )
    MessageEvent.objects.bulk_create([event], ignore_conflicts=True)


def _with_campaign(destination: str, query: str) -> str:
    """Return a destination as it stands, with parameters behind its own that count campaigns."""
    added = [
        (name, value)
        for name, value in parse_qsl(query[:_MOST_ADDED])
        if name.lower().startswith(_CAMPAIGN_PARAMETERS)
    ]
    if not added:
        return destination
    parts = urlsplit(destination)
    own = f"{parts.query}&" if parts.query else ""
    return urlunsplit(parts._replace(query=own + urlencode(added)))
