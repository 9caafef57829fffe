from django.db import models
from django.utils.translation import gettext_lazy as _

from retail.models.catalogue import Product
from retail.models.store import Store


class Grouping(models.Model):
    """A named list, used in campaign rules. Abstract: products, stores and customers have their own."""

    code = models.CharField(_("code"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=120)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def is_computed(self) -> bool:
        """True when its members follow from something else, and nobody adds or removes them."""
        return False


class ProductGrouping(Grouping):
    """A named list of products ("Produtos Inverno")."""

    products = models.ManyToManyField(
        Product, related_name="groupings", blank=True, verbose_name=_("products")
    )

    class Meta:
        verbose_name = _("product grouping")
        verbose_name_plural = _("product groupings")


class StoreGrouping(Grouping):
    """A named list of stores ("Sul")."""

    stores = models.ManyToManyField(Store, related_name="groupings", blank=True, verbose_name=_("stores"))

    class Meta:
        verbose_name = _("store grouping")
        verbose_name_plural = _("store groupings")
