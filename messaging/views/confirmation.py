"""The page behind the link that confirms a consent."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from messaging.models import Channel
from messaging.services.confirmations import (
    ConfirmationInvalid,
    channel_of,
    confirm,
    find_confirmation,
)
from messaging.views.public import MessagePage


class ConfirmView(MessagePage):
    """GET shows what would be confirmed, POST confirms it."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self._answer(token, confirms=False)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        return self._answer(token, confirms=True)

    def _answer(self, token: str, *, confirms: bool) -> HttpResponse:
        at = timezone.now()
        try:
            message = find_confirmation(token, at=at)
        except ConfirmationInvalid as error:
            if not error.expired:
                raise Http404 from error
            return self.page("messaging/public_notice.html", {"notice": "expired"}, status=410)
        if confirms:
            confirm(message=message, at=at)
        context = {"channel": Channel(channel_of(message)).label, "done": confirms}
        return self.page("messaging/confirm.html", context, language=message.language)
