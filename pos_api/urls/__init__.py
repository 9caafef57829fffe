"""The addresses of the API. Each area of the API has its own list, in its own module."""

from django.urls import URLPattern, include, path, re_path
from django.views.generic.base import RedirectView

from pos_api.urls import campaigns, customers, loyalty, messaging, pos, retail
from pos_api.views.fallback import UnknownAddressView
from pos_api.views.schema import DocumentationView, SchemaView

v1: list[URLPattern] = [
    *pos.urlpatterns,
    *retail.urlpatterns,
    *customers.urlpatterns,
    *loyalty.urlpatterns,
    *campaigns.urlpatterns,
    *messaging.urlpatterns,
]

app_name = "api"
urlpatterns = [
    path("v1/", include(v1)),
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", DocumentationView.as_view(), name="docs"),
    path("", RedirectView.as_view(pattern_name="api:docs"), name="root"),
    # Whatever else is asked for under /api/ gets a problem document, in every deployment mode.
    re_path(r"^.*$", UnknownAddressView.as_view(), name="unknown"),
]
