from django.db import models
from django.utils.translation import gettext_lazy as _

LARGEST_LOGO = 200 * 1024


class Letterhead(models.Model):
    """What stands around every e-mail of the company. At most one row, with primary key 1; none is the plain look."""

    # Some kilobytes, served under their digest; mail programs keep it for ever.
    logo = models.BinaryField(_("logo"), null=True, blank=True)
    logo_type = models.CharField(_("type of the logo"), max_length=20, blank=True, default="")
    logo_digest = models.CharField(_("digest of the logo"), max_length=64, blank=True, default="")
    logo_width = models.PositiveSmallIntegerField(
        _("width of the logo"), default=160, help_text=_("In pixels, 40 to 400.")
    )
    color = models.CharField(
        _("colour"),
        max_length=7,
        default="#1f2a44",
        help_text=_("Of the head and the buttons, such as #1f2a44."),
    )
    footer = models.TextField(
        _("footer"),
        blank=True,
        default="",
        help_text=_("Stands below every e-mail: address, opening hours, registration."),
    )

    class Meta:
        verbose_name = _("letterhead")
        verbose_name_plural = _("letterhead")
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="letterhead_has_one_row"),
            models.CheckConstraint(
                condition=models.Q(color__regex=r"^#[0-9a-f]{6}$"), name="letterhead_color_hexadecimal"
            ),
            models.CheckConstraint(
                condition=models.Q(logo_width__gte=40, logo_width__lte=400),
                name="letterhead_logo_width_in_range",
            ),
            models.CheckConstraint(
                condition=models.Q(logo__isnull=True, logo_digest="", logo_type="")
                | models.Q(logo__isnull=False)
                & ~models.Q(logo_digest="")
                & models.Q(logo_type__in=["image/png", "image/jpeg", "image/gif"]),
                name="letterhead_logo_whole",
            ),
        ]

    def __str__(self) -> str:
        return "letterhead"
