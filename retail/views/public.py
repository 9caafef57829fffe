"""Pages that customers open from a message, without an account: the signature in the address is the permission."""

import time
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from retail.rate import seconds_to_wait

# From one network address in a minute: telephone companies put many people behind one.
MOST_PER_MINUTE = 300


# It is opened from an e-mail or a text message, without our cookie.
@method_decorator([csrf_exempt, never_cache], name="dispatch")
class PublicPage(View):
    """GET shows and changes nothing, because scanners open links. Kept nowhere, and no other site learns the address."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        caller = request.META.get("REMOTE_ADDR", "")
        wait = seconds_to_wait(f"public-pages:{caller}", limit=MOST_PER_MINUTE, at=time.time())
        if wait:
            return HttpResponse(status=429, headers={"Retry-After": str(wait)})
        page = super().dispatch(request, *args, **kwargs)
        page.headers["Referrer-Policy"] = "no-referrer"
        page.headers["Cache-Control"] = "no-store"
        return page
