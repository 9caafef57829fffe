from django.db import models
from django.utils.translation import gettext_lazy as _

from loyalty.models import StoredValue
from retail.models import Terminal


class StoredValueOperation(models.Model):
    """A sale or load of a stored value that a terminal asked for, with what it was answered: sent again, it is answered alike.

    `reference` is the terminal's own id of it. `body` is the answer without the code, which is written nowhere, but with the name of its customer;
    `fingerprint` tells whether the same was asked for.
    """

    class Kind(models.TextChoices):
        SALE = "sale", _("Sold")
        LOAD = "load", _("Loaded")

    terminal = models.ForeignKey(
        Terminal, on_delete=models.PROTECT, related_name="+", verbose_name=_("terminal"), db_index=False
    )
    kind = models.CharField(_("kind"), max_length=4, choices=Kind)
    reference = models.CharField(_("reference"), max_length=255)
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    stored_value = models.ForeignKey(
        StoredValue, on_delete=models.PROTECT, related_name="+", verbose_name=_("stored value")
    )
    # As text, because a jsonb would forget the order of the fields.
    body = models.TextField(_("answer"))
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("operation on a stored value")
        verbose_name_plural = _("operations on stored values")
        constraints = [
            models.UniqueConstraint(
                fields=["terminal", "kind", "reference"], name="stored_value_operation_once_per_reference"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=("sale", "load")), name="stored_value_operation_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"
