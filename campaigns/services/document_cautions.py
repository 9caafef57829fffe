"""What a manager should look at twice before a document is published. Nothing here refuses anything."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import references
from campaigns.cautions import Caution, period_cautions
from campaigns.engine.associations import decode_association
from campaigns.engine.benefits.base import Benefit
from campaigns.engine.benefits.points import Points
from campaigns.engine.markdowns import decode_header
from campaigns.explanations import enumerated
from campaigns.models import Association, Campaign, Markdown, MarkdownItem
from loyalty.models import PointsProgram
from retail.models import Product

# Of the products that are not in the catalogue, so many are named.
MOST_NAMED = 8
# Why a campaign of an association takes no part in the choice, by its status. What starts later will.
_TAKES_NO_PART = {
    "draft": gettext_lazy("%(name)s is a draft: it does not compete until it is published."),
    "paused": gettext_lazy("%(name)s is paused: it does not compete until it is resumed."),
    "ended": gettext_lazy("%(name)s has ended: it does not compete any more."),
}


def association_cautions(association: Association, *, at: datetime) -> list[Caution]:
    """Return what to look at twice in the working copy of an association, in the active language."""
    codes = decode_association(association.document).campaigns
    members = {campaign.code: campaign for campaign in _with_status(codes, at)}
    found = []
    for code in codes:
        member = members.get(code)
        text = _TAKES_NO_PART.get(member.shown_status) if member is not None else None  # type: ignore[attr-defined]
        if member is not None and text is not None:
            found.append(Caution("does_not_compete", str(text) % {"name": member.name}, code))
    return found


def markdown_cautions(markdown: Markdown, *, at: datetime) -> list[Caution]:
    """Return what to look at twice in the working copy of a markdown and its products, in the active language."""
    read = decode_header(markdown.document)
    found = [*period_cautions(read.ends_at, at=at), *store_cautions(read.stores)]
    if not markdown.item_count:
        text = _("It has no products yet: import a list, or add them one by one.")
        return [*found, Caution("no_products", text)]
    if markdown.items.filter(Q(percent=100) | Q(price=0)).exists():
        found.append(Caution("free", _("Some products may leave for free.")))
    return [*found, *_unknown_products(markdown, by=read.by)]


def store_cautions(stores: Iterable[str]) -> Iterator[Caution]:
    """Yield which stores of a document do not exist."""
    unknown = references.unknown_stores(stores)
    if unknown:
        text = _("There is no store or grouping of stores %(codes)s.")
        yield Caution("unknown_stores", text % {"codes": enumerated(unknown)})


def program_cautions(benefits: Iterable[Benefit]) -> Iterator[Caution]:
    """Yield which points programs of a campaign's benefits nobody earns in: they do not exist, or are switched off."""
    codes = dict.fromkeys(benefit.program for benefit in benefits if isinstance(benefit, Points))
    known = dict(PointsProgram.objects.filter(code__in=codes).values_list("code", "is_active"))
    for code in codes:
        if code not in known:
            yield Caution("unknown_program", _("There is no points program %(code)s.") % {"code": code})
        elif not known[code]:
            text = _("The points program %(code)s is not in use: nobody earns its points.")
            yield Caution("unknown_program", text % {"code": code})


def _with_status(codes: Iterable[str], at: datetime) -> QuerySet[Campaign]:
    return Campaign.objects.with_status(at=at).filter(code__in=codes).only("code", "name")


def _unknown_products(markdown: Markdown, *, by: str) -> Iterator[Caution]:
    unknown: QuerySet[MarkdownItem] = markdown.items.all()
    for name in ("sku", "code"):
        if by in (name, "all"):
            unknown = unknown.filter(~Exists(Product.objects.filter(**{name: OuterRef("value")})))
    values = list(unknown.order_by("value").values_list("value", flat=True)[: MOST_NAMED + 1])
    if values:
        shown = ", ".join(values[:MOST_NAMED])
        if len(values) > MOST_NAMED:
            text = _(
                "The catalogue does not know %(values)s and others; their prices act once they are sold."
            )
        else:
            text = _("The catalogue does not know %(values)s; a price acts once such a product is sold.")
        yield Caution("unknown_products", text % {"values": shown})
