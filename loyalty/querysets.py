"""The vocabulary in which lots and VIP cards are asked for. Their states are functions of time, whatever job has run."""

from datetime import datetime
from typing import Self

from django.apps import apps
from django.db import models
from django.db.models import Case, DecimalField, F, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Greatest, Least

from customers.models import Customer


class LotQuerySet(models.QuerySet):
    def open(self) -> Self:
        """Lots of which something is left."""
        return self.filter(remaining__gt=0)

    def alive(self, *, at: datetime) -> Self:
        """Lots that have not expired at that moment."""
        return self.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=at) | Q(grace_until__gt=at))

    def expired(self, *, at: datetime) -> Self:
        return self.filter(expires_at__lte=at).filter(Q(grace_until__isnull=True) | Q(grace_until__lte=at))

    def usable(self, *, at: datetime) -> Self:
        """Open lots that can be spent at that moment."""
        return self.open().alive(at=at).filter(_ready(at))

    def pending(self, *, at: datetime) -> Self:
        """Open lots that can be spent later, or when a review is answered."""
        return self.open().alive(at=at).exclude(_ready(at))

    def with_held(self, *, at: datetime) -> Self:
        """Lots with `held`, what of them reservations keep at that moment: never more than is left."""
        units = DecimalField(max_digits=14, decimal_places=2)
        # Holds name their lot, so their model is not there yet when this module is read.
        holds = apps.get_model("loyalty", "Hold").objects.filter(lot=OuterRef("pk"), expires_at__gt=at)
        kept = holds.order_by().values("lot").annotate(kept=Sum("amount")).values("kept")
        return self.annotate(
            held=Least(Coalesce(Subquery(kept), Value(0), output_field=units), F("remaining"))
        )

    def first_expiring_first(self) -> Self:
        """The order in which lots are spent: earliest end first, what never expires last, then the older."""
        return self.annotate(
            ends=Case(
                When(expires_at__isnull=True, then=None),
                default=Greatest("expires_at", Coalesce("grace_until", "expires_at")),
                output_field=models.DateTimeField(null=True),
            )
        ).order_by(F("ends").asc(nulls_last=True), "pk")


def _ready(at: datetime) -> Q:
    # A condition on a column that may be NULL has to be false, not unknown, for `exclude` to keep the row.
    return Q(available_from__lte=at) & (
        Q(awaits_review=False) | Q(reviewed_at__isnull=False, reviewed_at__lte=at)
    )


class StoredValueQuerySet(models.QuerySet):
    def held_by(self, customer_id: int) -> Self:
        """Stored values that are a customer's, the newest first."""
        return self.filter(customer_id=customer_id).order_by("-pk")


class VipCardQuerySet(models.QuerySet):
    def usable(self, *, at: datetime) -> Self:
        """Cards that give their rate in a sale of that moment."""
        return self.filter(is_active=True, expires_at__gt=at)

    def search(self, text: str) -> Self:
        """Cards by a part of their code, and those of the customers that this finds."""
        return self.filter(
            Q(code__contains=text.upper()) | Q(customer__in=Customer.objects.search(text).values("pk"))
        )
