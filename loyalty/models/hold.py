from django.db import models
from django.utils.translation import gettext_lazy as _

from loyalty.models.account import Lot, units


class Hold(models.Model):
    """A part of a lot that a reservation keeps for one sale; until `expires_at` nobody else may spend it.

    `reservation` is the id that the till was given. The row goes when the sale is recorded or the reservation is given up.
    After `expires_at` it keeps nothing, whether the row is still there or not.
    """

    lot = models.ForeignKey(
        Lot, on_delete=models.PROTECT, related_name="holds", verbose_name=_("lot"), db_index=False
    )
    reservation = models.UUIDField(_("reservation"))
    amount = units(_("amount"))
    expires_at = models.DateTimeField(_("expires at"))

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        constraints = [
            models.UniqueConstraint(fields=["reservation", "lot"], name="hold_once_per_reservation"),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="hold_positive"),
        ]
        indexes = [models.Index(fields=["lot", "expires_at"], name="hold_by_lot")]

    def __str__(self) -> str:
        return f"{self.lot_id} {self.reservation}"
