from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.campaign import Campaign
from campaigns.querysets import PromoCodeQuerySet
from customers.models import Customer


class PromoCodePool(models.Model):
    """A set of promotional codes that open one campaign."""

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
    pattern = models.CharField(_("prefix of generated codes"), max_length=16, blank=True, default="")
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("promo code pool")
        verbose_name_plural = _("promo code pools")

    def __str__(self) -> str:
        return self.name


class PromoCode(models.Model):
    """One code, as the customer types it: upper case, without outer spaces.

    ``used`` counts uses that stand; commit raises it with a conditional update and cancellation takes it back.
    """

    pool = models.ForeignKey(
        PromoCodePool, on_delete=models.PROTECT, related_name="codes", verbose_name=_("pool")
    )
    code = models.CharField(_("code"), max_length=64, unique=True)
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="promo_codes",
        verbose_name=_("only for"),
    )
    max_uses = models.PositiveIntegerField(_("greatest number of uses"), null=True, blank=True, default=1)
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

    def __str__(self) -> str:
        return self.code
