from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from loyalty.models.account import Account, Receivable, units


class AdjustmentRequest(models.Model):
    """Value that somebody wants to add, take, give or let off by hand, and that a second person decides about.

    `adjust`, `void` and `write_off` (of the debt `receivable`) are done when they are approved. With `issue` the stored value is
    there already, blocked: approving it unblocks it, refusing it voids it. `amount` is signed, in the unit of the account: what
    the customer gains or loses.
    """

    class Kind(models.TextChoices):
        ADJUST = "adjust", _("Adjustment")
        ISSUE = "issue", _("Given by hand")
        VOID = "void", _("Voided")
        WRITE_OFF = "write_off", _("Debt written off")

    class State(models.TextChoices):
        REQUESTED = "requested", _("Waiting")
        APPROVED = "approved", pgettext_lazy("request", "Approved")
        REFUSED = "refused", pgettext_lazy("request", "Refused")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.REQUESTED)
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="adjustment_requests", verbose_name=_("account")
    )
    receivable = models.ForeignKey(
        Receivable,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("receivable"),
    )
    amount = units(_("amount"))
    reason = models.CharField(_("reason"), max_length=240)
    operation = models.CharField(
        _("operation"), max_length=64, help_text=_("Of who asked for it: sent again, it makes no second one.")
    )
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("requested by")
    )
    requested_at = models.DateTimeField(_("requested at"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    comment = models.CharField(_("comment"), max_length=240, blank=True, default="")

    class Meta:
        verbose_name = _("request for an adjustment")
        verbose_name_plural = _("requests for adjustments")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind", "operation"], name="adjustment_request_once_per_operation"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="write_off", receivable__isnull=False)
                | (~models.Q(kind="write_off") & models.Q(receivable__isnull=True)),
                name="adjustment_request_names_its_debt",
            ),
            models.CheckConstraint(condition=~models.Q(amount=0), name="adjustment_request_not_zero"),
            models.CheckConstraint(
                condition=models.Q(state="requested", decided_by__isnull=True, decided_at__isnull=True)
                | models.Q(
                    state__in=("approved", "refused"), decided_by__isnull=False, decided_at__isnull=False
                ),
                name="adjustment_request_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by__isnull=True) | ~models.Q(decided_by=models.F("requested_by")),
                name="adjustment_request_by_a_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.kind} {self.operation}"
