from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from retail.models.sale import Sale, SaleLine
from retail.models.store import Terminal


def money(verbose_name: Any) -> models.DecimalField:
    return models.DecimalField(verbose_name, max_digits=14, decimal_places=2, default=0)


class SaleReturn(models.Model):
    """One return of units of a sale, with the answer that it got. `reference` is the sender's own id of it.

    `value` is what the units were worth; `amount` of it is money to give back, after what was given back as stored
    value and what was withheld because the sale had earned it and it was spent. `credited` is what would have been money
    and was given as a credit note instead.
    """

    sale = models.ForeignKey(Sale, on_delete=models.PROTECT, related_name="returns", verbose_name=_("sale"))
    reference = models.CharField(_("return"), max_length=64)
    terminal = models.ForeignKey(
        Terminal,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("terminal"),
        help_text=_("Empty: recorded by a manager."),
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by"),
    )
    value = money(_("value"))
    amount = money(_("to give back"))
    withheld = money(_("withheld"))
    credited = money(_("given as a credit note"))
    fingerprint = models.CharField(
        _("fingerprint"), max_length=64, help_text=_("SHA-256 of the request's content.")
    )
    response = models.JSONField(_("response"), default=dict, encoder=DjangoJSONEncoder)
    returned_at = models.DateTimeField(_("returned at"))

    class Meta:
        verbose_name = _("return")
        verbose_name_plural = _("returns")
        constraints = [
            models.UniqueConstraint(fields=["sale", "reference"], name="sale_return_once_per_reference"),
            models.CheckConstraint(
                condition=models.Q(value__gte=0, amount__gte=0, withheld__gte=0, credited__gte=0),
                name="sale_return_not_negative",
            ),
        ]
        indexes = [models.Index(fields=["-returned_at"], name="sale_return_by_moment")]

    def __str__(self) -> str:
        return f"{self.sale_id} {self.reference}"


class SaleReturnLine(models.Model):
    """Units of one line that came back in one return, and the part of the return's value that they are."""

    sale_return = models.ForeignKey(
        SaleReturn, on_delete=models.PROTECT, related_name="lines", verbose_name=_("return")
    )
    sale_line = models.ForeignKey(
        SaleLine, on_delete=models.PROTECT, related_name="returns", verbose_name=_("sale line")
    )
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=3)
    value = money(_("value"))

    class Meta:
        verbose_name = _("returned line")
        verbose_name_plural = _("returned lines")
        constraints = [
            models.UniqueConstraint(
                fields=["sale_return", "sale_line"], name="sale_return_line_once_per_line"
            ),
            models.CheckConstraint(
                condition=models.Q(quantity__gt=0), name="sale_return_line_quantity_positive"
            ),
            models.CheckConstraint(condition=models.Q(value__gte=0), name="sale_return_line_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.sale_return_id}/{self.sale_line_id}"
