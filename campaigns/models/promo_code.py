from datetime import datetime

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.campaign import Campaign, CampaignRevision
from campaigns.querysets import PromoCodeQuerySet
from customers.models import Customer


class PoolTerms(models.TextChoices):
    """What a code opens: what the campaign says when it is used, or what it said when the code was issued."""

    LIVE = "live", _("What the campaign says on the day")
    AS_ISSUED = "as_issued", _("What the campaign said when the code was issued")


class CodeAlphabet(models.TextChoices):
    BASE32 = "base32", _("Digits and letters, without I, L, O and U")
    LETTERS = "letters", _("Letters, without I, L, O and U")
    DIGITS = "digits", _("Digits")


class CodeState(models.TextChoices):
    """What a manager sees of a code; a till only learns that it is not usable."""

    USABLE = "usable", _("Usable")
    USED = "used", _("Used")
    EXPIRED = "expired", _("Expired")
    NOT_YET = "not_yet", _("Not yet valid")
    CLOSED = "closed", _("Closed")
    POOL_CLOSED = "pool_closed", _("Pool closed")


class PromoCodePool(models.Model):
    """A set of promotional codes that open one campaign: how new ones look, and what holds for them.

    ``max_uses`` to ``valid_days`` are what new codes get when nothing else is said; each code keeps its own.
    ``code_count`` is written by whoever adds codes, in the same transaction, since counting a million takes its time.
    """

    code = models.SlugField(_("code"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=120)
    campaign = models.ForeignKey(
        Campaign,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="pools",
        verbose_name=_("campaign"),
    )
    for_automations = models.BooleanField(
        _("for automations"),
        default=False,
        help_text=_("Codes are made one by one when a message needs them."),
    )
    is_active = models.BooleanField(
        _("open"), default=True, help_text=_("No code of a closed pool can be used, whatever its own state.")
    )
    terms = models.CharField(_("terms"), max_length=10, choices=PoolTerms, default=PoolTerms.LIVE)
    pattern = models.CharField(_("prefix of generated codes"), max_length=16, blank=True, default="")
    length = models.PositiveSmallIntegerField(
        _("symbols after the prefix"), default=16, validators=[MinValueValidator(6), MaxValueValidator(32)]
    )
    alphabet = models.CharField(
        _("alphabet"), max_length=10, choices=CodeAlphabet, default=CodeAlphabet.BASE32
    )
    has_check_symbol = models.BooleanField(_("last symbol checks the others"), default=True)
    max_uses = models.PositiveIntegerField(_("uses of each code"), null=True, blank=True, default=1)
    max_uses_per_customer = models.PositiveIntegerField(
        _("uses of each code by one customer"), null=True, blank=True
    )
    valid_days = models.PositiveIntegerField(_("days of validity"), null=True, blank=True)
    expires_at = models.DateTimeField(_("valid until"), null=True, blank=True)
    code_count = models.PositiveBigIntegerField(_("codes"), default=0)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("promo code pool")
        verbose_name_plural = _("promo code pools")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(terms__in=PoolTerms.values), name="promo_code_pool_terms_known"
            ),
            models.CheckConstraint(
                condition=models.Q(alphabet__in=CodeAlphabet.values), name="promo_code_pool_alphabet_known"
            ),
            models.CheckConstraint(
                condition=models.Q(length__gte=6, length__lte=32), name="promo_code_pool_length"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PromoCode(models.Model):
    """One code, as the customer types it: upper case, without outer spaces.

    ``used`` counts uses that stand; commit raises it with a conditional update and cancellation takes it back.
    ``revision`` is what the code opens when it keeps the terms of its issue. ``issued_by`` is the activation that earned it.
    """

    pool = models.ForeignKey(
        PromoCodePool,
        on_delete=models.PROTECT,
        related_name="codes",
        verbose_name=_("pool"),
        db_index=False,
    )
    code = models.CharField(_("code"), max_length=64, unique=True)
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="promo_codes",
        verbose_name=_("only for"),
        db_index=False,
    )
    revision = models.ForeignKey(
        CampaignRevision,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("revision that it opens"),
        db_index=False,
    )
    issued_by = models.ForeignKey(
        "campaigns.Activation",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="issued_codes",
        verbose_name=_("issued by"),
        db_index=False,
    )
    max_uses = models.PositiveIntegerField(_("greatest number of uses"), null=True, blank=True, default=1)
    max_uses_per_customer = models.PositiveIntegerField(
        _("greatest number of uses by one customer"), null=True, blank=True
    )
    used = models.PositiveIntegerField(_("uses"), default=0)
    starts_at = models.DateTimeField(_("valid from"), null=True, blank=True)
    expires_at = models.DateTimeField(_("valid until"), null=True, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = PromoCodeQuerySet.as_manager()

    class Meta:
        verbose_name = _("promo code")
        verbose_name_plural = _("promo codes")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(max_uses__isnull=True) | models.Q(used__lte=models.F("max_uses")),
                name="promo_code_not_overused",
            ),
            models.CheckConstraint(
                condition=models.Q(code__regex=r"^[^[:lower:][:space:]]+$"), name="promo_code_normalised"
            ),
        ]
        indexes = [
            models.Index(fields=["pool", "id"], name="promo_code_by_pool"),
            models.Index(
                fields=["customer", "pool"],
                name="promo_code_by_customer",
                condition=models.Q(customer__isnull=False),
            ),
            # Uses are summed up from those that were used; a million others are not looked at.
            models.Index(
                fields=["pool", "id"],
                include=["used"],
                name="promo_code_used_by_pool",
                condition=models.Q(used__gt=0),
            ),
            models.Index(
                fields=["issued_by"],
                name="promo_code_by_activation",
                condition=models.Q(issued_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def state(self, *, at: datetime, pool: PromoCodePool) -> CodeState:
        """Return whether somebody may use it at a moment, or the first reason why nobody may."""
        return code_state(
            pool_is_active=pool.is_active,
            is_active=self.is_active,
            used=self.used,
            max_uses=self.max_uses,
            starts_at=self.starts_at,
            expires_at=self.expires_at,
            at=at,
        )


def code_state(
    *,
    pool_is_active: bool,
    is_active: bool,
    used: int,
    max_uses: int | None,
    starts_at: datetime | None,
    expires_at: datetime | None,
    at: datetime,
) -> CodeState:
    """Return the state of a code that has these values; of several reasons the first."""
    if not pool_is_active:
        return CodeState.POOL_CLOSED
    if not is_active:
        return CodeState.CLOSED
    if max_uses is not None and used >= max_uses:
        return CodeState.USED
    if expires_at is not None and expires_at <= at:
        return CodeState.EXPIRED
    if starts_at is not None and starts_at > at:
        return CodeState.NOT_YET
    return CodeState.USABLE


class PromoCodeUse(models.Model):
    """How often one customer has used one code. Only codes with a limit for each customer have rows.

    ``customer_key`` is "c:<id>", as in a campaign's counters.
    """

    promo_code = models.ForeignKey(
        PromoCode, on_delete=models.CASCADE, related_name="uses", verbose_name=_("promo code")
    )
    customer_key = models.CharField(_("customer"), max_length=80)
    used = models.PositiveIntegerField(_("uses"), default=0)

    class Meta:
        verbose_name = _("use of a promo code")
        verbose_name_plural = _("uses of promo codes")
        constraints = [
            models.UniqueConstraint(fields=["promo_code", "customer_key"], name="promo_code_use_once"),
        ]

    def __str__(self) -> str:
        return f"{self.promo_code_id} {self.customer_key}"


class PromoCodePoolEvent(models.Model):
    """What somebody did to a pool: made it, generated, imported, exported, closed. Only ever added."""

    pool = models.ForeignKey(
        PromoCodePool, on_delete=models.CASCADE, related_name="events", verbose_name=_("pool")
    )
    action = models.CharField(_("action"), max_length=20)
    details = models.JSONField(_("details"), default=dict)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("by"),
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("event of a promo code pool")
        verbose_name_plural = _("events of promo code pools")

    def __str__(self) -> str:
        return f"{self.pool_id} {self.action} {self.at:%Y-%m-%d %H:%M}"
