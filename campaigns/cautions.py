"""What a manager should look at twice, as far as a document itself says it. Never an error.

`campaigns.services.conflicts` adds what only the catalogue and the other campaigns can tell of a campaign;
`campaigns.services.document_cautions` speaks of associations and markdowns.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from msgspec import Struct

from campaigns.engine.campaign import Campaign, leaves


class Caution(Struct, frozen=True, omit_defaults=True):
    """`code` is stable, `text` is for people, `campaign` names the other campaign that it is about."""

    code: str
    text: str
    campaign: str = ""


def cautions(campaign: Campaign, *, at: datetime) -> Iterator[Caution]:
    """Yield what a document gives reason to look at twice, in the active language."""
    yield from period_cautions(campaign.ends_at, at=at)
    if campaign.benefits and not campaign.limits and campaign.budget is None:
        yield Caution("no_limit", _("It has no limit and no budget."))
    if any(_gives_everything(benefit) for benefit in campaign.benefits):
        yield Caution("free", _("Some products may leave for free."))
    if not campaign.benefits:
        yield Caution("no_benefit", _("It gives nothing to the customer."))
    thresholds = (campaign.minimum_quantity, campaign.minimum_amount)
    if campaign.benefits and campaign.conditions is None and thresholds == (None, None):
        yield Caution("no_rules", _("It has no rules: it applies to every sale."))
    if any(leaf.kind == "customer_field" for leaf in leaves(campaign.conditions)):
        yield Caution("typed_data", _("It trusts data that is typed at the till."))


def period_cautions(ends_at: datetime | None, *, at: datetime) -> Iterator[Caution]:
    """Yield what the end of a campaign or a markdown gives reason to look at twice."""
    if ends_at is None:
        yield Caution("no_end", _("It has no end: it goes on until somebody pauses it."))
    elif ends_at <= at:
        yield Caution("ended", _("Its end is in the past: it will not activate."))


def _gives_everything(benefit: Any) -> bool:
    # One free unit of a bigger group ("take 3, pay 2") is what such campaigns are for.
    return getattr(benefit, "percent", None) == 1_000_000 and benefit.kind in (
        "order_percent",
        "item_percent",
        "age_percent",
    )
