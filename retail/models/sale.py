import uuid
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from retail.models.catalogue import Product
from retail.models.store import Store, Terminal
from retail.querysets import SaleQuerySet


class SaleState(models.TextChoices):
    COMMITTED = "committed", _("Committed")
    PARTIALLY_RETURNED = "partially_returned", _("Partially returned")
    RETURNED = "returned", _("Returned")
    CANCELLED = "cancelled", _("Cancelled")


def money(verbose_name: Any) -> models.DecimalField:
    return models.DecimalField(verbose_name, max_digits=14, decimal_places=2, default=0)


class Sale(models.Model):
    """One sale as it was recorded, with the request that made it and the answer that it got.

    The natural key (store, terminal, business date, ticket) never expires: it is what makes sending a
    sale twice harmless. A cancellation that arrives before its sale leaves a row without a response.
    A test sale (sent with a test key) is kept to be looked at and repeated, and counts for nothing: ask
    `Sale.objects.real()` for those that do.
    """

    uuid = models.UUIDField(_("id"), unique=True, default=uuid.uuid4, editable=False)
    # Where another index begins with the same column, a key needs none of its own: each is paid for by every sale.
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="sales", verbose_name=_("store"), db_index=False
    )
    terminal = models.ForeignKey(
        Terminal, on_delete=models.PROTECT, related_name="sales", verbose_name=_("terminal")
    )
    business_date = models.DateField(_("business date"))
    ticket = models.CharField(_("ticket"), max_length=64)
    fiscal_key = models.CharField(_("fiscal key"), max_length=44, null=True, blank=True, unique=True)
    state = models.CharField(_("state"), max_length=20, choices=SaleState, default=SaleState.COMMITTED)
    # A name, not an import: customers stands above retail, and the database still keeps the reference whole.
    customer = models.ForeignKey(
        "customers.Customer",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sales",
        verbose_name=_("customer"),
        db_index=False,
    )
    is_test = models.BooleanField(_("test"), default=False, db_default=False)
    operation = models.CharField(_("operation"), max_length=40, default="sale")
    occurred_at = models.DateTimeField(_("occurred at"))
    received_at = models.DateTimeField(_("received at"))
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)
    gross = money(_("gross"))
    markdown = money(_("markdown"))
    exchange = money(_("exchange"))
    discount = money(_("discount"))
    redeemed = money(_("redeemed"))
    net = money(_("net"))
    delivery_fee = money(_("delivery fee"))
    delivery_discount = money(_("delivery discount"))
    charged = money(_("charged"))
    refunded = models.DecimalField(
        _("refunded"),
        max_digits=14,
        decimal_places=2,
        default=0,
        db_default=0,
        help_text=_("What its returns were worth so far."),
    )
    plan_version = models.PositiveBigIntegerField(_("plan version"))
    fingerprint = models.CharField(
        _("fingerprint"), max_length=64, help_text=_("SHA-256 of the request's content.")
    )
    request = models.JSONField(_("request"), default=dict, encoder=DjangoJSONEncoder)
    response = models.JSONField(_("response"), null=True, encoder=DjangoJSONEncoder)
    # What returns need to know of the moment of the sale and nothing else records: see `pos_api.services.kept_sale`.
    shares = models.JSONField(_("shares"), null=True, encoder=DjangoJSONEncoder)
    flags = models.JSONField(
        _("flags"), default=list, help_text=_("What was unusual, by code, such as clock_skew.")
    )

    objects = SaleQuerySet.as_manager()

    class Meta:
        verbose_name = _("sale")
        verbose_name_plural = _("sales")
        constraints = [
            models.UniqueConstraint(
                # Tests number their tickets beside the real ones.
                fields=["store", "terminal", "business_date", "ticket", "is_test"],
                name="sale_ticket_once_per_terminal_and_day",
            ),
            models.CheckConstraint(condition=models.Q(state__in=SaleState.values), name="sale_state_known"),
            models.CheckConstraint(condition=models.Q(net__gte=0), name="sale_net_not_negative"),
            models.CheckConstraint(condition=models.Q(refunded__gte=0), name="sale_refunded_not_negative"),
            models.CheckConstraint(
                condition=models.Q(
                    net=models.F("gross")
                    - models.F("markdown")
                    - models.F("exchange")
                    - models.F("discount")
                    - models.F("redeemed")
                ),
                name="sale_totals_add_up",
            ),
            models.CheckConstraint(
                condition=models.Q(state=SaleState.CANCELLED, cancelled_at__isnull=False)
                | (~models.Q(state=SaleState.CANCELLED) & models.Q(cancelled_at__isnull=True)),
                name="sale_cancelled_has_its_moment",
            ),
        ]
        indexes = [
            models.Index(fields=["store", "-occurred_at"], name="sale_by_store"),
            models.Index(fields=["-occurred_at"], name="sale_by_moment"),
            models.Index(fields=["customer", "-occurred_at"], name="sale_by_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.business_date} {self.ticket}"


class SaleLine(models.Model):
    """One line of a sale: what was bought, how its value was made, and how much of it came back.

    `refundable` is what all its units are worth in a return: gross - markdown - its share of each campaign's deal,
    corrected where the till charged another total. `returned` of its units came back so far.
    """

    sale = models.ForeignKey(
        Sale, on_delete=models.CASCADE, related_name="lines", verbose_name=_("sale"), db_index=False
    )
    line = models.PositiveIntegerField(_("line"))
    sku = models.CharField(_("SKU"), max_length=64)
    code = models.CharField(_("product code"), max_length=64, blank=True, default="")
    ncm = models.CharField(_("NCM"), max_length=8, blank=True, default="")
    category = models.CharField(_("category"), max_length=64, blank=True, default="")
    product = models.ForeignKey(
        Product, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("product")
    )
    seller = models.CharField(_("seller"), max_length=64, blank=True, default="")
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=3)
    unit_price = models.DecimalField(_("unit price"), max_digits=14, decimal_places=2)
    original_price = models.DecimalField(_("original price"), max_digits=14, decimal_places=2, null=True)
    gross = money(_("gross"))
    markdown = money(_("markdown"))
    exchange_share = money(_("exchange share"))
    discount = money(_("discount"))
    net = money(_("net"))
    refundable = models.DecimalField(
        _("refundable"), max_digits=14, decimal_places=2, default=0, db_default=0
    )
    returned = models.DecimalField(_("returned"), max_digits=12, decimal_places=3, default=0, db_default=0)

    class Meta:
        verbose_name = _("sale line")
        verbose_name_plural = _("sale lines")
        constraints = [
            models.UniqueConstraint(fields=["sale", "line"], name="sale_line_once"),
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="sale_line_quantity_positive"),
            models.CheckConstraint(
                condition=models.Q(net=models.F("gross") - models.F("markdown") - models.F("discount")),
                name="sale_line_adds_up",
            ),
            models.CheckConstraint(condition=models.Q(net__gte=0), name="sale_line_net_not_negative"),
            models.CheckConstraint(
                condition=models.Q(returned__gte=0, returned__lte=models.F("quantity")),
                name="sale_line_returned_within_quantity",
            ),
            models.CheckConstraint(
                condition=models.Q(refundable__gte=0), name="sale_line_refundable_not_negative"
            ),
        ]
        indexes = [models.Index(fields=["sku"], name="sale_line_by_sku")]

    def __str__(self) -> str:
        return f"{self.sale_id}/{self.line}"


class ExchangedItem(models.Model):
    """An item that the customer gave back in the same visit; its value abates the sale."""

    sale = models.ForeignKey(
        Sale, on_delete=models.CASCADE, related_name="exchanged_items", verbose_name=_("sale")
    )
    sku = models.CharField(_("SKU"), max_length=64)
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=3)
    unit_price = models.DecimalField(_("unit price"), max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = _("exchanged item")
        verbose_name_plural = _("exchanged items")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quantity__gt=0), name="exchanged_item_quantity_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sale_id}/{self.sku}"


class Payment(models.Model):
    """What was paid by one method."""

    sale = models.ForeignKey(Sale, on_delete=models.CASCADE, related_name="payments", verbose_name=_("sale"))
    method = models.CharField(_("method"), max_length=40)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="payment_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.amount}"
