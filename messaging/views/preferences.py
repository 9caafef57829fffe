"""The preference page: what a person gets, by which channel, and what may be done with their data."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import get_language

from messaging.models import Channel, Message
from messaging.services.preferences import (
    PreferencesInvalid,
    choose,
    find_preferences,
    questions_of,
    stop_everything,
)
from messaging.views.public import MessagePage


class PreferencesView(MessagePage):
    """GET shows what stands; POST records what was changed, or stops everything."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self._answer(token, posted=False)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        return self._answer(token, posted=True)

    def _answer(self, token: str, *, posted: bool) -> HttpResponse:
        at = timezone.now()
        try:
            message = find_preferences(token, at=at)
        except PreferencesInvalid as error:
            if not error.expired:
                raise Http404 from error
            return self.page("messaging/public_notice.html", {"notice": "expired"}, status=410)
        language = message.language or get_language() or ""
        if posted and "stop" in self.request.POST:
            stop_everything(message=message, at=at)
        elif posted:
            choose(message=message, chosen=self.request.POST.getlist("want"), language=language, at=at)
        context = self._questions(message, language) | {"done": posted}
        return self.page("messaging/preferences.html", context, language=language)

    def _questions(self, message: Message, language: str) -> dict[str, Any]:
        questions = questions_of(message, language=language)
        return {
            "channels": [one for one in questions if one.name in Channel.values],
            "purposes": [one for one in questions if one.name not in Channel.values],
        }
