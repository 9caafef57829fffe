from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.promo_code import PromoCode


class PromoCodeHold(models.Model):
    """One use of a code that a reservation keeps for one sale; until `expires_at` it counts as a use for everybody else.

    `reservation` is the id that the till was given, `customer_key` whose uses it counts among, empty for nobody's.
    """

    promo_code = models.ForeignKey(
        PromoCode,
        on_delete=models.PROTECT,
        related_name="holds",
        verbose_name=_("promo code"),
        db_index=False,
    )
    reservation = models.UUIDField(_("reservation"))
    customer_key = models.CharField(_("customer"), max_length=40, blank=True, default="")
    expires_at = models.DateTimeField(_("expires at"))

    class Meta:
        verbose_name = _("held promo code")
        verbose_name_plural = _("held promo codes")
        constraints = [
            models.UniqueConstraint(
                fields=["reservation", "promo_code"], name="promo_code_hold_once_per_reservation"
            )
        ]
        indexes = [models.Index(fields=["promo_code", "expires_at"], name="promo_code_hold_by_code")]

    def __str__(self) -> str:
        return f"{self.promo_code_id} {self.reservation}"
