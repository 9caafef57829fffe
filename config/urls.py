"""The addresses of an installation, most specific first. Each package names its own in its `urls.py`.

To add a page: a line in the urls.py of the package that owns it. To add a prefix: a line below.
"""

from django.contrib import admin
from django.urls import include, path
from django.views.generic.base import RedirectView

from config.metrics import metrics
from config.views.sign_in import AdminSignIn, SignOut

urlpatterns = [
    path("metrics", metrics),
    # One sign-in, one sign-out, one page for the password.
    path("admin/login/", AdminSignIn.as_view()),
    path("admin/logout/", SignOut.as_view()),
    path("admin/password_change/", RedirectView.as_view(pattern_name="config:password_change")),
    path("admin/", admin.site.urls),
    path("language/", include("django.conf.urls.i18n")),
    path("api/", include("pos_api.urls")),
    path("webhooks/", include("messaging.webhook_urls")),
    path("till/", include("pos_api.till_urls")),
    # The back-office owns the root.
    path("", include("config.page_urls")),
    path("", include("pos_api.page_urls")),
    path("", include("messaging.urls")),
    path("", include("campaigns.urls")),
    path("", include("loyalty.urls")),
    path("", include("customers.urls")),
    path("", include("retail.urls")),
]

# Pages for people; problem documents under /api/.
handler400 = "pos_api.errors.bad_request"
handler403 = "pos_api.errors.permission_denied"
handler404 = "pos_api.errors.not_found"
handler500 = "pos_api.errors.server_error"
