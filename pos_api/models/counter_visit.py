from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from retail.models import Store


class CounterVisit(models.Model):
    """The last time that a terminal of a store looked a customer up, or registered them.

    For a while after, the store's terminals may complete the customer's data and record consents.
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+", verbose_name=_("store"))
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, related_name="+", verbose_name=_("customer")
    )
    seen_at = models.DateTimeField(_("seen at"))

    class Meta:
        verbose_name = _("visit at the counter")
        verbose_name_plural = _("visits at the counter")
        constraints = [
            models.UniqueConstraint(fields=["store", "customer"], name="counter_visit_once_per_store")
        ]
        indexes = [models.Index(fields=["seen_at"], name="counter_visit_by_age")]

    def __str__(self) -> str:
        return f"{self.store_id} {self.customer_id}"
