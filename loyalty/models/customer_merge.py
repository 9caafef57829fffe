from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models import Customer


def person(verbose_name: Any, related_name: str, **options: Any) -> models.ForeignKey:
    return models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name=related_name, verbose_name=verbose_name, **options
    )


def user(verbose_name: Any, **options: Any) -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=verbose_name,
        **options,
    )


class CustomerMerge(models.Model):
    """Two records of one person that a manager made one, and perhaps two again. Only the undoing is ever added.

    `moved` says what the merge moved, by table, so that undoing it moves exactly that back; `given_back` says what the
    undoing did. The value that moved stands in the ledger, under the cause "merge:<id>".
    """

    kept = person(_("kept"), "merges", db_index=False)
    absorbed = person(_("absorbed"), "merged_by", db_index=False)
    actor = user(_("by"))
    reason = models.CharField(_("reason"), max_length=240)
    moved = models.JSONField(_("moved"), default=dict, encoder=DjangoJSONEncoder)
    merged_at = models.DateTimeField(_("merged at"))
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)
    undone_by = user(_("undone by"), null=True, blank=True)
    given_back = models.JSONField(_("given back"), null=True, blank=True, encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = _("merge of customers")
        verbose_name_plural = _("merges of customers")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(kept=models.F("absorbed")), name="customer_merge_of_two"
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="customer_merge_has_a_reason"),
            models.CheckConstraint(
                condition=models.Q(undone_at__isnull=True, undone_by__isnull=True, given_back__isnull=True)
                | models.Q(undone_at__isnull=False, undone_by__isnull=False, given_back__isnull=False),
                name="customer_merge_undone_whole",
            ),
            models.UniqueConstraint(
                fields=["absorbed"],
                condition=models.Q(undone_at__isnull=True),
                name="customer_merge_stands_once",
            ),
        ]
        indexes = [
            models.Index(fields=["kept", "-id"], name="customer_merge_by_kept"),
            models.Index(fields=["absorbed", "-id"], name="customer_merge_by_absorbed"),
        ]

    def __str__(self) -> str:
        return f"{self.absorbed_id} → {self.kept_id}"

    @property
    def cause(self) -> str:
        """What its entries name."""
        return f"merge:{self.pk}"
