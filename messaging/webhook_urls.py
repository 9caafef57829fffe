"""Addresses that message providers call, below /webhooks/."""

from anymail import urls as anymail_urls
from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from messaging.views.webhooks import TwilioReplyView, TwilioStatusView, guarded

app_name = "messaging_webhooks"

urlpatterns: list[URLPattern | URLResolver] = [
    path("twilio/replies/", TwilioReplyView.as_view(), name="twilio_reply"),
    path("twilio/<uuid:message_uuid>/", TwilioStatusView.as_view(), name="twilio_status"),
]

email_urlpatterns = [
    path(str(pattern.pattern), guarded(pattern.callback), name=pattern.name)
    for pattern in anymail_urls.urlpatterns
    # One of them is a regular expression, for an old spelling of an address.
    if isinstance(pattern, URLPattern) and "^" not in str(pattern.pattern)
]
if settings.ANYMAIL.get("WEBHOOK_SECRET"):
    # Without a secret anybody could report; anymail itself would only warn.
    urlpatterns += [path("email/", include((email_urlpatterns, "anymail")))]
