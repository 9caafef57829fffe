from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, Value, When

if TYPE_CHECKING:
    from campaigns.models import Association, Campaign, Job, Markdown, PromoCode, Review  # noqa: F401
    from customers.models import Customer

Published = TypeVar("Published", "AssociationQuerySet", "MarkdownQuerySet")

# What a manager sees. Stored statuses are fewer: these also depend on the period and the moment.
STATUSES = ("draft", "scheduled", "active", "paused", "ended")


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def with_status(self, *, at: datetime) -> "CampaignQuerySet":
        """Annotate `shown_status`, one of STATUSES, as of the moment."""
        return self.annotate(
            shown_status=Case(
                When(status="draft", then=Value("draft")),
                When(status="paused", then=Value("paused")),
                When(ends_at__lte=at, then=Value("ended")),
                When(starts_at__gt=at, then=Value("scheduled")),
                default=Value("active"),
                output_field=models.CharField(),
            )
        )

    def in_status(self, status: str, *, at: datetime) -> "CampaignQuerySet":
        return self.with_status(at=at).filter(shown_status=status)  # type: ignore[misc]

    def with_changes_flag(self) -> "CampaignQuerySet":
        """Annotate `has_changes`: the working copy differs from what is live."""
        from campaigns.models import CampaignRevision

        same = CampaignRevision.objects.filter(pk=OuterRef("live_revision_id"), document=OuterRef("document"))
        return self.annotate(
            has_changes=Case(
                When(live_revision__isnull=True, then=Value(False)),
                default=~Exists(same),
                output_field=models.BooleanField(),
            )
        )

    def search(self, words: str) -> "CampaignQuerySet":
        """Campaigns whose code, name or description holds every word."""
        found = self
        for word in words.split():
            found = found.filter(
                Q(code__icontains=word)
                | Q(name__unaccent__icontains=word)
                | Q(document__description__icontains=word)
            )
        return found

    def in_store(self, store: str, groupings: list[str]) -> "CampaignQuerySet":
        """Campaigns that run in a store: those that name it, one of its groupings, or no store at all."""
        named = [store, *(f"grouping:{code}" for code in groupings)]
        query = Q(document__stores=[]) | Q(document__stores__isnull=True)
        for name in named:
            query |= Q(document__stores__contains=[name])
        return self.filter(query)


class AssociationQuerySet(models.QuerySet["Association"]):
    def with_status(self) -> "AssociationQuerySet":
        """Annotate `shown_status`: draft, active or paused."""
        return self.annotate(
            shown_status=Case(
                When(status="published", then=Value("active")),
                default=models.F("status"),
                output_field=models.CharField(),
            )
        )

    def with_changes_flag(self) -> "AssociationQuerySet":
        """Annotate `has_changes`: the working copy differs from what is live."""
        return self.annotate(
            has_changes=_differs(~Q(document=models.F("live_revision__document"))),
        )

    def search(self, words: str) -> "AssociationQuerySet":
        """Associations whose code or name holds every word."""
        return _with_words(self, words)

    def naming(self, campaign: str) -> "AssociationQuerySet":
        """Associations that have a campaign, in their working copy or live."""
        return self.filter(
            Q(document__campaigns__contains=[campaign])
            | Q(live_revision__document__campaigns__contains=[campaign])
        )


class MarkdownQuerySet(models.QuerySet["Markdown"]):
    def with_status(self, *, at: datetime) -> "MarkdownQuerySet":
        """Annotate `shown_status`, one of STATUSES, as of the moment."""
        return self.annotate(
            shown_status=Case(
                When(status="draft", then=Value("draft")),
                When(status="paused", then=Value("paused")),
                When(ends_at__lte=at, then=Value("ended")),
                When(starts_at__gt=at, then=Value("scheduled")),
                default=Value("active"),
                output_field=models.CharField(),
            )
        )

    def with_changes_flag(self) -> "MarkdownQuerySet":
        """Annotate `has_changes`: the working copy or its products differ from what is live."""
        return self.annotate(
            has_changes=_differs(
                ~Q(
                    document=models.F("live_revision__document"),
                    items_version=models.F("live_revision__prices__items_version"),
                )
            ),
        )

    def search(self, words: str) -> "MarkdownQuerySet":
        """Markdowns whose code or name holds every word."""
        return _with_words(self, words)

    def in_store(self, store: str, groupings: list[str]) -> "MarkdownQuerySet":
        """Markdowns that hold in a store: those that name it, one of its groupings, or no store at all."""
        query = Q(document__stores=[])
        for name in (store, *(f"grouping:{code}" for code in groupings)):
            query |= Q(document__stores__contains=[name])
        return self.filter(query)


def _differs(condition: Q) -> Case:
    return Case(
        When(live_revision__isnull=True, then=Value(False)),
        When(condition, then=Value(True)),
        default=Value(False),
        output_field=models.BooleanField(),
    )


def _with_words(found: Published, words: str) -> Published:
    for word in words.split():
        found = found.filter(Q(code__icontains=word) | Q(name__unaccent__icontains=word))
    return found


class PromoCodeQuerySet(models.QuerySet["PromoCode"]):
    def usable(self, *, at: datetime) -> "PromoCodeQuerySet":
        """Codes that may be used at the moment by somebody; those of a closed pool may not."""
        return self.filter(
            Q(starts_at__isnull=True) | Q(starts_at__lte=at),
            Q(expires_at__isnull=True) | Q(expires_at__gt=at),
            Q(max_uses__isnull=True) | Q(used__lt=models.F("max_uses")),
            is_active=True,
            pool__is_active=True,
        )

    def usable_by(self, customer: "Customer | None") -> "PromoCodeQuerySet":
        """Codes that are nobody else's, and of which this customer has uses left."""
        from campaigns.models import PromoCodeUse

        theirs = self.filter(Q(customer__isnull=True) | Q(customer=customer))
        if customer is None:
            return theirs
        uses = PromoCodeUse.objects.filter(promo_code=OuterRef("pk"), customer_key=f"c:{customer.pk}")
        return theirs.exclude(Exists(uses.filter(used__gte=OuterRef("max_uses_per_customer"))))


class ReviewQuerySet(models.QuerySet["Review"]):
    def of(self, document: "Campaign | Association | Markdown") -> "ReviewQuerySet":
        """Reviews of one document, of any version; the kinds of documents are the names of their models."""
        return self.filter(kind=document._meta.model_name, code=document.code)


# A worker that recorded nothing for this long is taken for dead. Before that, from the time in which work has to record
# something, people are told that it shows no sign of life; and when nobody takes it up for this long, that too.
JOB_LEASE = timedelta(seconds=60)
JOB_SILENCE = timedelta(seconds=20)
JOB_ABANDONED = timedelta(seconds=120)


class JobQuerySet(models.QuerySet["Job"]):
    def due(self, *, at: datetime) -> "JobQuerySet":
        """Jobs that a worker may take: waiting, or left by a worker that shows no sign of life."""
        return self.filter(Q(state="queued") | Q(state="running", heartbeat_at__lt=at - JOB_LEASE))

    def unfinished(self) -> "JobQuerySet":
        """Jobs that wait or run, in the order in which workers take them."""
        return self.filter(state__in=("queued", "running")).order_by("created_at", "pk")
