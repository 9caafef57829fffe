"""The page behind the link in every marketing message."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from messaging.models import Message
from messaging.selectors.messages import company_name
from messaging.services.opt_outs import LinkInvalid, find_by_token, unsubscribe


# The signature in the address is the permission; mail programs post here on one click, without our cookie.
@method_decorator([csrf_exempt, never_cache], name="dispatch")
class UnsubscribeView(View):
    """GET shows what would stop and changes nothing, because scanners open links; POST stops it."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return _page(request, _find(token), done=False)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        message = _find(token)
        unsubscribe(message=message, at=timezone.now())
        return _page(request, message, done=True)


def _find(token: str) -> Message:
    try:
        return find_by_token(token)
    except LinkInvalid as error:
        raise Http404 from error


def _page(request: HttpRequest, message: Message, *, done: bool) -> HttpResponse:
    context: dict[str, Any] = {"message": message, "company": company_name(), "done": done}
    with translation.override(message.language or translation.get_language()):
        page = render(request, "messaging/unsubscribe.html", context)
    page.headers["Referrer-Policy"] = "no-referrer"
    page.headers["Cache-Control"] = "no-store"
    return page
