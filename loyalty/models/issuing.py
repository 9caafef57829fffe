from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models import Customer, CustomerGrouping
from loyalty import issuing
from loyalty.models.stored_value import StoredValue, StoredValueType
from loyalty.rules import end_after
from retail import money


def _money(verbose_name: Any, **options: Any) -> models.DecimalField:
    return models.DecimalField(verbose_name, max_digits=14, decimal_places=2, **options)


def _codes(verbose_name: Any, **options: Any) -> ArrayField:
    return ArrayField(
        models.CharField(max_length=64), verbose_name=verbose_name, default=list, blank=True, **options
    )


class PercentMeans(models.TextChoices):
    TURNOVER = issuing.PercentMeans.TURNOVER.value, _("That part of the turnover, as an amount")
    VOUCHER = issuing.PercentMeans.VOUCHER.value, _("A voucher that takes it off one purchase")


class IssuingTerms(models.Model):
    """What is given and to whom, whether all customers are gone through at once or one sale is looked at.

    `tiers` are documents as `loyalty.issuing.read_tiers` reads them. The validity is that of the type where neither
    `valid_days` nor `usable_until` says another.
    """

    type = models.ForeignKey(
        StoredValueType, on_delete=models.PROTECT, related_name="+", verbose_name=_("type of voucher")
    )
    minimum_turnover = _money(_("smallest turnover"), default=Decimal("0.00"))
    minimum_visits = models.PositiveIntegerField(_("fewest visits"), default=0)
    tiers = models.JSONField(_("tiers"), default=list)
    percent_means = models.CharField(
        _("a percentage gives"), max_length=12, choices=PercentMeans, default=PercentMeans.TURNOVER
    )
    most = _money(_("at most"), null=True, blank=True)
    valid_days = models.PositiveIntegerField(
        _("valid for (days)"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    usable_from = models.DateTimeField(_("usable from"), null=True, blank=True)
    usable_until = models.DateTimeField(_("usable until"), null=True, blank=True)
    usable_store_codes = _codes(_("stores where it can be used"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("made by"),
    )
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        abstract = True

    def terms(self) -> issuing.Terms:
        """Return what the rules work with. No amount exceeds what one value of the type may hold."""
        limits = [limit for limit in (self.most, self.type.ceiling) if limit is not None]
        return issuing.Terms(
            tiers=issuing.read_tiers(self.tiers),
            percent_means=issuing.PercentMeans(self.percent_means),
            minimum_turnover=money.from_decimal(self.minimum_turnover),
            minimum_visits=self.minimum_visits,
            most=money.from_decimal(min(limits)) if limits else None,
        )

    def expires_at(self, *, at: datetime, zone: ZoneInfo) -> datetime | None:
        """Return when a voucher that is issued at that moment ends; None: as its type says."""
        if self.valid_days is not None:
            return end_after(at, self.valid_days, zone)
        return self.usable_until


def _validity_is_one(prefix: str) -> Sequence[models.CheckConstraint]:
    """Days or dates, not both; the dates in their order."""
    return (
        models.CheckConstraint(
            condition=models.Q(valid_days__isnull=True)
            | models.Q(valid_days__gt=0, usable_from__isnull=True, usable_until__isnull=True),
            name=f"{prefix}_valid_for_days_or_between_dates",
        ),
        models.CheckConstraint(
            condition=models.Q(usable_from__isnull=True)
            | models.Q(usable_until__isnull=True)
            | models.Q(usable_from__lt=models.F("usable_until")),
            name=f"{prefix}_usable_period_not_empty",
        ),
        models.CheckConstraint(
            condition=models.Q(minimum_turnover__gte=0)
            & (models.Q(most__isnull=True) | models.Q(most__gt=0)),
            name=f"{prefix}_amounts_not_negative",
        ),
    )


class RunState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PREVIEWED = "previewed", _("Previewed")
    ISSUING = "issuing", _("Issuing")
    DONE = "done", pgettext_lazy("issuing run", "Issued")
    CANCELLED = "cancelled", _("Cancelled")


class IssuingRun(IssuingTerms):
    """Vouchers for all customers whose purchases in a period, and whose record, are as it says (docs/decisions/0091).

    The preview freezes who is given what (`IssuingGrant`); the confirmation issues exactly that. The counts and sums
    are those of the preview, `issued_count` is how far the issue is.
    """

    name = models.CharField(_("name"), max_length=160)
    version = models.PositiveIntegerField(_("version"), default=1)
    period_starts_at = models.DateTimeField(_("purchases from"), null=True, blank=True)
    period_ends_at = models.DateTimeField(_("purchases before"), null=True, blank=True)
    store_codes = _codes(_("stores whose purchases count"))
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("customer"),
    )
    grouping = models.ForeignKey(
        CustomerGrouping,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("customer grouping"),
    )
    country = models.CharField(_("country"), max_length=2, blank=True, default="")
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    state = models.CharField(_("state"), max_length=10, choices=RunState, default=RunState.DRAFT)
    customer_count = models.PositiveIntegerField(_("customers"), default=0)
    total_amount = _money(_("total cost"), default=Decimal("0.00"))
    highest_amount = _money(_("highest"), default=Decimal("0.00"))
    rate_count = models.PositiveIntegerField(_("vouchers in percent"), default=0)
    issued_count = models.PositiveIntegerField(_("issued"), default=0)
    issued_amount = _money(_("issued amount"), default=Decimal("0.00"))
    previewed_at = models.DateTimeField(_("previewed at"), null=True, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("confirmed by"),
    )
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    codes_closed_at = models.DateTimeField(_("codes closed at"), null=True, blank=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("changed by"),
    )

    class Meta:
        verbose_name = _("issuing run")
        verbose_name_plural = _("issuing runs")
        constraints = [
            *_validity_is_one("issuing_run"),
            models.CheckConstraint(
                condition=models.Q(state__in=RunState.values), name="issuing_run_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(period_starts_at__isnull=True)
                | models.Q(period_ends_at__isnull=True)
                | models.Q(period_starts_at__lt=models.F("period_ends_at")),
                name="issuing_run_period_not_empty",
            ),
            models.CheckConstraint(
                condition=models.Q(issued_count__lte=models.F("customer_count")),
                name="issuing_run_issues_what_was_previewed",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=[RunState.ISSUING, RunState.DONE])
                | models.Q(confirmed_at__isnull=False),
                name="issuing_run_issues_once_confirmed",
            ),
        ]
        indexes = [models.Index(fields=["-created_at"], name="issuing_run_by_moment")]

    def __str__(self) -> str:
        return self.name

    @property
    def origin(self) -> str:
        """What its stored values say they were made by."""
        return f"run:{self.pk}"

    @property
    def prepared_by(self) -> Any:
        """Who says what it gives: the user that changed it last."""
        return self.changed_by or self.created_by

    @property
    def can_change(self) -> bool:
        return self.state in (RunState.DRAFT, RunState.PREVIEWED)

    @property
    def can_cancel(self) -> bool:
        return self.state not in (RunState.DONE, RunState.CANCELLED)


class IssuingGrant(models.Model):
    """What one customer is given in a run: frozen by its preview, and the voucher once it is made."""

    run = models.ForeignKey(
        IssuingRun, on_delete=models.CASCADE, related_name="grants", verbose_name=_("run"), db_index=False
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("customer")
    )
    turnover = _money(_("turnover"))
    visits = models.PositiveIntegerField(_("visits"))
    amount = _money(_("amount"))
    percent = models.DecimalField(_("percentage"), max_digits=7, decimal_places=4, null=True, blank=True)
    stored_value = models.OneToOneField(
        StoredValue, on_delete=models.PROTECT, null=True, related_name="grant", verbose_name=_("voucher")
    )

    class Meta:
        verbose_name = _("what is given")
        verbose_name_plural = _("what is given")
        constraints = [
            models.UniqueConstraint(fields=["run", "customer"], name="issuing_grant_once_per_customer"),
            models.CheckConstraint(
                condition=models.Q(percent__isnull=True, amount__gt=0)
                | models.Q(percent__isnull=False, percent__gt=0, percent__lte=100, amount=0),
                name="issuing_grant_amount_or_percent",
            ),
        ]
        indexes = [
            models.Index(
                fields=["run", "id"],
                condition=models.Q(stored_value__isnull=True),
                name="issuing_grant_to_issue",
            ),
            models.Index(fields=["run", "-amount", "-percent", "id"], name="issuing_grant_highest_first"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.customer_id}"


class IssuingEvent(models.Model):
    """Something that was done with a run: who confirmed it, who took its codes away in a file."""

    run = models.ForeignKey(
        IssuingRun, on_delete=models.CASCADE, related_name="events", verbose_name=_("run")
    )
    action = models.CharField(_("action"), max_length=24)
    details = models.JSONField(_("details"), default=dict)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("by"),
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("event of an issuing run")
        verbose_name_plural = _("events of issuing runs")

    def __str__(self) -> str:
        return f"{self.run_id} {self.action}"


class IssuingTrigger(models.TextChoices):
    SALE = "sale", _("Every sale, by its amount")
    CUSTOMER = "customer", _("A sale of a known customer, by visits and turnover in a period")
    NEW_CUSTOMER = "new_customer", _("A new customer with an e-mail")


class IssuingRule(IssuingTerms):
    """Vouchers that the point of sale gives by itself: every rule that holds gives one, in the order of `priority`.

    With the trigger `customer` the turnover is that of the last `window_days`, this sale included; `once_in_window`
    gives a customer no second voucher within it.
    """

    code = models.SlugField(_("code"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=160)
    is_active = models.BooleanField(_("active"), default=True)
    version = models.PositiveIntegerField(_("version"), default=1)
    trigger = models.CharField(
        _("given for"), max_length=12, choices=IssuingTrigger, default=IssuingTrigger.SALE
    )
    window_days = models.PositiveIntegerField(_("period (days)"), null=True, blank=True)
    once_in_window = models.BooleanField(_("once per customer in the period"), default=True)
    store_codes = _codes(_("stores"))
    starts_at = models.DateTimeField(_("from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    priority = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        verbose_name = _("issuing rule")
        verbose_name_plural = _("issuing rules")
        constraints = [
            *_validity_is_one("issuing_rule"),
            models.CheckConstraint(
                condition=models.Q(trigger__in=IssuingTrigger.values), name="issuing_rule_trigger_known"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    trigger=IssuingTrigger.CUSTOMER, window_days__isnull=False, window_days__gt=0
                )
                | ~models.Q(trigger=IssuingTrigger.CUSTOMER) & models.Q(window_days__isnull=True),
                name="issuing_rule_window_of_a_customer",
            ),
            models.CheckConstraint(
                condition=models.Q(starts_at__isnull=True)
                | models.Q(ends_at__isnull=True)
                | models.Q(starts_at__lt=models.F("ends_at")),
                name="issuing_rule_period_not_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def origin(self) -> str:
        """What its stored values say they were made by."""
        return f"rule:{self.pk}"

    def is_live(self, *, at: datetime) -> bool:
        """Whether it gives anything at that moment: what could be used, of a type of which new ones are made."""
        return (
            self.is_active
            and self.type.is_active
            and (self.usable_until is None or at < self.usable_until)
            and (self.starts_at is None or self.starts_at <= at)
            and (self.ends_at is None or at < self.ends_at)
        )
