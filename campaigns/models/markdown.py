from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.published import PublishedDocument, Revision, known_and_live
from campaigns.querysets import MarkdownQuerySet


class Markdown(PublishedDocument):
    """New prices for up to 100,000 products. The document holds everything but the products, which are rows.

    ``items_version`` goes up with every change of the rows; ``starts_at`` and ``ends_at`` are those of the live
    document once there is one, of the working copy before.
    """

    starts_at = models.DateTimeField(_("starts at"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends at"), null=True, blank=True)
    item_count = models.PositiveIntegerField(_("products"), default=0)
    items_version = models.PositiveIntegerField(_("version of the products"), default=1)
    live_revision = models.ForeignKey(
        "MarkdownRevision",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("live revision"),
    )

    objects = MarkdownQuerySet.as_manager()

    class Meta:
        verbose_name = _("price markdown")
        verbose_name_plural = _("price markdowns")
        permissions = [
            ("publish_markdown", "Can publish and pause price markdowns"),
            ("approve_markdown", "Can approve price markdowns that somebody else submits"),
        ]
        constraints = [
            *known_and_live("markdown"),
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True)
                | models.Q(starts_at__isnull=True)
                | models.Q(starts_at__lt=models.F("ends_at")),
                name="markdown_period_not_empty",
            ),
        ]


class MarkdownItem(models.Model):
    """One product of a markdown's working copy: its new price, or the percentage taken off its price."""

    markdown = models.ForeignKey(
        Markdown, on_delete=models.CASCADE, related_name="items", verbose_name=_("price markdown")
    )
    value = models.CharField(_("product"), max_length=200, help_text=_("Its SKU or product code."))
    price = models.DecimalField(_("new price"), max_digits=14, decimal_places=2, null=True, blank=True)
    percent = models.DecimalField(_("percentage off"), max_digits=7, decimal_places=4, null=True, blank=True)

    class Meta:
        verbose_name = _("product of a markdown")
        verbose_name_plural = _("products of markdowns")
        constraints = [
            models.UniqueConstraint(fields=["markdown", "value"], name="markdown_item_once"),
            models.CheckConstraint(
                condition=models.Q(price__isnull=False, percent__isnull=True)
                | models.Q(price__isnull=True, percent__isnull=False),
                name="markdown_item_price_or_percent",
            ),
            models.CheckConstraint(
                condition=models.Q(price__isnull=True) | models.Q(price__gte=0),
                name="markdown_item_price_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(percent__isnull=True) | models.Q(percent__gte=0, percent__lte=100),
                name="markdown_item_percent_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.markdown_id} {self.value}"


class MarkdownPrices(models.Model):
    """The products of a markdown as they were published once, shared by the revisions that did not change them.

    Immutable like the revisions. ``items`` are canonical: ``{"value": "A-1", "price": "9.90"}``.
    """

    markdown = models.ForeignKey(
        Markdown, on_delete=models.PROTECT, related_name="price_lists", verbose_name=_("price markdown")
    )
    items_version = models.PositiveIntegerField(_("version of the products"))
    items = models.JSONField(_("products"))

    class Meta:
        verbose_name = _("published prices of a markdown")
        verbose_name_plural = _("published prices of markdowns")
        constraints = [
            models.UniqueConstraint(fields=["markdown", "items_version"], name="markdown_prices_once"),
        ]

    def __str__(self) -> str:
        return f"{self.markdown_id} p{self.items_version}"


class MarkdownRevision(Revision):
    """One published state of a markdown."""

    markdown = models.ForeignKey(
        Markdown, on_delete=models.PROTECT, related_name="revisions", verbose_name=_("price markdown")
    )
    prices = models.ForeignKey(
        MarkdownPrices, on_delete=models.PROTECT, related_name="+", verbose_name=_("prices")
    )
    item_count = models.PositiveIntegerField(_("products"))

    class Meta:
        verbose_name = _("markdown revision")
        verbose_name_plural = _("markdown revisions")
        constraints = [
            models.UniqueConstraint(fields=["markdown", "number"], name="markdown_revision_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.markdown_id} r{self.number}"
