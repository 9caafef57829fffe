"""Where the links of marketing messages lead through, and the picture that says that an e-mail was opened."""

import base64

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views import View

from messaging.robots import Visit
from messaging.services.tracking import LinkUnknown, follow, note_opening
from messaging.views.public import unknown_link
from retail.views.public import keep_private

# One transparent point.
_POINT = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


class ClickView(View):
    """Redirects everybody to the destination that was kept when the message was sent; counts people."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, token: str) -> HttpResponseBase:
        try:
            destination = follow(
                token=token,
                visit=visit_of(request),
                query=request.META.get("QUERY_STRING", ""),
                at=timezone.now(),
            )
        except LinkUnknown:
            return unknown_link(request)
        return keep_private(HttpResponseRedirect(destination))


class OpenView(View):
    """The picture: the same for everybody who asks with an address that we made."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, token: str) -> HttpResponseBase:
        try:
            note_opening(token=token, visit=visit_of(request), at=timezone.now())
        except LinkUnknown as error:
            raise Http404 from error
        answer = HttpResponse(_POINT, content_type="image/gif")
        # Readers' web mail stands on other sites.
        answer["Cross-Origin-Resource-Policy"] = "cross-origin"
        return keep_private(answer)


def visit_of(request: HttpRequest) -> Visit:
    """Return what a request says about who made it."""
    return Visit(
        method=request.method or "",
        user_agent=request.headers.get("User-Agent", ""),
        headers={name.lower(): value for name, value in request.headers.items()},
    )
