from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from retail.models import Terminal


class TerminalKey(models.Model):
    """A secret with which one terminal calls the API: ``fiel_live_<key_id>.<secret>``.

    Only a keyed hash of the secret is stored. Several keys may stand at once, for rotation.
    """

    terminal = models.ForeignKey(
        Terminal, on_delete=models.PROTECT, related_name="keys", verbose_name=_("terminal")
    )
    key_id = models.CharField(_("key id"), max_length=16, unique=True)
    secret_hash = models.CharField(_("hash of the secret"), max_length=64)
    is_test = models.BooleanField(_("test key"), default=False)
    name = models.CharField(_("name"), max_length=80, blank=True, default="")
    created_at = models.DateTimeField(_("created at"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("created by"),
    )
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True)

    class Meta:
        verbose_name = _("terminal key")
        verbose_name_plural = _("terminal keys")

    def __str__(self) -> str:
        return self.key_id


class UserToken(models.Model):
    """A secret with which a person's programs call the managers' API: ``Authorization: Bearer``."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens", verbose_name=_("user")
    )
    key_id = models.CharField(_("key id"), max_length=16, unique=True)
    secret_hash = models.CharField(_("hash of the secret"), max_length=64)
    name = models.CharField(_("name"), max_length=80, blank=True, default="")
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True)

    class Meta:
        verbose_name = _("user token")
        verbose_name_plural = _("user tokens")

    def __str__(self) -> str:
        return self.key_id
