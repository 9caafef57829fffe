from django.db import models
from django.utils.translation import gettext_lazy as _

from loyalty.models.account import Lot
from retail.models import Terminal


class StoredValueLoad(models.Model):
    """What a customer paid for what was put into a stored value: when it was sold, or loaded again. Immutable.

    Value and price may differ: 60.00 for 50.00. What was given, issued or added by hand was not paid for and has no row.
    """

    lot = models.OneToOneField(Lot, on_delete=models.PROTECT, related_name="load", verbose_name=_("lot"))
    price = models.DecimalField(_("price"), max_digits=14, decimal_places=2)
    terminal = models.ForeignKey(
        Terminal,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("terminal"),
    )

    class Meta:
        verbose_name = _("load of a stored value")
        verbose_name_plural = _("loads of stored values")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(price__gte=0), name="stored_value_load_price_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lot_id} {self.price}"
