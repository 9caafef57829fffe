from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.campaign import Campaign, CampaignRevision
from campaigns.models.promo_code import PromoCode
from loyalty.models import VipCard
from retail.models import Sale, SaleLine


class Activation(models.Model):
    """One campaign that activated in one sale, with the revision that was used; or the VIP card whose rate was given."""

    # Where another index begins with the same column, a key needs none of its own: each is paid for by every sale.
    sale = models.ForeignKey(
        Sale, on_delete=models.PROTECT, related_name="activations", verbose_name=_("sale"), db_index=False
    )
    campaign = models.ForeignKey(
        Campaign,
        on_delete=models.PROTECT,
        null=True,
        related_name="activations",
        verbose_name=_("campaign"),
        db_index=False,
    )
    # Revisions are never deleted, and nothing is looked up by them.
    revision = models.ForeignKey(
        CampaignRevision,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("revision"),
        db_index=False,
    )
    vip_card = models.ForeignKey(
        VipCard,
        on_delete=models.PROTECT,
        null=True,
        related_name="activations",
        verbose_name=_("VIP card"),
        db_index=False,
    )
    promo_code = models.ForeignKey(
        PromoCode,
        on_delete=models.PROTECT,
        null=True,
        related_name="activations",
        verbose_name=_("promo code"),
    )
    discount = models.DecimalField(_("discount"), max_digits=14, decimal_places=2, default=0)
    undone = models.DecimalField(
        _("undone"),
        max_digits=14,
        decimal_places=2,
        default=0,
        db_default=0,
        help_text=_("The part of the discount that returns took back."),
    )
    applications = models.PositiveIntegerField(_("applications"), default=1)
    gifts = models.JSONField(_("gifts"), default=list)
    deal = models.JSONField(
        _("deal"), default=list, help_text=_("The units that made it possible and those it discounted.")
    )
    # Exactly what commit counted, so that cancelling takes the same off the same windows; `released` came off already.
    consumption = models.JSONField(_("consumption"), default=list)
    reversed_at = models.DateTimeField(_("reversed at"), null=True, blank=True)
    activated_at = models.DateTimeField(_("activated at"))

    class Meta:
        verbose_name = _("activation")
        verbose_name_plural = _("activations")
        constraints = [
            models.UniqueConstraint(fields=["sale", "campaign"], name="activation_once_per_sale"),
            models.UniqueConstraint(
                fields=["sale"],
                condition=models.Q(vip_card__isnull=False),
                name="activation_of_one_vip_card_per_sale",
            ),
            models.CheckConstraint(
                condition=models.Q(campaign__isnull=False, revision__isnull=False, vip_card__isnull=True)
                | models.Q(campaign__isnull=True, revision__isnull=True, vip_card__isnull=False),
                name="activation_of_campaign_or_vip_card",
            ),
            models.CheckConstraint(
                condition=models.Q(discount__gte=0), name="activation_discount_not_negative"
            ),
            models.CheckConstraint(
                condition=models.Q(undone__gte=0, undone__lte=models.F("discount")),
                name="activation_undone_within_discount",
            ),
        ]
        indexes = [
            models.Index(fields=["campaign", "-activated_at"], name="activation_by_campaign"),
            models.Index(
                fields=["vip_card", "-activated_at"],
                condition=models.Q(vip_card__isnull=False),
                name="activation_by_vip_card",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sale_id} {self.campaign_id or f'VIP {self.vip_card_id}'}"


class LineAdjustment(models.Model):
    """What one benefit of one activation took off one line."""

    activation = models.ForeignKey(
        Activation,
        on_delete=models.CASCADE,
        related_name="adjustments",
        verbose_name=_("activation"),
        db_index=False,
    )
    sale_line = models.ForeignKey(
        SaleLine, on_delete=models.CASCADE, related_name="adjustments", verbose_name=_("sale line")
    )
    benefit = models.CharField(_("benefit"), max_length=40)
    position = models.PositiveSmallIntegerField(
        _("position"), help_text=_("Place in the campaign's benefits.")
    )
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = _("line adjustment")
        verbose_name_plural = _("line adjustments")
        constraints = [
            models.UniqueConstraint(
                fields=["activation", "sale_line", "position"], name="line_adjustment_once_per_benefit"
            ),
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="line_adjustment_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.sale_line_id} {self.amount}"


class CampaignCounter(models.Model):
    """How much of one limit of one campaign was used within one window.

    ``scope_key`` is empty for the whole company, else "c:<id>" of the customer,
    the store's code or the promo code. ``counts`` is sale, item, or money for a budget. Only limited
    campaigns have rows. Commit raises ``used`` by one conditional update; the CHECK is the last guard.
    """

    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="counters", verbose_name=_("campaign")
    )
    scope = models.CharField(_("scope"), max_length=10)
    scope_key = models.CharField(_("scope key"), max_length=80, blank=True, default="")
    counts = models.CharField(_("counts"), max_length=6)
    per = models.CharField(_("per"), max_length=10)
    window_starts_on = models.DateField(
        _("window starts on"), help_text=_("0001-01-01 when there is no window.")
    )
    used = models.DecimalField(_("used"), max_digits=16, decimal_places=3, default=0)
    maximum = models.DecimalField(_("maximum"), max_digits=16, decimal_places=3)

    class Meta:
        verbose_name = _("campaign counter")
        verbose_name_plural = _("campaign counters")
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "scope", "scope_key", "counts", "per", "window_starts_on"],
                name="campaign_counter_once_per_window",
            ),
            models.CheckConstraint(condition=models.Q(used__gte=0), name="campaign_counter_not_negative"),
            models.CheckConstraint(
                condition=models.Q(used__lte=models.F("maximum")), name="campaign_counter_within_maximum"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.scope} {self.scope_key} {self.used}"
