"""The addresses of an installation, most specific first. Each package names its own in its `urls.py`.

To add a page: a line in the urls.py of the package that owns it. To add a prefix: a line below.
"""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from config.metrics import metrics
from config.views.sign_in import AdminSignIn

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/login/", AdminSignIn.as_view()),
    path("admin/", admin.site.urls),
    path("metrics", metrics),
    path("language/", include("django.conf.urls.i18n")),
]

# Prefix -> urlconf. `""` last: the back-office owns the root.
_packages = [
    ("api/", "pos_api.urls"),
    ("webhooks/", "messaging.webhook_urls"),
    ("till/", "pos_api.till_urls"),
    ("", "config.page_urls"),
    ("", "pos_api.page_urls"),
    ("", "messaging.urls"),
    ("", "campaigns.urls"),
    ("", "loyalty.urls"),
    ("", "customers.urls"),
    ("", "retail.urls"),
]
urlpatterns += [path(prefix, include(module)) for prefix, module in _packages if find_spec(module)]

# Pages for people; problem documents under /api/.
handler400 = "pos_api.errors.bad_request"
handler403 = "pos_api.errors.permission_denied"
handler404 = "pos_api.errors.not_found"
handler500 = "pos_api.errors.server_error"
