"""Pages of messages in the back-office, the public unsubscribe page, and the local imitation of providers."""

from django.urls import path

from messaging.views.automation import (
    AutomationDetail,
    AutomationEdit,
    AutomationList,
    AutomationSwitch,
    AutomationToday,
)
from messaging.views.contact_policy import ContactPolicyEdit
from messaging.views.inbox import Inbox, InboxAdvance, InboxReply
from messaging.views.local import LocalTwilioMessagesView
from messaging.views.message import CustomerMessages, MessageDetail, MessageList
from messaging.views.template import TemplateEdit, TemplatePreview, TemplateTest
from messaging.views.unsubscribe import UnsubscribeView

app_name = "messaging"

_template = "automations/<str:occasion>/templates/<str:channel>/<str:language>/"

urlpatterns = [
    path("messages/", MessageList.as_view(), name="message_list"),
    path("messages/inbox/", Inbox.as_view(), name="inbox"),
    path("messages/inbox/advance/", InboxAdvance.as_view(), name="inbox_advance"),
    path("messages/inbox/<int:pk>/reply/", InboxReply.as_view(), name="inbox_reply"),
    path("messages/<uuid:uuid>/", MessageDetail.as_view(), name="message_detail"),
    path("customers/<int:pk>/messages/", CustomerMessages.as_view(), name="customer_messages"),
    path("contact-policy/", ContactPolicyEdit.as_view(), name="contact_policy"),
    path("automations/", AutomationList.as_view(), name="automation_list"),
    path("automations/<str:occasion>/", AutomationDetail.as_view(), name="automation_detail"),
    path("automations/<str:occasion>/edit/", AutomationEdit.as_view(), name="automation_edit"),
    path("automations/<str:occasion>/switch/", AutomationSwitch.as_view(), name="automation_switch"),
    path("automations/<str:occasion>/today/", AutomationToday.as_view(), name="automation_today"),
    path(_template, TemplateEdit.as_view(), name="template_edit"),
    path(f"{_template}preview/", TemplatePreview.as_view(), name="template_preview"),
    path(f"{_template}test/", TemplateTest.as_view(), name="template_test"),
    path("unsubscribe/<str:token>/", UnsubscribeView.as_view(), name="unsubscribe"),
    path(
        "_local/twilio/api/2010-04-01/Accounts/<str:account_sid>/Messages.json",
        LocalTwilioMessagesView.as_view(),
        name="local_twilio_messages",
    ),
]
