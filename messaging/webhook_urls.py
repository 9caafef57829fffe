"""Addresses that message providers call, below /webhooks/."""

from collections.abc import Collection

from anymail import urls as anymail_urls
from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from messaging.views.webhooks import TwilioReplyView, TwilioStatusView, guarded

app_name = "messaging_webhooks"

# The providers of e-mail whose reports were tried with forgeries (docs/reliability.md, T34). The others of anymail need packages
# that are not installed, or anymail has given them up.
HEARD = ("brevo", "mailersend", "mailgun", "mailjet", "mailtrap", "mandrill", "postmark", "sparkpost")

urlpatterns: list[URLPattern | URLResolver] = [
    path("twilio/replies/", TwilioReplyView.as_view(), name="twilio_reply"),
    path("twilio/<uuid:message_uuid>/", TwilioStatusView.as_view(), name="twilio_status"),
]


def email_patterns(providers: Collection[str]) -> list[URLPattern]:
    """Return the addresses at which some providers of e-mail report; of those that were not tried there is none.

    An address that nobody is to use can only be used by somebody else.
    """
    wanted = {f"{provider}/tracking/" for provider in providers if provider in HEARD}
    return [
        path(str(pattern.pattern), guarded(pattern.callback), name=pattern.name)
        for pattern in anymail_urls.urlpatterns
        if isinstance(pattern, URLPattern) and str(pattern.pattern) in wanted
    ]


if settings.ANYMAIL.get("WEBHOOK_SECRET"):
    # Without a secret anybody could report; anymail itself would only warn.
    urlpatterns += [path("email/", include((email_patterns(settings.EMAIL_REPORTS), "anymail")))]
