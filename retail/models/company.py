from zoneinfo import available_timezones

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _


def validate_time_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError(_("“%(value)s” is not a time zone."), params={"value": value}, code="time_zone")


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

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("company")
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="company_has_one_row"),
        ]

    def __str__(self) -> str:
        return self.name
