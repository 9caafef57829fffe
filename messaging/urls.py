"""Pages of messages in the back-office, the public unsubscribe page, and the local imitation of providers."""

from django.urls import path

from messaging.views.local import LocalTwilioMessagesView
from messaging.views.unsubscribe import UnsubscribeView

app_name = "messaging"

urlpatterns = [
    path("unsubscribe/<str:token>/", UnsubscribeView.as_view(), name="unsubscribe"),
    path(
        "_local/twilio/api/2010-04-01/Accounts/<str:account_sid>/Messages.json",
        LocalTwilioMessagesView.as_view(),
        name="local_twilio_messages",
    ),
]
