"""Who may open a page: signed-in users who have the permission that the view names."""

from typing import Any, cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse


def acting_user(request: HttpRequest) -> User:
    """Return who asks for a page; `PageMixin` has let nobody in who is not a user."""
    return cast(User, request.user)


class PageMixin(PermissionRequiredMixin):
    """Ask for a sign-in and for `permission_required` ("retail.view_store", several, or () for everybody).

    Strangers are led to the sign-in; people without the permission get 403. A part of a page that is fetched
    after the session ended leads the whole page to the sign-in, instead of drawing it into a list.
    """

    request: HttpRequest
    permission_required: Any = ()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        # PostgreSQL keeps no NUL: an address with one names nothing.
        if any("\x00" in value for values in request.GET.lists() for value in values[1]):
            raise Http404
        response = super().dispatch(request, *args, **kwargs)
        # Pages show people's data: no proxy keeps them, and a browser asks again before it shows one.
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response

    def has_permission(self) -> bool:
        return self.request.user.is_authenticated and super().has_permission()

    def get_permission_required(self) -> Any:
        wanted = self.permission_required
        return (wanted,) if isinstance(wanted, str) else wanted

    def handle_no_permission(self) -> Any:
        if not self.request.user.is_authenticated and self.request.headers.get("HX-Request"):
            target = urlencode({"next": self.request.headers.get("HX-Current-URL", "/")})
            return HttpResponse(headers={"HX-Redirect": f"{settings.LOGIN_URL}?{target}"})
        return super().handle_no_permission()
