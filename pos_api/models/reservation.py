from uuid import uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from retail.models import Sale, Store, Terminal


class ReservationState(models.TextChoices):
    OPEN = "open", pgettext_lazy("reservation", "Open")
    USED = "used", _("Used by a sale")
    RELEASED = "released", _("Given up")


class Reservation(models.Model):
    """What a till keeps for one sale until `expires_at`: uses of promotional codes, and parts of value.

    What is kept stands in `loyalty.Hold` and `campaigns.PromoCodeHold` under the same `uuid`. An open one that has expired
    keeps nothing; no job has to say so. `reference` is the till's own id of it, `content` what was reserved, as the
    answer writes it, with codes of stored values masked.
    """

    uuid = models.UUIDField(_("id"), unique=True, default=uuid4, editable=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+", verbose_name=_("store"))
    terminal = models.ForeignKey(
        Terminal, on_delete=models.PROTECT, related_name="+", verbose_name=_("terminal"), db_index=False
    )
    reference = models.CharField(_("reference"), max_length=255)
    is_test = models.BooleanField(_("test"), default=False)
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    state = models.CharField(
        _("state"), max_length=10, choices=ReservationState, default=ReservationState.OPEN
    )
    content = models.JSONField(_("content"), default=dict)
    sale = models.ForeignKey(
        Sale,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("sale"),
    )
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("expires at"))
    ended_at = models.DateTimeField(_("ended at"), null=True)

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        constraints = [
            models.UniqueConstraint(
                fields=["terminal", "reference", "is_test"], name="reservation_once_per_reference"
            ),
            models.CheckConstraint(
                condition=models.Q(state=ReservationState.OPEN, ended_at__isnull=True)
                | models.Q(
                    state__in=(ReservationState.USED, ReservationState.RELEASED), ended_at__isnull=False
                ),
                name="reservation_state_known",
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="reservation_by_age")]

    def __str__(self) -> str:
        return f"{self.uuid}"
