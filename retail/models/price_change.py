from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _


class PriceField(models.TextChoices):
    """What of a product a price change may change; each is a column of Product."""

    PRICE = "price", _("Price")
    ORIGINAL_PRICE = "original_price", _("Original price")
    COST = "cost", _("Cost")
    FLOOR_PRICE = "floor_price", _("Floor price")


class PriceChange(models.Model):
    """One act by which prices changed: a rule, a list, or products that were saved. Rows are added, never changed."""

    rule = models.JSONField(
        _("rule"),
        default=dict,
        encoder=DjangoJSONEncoder,
        help_text=_("What was asked for; empty when products were saved one by one or from a list."),
    )
    note = models.CharField(_("note"), max_length=200, blank=True, default="")
    products = models.PositiveIntegerField(_("products"))
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("changed by"),
    )
    changed_at = models.DateTimeField(_("changed at"))

    class Meta:
        verbose_name = _("price change")
        verbose_name_plural = _("price changes")
        constraints = [
            models.CheckConstraint(condition=models.Q(products__gt=0), name="price_change_of_some_product")
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class PriceChangeLine(models.Model):
    """One price of one SKU before and after. Kept by SKU, so that it outlives the product; never changed."""

    change = models.ForeignKey(
        PriceChange, on_delete=models.PROTECT, related_name="lines", verbose_name=_("price change")
    )
    sku = models.CharField(_("SKU"), max_length=64)
    field = models.CharField(_("field"), max_length=16, choices=PriceField)
    old = models.DecimalField(_("before"), max_digits=14, decimal_places=2, null=True)
    new = models.DecimalField(_("after"), max_digits=14, decimal_places=2, null=True)

    class Meta:
        verbose_name = _("changed price")
        verbose_name_plural = _("changed prices")
        constraints = [
            models.UniqueConstraint(fields=["change", "sku", "field"], name="price_change_line_once"),
            models.CheckConstraint(
                condition=models.Q(field__in=PriceField.values), name="price_change_line_field_known"
            ),
        ]
        indexes = [models.Index(fields=["sku", "-id"], name="price_change_line_by_sku")]

    def __str__(self) -> str:
        return f"{self.sku} {self.field}"
