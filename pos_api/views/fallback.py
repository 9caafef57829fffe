from typing import NoReturn

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from pos_api.errors import problem_response
from pos_api.problems import NotFound


@method_decorator(csrf_exempt, name="dispatch")
class UnknownAddressView(View):
    """Answers every address of the API that does not exist."""

    def dispatch(self, request: HttpRequest, *args: NoReturn, **kwargs: NoReturn) -> HttpResponse:
        return problem_response(NotFound())
