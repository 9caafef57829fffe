from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from loyalty.models.account import STORED_TYPES, Account, AccountKind
from loyalty.querysets import StoredValueQuerySet
from retail.models import Category, Clawback, ExpiredRestore, ProductGrouping, Sale, Store, Terminal


def _money(verbose_name: Any, **options: Any) -> models.DecimalField:
    return models.DecimalField(verbose_name, max_digits=14, decimal_places=2, **options)


class StoredValueType(models.Model):
    """What the stored values of one type have in common: a gift card, an e-purse, a voucher or a credit note.

    Whatever it says holds for every value of the type, also for those that exist already, but for `valid_days` and the
    amounts, which count when a value is made.
    """

    code = models.SlugField(_("code"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=160)
    kind = models.CharField(
        _("kind"), max_length=12, choices=[(kind.value, kind.label) for kind in STORED_TYPES]
    )
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Off: no new ones are made; those that exist can be used.")
    )
    version = models.PositiveIntegerField(
        _("version"), default=1, help_text=_("Goes up with every change; stops lost updates.")
    )
    fixed_load = _money(
        _("value that is loaded"), null=True, blank=True, help_text=_("Empty: as the customer wishes.")
    )
    fixed_price = _money(
        _("price that is paid for it"),
        null=True,
        blank=True,
        help_text=_("Of the value that is loaded. Empty: the value itself, or what the cashier enters."),
    )
    ceiling = _money(
        _("ceiling"), null=True, blank=True, help_text=_("Most that one may hold. Empty: no ceiling.")
    )
    is_reloadable = models.BooleanField(_("can be loaded again"), default=False)
    categories = models.ManyToManyField(
        Category,
        blank=True,
        related_name="+",
        verbose_name=_("product families"),
        help_text=_("It pays only products of these. Empty: every product."),
    )
    groupings = models.ManyToManyField(
        ProductGrouping,
        blank=True,
        related_name="+",
        verbose_name=_("groupings of products"),
        help_text=_("It pays products of these, too."),
    )
    store_codes = ArrayField(
        models.CharField(max_length=64),
        verbose_name=_("stores"),
        default=list,
        blank=True,
        help_text=_("Where it can be used. Empty: in every store."),
    )
    is_personal = models.BooleanField(
        _("only for its customer"),
        default=False,
        help_text=_("Whoever pays with it has to be identified as the customer that it belongs to."),
    )
    minimum_purchase = _money(
        _("smallest purchase"), null=True, blank=True, help_text=_("What is due before anything is redeemed.")
    )
    valid_days = models.PositiveIntegerField(
        _("valid for (days)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("After it is issued or loaded, to the end of the day. Empty: never expires."),
    )
    clawback = models.CharField(
        _("when it was spent before a return"),
        max_length=12,
        choices=Clawback,
        default=Clawback.CHARGE_BACK,
        help_text=_("Of those that a sale gave, when that sale is returned."),
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
        verbose_name = _("type of stored value")
        verbose_name_plural = _("types of stored value")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=STORED_TYPES), name="stored_value_type_kind_known"
            ),
            models.CheckConstraint(
                condition=(models.Q(fixed_load__isnull=True) | models.Q(fixed_load__gt=0))
                & (models.Q(fixed_price__isnull=True) | models.Q(fixed_price__gte=0))
                & (models.Q(ceiling__isnull=True) | models.Q(ceiling__gt=0)),
                name="stored_value_type_amounts_positive",
            ),
            models.CheckConstraint(
                condition=models.Q(fixed_load__isnull=True)
                | models.Q(ceiling__isnull=True)
                | models.Q(fixed_load__lte=models.F("ceiling")),
                name="stored_value_type_load_within_ceiling",
            ),
            models.CheckConstraint(
                condition=models.Q(fixed_price__isnull=True) | models.Q(fixed_load__isnull=False),
                name="stored_value_type_price_of_a_load",
            ),
            models.CheckConstraint(
                condition=models.Q(is_reloadable=False) | models.Q(kind=AccountKind.E_PURSE),
                name="stored_value_type_reloads_e_purse",
            ),
            models.CheckConstraint(
                condition=models.Q(clawback__in=Clawback.values)
                & models.Q(expired_restore__in=ExpiredRestore.values),
                name="stored_value_type_policies_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class StoredValue(models.Model):
    """One gift card, e-purse, voucher or credit note, whoever holds it: what it is worth stands in its account.

    `percent` makes a voucher worth a part of one sale instead of an amount; its account then holds one use. `price` is
    what was paid when it was sold (each load has its own: `StoredValueLoad`). `operation` is the id that whoever made it
    gave the making, once in `origin` (a terminal, an issuing run, a return): sent again, it makes no second one.
    """

    type = models.ForeignKey(
        StoredValueType, on_delete=models.PROTECT, related_name="values", verbose_name=_("type")
    )
    account = models.OneToOneField(
        Account, on_delete=models.PROTECT, related_name="stored_value", verbose_name=_("account")
    )
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="stored_values",
        verbose_name=_("customer"),
        db_index=False,
    )
    percent = models.DecimalField(_("percentage"), max_digits=7, decimal_places=4, null=True, blank=True)
    price = _money(_("price"), null=True, blank=True)
    store_codes = ArrayField(
        models.CharField(max_length=64),
        verbose_name=_("stores"),
        default=list,
        blank=True,
        help_text=_("Where it can be used. Empty: where its type can."),
    )
    origin = models.CharField(_("made by"), max_length=80)
    operation = models.CharField(_("operation"), max_length=120)
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("store")
    )
    terminal = models.ForeignKey(
        Terminal, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("terminal")
    )
    sale = models.ForeignKey(
        Sale, on_delete=models.PROTECT, null=True, related_name="stored_values", verbose_name=_("sale")
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("by"),
    )
    blocked_at = models.DateTimeField(_("blocked at"), null=True, blank=True)
    blocked_reason = models.CharField(_("why it is blocked"), max_length=240, blank=True, default="")
    created_at = models.DateTimeField(_("created at"))

    objects = StoredValueQuerySet.as_manager()

    class Meta:
        verbose_name = _("stored value")
        verbose_name_plural = _("stored values")
        permissions = [
            ("issue_storedvalue", _("Can issue stored values")),
            ("block_storedvalue", _("Can block, unblock and replace stored values")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["origin", "operation"], name="stored_value_once_per_operation"),
            models.CheckConstraint(
                condition=models.Q(percent__isnull=True) | models.Q(percent__gt=0, percent__lte=100),
                name="stored_value_percent_in_range",
            ),
            models.CheckConstraint(
                condition=models.Q(price__isnull=True) | models.Q(price__gte=0),
                name="stored_value_price_not_negative",
            ),
        ]
        indexes = [
            models.Index(
                fields=["customer", "-id"],
                name="stored_value_by_customer",
                condition=models.Q(customer__isnull=False),
            ),
            models.Index(
                fields=["id"], name="stored_value_blocked", condition=models.Q(blocked_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type_id} {self.origin} {self.operation}"


class StoredValueCode(models.Model):
    """A code of a stored value, as a keyed hash; the code itself is written nowhere.

    A lost card gets a new code, and the old one ends. With `nonce` the server can make a generated code once more, to
    print or send it (`loyalty.stored_codes`); it is dropped when that is over, and nobody can read the code from then on.
    """

    stored_value = models.ForeignKey(
        StoredValue, on_delete=models.PROTECT, related_name="codes", verbose_name=_("stored value")
    )
    # Unique by the constraint below: a unique column would bring an index for LIKE, which nobody asks of a hash.
    digest = models.CharField(_("keyed hash"), max_length=64)
    last4 = models.CharField(_("last four"), max_length=4)
    nonce = models.BinaryField(_("nonce"), max_length=16, null=True, editable=False)
    created_at = models.DateTimeField(_("created at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=240, blank=True, default="")

    class Meta:
        verbose_name = _("code of a stored value")
        verbose_name_plural = _("codes of stored values")
        constraints = [
            models.UniqueConstraint(
                fields=["stored_value"],
                condition=models.Q(ended_at__isnull=True),
                name="stored_value_has_one_code",
            ),
            models.UniqueConstraint(fields=["digest"], name="stored_value_code_digest_once"),
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                name="stored_value_code_readable",
                condition=models.Q(nonce__isnull=False),
            ),
            # The back-office finds a card by what is printed on it in clear.
            models.Index(
                fields=["last4"], condition=models.Q(ended_at__isnull=True), name="stored_value_code_by_last4"
            ),
        ]

    def __str__(self) -> str:
        return f"…{self.last4}"

    def is_in_use(self, *, at: datetime) -> bool:
        return self.ended_at is None or self.ended_at > at


class StoredValueEvent(models.Model):
    """Something that people did to a stored value which moved no value, or ended it: who, when and, but for printing, why.

    `actor` is nobody where a till did it. `customer` is whom it was given to.
    """

    class Kind(models.TextChoices):
        BLOCKED = "blocked", _("Blocked")
        UNBLOCKED = "unblocked", _("Unblocked")
        REPLACED = "replaced", _("New code")
        ASSIGNED = "assigned", _("Given to a customer")
        RELEASED = "released", _("Taken off the customer")
        VOIDED = "voided", _("Voided")
        PRINTED = "printed", _("Code printed")

    stored_value = models.ForeignKey(
        StoredValue, on_delete=models.PROTECT, related_name="events", verbose_name=_("stored value")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("customer")
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("by"),
    )
    reason = models.CharField(_("reason"), max_length=240, blank=True, default="")
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("event of a stored value")
        verbose_name_plural = _("events of stored values")

    def __str__(self) -> str:
        return f"{self.stored_value_id} {self.kind} {self.created_at:%Y-%m-%d %H:%M}"
