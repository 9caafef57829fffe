"""Answers to the survey of a purchase, given at the counter."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from msgspec import Struct
from rest_framework.request import Request

from loyalty.models import AnswerSource, SurveyAnswer
from loyalty.services.surveys import SurveyAnswered, SurveyClosed, answer_survey
from pos_api.decoding import Decoder
from pos_api.fields import LongText
from pos_api.openapi import operation
from pos_api.problems import Conflict, NotFound, invalid_field
from pos_api.sales import find_sale
from pos_api.views.base import Body, PosView, answer, terminal_of
from pos_api.views.sales import sale_id

# The one questionnaire there is: what the customer says of the purchase.
PURCHASE = "purchase"


class SurveyDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """What a customer says of a purchase: a score from 0 to 10, and a comment of one or more lines."""

    sale: str
    score: int
    comment: LongText = ""


ANSWERED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "sale": {"type": "string"},
        "score": {"type": "integer"},
        "comment": {"type": "string"},
        "released": {"type": "string", "description": "The cashback that waited for this answer."},
        "answered_at": {"type": "string", "format": "date-time"},
    },
}
EXAMPLE: dict[str, Any] = {
    "sale": "0f4bb6e0-7b6d-4f0e-9d2b-0a1f3c3b5a11",
    "score": 9,
    "comment": "Atendimento ótimo",
}


class SurveyAnswerView(PosView):
    body: Body[SurveyDocument] = Body(Decoder(SurveyDocument))

    @operation(
        id="answerSurvey",
        tag="Customers",
        summary="Record what a customer says of a purchase",
        description=(
            "Once for each purchase; it makes the cashback usable that waited for it. `id` is `purchase`, the only survey. "
            "The same answer again is answered 200 with `Idempotency-Replayed: true`."
        ),
        request=SurveyDocument,
        responses={201: ANSWERED, 200: ANSWERED},
        examples={"An answer": EXAMPLE},
        answer=EXAMPLE | {"released": "20.00", "answered_at": "2026-11-22T18:00:00Z"},
        problems={
            409: "`survey_answered`: it has another answer. `survey_closed`: the purchase was cancelled or returned."
        },
    )
    def post(self, request: Request, survey: str) -> HttpResponse:
        document = self.body.read(request)
        if survey != PURCHASE:
            raise NotFound
        if not 0 <= document.score <= SurveyAnswer.HIGHEST:
            raise invalid_field("score", "out_of_range", _("This must be a number from 0 to 10."))
        sale = find_sale(sale_id(document.sale), caller=terminal_of(request))
        try:
            answered = answer_survey(
                sale=sale,
                score=document.score,
                comment=document.comment,
                source=AnswerSource.TILL,
                at=timezone.now(),
            )
        except (SurveyAnswered, SurveyClosed) as refused:
            raise Conflict(str(refused), code=refused.code) from refused
        row = answered.answer
        body = {
            "sale": sale.uuid,
            "score": row.score,
            "comment": row.comment,
            "released": row.released,
            "answered_at": row.answered_at,
        }
        if answered.replayed:
            return answer(body, headers={"Idempotency-Replayed": "true"})
        return answer(body, status=201)
