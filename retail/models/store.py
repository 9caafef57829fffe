from zoneinfo import ZoneInfo

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from retail.models.company import validate_time_zone
from retail.querysets import StoreQuerySet


class TotalsMode(models.TextChoices):
    """What happens when the point of sale charged another total than the engine computes."""

    STRICT = "strict", _("Refuse the sale")
    ACCEPT = "accept", _("Accept the sale and flag it")


class Store(models.Model):
    """A place that sells, physical or virtual."""

    code = models.CharField(_("code"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=120)
    brand = models.CharField(_("brand"), max_length=60, blank=True, default="")
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="America/Sao_Paulo", validators=[validate_time_zone]
    )
    city = models.CharField(_("city"), max_length=80, blank=True, default="")
    state = models.CharField(_("state"), max_length=2, blank=True, default="")
    online_shop = models.BooleanField(
        _("online shop"), default=False, help_text=_("Abandoned carts of this store may be recovered.")
    )
    totals_mode = models.CharField(
        _("when totals differ"), max_length=8, choices=TotalsMode, default=TotalsMode.STRICT
    )
    offline_redeem_limit = models.DecimalField(
        _("redeemed offline, at most"),
        max_digits=14,
        decimal_places=2,
        default=0,
        validators=[MinValueValidator(0)],
        help_text=_(
            "Value that a sale may redeem while its till is offline. 0: none without a manager's look."
        ),
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = StoreQuerySet.as_manager()

    class Meta:
        verbose_name = _("store")
        verbose_name_plural = _("stores")
        constraints = [
            models.CheckConstraint(condition=~models.Q(code=""), name="store_code_not_empty"),
            models.CheckConstraint(
                condition=models.Q(offline_redeem_limit__gte=0), name="store_offline_limit_not_negative"
            ),
            models.CheckConstraint(
                condition=models.Q(totals_mode__in=TotalsMode.values), name="store_totals_mode_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Terminal(models.Model):
    """One point of sale (a till, a tablet, an online shop's checkout) of one store."""

    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="terminals", verbose_name=_("store")
    )
    code = models.CharField(_("code"), max_length=32)
    name = models.CharField(_("name"), max_length=80, blank=True, default="")
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("terminal")
        verbose_name_plural = _("terminals")
        constraints = [
            models.UniqueConstraint(fields=["store", "code"], name="terminal_code_once_per_store"),
            models.CheckConstraint(condition=~models.Q(code=""), name="terminal_code_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.store_id}/{self.code}"
