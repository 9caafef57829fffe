from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models.customer import Customer

# What campaigns, segments and issuing mean by twelve months.
TWELVE_MONTHS = timedelta(days=365)


def window_start(at: datetime) -> datetime:
    """Return the moment after which sales count as those of the last twelve months."""
    return at - TWELVE_MONTHS


def _money(verbose_name: Any) -> models.DecimalField:
    return models.DecimalField(verbose_name, max_digits=14, decimal_places=2, default=0)


class CustomerMetrics(models.Model):
    """What one customer's sales come to: those since `window_starts_at`, and all of them.

    Sales that stand count with their `net`, as campaigns count them (`pos_snapshot`): no tests, none that was cancelled or
    wholly returned. The window is twelve months from some moment on: its sums are those of today as long as `oldest_at`,
    the first sale in it, is not older than twelve months. A customer without a row has bought nothing. Written by
    `customers.services.metrics`, proved by `manage.py verify_metrics`.
    """

    customer = models.OneToOneField(
        Customer,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="metrics",
        verbose_name=_("customer"),
    )
    window_starts_at = models.DateTimeField(_("sales counted since"))
    turnover = _money(_("turnover in twelve months"))
    visits = models.PositiveIntegerField(_("visits in twelve months"), default=0)
    oldest_at = models.DateTimeField(_("first purchase in twelve months"), null=True)
    turnover_total = _money(_("turnover in all"))
    visits_total = models.PositiveIntegerField(_("visits in all"), default=0)
    first_at = models.DateTimeField(_("first purchase"), null=True)
    last_at = models.DateTimeField(_("last purchase"), null=True)

    class Meta:
        verbose_name = _("metrics of a customer")
        verbose_name_plural = _("metrics of customers")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(visits__lte=models.F("visits_total"))
                & models.Q(turnover__lte=models.F("turnover_total")),
                name="customer_metrics_window_within_all",
            ),
            models.CheckConstraint(
                condition=models.Q(visits=0, oldest_at__isnull=True)
                | models.Q(visits__gt=0, oldest_at__isnull=False, oldest_at__gt=models.F("window_starts_at")),
                name="customer_metrics_oldest_is_in_window",
            ),
            models.CheckConstraint(
                condition=models.Q(visits_total=0, first_at__isnull=True, last_at__isnull=True)
                | models.Q(
                    visits_total__gt=0,
                    first_at__isnull=False,
                    last_at__isnull=False,
                    first_at__lte=models.F("last_at"),
                ),
                name="customer_metrics_purchases_have_moments",
            ),
        ]
        indexes = [
            # Whose sales leave the window next.
            models.Index(fields=["oldest_at"], name="customer_metrics_by_oldest"),
            # The best customers are few, and asked for most.
            models.Index(fields=["turnover"], name="customer_metrics_by_turnover"),
            # Who has been away for so many days is asked for every few minutes.
            models.Index(fields=["last_at"], name="customer_metrics_by_last"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.turnover} {self.visits}"


class CategoryTotal(models.Model):
    """What one customer bought of one category in one month of business dates, without what came back since.

    `category` is the code that the sale's lines have; `amount` is their net, in proportion to the units that were kept.
    """

    pk = models.CompositePrimaryKey("customer_id", "category", "month")
    customer = models.ForeignKey(
        Customer,
        on_delete=models.CASCADE,
        related_name="category_totals",
        verbose_name=_("customer"),
        # The key begins with it.
        db_index=False,
    )
    category = models.CharField(_("category"), max_length=64)
    month = models.DateField(_("month"), help_text=_("Its first day."))
    quantity = models.DecimalField(_("quantity"), max_digits=14, decimal_places=3)
    amount = _money(_("amount"))

    class Meta:
        verbose_name = _("purchases of a category in a month")
        verbose_name_plural = _("purchases of categories by month")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quantity__gt=0, amount__gte=0), name="category_total_of_something"
            ),
            models.CheckConstraint(condition=models.Q(month__day=1), name="category_total_of_a_whole_month"),
        ]
        indexes = [
            # Who bought of a category is answered from the index alone.
            models.Index(
                fields=["category", "month"],
                include=["customer", "quantity", "amount"],
                name="category_total_by_category",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.category} {self.month:%Y-%m}"
