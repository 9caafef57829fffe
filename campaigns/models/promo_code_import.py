from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.promo_code import PromoCodePool
from customers.models import Customer


class ImportResult(models.TextChoices):
    """What becomes, or became, of one line of an import."""

    GOOD = "good", _("will be added")
    CREATED = "created", _("added")
    REPEATED = "repeated", _("twice in this list")
    INVALID = "invalid", _("not a code")
    TAKEN = "taken", _("exists already")
    CUSTOMER_UNKNOWN = "customer_unknown", _("unknown customer")


class PromoCodeImport(models.Model):
    """One file of codes for one pool: checked first, added when somebody says so. A file is taken once for a pool.

    ``content`` is compressed and dropped once its lines are rows. ``counts`` are lines by result.
    """

    pool = models.ForeignKey(
        PromoCodePool, on_delete=models.CASCADE, related_name="imports", verbose_name=_("pool")
    )
    name = models.CharField(_("file"), max_length=160, blank=True, default="")
    digest = models.CharField(_("SHA-256"), max_length=64)
    content = models.BinaryField(_("content"), null=True)
    lines = models.PositiveIntegerField(_("lines"), default=0)
    terms = models.JSONField(_("what holds for the codes"), default=dict)
    counts = models.JSONField(_("results"), default=dict)
    checked_at = models.DateTimeField(_("checked at"), null=True, blank=True)
    imported_at = models.DateTimeField(_("added at"), null=True, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("requested by"),
    )
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("import of promo codes")
        verbose_name_plural = _("imports of promo codes")
        constraints = [
            models.UniqueConstraint(fields=["pool", "digest"], name="promo_code_import_once"),
        ]

    def __str__(self) -> str:
        return f"{self.pool_id} {self.name or self.digest[:8]}"


class PromoCodeImportLine(models.Model):
    """One line of an import. Those that were added are dropped; the others tell why not."""

    source = models.ForeignKey(
        PromoCodeImport,
        on_delete=models.CASCADE,
        related_name="rows",
        verbose_name=_("import"),
        db_index=False,
    )
    line = models.PositiveIntegerField(_("line"))
    code = models.CharField(_("code"), max_length=80)
    owner = models.CharField(_("customer as written"), max_length=80, blank=True, default="")
    customer = models.ForeignKey(
        Customer,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        verbose_name=_("customer"),
        db_index=False,
    )
    result = models.CharField(_("result"), max_length=20, choices=ImportResult)

    class Meta:
        verbose_name = _("line of an import of promo codes")
        verbose_name_plural = _("lines of imports of promo codes")
        constraints = [
            models.UniqueConstraint(fields=["source", "line"], name="promo_code_import_line_once"),
        ]
        indexes = [models.Index(fields=["source", "code", "line"], name="promo_code_import_code")]

    def __str__(self) -> str:
        return f"{self.source_id}:{self.line}"
