"""Pages that customers open from a message, without an account: the signature in the address is the permission."""

import hashlib
import time
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from retail.rate import seconds_to_wait

# Of one link. Not of one network address: telephone companies put many people behind one, and mail programs that stop messages
# on one click all come from their provider's.
MOST_PER_MINUTE = 30


# It is opened from an e-mail or a text message: there is no cookie of ours whose power somebody could borrow.
@method_decorator(csrf_exempt, name="dispatch")
class PublicPage(View):
    """A page for whoever has a link that we signed, its ``token``. GET changes nothing, because scanners open links."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        link = hashlib.sha256(kwargs["token"].encode()).hexdigest()[:32]
        wait = seconds_to_wait(f"public-link:{link}", limit=MOST_PER_MINUTE, at=time.time())
        page: HttpResponseBase
        if wait:
            page = self.too_often()
            page.headers["Retry-After"] = str(wait)
        else:
            try:
                page = super().dispatch(request, *args, **kwargs)
            except Http404:
                page = self.unknown()
        return keep_private(page)

    def too_often(self) -> HttpResponse:
        """Return what is shown to whoever uses a link more often than people do."""
        return HttpResponse(status=429)

    def unknown(self) -> HttpResponseBase:
        """Return what is shown to whoever has a broken link. Raises Http404 where there is no page for it."""
        raise Http404


def keep_private(response: HttpResponseBase) -> HttpResponseBase:
    """Let nobody keep an answer, and let no other site learn its address."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    patch_vary_headers(response, ["Accept-Language"])
    return response
