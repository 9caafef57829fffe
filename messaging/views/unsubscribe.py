"""The page behind the link in every marketing message."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from messaging.models import Message
from messaging.services.opt_outs import LinkInvalid, find_by_token, unsubscribe
from messaging.services.preferences import preferences_url
from messaging.views.public import MessagePage


class UnsubscribeView(MessagePage):
    """GET shows what would stop; POST stops it, also when a mail program posts on one click. The link never expires."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self._page(_find(token), done=False)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        message = _find(token)
        unsubscribe(message=message, at=timezone.now())
        return self._page(message, done=True)

    def _page(self, message: Message, *, done: bool) -> HttpResponse:
        context = {"message": message, "done": done, "preferences_url": preferences_url(message)}
        return self.page("messaging/unsubscribe.html", context, language=message.language)


def _find(token: str) -> Message:
    try:
        return find_by_token(token)
    except LinkInvalid as error:
        raise Http404 from error
