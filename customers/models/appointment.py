from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models.customer import Customer
from retail.models import Store


class AppointmentStatus(models.TextChoices):
    BOOKED = "booked", _("Booked")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", pgettext_lazy("appointment", "Cancelled")


class Appointment(models.Model):
    """A customer who will come to see a seller (clienteling).

    What it opens for campaigns is told in docs/algorithms/evaluation.md and computed by `pos_snapshot`.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="appointments", verbose_name=_("customer")
    )
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="appointments", verbose_name=_("store")
    )
    seller = models.CharField(_("seller"), max_length=64, blank=True, default="")
    starts_at = models.DateTimeField(_("starts at"))
    purpose = models.CharField(_("purpose"), max_length=120, blank=True, default="")
    note = models.TextField(_("note"), blank=True, default="")
    status = models.CharField(
        _("status"), max_length=10, choices=AppointmentStatus, default=AppointmentStatus.BOOKED
    )
    booked_at = models.DateTimeField(_("booked at"))
    # Empty when a terminal booked it.
    booked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("booked by"),
    )
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=AppointmentStatus.values), name="appointment_status_known"
            ),
            models.CheckConstraint(
                condition=models.Q(status=AppointmentStatus.BOOKED, closed_at__isnull=True)
                | (~models.Q(status=AppointmentStatus.BOOKED) & models.Q(closed_at__isnull=False)),
                name="appointment_closed_has_its_moment",
            ),
            models.UniqueConstraint(
                fields=["customer", "store", "starts_at"],
                condition=models.Q(status=AppointmentStatus.BOOKED),
                name="appointment_once_per_customer_and_moment",
            ),
            models.UniqueConstraint(
                fields=["store", "seller", "starts_at"],
                condition=models.Q(status=AppointmentStatus.BOOKED) & ~models.Q(seller=""),
                name="appointment_once_per_seller_and_moment",
            ),
        ]
        indexes = [
            models.Index(fields=["store", "starts_at"], name="appointment_by_store"),
            models.Index(fields=["customer", "-booked_at"], name="appointment_by_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.starts_at:%Y-%m-%d %H:%M}"
