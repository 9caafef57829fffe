from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from retail.models import Sale


class ExceptionKind(models.TextChoices):
    """What an offline sale had given that could not be granted when it arrived."""

    LIMIT_REACHED = "limit_reached", _("The campaign's limit was reached")
    BUDGET_REACHED = "budget_reached", _("The campaign's budget was spent")
    CODE_NOT_USABLE = "code_not_usable", _("The promotional code could not be used")
    VALUE_SHORT = "value_short", _("More value was redeemed than could be used")
    REWARD_NOT_GIVEN = "reward_not_given", _("The reward could not be granted")
    REDEEMED_OFFLINE = "redeemed_offline", _("More was redeemed offline than the store allows")
    TOTALS_MISMATCH = "totals_mismatch", _("The till charged another total")


class Resolution(models.TextChoices):
    """How it was settled: by a manager, or by the end of its sale."""

    ACCEPTED = "accepted", _("The company bears it")
    COLLECTED = "collected", _("The customer paid it")
    WAIVED = "waived", _("The customer's debt is waived")
    REFUNDED = "refunded", _("The customer got it back")
    CANCELLED = "cancelled", _("The sale was cancelled")
    RETURNED = "returned", _("All of the sale was returned")


# A cancellation and the return of everything settle by themselves; nobody else says that there was one.
ENDS = (Resolution.CANCELLED, Resolution.RETURNED)
SETTLEMENTS = [choice for choice in Resolution if choice not in ENDS]


class SaleException(models.Model):
    """One thing that an offline sale gave and that could not be granted, with what it cost, until it is settled.

    `cost` is money that the company did not get (negative: that the customer paid too much). The sale itself stands as
    it was charged. Nobody is named in `settled_by` where its cancellation or return settled it.
    """

    sale = models.ForeignKey(
        Sale, on_delete=models.PROTECT, related_name="exceptions", verbose_name=_("sale")
    )
    position = models.PositiveSmallIntegerField(_("position"))
    kind = models.CharField(_("kind"), max_length=20, choices=ExceptionKind)
    subject = models.CharField(
        _("subject"), max_length=80, blank=True, default="", help_text=_("The campaign, code or program.")
    )
    cost = models.DecimalField(_("cost"), max_digits=14, decimal_places=2)
    created_at = models.DateTimeField(_("created at"))
    resolution = models.CharField(_("resolution"), max_length=10, choices=Resolution, blank=True, default="")
    note = models.CharField(_("note"), max_length=240, blank=True, default="")
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("settled by"),
    )
    settled_at = models.DateTimeField(_("settled at"), null=True)

    class Meta:
        verbose_name = _("offline exception")
        verbose_name_plural = _("offline exceptions")
        permissions = [("settle_saleexception", "Can settle offline exceptions")]
        constraints = [
            models.UniqueConstraint(fields=["sale", "position"], name="sale_exception_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=ExceptionKind.values), name="sale_exception_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(resolution="", settled_at__isnull=True)
                | (models.Q(resolution__in=Resolution.values) & models.Q(settled_at__isnull=False)),
                name="sale_exception_settled_whole",
            ),
        ]
        indexes = [
            models.Index(
                fields=["-created_at"], condition=models.Q(resolution=""), name="sale_exception_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.sale_id}/{self.position} {self.kind}"
