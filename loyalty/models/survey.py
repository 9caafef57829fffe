from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from retail.models import Sale


class AnswerSource(models.TextChoices):
    TILL = "till", _("Till")
    LINK = "link", _("Link")


class SurveyAnswer(models.Model):
    """What a customer said of one purchase, once. It makes the cashback usable that waited for it."""

    HIGHEST = 10

    sale = models.OneToOneField(
        Sale, on_delete=models.PROTECT, related_name="survey_answer", verbose_name=_("sale")
    )
    score = models.PositiveSmallIntegerField(
        _("score"), validators=[MaxValueValidator(HIGHEST)], help_text=_("From 0 to 10.")
    )
    comment = models.CharField(_("comment"), max_length=1000, blank=True, default="")
    source = models.CharField(_("source"), max_length=8, choices=AnswerSource)
    released = models.DecimalField(
        _("released cashback"),
        max_digits=14,
        decimal_places=2,
        default=0,
        help_text=_("What waited for this answer."),
    )
    answered_at = models.DateTimeField(_("answered at"))

    class Meta:
        verbose_name = _("survey answer")
        verbose_name_plural = _("survey answers")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(score__gte=0, score__lte=10), name="survey_score_in_range"
            ),
            models.CheckConstraint(condition=models.Q(released__gte=0), name="survey_released_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.sale_id} {self.score}"
