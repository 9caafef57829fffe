from zoneinfo import available_timezones

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _


def validate_time_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError(_("“%(value)s” is not a time zone."), params={"value": value}, code="time_zone")


class Clawback(models.TextChoices):
    """What happens on a return when what the sale had earned was spent already."""

    CHARGE_BACK = "charge_back", _("Withhold its value from the refund")
    DEBT = "debt", _("The customer owes it; the next earning pays it first")
    BLOCK = "block", _("Refuse the return")


class ExpiredRestore(models.TextChoices):
    """What happens to value that a return gives back after it would have expired."""

    KEEP_EXPIRED = "keep_expired", _("It stays expired")
    GRACE = "grace_days", _("It can be used for some days more")


class ProofMethod(models.TextChoices):
    """How a customer shows who they are before much value is redeemed."""

    OTP = "otp", _("A code that is sent to the customer")
    PIN = "pin", _("The customer's PIN")


class Company(models.Model):
    """The chain that runs this installation. There is exactly one row, with primary key 1."""

    name = models.CharField(_("name"), max_length=120)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="America/Sao_Paulo", validators=[validate_time_zone]
    )
    policy = models.JSONField(
        _("calculation policy"),
        default=dict,
        blank=True,
        help_text=_("The answers that differ from the fiel preset. They are part of every plan version."),
    )
    approval_required = models.BooleanField(
        _("approval by a second person"),
        default=False,
        help_text=_("A campaign is published only after somebody else has approved it."),
    )
    adjustment_limit = models.DecimalField(
        _("adjustments above this need a second person"),
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("Value that is added, taken or given by hand. Empty: nobody is asked."),
    )
    required_customer_fields = ArrayField(
        models.CharField(max_length=40),
        verbose_name=_("required customer fields"),
        default=list,
        blank=True,
        help_text=_("What sellers are asked to complete, such as name, phone, birth_date."),
    )
    sms_limit = models.PositiveSmallIntegerField(
        _("SMS length limit"), default=150, help_text=_("Longest text message, in characters.")
    )
    sms_segment_price = models.DecimalField(
        _("price of an SMS segment"),
        max_digits=8,
        decimal_places=4,
        null=True,
        blank=True,
        help_text=_(
            "What the operator bills for 160 plain or 70 accented characters. Empty: no costs are shown."
        ),
    )
    sms_sender = models.CharField(
        _("sender of SMS"),
        max_length=11,
        blank=True,
        default="",
        db_default="",
        help_text=_("The name that text messages come from. Empty: the number that the provider chooses."),
    )
    whatsapp_price = models.DecimalField(
        _("price of a WhatsApp message"),
        max_digits=8,
        decimal_places=4,
        null=True,
        blank=True,
        help_text=_("What one message from an approved template costs. Empty: no costs are shown."),
    )

    reservation_minutes = models.PositiveSmallIntegerField(
        _("reservations last (minutes)"),
        default=15,
        db_default=15,
        help_text=_(
            "How long codes and value are kept for a basket when the till does not say. At most 1440: a day."
        ),
    )
    proof_above = models.DecimalField(
        _("proof of the person above"),
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_(
            "A sale that uses more of a customer's value than this needs a code or a PIN. Empty: none does."
        ),
    )
    proof_method = models.CharField(
        _("how customers show who they are"),
        max_length=4,
        choices=ProofMethod,
        default=ProofMethod.OTP,
        db_default=ProofMethod.OTP,
    )
    cashback_clawback = models.CharField(
        _("when cashback was spent before a return"),
        max_length=12,
        choices=Clawback,
        default=Clawback.CHARGE_BACK,
        db_default=Clawback.CHARGE_BACK,
        help_text=_("What happens when a sale is returned whose cashback was spent already."),
    )
    cashback_expired_restore = models.CharField(
        _("when cashback had expired before a return"),
        max_length=12,
        choices=ExpiredRestore,
        default=ExpiredRestore.KEEP_EXPIRED,
        db_default=ExpiredRestore.KEEP_EXPIRED,
        help_text=_("What happens to cashback that a return gives back after its last day."),
    )
    cashback_grace_days = models.PositiveSmallIntegerField(
        _("cashback's days of grace"),
        default=0,
        db_default=0,
        help_text=_("Days, to the end of the last one, in which cashback given back late can be used."),
    )

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("company")
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="company_has_one_row"),
            models.CheckConstraint(
                condition=models.Q(adjustment_limit__isnull=True) | models.Q(adjustment_limit__gte=0),
                name="company_adjustment_limit_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(sms_segment_price__isnull=True) | models.Q(sms_segment_price__gte=0),
                name="company_sms_segment_price_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(sms_sender="")
                | models.Q(sms_sender__regex=r"^[0-9A-Za-z ]*[A-Za-z][0-9A-Za-z ]*$"),
                name="company_sms_sender_has_letters",
            ),
            models.CheckConstraint(
                condition=models.Q(whatsapp_price__isnull=True) | models.Q(whatsapp_price__gte=0),
                name="company_whatsapp_price_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(cashback_clawback__in=Clawback.values)
                & models.Q(cashback_expired_restore__in=ExpiredRestore.values),
                name="company_cashback_policies_known",
            ),
            models.CheckConstraint(
                condition=(models.Q(proof_above__isnull=True) | models.Q(proof_above__gte=0))
                & models.Q(proof_method__in=ProofMethod.values),
                name="company_proof_in_range",
            ),
            models.CheckConstraint(
                condition=models.Q(reservation_minutes__gte=1, reservation_minutes__lte=1440),
                name="company_reservation_minutes_in_range",
            ),
        ]

    def __str__(self) -> str:
        return self.name
