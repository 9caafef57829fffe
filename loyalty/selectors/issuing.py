"""What pages and the API show of issuing: other runs for the same purchases, and what was issued."""

from collections.abc import Iterator

from django.db.models import Exists, OuterRef, Q, QuerySet

from loyalty import stored_codes
from loyalty.models import IssuingGrant, IssuingRun, RunState, StoredValueCode
from loyalty.selectors.stored_values import code_key

_PART = 2_000


def overlapping_runs(run: IssuingRun) -> list[IssuingRun]:
    """Return runs that have issued, or are issuing, for purchases that this one counts, too; the newest first.

    The same customer may then be given something twice for one purchase.
    """
    others = IssuingRun.objects.exclude(pk=run.pk).filter(
        Q(state__in=(RunState.ISSUING, RunState.DONE)) | Q(issued_count__gt=0)
    )
    if run.period_ends_at is not None:
        others = others.filter(Q(period_starts_at__isnull=True) | Q(period_starts_at__lt=run.period_ends_at))
    if run.period_starts_at is not None:
        # Without an end it counted purchases until its preview.
        others = others.filter(
            Q(period_ends_at__gt=run.period_starts_at)
            | Q(period_ends_at__isnull=True, previewed_at__gt=run.period_starts_at)
        )
    if run.store_codes:
        others = others.filter(Q(store_codes=[]) | Q(store_codes__overlap=run.store_codes))
    if run.state == RunState.PREVIEWED:
        mine = IssuingGrant.objects.filter(run=run).values("customer_id")
        shared = IssuingGrant.objects.filter(run=OuterRef("pk"), customer_id__in=mine)
        # One that was confirmed a moment ago gives to all of its preview, whomever its job has come to.
        others = others.filter(
            ~Q(state=RunState.CANCELLED) & Exists(shared) | Exists(shared.filter(stored_value__isnull=False))
        )
    return list(others.order_by("-created_at", "-pk")[:10])


def grants(run: IssuingRun) -> QuerySet[IssuingGrant]:
    """Return what a run gives, the highest first, with customers."""
    return run.grants.select_related("customer").order_by("-amount", "-percent", "pk")


def issued(run: IssuingRun, *, with_codes: bool) -> Iterator[tuple[IssuingGrant, str]]:
    """Yield what was issued, with its customer and value, and the code: the whole one while it can be made, else masked.

    Without `with_codes` every code is masked. Reads a part at a time, however many there are.
    """
    last = 0
    while True:
        part = list(
            run.grants.select_related("customer", "stored_value")
            .filter(stored_value__isnull=False, pk__gt=last)
            .order_by("pk")[:_PART]
        )
        if not part:
            return
        last = part[-1].pk
        codes = {
            code.stored_value_id: code
            for code in StoredValueCode.objects.filter(
                stored_value__in=[grant.stored_value_id for grant in part], ended_at__isnull=True
            )
        }
        for grant in part:
            code = codes.get(grant.stored_value_id or 0)
            yield grant, "" if code is None else _shown(code, with_codes)


def _shown(code: StoredValueCode, whole: bool) -> str:
    if whole and code.nonce is not None:
        return stored_codes.code_of(bytes(code.nonce), key=code_key())
    return stored_codes.MASK + code.last4
