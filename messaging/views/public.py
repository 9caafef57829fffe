"""What the pages behind the links of messages have in common: no sign-in, no traces, the person's language."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import translation

from messaging.selectors.messages import company_name
from retail.views.public import PublicPage


class MessagePage(PublicPage):
    """A public page in the look of the company's messages."""

    def too_often(self) -> HttpResponse:
        return self.page("messaging/public_notice.html", {"notice": "limited"}, status=429)

    def page(
        self, template: str, context: dict[str, Any], *, language: str = "", status: int = 200
    ) -> HttpResponse:
        """Draw a page in a person's language, else in that of their browser."""
        with translation.override(language or translation.get_language()):
            return render(self.request, template, {"company": company_name(), **context}, status=status)
