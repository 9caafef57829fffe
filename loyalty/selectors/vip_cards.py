"""Reading VIP cards: whose they are, and until when they hold."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from loyalty.models import VIP_PREFIX, VipCard


def usable_card(codes: Iterable[str], *, at: datetime) -> VipCard | None:
    """Return the first of these codes that is a VIP card which holds at this moment. No query where none looks like one."""
    return next(iter(usable_cards(codes, at=at)), None)


def usable_cards(codes: Iterable[str], *, at: datetime) -> list[VipCard]:
    """Return the VIP cards among these codes that hold at this moment, in their order, with their customers."""
    wanted = [code for code in dict.fromkeys(codes) if code.startswith(VIP_PREFIX)]
    if not wanted:
        return []
    found = {
        card.code: card
        for card in VipCard.objects.usable(at=at).filter(code__in=wanted).select_related("customer")
    }
    return [found[code] for code in wanted if code in found]


def last_day(card: VipCard, zone: ZoneInfo) -> date:
    """Return the last day on which a card holds, in the company's time zone."""
    return (card.expires_at - timedelta(microseconds=1)).astimezone(zone).date()
