from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from pos_api.baskets import EVALUATE_DECODER, BasketDocument
from pos_api.evaluation_answers import EvaluationAnswer
from pos_api.examples import EVALUATE_ANSWER, EVALUATE_EXAMPLES
from pos_api.openapi import operation
from pos_api.services.evaluation import evaluate_basket
from pos_api.views.base import Body, PosView, answer_json, terminal_of

TAG = "Point of sale"


class EvaluateView(PosView):
    body = Body(EVALUATE_DECODER)

    @operation(
        id="evaluateBasket",
        tag=TAG,
        summary="What every campaign gives this basket, and why the others give nothing",
        description="Writes nothing: safe to call on every keystroke. Equal requests get equal bytes.",
        request=BasketDocument,
        responses={200: EvaluationAnswer},
        examples=EVALUATE_EXAMPLES,
        answer=EVALUATE_ANSWER,
    )
    def post(self, request: Request) -> HttpResponse:
        document = self.body.read(request)
        evaluated = evaluate_basket(document, terminal_of(request), now=timezone.now())
        return answer_json(evaluated.body_json())
