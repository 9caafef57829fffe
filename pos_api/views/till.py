"""The till in the browser: a page without data, its texts, and pairing by a manager who is signed in.

Everything else the page does it does as any point of sale: through the public API, with a terminal's key.
"""

import json
from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.generic import TemplateView
from django.views.i18n import JavaScriptCatalog
from msgspec import Struct

from pos_api.decoding import Decoder, read_body
from pos_api.errors import problem_response
from pos_api.problems import Problem
from pos_api.services.credentials import issue_terminal_key
from retail.models import Terminal

# The modules that static/till/main.js imports: named in the page, so that they load together and not one by one.
MODULES = (
    "actions",
    "api",
    "barcode",
    "basket",
    "camera",
    "cards",
    "checkout",
    "commit",
    "customer",
    "dom",
    "drawer",
    "evaluation",
    "frame",
    "lines",
    "lookups",
    "moments",
    "money",
    "offline",
    "pairing",
    "presented",
    "promotions",
    "proof",
    "qr",
    "receipt",
    "returns",
    "search",
    "sending",
    "state",
    "stored",
    "survey",
    "value",
)
# What the page loads besides, under names with a hash.
SHELL = (
    "css/tokens.css",
    "css/fiel.css",
    "till/till.css",
    "fonts/inter-latin.woff2",
    "icons.svg",
    "favicon.svg",
    "js/fiel.js",
)
PAIRING_PERMISSION = "pos_api.add_terminalkey"
# Pictures of gifts stand wherever the chain keeps the pictures of its products.
SHOWS_PICTURES = {"img-src": ["https:"]}


@method_decorator([ensure_csrf_cookie, never_cache, csp_update(SHOWS_PICTURES)], name="dispatch")
class TillPage(TemplateView):
    """The frame that the scripts fill. It holds no data: whoever opens it sees nothing without a key."""

    template_name = "till/till.html"
    extra_context = {
        "currency": "BRL",
        "sign_in_url": settings.LOGIN_URL,
        "modules": [f"till/{name}.js" for name in MODULES],
    }


class TillTexts(JavaScriptCatalog):
    """The texts of the scripts in the reader's language."""

    packages = ["pos_api"]


@method_decorator(never_cache, name="dispatch")
class TillWorker(TemplateView):
    """The service worker that keeps the till's own files; its place below /till/ is what it may answer for."""

    template_name = "till/worker.js"
    content_type = "text/javascript"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Name the files: the page and its texts, and every static file that they load."""
        modules = [f"{settings.STATIC_URL}till/{name}.js" for name in (*MODULES, "main")]
        files = [reverse("till:till"), reverse("till:texts"), *map(static, SHELL), *modules]
        return super().get_context_data(**kwargs) | {"files": mark_safe(json.dumps(files))}  # noqa: S308 - our own paths


class _Pairing(Struct, forbid_unknown_fields=True):
    terminal: int


@method_decorator(never_cache, name="dispatch")
class TillTerminals(View):
    """What a manager may pair a browser with, and a key for one of it. Session and CSRF token, never a key."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Answer the active terminals by store: `{"stores": [{"code", "name", "terminals": [...]}]}`.

        Whoever may not issue keys is told of none: the page then only offers to paste one.
        """
        stores: dict[str, dict[str, Any]] = {}
        may_pair = request.user.has_perm(PAIRING_PERMISSION)
        for terminal in _pairable().order_by("store__name", "store__code", "code") if may_pair else ():
            store = stores.setdefault(
                terminal.store.code,
                {"code": terminal.store.code, "name": terminal.store.name, "terminals": []},
            )
            store["terminals"].append({"id": terminal.pk, "code": terminal.code, "name": terminal.name})
        return JsonResponse({"stores": list(stores.values())})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Issue a key for one terminal and answer it, this once."""
        if not request.user.has_perm(PAIRING_PERMISSION):
            return problem_response(Problem(status=403, code="permission_denied"))
        try:
            pairing = _PAIRING.decode(read_body(request))
        except Problem as problem:
            return problem_response(problem)
        terminal = get_object_or_404(_pairable(), pk=pairing.terminal)
        _key, credential = issue_terminal_key(
            terminal=terminal,
            at=timezone.now(),
            created_by=request.user,
            name=_("Till in a browser"),
        )
        return JsonResponse({"key": credential}, status=201)


_PAIRING: Decoder[_Pairing] = Decoder(_Pairing)


def _pairable() -> QuerySet[Terminal]:
    return Terminal.objects.select_related("store").filter(is_active=True, store__is_active=True)
