from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ContactPolicy(models.Model):
    """When, how often and what first a person may be written to. There is at most one row, with primary key 1.

    ``document`` is a ``messaging.contact_policy.Policy``. Without a row `DEFAULT_POLICY` holds.
    """

    document = models.JSONField(_("document"), default=dict)
    number = models.PositiveIntegerField(_("number"), default=0)
    updated_at = models.DateTimeField(_("updated at"))

    class Meta:
        verbose_name = _("contact policy")
        verbose_name_plural = _("contact policy")
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="contact_policy_has_one_row"),
        ]

    def __str__(self) -> str:
        return f"r{self.number}"


class ContactPolicyRevision(models.Model):
    """The contact policy as it was saved once: who decided what, and when."""

    number = models.PositiveIntegerField(_("number"), unique=True)
    document = models.JSONField(_("document"))
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("saved by"),
    )
    saved_at = models.DateTimeField(_("saved at"))

    class Meta:
        verbose_name = _("contact policy revision")
        verbose_name_plural = _("contact policy revisions")

    def __str__(self) -> str:
        return f"r{self.number}"
