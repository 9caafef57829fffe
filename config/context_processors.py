"""What every page of the back-office knows without asking its view for it."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from config.navigation import blocks_for
from retail.models import Company

THEMES = ("auto", "light", "dark")


def back_office(request: HttpRequest) -> dict[str, Any]:
    """Provide `navigation`, `theme`, `company` and `demo`. Nothing is computed for templates that use none of it."""
    theme = request.COOKIES.get("fiel_theme", "auto")
    return {
        "navigation": SimpleLazyObject(lambda: _navigation(request)),
        "theme": theme if theme in THEMES else "auto",
        "company": SimpleLazyObject(_company_name),
        "demo": settings.DEMO,
    }


def _navigation(request: HttpRequest) -> list[Any]:
    user = getattr(request, "user", None)
    return blocks_for(request) if user is not None and user.is_authenticated else []


def _company_name() -> str:
    return Company.objects.values_list("name", flat=True).filter(pk=1).first() or "Fiel"
