"""The survey of a purchase: one answer, which makes usable the cashback that waited for it."""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy

from loyalty.models import AnswerSource, Lot, SurveyAnswer
from loyalty.services.adjustments import answer_review
from loyalty.services.refusals import LedgerError
from retail.models import Sale, SaleState


class SurveyClosed(LedgerError):
    """The purchase was cancelled, or returned whole."""

    code = "survey_closed"
    message = gettext_lazy("This purchase was cancelled or returned; there is nothing to answer.")


class SurveyAnswered(LedgerError):
    """The purchase has another answer already."""

    code = "survey_answered"
    message = gettext_lazy("This survey was answered already.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """`replayed` says that the same answer was recorded before."""

    answer: SurveyAnswer
    replayed: bool = False


def answer_survey(*, sale: Sale, score: int, comment: str, source: AnswerSource, at: datetime) -> Answered:
    """Record what a customer says of a purchase and release its waiting cashback.

    The same answer again changes nothing. Raises SurveyAnswered for another one, SurveyClosed for a purchase that does
    not stand. `score` is 0 to 10; the comment is cut of outer spaces, and its lines end alike.
    """
    comment = "\n".join(comment.splitlines()).strip()
    try:
        with transaction.atomic():
            return Answered(answer=_record(sale, score, comment, source, at))
    except IntegrityError:
        # Somebody else answered for the same purchase: the row that stands says whether it was this answer.
        earlier = SurveyAnswer.objects.filter(sale=sale).first()
        if earlier is None:
            raise
    if (earlier.score, earlier.comment) != (score, comment):
        raise SurveyAnswered
    return Answered(answer=earlier, replayed=True)


def _record(sale: Sale, score: int, comment: str, source: AnswerSource, at: datetime) -> SurveyAnswer:
    # The sale's row first, as everywhere: a return that runs now takes back what this would release.
    state = Sale.objects.select_for_update(no_key=True).values_list("state", flat=True).get(pk=sale.pk)
    if state in (SaleState.CANCELLED, SaleState.RETURNED):
        raise SurveyClosed
    waiting = Lot.objects.filter(sale=sale, awaits_review=True, reviewed_at__isnull=True, remaining__gt=0)
    answer = SurveyAnswer.objects.create(
        sale=sale, score=score, comment=comment, source=source, answered_at=at
    )
    lots = {lot.pk: lot.remaining for lot in waiting.order_by("pk") if not _is_over(lot, at)}
    if lots:
        released = answer_review(list(lots), at=at)
        answer.released = sum(lots[pk] for pk in released)
        answer.save(update_fields=["released"])
    return answer


def _is_over(lot: Lot, at: datetime) -> bool:
    return lot.ends_at is not None and lot.ends_at <= at
