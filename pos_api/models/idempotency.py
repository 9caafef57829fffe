from django.db import models
from django.utils.translation import gettext_lazy as _

from retail.models import Sale, Store


class IdempotencyKey(models.Model):
    """An ``Idempotency-Key`` header that made a sale: the same key makes no other one.

    Kept for ``settings.IDEMPOTENCY_KEY_DAYS``; the ticket of a sale protects it for ever.
    """

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+", verbose_name=_("store"))
    key = models.CharField(_("key"), max_length=255)
    is_test = models.BooleanField(_("test"), default=False, db_default=False)
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    sale = models.ForeignKey(Sale, on_delete=models.PROTECT, related_name="+", verbose_name=_("sale"))
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        indexes = [models.Index(fields=["created_at"], name="idempotency_key_by_age")]
        constraints = [
            models.UniqueConstraint(fields=["store", "key", "is_test"], name="idempotency_key_once_per_store")
        ]

    def __str__(self) -> str:
        return self.key
