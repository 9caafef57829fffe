from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models.customer import Customer


class CustomerPin(models.Model):
    """The number by which a customer shows at the till to be the one; `password` is its hash, salted and keyed.

    `tries` counts since it was right last; so many wrong ones lock it until `locked_until`.
    """

    customer = models.OneToOneField(
        Customer, on_delete=models.CASCADE, primary_key=True, related_name="pin", verbose_name=_("customer")
    )
    password = models.CharField(_("hash"), max_length=256)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    locked_until = models.DateTimeField(_("locked until"), null=True)
    set_at = models.DateTimeField(_("set at"))
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("set by"),
    )

    class Meta:
        verbose_name = _("PIN of a customer")
        verbose_name_plural = _("PINs of customers")

    def __str__(self) -> str:
        return f"{self.customer_id}"
