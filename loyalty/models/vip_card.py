from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from loyalty.querysets import VipCardQuerySet

VIP_PREFIX = "#VIP#"


class VipCard(models.Model):
    """A card that gives its customer a percentage off, after every campaign, until a day ends.

    It holds no value: what it gave stands with the activations of the sales. Code and customer never change; a lost card
    is blocked and another one made.
    """

    MAX_LENGTH = 64

    code = models.CharField(
        _("code"),
        max_length=MAX_LENGTH,
        unique=True,
        help_text=_("In upper case: #VIP# and at least one letter or digit."),
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="vip_cards", verbose_name=_("customer")
    )
    percent = models.DecimalField(_("discount rate"), max_digits=7, decimal_places=4)
    expires_at = models.DateTimeField(
        _("expires at"), help_text=_("The first moment at which it no longer holds.")
    )
    is_active = models.BooleanField(_("active"), default=True, help_text=_("A blocked card gives nothing."))
    notify = models.JSONField(
        _("people to notify"),
        default=list,
        blank=True,
        help_text=_("Telephones and e-mails that are told of each sale with the card."),
    )
    version = models.PositiveIntegerField(_("version"), default=1)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created at"))
    updated_at = models.DateTimeField(_("updated at"))

    objects = VipCardQuerySet.as_manager()

    class Meta:
        verbose_name = _("VIP card")
        verbose_name_plural = _("VIP cards")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(code__regex=r"^#VIP#[0-9A-Z][0-9A-Z._-]*$"), name="vip_card_code_prefixed"
            ),
            models.CheckConstraint(
                condition=models.Q(percent__gt=0, percent__lte=100), name="vip_card_percent_in_range"
            ),
        ]

    def __str__(self) -> str:
        return self.code
