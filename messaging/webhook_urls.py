"""Addresses that message providers call, below /webhooks/."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from messaging.views.webhooks import TwilioReplyView, TwilioStatusView

app_name = "messaging_webhooks"

urlpatterns: list[URLPattern | URLResolver] = [
    path("twilio/replies/", TwilioReplyView.as_view(), name="twilio_reply"),
    path("twilio/<uuid:message_uuid>/", TwilioStatusView.as_view(), name="twilio_status"),
]

if settings.ANYMAIL.get("WEBHOOK_SECRET"):
    # Without a secret anybody could report; anymail itself would only warn.
    urlpatterns += [path("email/", include("anymail.urls"))]
