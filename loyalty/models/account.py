from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from loyalty.models.program import PointsProgram, StampPlan
from loyalty.querysets import LotQuerySet
from retail.models import Sale


def units(verbose_name: Any, **options: Any) -> models.DecimalField:
    """Money, points (up to two decimals) or whole stamps, by the account's kind."""
    return models.DecimalField(verbose_name, max_digits=14, decimal_places=2, **options)


class AccountKind(models.TextChoices):
    POINTS = "points", _("Points")
    STAMPS = "stamps", _("Stamps")
    CASHBACK = "cashback", _("Cashback")
    GIFT_CARD = "gift_card", _("Gift card")
    E_PURSE = "e_purse", _("E-purse")
    VOUCHER = "voucher", _("Voucher")
    # Worth a percentage of one sale: its unit is a use, not money.
    RATE_VOUCHER = "rate_voucher", _("Voucher in percent")
    CREDIT_NOTE = "credit_note", _("Credit note")


# What stored values there are to issue; a voucher is of money or in percent.
STORED_TYPES = (AccountKind.GIFT_CARD, AccountKind.E_PURSE, AccountKind.VOUCHER, AccountKind.CREDIT_NOTE)
# What belongs to whoever presents its code. The account of one is that code's, not a customer's.
STORED_KINDS = (*STORED_TYPES, AccountKind.RATE_VOUCHER)
MONEY_KINDS = (AccountKind.CASHBACK, *STORED_TYPES)


class Account(models.Model):
    """What the company owes: a customer's points of a program, stamps of a plan or cashback, or what one stored value holds.

    A customer may hold a stored value, too; `StoredValue` says who. `balance` and `owed` are kept by the database's triggers
    on entries, receivables and settlements; nothing else writes them. Both kinds of redemption lock this row first.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, related_name="accounts", verbose_name=_("customer")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=AccountKind)
    program = models.ForeignKey(
        PointsProgram,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="accounts",
        verbose_name=_("program"),
    )
    plan = models.ForeignKey(
        StampPlan,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="accounts",
        verbose_name=_("stamp plan"),
    )
    balance = units(_("balance"), default=0, db_default=0)
    owed = units(_("owed by the customer"), default=0, db_default=0)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        permissions = [("adjust_account", _("Can add, take and write off value"))]
        constraints = [
            models.CheckConstraint(condition=models.Q(balance__gte=0), name="account_balance_not_negative"),
            models.CheckConstraint(condition=models.Q(owed__gte=0), name="account_owed_not_negative"),
            models.CheckConstraint(
                condition=models.Q(kind=AccountKind.POINTS, program__isnull=False, plan__isnull=True)
                | models.Q(kind=AccountKind.STAMPS, program__isnull=True, plan__isnull=False)
                | models.Q(
                    kind__in=(AccountKind.CASHBACK, *STORED_KINDS), program__isnull=True, plan__isnull=True
                ),
                name="account_kind_has_its_unit",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=STORED_KINDS, customer__isnull=True)
                | (~models.Q(kind__in=STORED_KINDS) & models.Q(customer__isnull=False)),
                name="account_kind_has_its_owner",
            ),
            models.UniqueConstraint(
                fields=["customer", "program"],
                condition=models.Q(program__isnull=False),
                name="account_once_per_program",
            ),
            models.UniqueConstraint(
                fields=["customer", "plan"],
                condition=models.Q(plan__isnull=False),
                name="account_once_per_plan",
            ),
            models.UniqueConstraint(
                fields=["customer"],
                condition=models.Q(kind=AccountKind.CASHBACK),
                name="account_cashback_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.customer_id} {self.program_id or self.plan_id or ''}"


class LotSource(models.TextChoices):
    SALE = "sale", _("Sale")
    ADJUSTMENT = "adjustment", _("Adjustment")
    # What a sale had redeemed on credit, and its return gives back.
    RETURN = "return", _("Return")
    # Sold, loaded or issued as a stored value.
    ISSUE = "issue", _("Issue")
    # What another lot held: it goes on with the same conditions in another account.
    TRANSFER = "transfer", _("Transfer")


class Lot(models.Model):
    """What one event put into an account, with its own time and conditions.

    Pending before `available_from`, available until `expires_at` (or `grace_until`, when a return gave it back late),
    expired after it: functions of time, whatever job has run. `remaining` is the sum of its entries, kept by a
    trigger. `terms` are the redemption conditions of a cashback, as its campaign's document wrote them. `moved_from` is
    the lot that it goes on from, in an account of another customer's record or instrument.
    """

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="lots", verbose_name=_("account"), db_index=False
    )
    source = models.CharField(_("source"), max_length=12, choices=LotSource)
    cause = models.CharField(
        _("cause"), max_length=120, help_text=_("What made it, once: the same cause never makes two lots.")
    )
    sale = models.ForeignKey(
        Sale,
        on_delete=models.PROTECT,
        null=True,
        related_name="lots",
        verbose_name=_("sale"),
        db_index=False,
    )
    moved_from = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="moved_to",
        verbose_name=_("moved from"),
        db_index=False,
    )
    campaign = models.CharField(_("campaign"), max_length=64, blank=True, default="")
    earned = units(_("earned"))
    remaining = units(_("remaining"), default=0, db_default=0)
    available_from = models.DateTimeField(_("available from"))
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    grace_until = models.DateTimeField(_("grace until"), null=True, blank=True)
    awaits_review = models.BooleanField(_("waits for a review"), default=False)
    reviewed_at = models.DateTimeField(_("reviewed at"), null=True, blank=True)
    terms = models.JSONField(_("terms"), default=dict)
    created_at = models.DateTimeField(_("created at"))

    objects = LotQuerySet.as_manager()
    # What reservations keep of it, where a query asked for that (`LotQuerySet.with_held`).
    held: Decimal

    class Meta:
        verbose_name = _("lot")
        verbose_name_plural = _("lots")
        constraints = [
            models.UniqueConstraint(fields=["account", "cause"], name="lot_once_per_cause"),
            models.CheckConstraint(condition=models.Q(earned__gt=0), name="lot_earned_positive"),
            models.CheckConstraint(
                condition=models.Q(remaining__gte=0) & models.Q(remaining__lte=models.F("earned")),
                name="lot_remaining_within_earned",
            ),
            models.CheckConstraint(
                condition=models.Q(source=LotSource.TRANSFER, moved_from__isnull=False)
                | (~models.Q(source=LotSource.TRANSFER) & models.Q(moved_from__isnull=True)),
                name="lot_of_a_transfer_has_its_origin",
            ),
        ]
        indexes = [
            models.Index(
                fields=["account", "expires_at"],
                condition=models.Q(remaining__gt=0),
                name="lot_open_by_account",
            ),
            models.Index(
                fields=["expires_at"],
                condition=models.Q(remaining__gt=0, expires_at__isnull=False),
                name="lot_open_by_expiry",
            ),
            models.Index(fields=["sale"], name="lot_by_sale"),
            # Rows are only added, so a few pages say which of them were made on a day.
            BrinIndex(fields=["created_at"], name="lot_by_creation"),
            models.Index(
                fields=["moved_from"], name="lot_by_origin", condition=models.Q(moved_from__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.cause}"

    @property
    def ends_at(self) -> datetime | None:
        """When it expires, with the grace that a return gave. None: never."""
        if self.expires_at is None or self.grace_until is None:
            return self.expires_at
        return max(self.expires_at, self.grace_until)

    def is_ready(self, *, at: datetime) -> bool:
        """Whether its waiting is over at that moment; it may have expired since."""
        return self.available_from <= at and (
            not self.awaits_review or (self.reviewed_at is not None and self.reviewed_at <= at)
        )


class EntryKind(models.TextChoices):
    EARN = "earn", _("Earned")
    LOAD = "load", _("Loaded")
    REDEEM = "redeem", _("Redeemed")
    RESTORE = "restore", _("Given back")
    EXPIRE = "expire", _("Expired")
    FORFEIT = "forfeit", _("Forfeited")
    REVERSE = "reverse", _("Taken back")
    ADJUST = "adjust", _("Adjusted")
    SETTLE = "settle", _("Paid a debt")
    VOID = "void", _("Voided")
    TRANSFER = "transfer", _("Transferred")


# Whether an entry of the kind adds to its lot or takes from it.
ADDS = (EntryKind.EARN, EntryKind.LOAD, EntryKind.RESTORE)
# Those whose sign says which of the two it does.
SIGNED = (EntryKind.ADJUST, EntryKind.TRANSFER)


class Entry(models.Model):
    """One immutable line on one lot. `amount` is signed. Inserting it is what moves the balance.

    `cause` names what made it ("sale:<id>", "return:<id>", "expiry", "adjustment:<id>", "merge:<id>"): the same cause never
    posts twice to a lot. `occurred_at` is when it happened, `recorded_at` when we heard of it.
    """

    # The constraints and indexes below begin with these keys; an index more would only slow every posting.
    lot = models.ForeignKey(
        Lot, on_delete=models.PROTECT, related_name="entries", verbose_name=_("lot"), db_index=False
    )
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="entries", verbose_name=_("account"), db_index=False
    )
    kind = models.CharField(_("kind"), max_length=10, choices=EntryKind)
    amount = units(_("amount"))
    cause = models.CharField(_("cause"), max_length=120)
    sale = models.ForeignKey(
        Sale,
        on_delete=models.PROTECT,
        null=True,
        related_name="entries",
        verbose_name=_("sale"),
        db_index=False,
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("by"),
    )
    reason = models.CharField(_("reason"), max_length=240, blank=True, default="")
    occurred_at = models.DateTimeField(_("occurred at"))
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        constraints = [
            models.UniqueConstraint(fields=["lot", "kind", "cause"], name="entry_once_per_cause"),
            models.CheckConstraint(
                condition=models.Q(kind__in=ADDS, amount__gt=0)
                | models.Q(kind__in=SIGNED)
                | (~models.Q(kind__in=ADDS) & models.Q(amount__lt=0)),
                name="entry_sign_of_its_kind",
            ),
            models.CheckConstraint(condition=~models.Q(amount=0), name="entry_not_zero"),
            models.CheckConstraint(condition=~models.Q(cause=""), name="entry_has_a_cause"),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="entry_by_account"),
            models.Index(fields=["sale"], name="entry_by_sale"),
            models.Index(fields=["kind", "recorded_at"], name="entry_by_kind"),
            # Reports read whole periods; rows arrive nearly in this order, so a few pages of index do.
            BrinIndex(fields=["occurred_at"], name="entry_by_moment"),
        ]

    def __str__(self) -> str:
        return f"{self.lot_id} {self.kind} {self.amount}"


class Receivable(models.Model):
    """What a customer owes an account: earned, spent, and then returned. The next earning pays it first."""

    account = models.ForeignKey(
        Account,
        on_delete=models.PROTECT,
        related_name="receivables",
        verbose_name=_("account"),
        db_index=False,
    )
    cause = models.CharField(_("cause"), max_length=120)
    sale = models.ForeignKey(
        Sale, on_delete=models.PROTECT, null=True, related_name="receivables", verbose_name=_("sale")
    )
    amount = units(_("amount"))
    left = units(_("left"))
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("receivable")
        verbose_name_plural = _("receivables")
        constraints = [
            models.UniqueConstraint(fields=["account", "cause"], name="receivable_once_per_cause"),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0, left__gte=0) & models.Q(left__lte=models.F("amount")),
                name="receivable_left_within_amount",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.cause}"


class Settlement(models.Model):
    """A part of a receivable that was paid by an entry, or that a manager ended with a reason. Immutable.

    With `moved_to` the debt did not end: it goes on there, in another account.
    """

    receivable = models.ForeignKey(
        Receivable, on_delete=models.PROTECT, related_name="settlements", verbose_name=_("receivable")
    )
    entry = models.OneToOneField(
        Entry, on_delete=models.PROTECT, null=True, related_name="settlement", verbose_name=_("entry")
    )
    moved_to = models.OneToOneField(
        Receivable,
        on_delete=models.PROTECT,
        null=True,
        related_name="moved_by",
        verbose_name=_("goes on in"),
    )
    amount = units(_("amount"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("by"),
    )
    reason = models.CharField(_("reason"), max_length=240, blank=True, default="")
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("settlement")
        verbose_name_plural = _("settlements")
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="settlement_positive"),
            models.CheckConstraint(
                condition=models.Q(entry__isnull=True) | models.Q(moved_to__isnull=True),
                name="settlement_pays_or_moves",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.receivable_id} {self.amount}"
