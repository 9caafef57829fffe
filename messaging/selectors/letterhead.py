"""The look of the company's e-mails, as the frame around each of them."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from messaging.models import Letterhead


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What of the letterhead an e-mail needs. Without a row: the plain look."""

    color: str = "#1f2a44"
    logo_url: str = ""
    logo_width: int = 160
    footer: str = ""


def letterhead_look() -> Look:
    """Return the look of e-mails, in one query; the logo's bytes stay where they are."""
    found = (
        Letterhead.objects.filter(pk=1).values_list("color", "logo_digest", "logo_width", "footer").first()
    )
    if found is None:
        return Look()
    color, digest, width, footer = found
    return Look(color=color, logo_url=logo_url(digest), logo_width=width, footer=footer)


def logo_url(digest: str) -> str:
    """Return the public address of a logo; empty without one. It names the content, so it may be kept for ever."""
    return settings.PUBLIC_URL + reverse("messaging:logo", args=[digest]) if digest else ""
