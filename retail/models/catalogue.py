from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import MinValueValidator, RegexValidator, URLValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from retail.models.search import Searchable
from retail.querysets import ProductQuerySet

validate_web_address = URLValidator(schemes=["http", "https"])
ncm_validator = RegexValidator(r"^([0-9]{8})?$", _("NCM has eight digits."), code="ncm")


class Category(models.Model):
    """A node of the product tree."""

    code = models.CharField(_("code"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=120)
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("parent"),
    )
    # Codes from the root to this node, kept by retail.services.categories: a basket line learns
    # all the categories it belongs to without walking the tree.
    path = ArrayField(models.CharField(max_length=64), default=list, editable=False, verbose_name=_("path"))

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(parent__isnull=True) | ~models.Q(parent=models.F("id")),
                name="category_not_its_own_parent",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """One SKU: what a barcode at the till stands for. Several SKUs may share a product code."""

    sku = models.CharField(_("SKU"), max_length=64, unique=True)
    code = models.CharField(_("product code"), max_length=64, blank=True, default="", db_index=True)
    name = models.CharField(_("name"), max_length=200)
    barcode = models.CharField(_("barcode"), max_length=64, blank=True, default="", db_index=True)
    ncm = models.CharField(_("NCM"), max_length=8, blank=True, default="", validators=[ncm_validator])
    category = models.ForeignKey(
        Category,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="products",
        verbose_name=_("category"),
    )
    price = models.DecimalField(
        _("price"), max_digits=14, decimal_places=2, validators=[MinValueValidator(0)]
    )
    original_price = models.DecimalField(
        _("original price"),
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    cost = models.DecimalField(
        _("cost"), max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    floor_price = models.DecimalField(
        _("floor price"),
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("No discount takes one unit below this price."),
    )
    discountable = models.BooleanField(_("discountable"), default=True)
    image_url = models.URLField(_("picture"), blank=True, default="")
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [
            models.CheckConstraint(condition=~models.Q(sku=""), name="product_sku_not_empty"),
            models.CheckConstraint(condition=models.Q(price__gte=0), name="product_price_not_negative"),
            models.CheckConstraint(
                condition=models.Q(ncm__regex=r"^([0-9]{8})?$"), name="product_ncm_eight_digits"
            ),
        ]
        indexes = [
            GinIndex(OpClass(Searchable("name"), name="gin_trgm_ops"), name="product_name_search"),
        ]

    def __str__(self) -> str:
        return f"{self.sku} {self.name}"


class CatalogueChange(models.Model):
    """One statement that changed products, categories or product groupings; triggers write it and remove old ones.

    The numbers that are visible together are the version of the catalogue (the function ``catalogue_version``).
    """

    id = models.BigAutoField(primary_key=True)

    class Meta:
        verbose_name = _("catalogue change")
        verbose_name_plural = _("catalogue changes")

    def __str__(self) -> str:
        return str(self.pk)
