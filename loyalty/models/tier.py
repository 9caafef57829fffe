from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from loyalty.models.program import PointsProgram


class ProgramTier(models.Model):
    """A standing of customers ("Ouro") that is reached with so much of the program's basis within its period."""

    program = models.ForeignKey(
        PointsProgram, on_delete=models.CASCADE, related_name="tiers", verbose_name=_("program")
    )
    number = models.PositiveSmallIntegerField(_("number"))
    code = models.SlugField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=80)
    threshold = models.DecimalField(_("from"), max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = _("tier")
        verbose_name_plural = _("tiers")
        constraints = [
            models.UniqueConstraint(fields=["program", "code"], name="program_tier_once"),
            # A list of tiers is rewritten as a whole: places and thresholds may pass through each other.
            models.UniqueConstraint(
                fields=["program", "number"],
                name="program_tier_number_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.UniqueConstraint(
                fields=["program", "threshold"],
                name="program_tier_threshold_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(
                condition=models.Q(threshold__gt=0), name="program_tier_threshold_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CustomerTier(models.Model):
    """Where a customer stands in a program: the tier (none: below the first), and how much counts for it.

    `valid_until` is the end of the period for which the tier is kept whatever is bought meanwhile; empty where the
    program keeps none.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, related_name="tiers", verbose_name=_("customer")
    )
    program = models.ForeignKey(
        PointsProgram, on_delete=models.CASCADE, related_name="standings", verbose_name=_("program")
    )
    tier = models.ForeignKey(
        ProgramTier,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="standings",
        verbose_name=_("tier"),
    )
    counted = models.DecimalField(_("counted"), max_digits=14, decimal_places=2, default=0)
    since = models.DateTimeField(_("since"), null=True, blank=True)
    valid_until = models.DateTimeField(_("kept until"), null=True, blank=True)
    changed_at = models.DateTimeField(_("changed at"))

    class Meta:
        verbose_name = _("customer's tier")
        verbose_name_plural = _("customers' tiers")
        constraints = [
            models.UniqueConstraint(fields=["customer", "program"], name="customer_tier_once_per_program"),
        ]
        indexes = [
            models.Index(fields=["program", "tier"], name="customer_tier_by_tier"),
            # Who changed tiers of late is asked for every few minutes.
            models.Index(fields=["since"], name="customer_tier_by_since"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.program_id} {self.tier_id or ''}"
