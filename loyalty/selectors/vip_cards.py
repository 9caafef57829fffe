"""Reading VIP cards: whose they are, and until when they hold."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from loyalty.models import VIP_PREFIX, VipCard


def usable_card(codes: Iterable[str], *, at: datetime) -> VipCard | None:
    """Return the first of these codes that is a VIP card which holds at this moment. No query where none looks like one."""
    wanted = [code for code in codes if code.startswith(VIP_PREFIX)]
    if not wanted:
        return None
    found = {
        card.code: card
        for card in VipCard.objects.usable(at=at).filter(code__in=wanted).select_related("customer")
    }
    return next((found[code] for code in wanted if code in found), None)


def last_day(card: VipCard, zone: ZoneInfo) -> date:
    """Return the last day on which a card holds, in the company's time zone."""
    return (card.expires_at - timedelta(microseconds=1)).astimezone(zone).date()
