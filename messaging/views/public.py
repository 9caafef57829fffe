"""What the pages behind the links of messages have in common: no sign-in, no traces, the person's language."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from messaging.selectors.messages import company_name
from messaging.services.public_limits import may_go_on


# The signature in the address is the permission, so there is no cookie whose power somebody could borrow.
@method_decorator([csrf_exempt, never_cache], name="dispatch")
class PublicPage(View):
    """A page for whoever has a link that we signed. GET changes nothing, because scanners open links."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if may_go_on(kwargs["token"], at=timezone.now().timestamp()):
            response = super().dispatch(request, *args, **kwargs)
        else:
            response = self.page("messaging/public_notice.html", {"notice": "limited"}, status=429)
            response.headers["Retry-After"] = "60"
        return keep_private(response)

    def page(
        self, template: str, context: dict[str, Any], *, language: str = "", status: int = 200
    ) -> HttpResponse:
        """Draw a page in a person's language, else in that of their browser."""
        with translation.override(language or translation.get_language()):
            return render(self.request, template, {"company": company_name(), **context}, status=status)


def keep_private(response: HttpResponse) -> HttpResponse:
    """Let nobody keep an answer, and let no other site learn its address."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    patch_vary_headers(response, ["Accept-Language"])
    return response
