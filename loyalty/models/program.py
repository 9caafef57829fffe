from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from retail.models import Category, Clawback, ExpiredRestore, Product


class ProgramTerms(models.Model):
    """What every program answers: when its value can be used, until when, and what returns do to it."""

    code = models.SlugField(_("code"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=160)
    is_active = models.BooleanField(_("active"), default=True)
    version = models.PositiveIntegerField(
        _("version"), default=1, help_text=_("Goes up with every change; stops lost updates.")
    )
    pending_days = models.PositiveIntegerField(
        _("pending days"), default=0, help_text=_("Days after the sale before what it earned can be used.")
    )
    valid_days = models.PositiveIntegerField(
        _("valid for (days)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("After the sale, to the end of the day. Empty: never expires."),
    )
    clawback = models.CharField(
        _("when it was spent before a return"),
        max_length=12,
        choices=Clawback,
        default=Clawback.CHARGE_BACK,
    )
    expired_restore = models.CharField(
        _("when it had expired before a return"),
        max_length=12,
        choices=ExpiredRestore,
        default=ExpiredRestore.KEEP_EXPIRED,
    )
    grace_days = models.PositiveIntegerField(_("days of grace"), default=0)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class TierBasis(models.TextChoices):
    """What of the last months a customer's tier is measured by."""

    SPEND = "spend", _("What was spent")
    POINTS = "points", _("Points earned")
    VISITS = "visits", _("Number of purchases")


class TierDowngrade(models.TextChoices):
    """What happens to a customer who no longer reaches the tier that he has."""

    IMMEDIATELY = "immediately", _("Falls at once to the tier that is reached")
    AT_PERIOD_END = (
        "at_period_end",
        _("Keeps it to the end of the period, then falls to the tier that is reached"),
    )
    ONE_LEVEL = "one_level", _("Keeps it to the end of the period, then falls one tier at a time")
    NEVER = "never", _("Keeps it for good")


class PointsProgram(ProgramTerms):
    """Points for what is spent: `points` for each full `per_amount` of a sale, for the brand, whatever the store.

    Without the pair it earns nothing by itself (campaigns may still grant its points).
    """

    points = models.DecimalField(_("points"), max_digits=14, decimal_places=2, null=True, blank=True)
    per_amount = models.DecimalField(
        _("for each value of"),
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.01"))],
    )
    earns_on_discounted = models.BooleanField(
        _("discounted products earn"),
        default=True,
        help_text=_("Off: lines that were marked down or discounted give no points."),
    )
    point_value = models.DecimalField(
        _("value of a point"),
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("What a point pays of a purchase. Empty: points buy gifts only."),
    )
    redeem_step = models.DecimalField(
        _("redeemed in steps of"),
        max_digits=14,
        decimal_places=2,
        default=1,
        validators=[MinValueValidator(Decimal("0.01"))],
        help_text=_("Points are redeemed in multiples of this."),
    )
    tier_basis = models.CharField(
        _("tiers are reached by"), max_length=10, choices=TierBasis, default=TierBasis.SPEND
    )
    tier_period_months = models.PositiveSmallIntegerField(
        _("of the last (months)"), default=12, validators=[MinValueValidator(1)]
    )
    tier_downgrade = models.CharField(
        _("who no longer reaches a tier"),
        max_length=14,
        choices=TierDowngrade,
        default=TierDowngrade.AT_PERIOD_END,
    )
    sets_customer_level = models.BooleanField(
        _("its tiers are the customers' level"),
        default=False,
        help_text=_("Conditions of campaigns then read the tier as loyalty level and loyalty category."),
    )
    tiers_checked_at = models.DateTimeField(_("tiers looked at"), null=True, editable=False)

    class Meta:
        verbose_name = _("points program")
        verbose_name_plural = _("points programs")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(points__isnull=True, per_amount__isnull=True)
                | models.Q(points__isnull=False, per_amount__isnull=False, points__gt=0, per_amount__gt=0),
                name="points_program_ratio_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(point_value__isnull=True) | models.Q(point_value__gt=0),
                name="points_program_value_positive",
            ),
            models.CheckConstraint(
                condition=models.Q(redeem_step__gt=0), name="points_program_step_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(clawback__in=Clawback.values)
                & models.Q(expired_restore__in=ExpiredRestore.values),
                name="points_program_policies_known",
            ),
            models.CheckConstraint(
                condition=models.Q(tier_basis__in=TierBasis.values)
                & models.Q(tier_downgrade__in=TierDowngrade.values)
                & models.Q(tier_period_months__gte=1),
                name="points_program_tier_rules_known",
            ),
            models.UniqueConstraint(
                fields=["sets_customer_level"],
                condition=models.Q(sets_customer_level=True),
                name="points_program_one_sets_level",
            ),
        ]


class ProgramLevel(models.Model):
    """A threshold of points that opens gifts."""

    program = models.ForeignKey(
        PointsProgram, on_delete=models.CASCADE, related_name="levels", verbose_name=_("program")
    )
    number = models.PositiveSmallIntegerField(_("number"))
    name = models.CharField(_("name"), max_length=80, blank=True, default="")
    points = models.DecimalField(_("points"), max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = _("level")
        verbose_name_plural = _("levels")
        constraints = [
            models.UniqueConstraint(fields=["program", "number"], name="program_level_once"),
            models.UniqueConstraint(fields=["program", "points"], name="program_level_threshold_once"),
            models.CheckConstraint(condition=models.Q(points__gt=0), name="program_level_points_positive"),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.program_id}/{self.number}"


class LevelGift(models.Model):
    """A product that a customer with the points of a level may take home for them."""

    level = models.ForeignKey(
        ProgramLevel, on_delete=models.PROTECT, related_name="gifts", verbose_name=_("level")
    )
    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, related_name="+", verbose_name=_("product")
    )
    picture_url = models.URLField(_("picture"), max_length=500, blank=True, default="")

    class Meta:
        verbose_name = _("gift")
        verbose_name_plural = _("gifts")
        constraints = [
            models.UniqueConstraint(fields=["level", "product"], name="level_gift_once"),
        ]

    def __str__(self) -> str:
        return f"{self.level_id} {self.product_id}"


class StampReward(models.TextChoices):
    PRODUCT = "product", _("A percentage off one product")
    DELIVERY = "delivery", _("A percentage off the delivery fee")


class StampPlan(ProgramTerms):
    """One stamp for each order with a product of the category; so many stamps give one reward."""

    category = models.ForeignKey(
        Category,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("category"),
        help_text=_("Whose products earn. Empty: every product."),
    )
    orders = models.PositiveSmallIntegerField(
        _("orders"), validators=[MinValueValidator(1)], help_text=_("Orders that give one reward.")
    )
    reward = models.CharField(_("reward"), max_length=10, choices=StampReward)
    reward_product = models.ForeignKey(
        Product, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("product")
    )
    reward_percent = models.DecimalField(_("percentage"), max_digits=7, decimal_places=4)
    shows_extras = models.BooleanField(
        _("show extras"),
        default=False,
        help_text=_("The summary also shows items and extras that are no part of the reward."),
    )

    class Meta:
        verbose_name = _("stamp plan")
        verbose_name_plural = _("stamp plans")
        constraints = [
            models.CheckConstraint(condition=models.Q(orders__gte=1), name="stamp_plan_needs_orders"),
            models.CheckConstraint(
                condition=models.Q(reward_percent__gt=0, reward_percent__lte=100),
                name="stamp_plan_percent_in_range",
            ),
            models.CheckConstraint(
                condition=models.Q(reward=StampReward.PRODUCT, reward_product__isnull=False)
                | models.Q(reward=StampReward.DELIVERY, reward_product__isnull=True),
                name="stamp_plan_reward_whole",
            ),
        ]
