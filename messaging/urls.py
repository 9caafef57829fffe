"""Pages of messages in the back-office, the public unsubscribe page, and the local imitation of providers."""

from django.urls import path

from messaging.views.automation import (
    AutomationDetail,
    AutomationEdit,
    AutomationList,
    AutomationSwitch,
    AutomationToday,
)
from messaging.views.automation_results import AutomationResultsView
from messaging.views.confirmation import ConfirmView
from messaging.views.contact_policy import ContactPolicyEdit
from messaging.views.ending_value import EndingRemind, EndingValue
from messaging.views.inbox import Inbox, InboxAdvance, InboxDecision, InboxFault, InboxReply
from messaging.views.letterhead import LetterheadEdit, LogoView
from messaging.views.local import (
    LocalTwilioApprovalsView,
    LocalTwilioApprovalView,
    LocalTwilioContentsView,
    LocalTwilioMessagesView,
)
from messaging.views.mailing import MailingDetail, MailingReach, MailingResults, SegmentMailing
from messaging.views.mailing_actions import MailingActions
from messaging.views.mailing_address import MailingToAddress
from messaging.views.mailing_editor import MailingEditor
from messaging.views.mailing_list import MailingList, MailingPeople
from messaging.views.mailing_trials import MailingCount, MailingPreview, MailingTest
from messaging.views.marketing import MarketingEdit
from messaging.views.message import CustomerMessages, MessageDetail, MessageList
from messaging.views.named_template import (
    NamedTemplateCreate,
    NamedTemplateEdit,
    NamedTemplateList,
    NamedTemplatePreview,
    NamedTemplateTest,
    StandardTemplates,
    TemplatePeople,
)
from messaging.views.preferences import PreferencesView
from messaging.views.receipt import ReceiptPage
from messaging.views.suppression import AddressLift, CustomerAddresses
from messaging.views.template import TemplateEdit, TemplatePreview, TemplateTest
from messaging.views.template_actions import (
    TemplateArchive,
    TemplateDuplicate,
    TemplateRefresh,
    TemplateRestore,
    TemplateSeveral,
    TemplateSubmit,
    TemplateUnarchive,
    TemplateUse,
)
from messaging.views.template_versions import TemplateVersions
from messaging.views.tracking import ClickView, OpenView
from messaging.views.unsubscribe import UnsubscribeView
from messaging.webhooks.views.delivery import DeliveryDetail, DeliveryList, DeliveryReplay
from messaging.webhooks.views.endpoint import EndpointCreate, EndpointDetail, EndpointEdit, EndpointList
from messaging.webhooks.views.endpoint_actions import (
    EndpointRemove,
    EndpointReplay,
    EndpointSecret,
    EndpointSwitch,
    EndpointTest,
)

app_name = "messaging"

_own_text = "automations/<str:occasion>/templates/<str:channel>/<str:language>/"
_template = "messages/templates/<int:pk>/"
_content = "_local/twilio/content/v1/Content"
_endpoint = "webhook-endpoints/<uuid:uuid>/"

urlpatterns = [
    path("messages/", MessageList.as_view(), name="message_list"),
    path("messages/inbox/", Inbox.as_view(), name="inbox"),
    path("messages/inbox/advance/", InboxAdvance.as_view(), name="inbox_advance"),
    path("messages/inbox/fault/", InboxFault.as_view(), name="inbox_fault"),
    path("messages/inbox/templates/<str:sid>/", InboxDecision.as_view(), name="inbox_decision"),
    path("messages/inbox/<int:pk>/reply/", InboxReply.as_view(), name="inbox_reply"),
    path("messages/<uuid:uuid>/", MessageDetail.as_view(), name="message_detail"),
    path("messages/look/", LetterheadEdit.as_view(), name="letterhead"),
    path("messages/logo/<str:digest>/", LogoView.as_view(), name="logo"),
    path("messages/templates/", NamedTemplateList.as_view(), name="named_template_list"),
    path("messages/templates/new/", NamedTemplateCreate.as_view(), name="named_template_create"),
    path("messages/templates/standard/", StandardTemplates.as_view(), name="standard_templates"),
    path("messages/templates/people/", TemplatePeople.as_view(), name="template_people"),
    path(_template, NamedTemplateEdit.as_view(), name="named_template_edit"),
    path(f"{_template}preview/", NamedTemplatePreview.as_view(), name="named_template_preview"),
    path(f"{_template}test/", NamedTemplateTest.as_view(), name="named_template_test"),
    path(f"{_template}versions/", TemplateVersions.as_view(), name="template_versions"),
    path(f"{_template}restore/", TemplateRestore.as_view(), name="template_restore"),
    path(f"{_template}duplicate/", TemplateDuplicate.as_view(), name="template_duplicate"),
    path(f"{_template}archive/", TemplateArchive.as_view(), name="template_archive"),
    path(f"{_template}unarchive/", TemplateUnarchive.as_view(), name="template_unarchive"),
    path(f"{_template}use/", TemplateUse.as_view(), name="template_use"),
    path(f"{_template}submit/", TemplateSubmit.as_view(), name="template_submit"),
    path(f"{_template}refresh/", TemplateRefresh.as_view(), name="template_refresh"),
    path(f"{_template}several/", TemplateSeveral.as_view(), name="template_several"),
    path("mailings/", MailingList.as_view(), name="mailing_list"),
    path("mailings/new/", MailingEditor.as_view(), name="mailing_create"),
    path("mailings/to/", MailingToAddress.as_view(), name="mailing_to_address"),
    path("mailings/preview/", MailingPreview.as_view(), name="mailing_preview"),
    path("mailings/count/", MailingCount.as_view(), name="mailing_count"),
    path("mailings/test/", MailingTest.as_view(), name="mailing_test"),
    path("mailings/<int:pk>/", MailingDetail.as_view(), name="mailing_detail"),
    path("mailings/<int:pk>/edit/", MailingEditor.as_view(), name="mailing_edit"),
    path("mailings/<int:pk>/reach/", MailingReach.as_view(), name="mailing_reach"),
    path("mailings/<int:pk>/results/", MailingResults.as_view(), name="mailing_results"),
    path("mailings/<int:pk>/people/", MailingPeople.as_view(), name="mailing_people"),
    path("mailings/<int:pk>/<str:action>/", MailingActions.as_view(), name="mailing_action"),
    path("segments/<str:code>/mailing/", SegmentMailing.as_view(), name="segment_mailing"),
    path("customers/<int:pk>/addresses/", CustomerAddresses.as_view(), name="customer_addresses"),
    path("customers/<int:pk>/addresses/<str:channel>/lift/", AddressLift.as_view(), name="address_lift"),
    path("customers/<int:pk>/messages/", CustomerMessages.as_view(), name="customer_messages"),
    path("marketing/", MarketingEdit.as_view(), name="marketing"),
    path("contact-policy/", ContactPolicyEdit.as_view(), name="contact_policy"),
    path("automations/", AutomationList.as_view(), name="automation_list"),
    path("automations/<str:occasion>/", AutomationDetail.as_view(), name="automation_detail"),
    path("automations/<str:occasion>/edit/", AutomationEdit.as_view(), name="automation_edit"),
    path("automations/<str:occasion>/switch/", AutomationSwitch.as_view(), name="automation_switch"),
    path("automations/<str:occasion>/today/", AutomationToday.as_view(), name="automation_today"),
    path("automations/<str:occasion>/ending/", EndingValue.as_view(), name="ending_value"),
    path("automations/<str:occasion>/ending/remind/", EndingRemind.as_view(), name="ending_remind"),
    path("automations/<str:occasion>/results/", AutomationResultsView.as_view(), name="automation_results"),
    path(_own_text, TemplateEdit.as_view(), name="template_edit"),
    path(f"{_own_text}preview/", TemplatePreview.as_view(), name="template_preview"),
    path(f"{_own_text}test/", TemplateTest.as_view(), name="template_test"),
    path("webhook-endpoints/", EndpointList.as_view(), name="webhook_endpoint_list"),
    path("webhook-endpoints/new/", EndpointCreate.as_view(), name="webhook_endpoint_create"),
    path(_endpoint, EndpointDetail.as_view(), name="webhook_endpoint_detail"),
    path(f"{_endpoint}edit/", EndpointEdit.as_view(), name="webhook_endpoint_edit"),
    path(f"{_endpoint}secret/", EndpointSecret.as_view(), name="webhook_endpoint_secret"),
    path(f"{_endpoint}switch/", EndpointSwitch.as_view(), name="webhook_endpoint_switch"),
    path(f"{_endpoint}remove/", EndpointRemove.as_view(), name="webhook_endpoint_remove"),
    path(f"{_endpoint}test/", EndpointTest.as_view(), name="webhook_endpoint_test"),
    path(f"{_endpoint}replay/", EndpointReplay.as_view(), name="webhook_endpoint_replay"),
    path("webhook-deliveries/", DeliveryList.as_view(), name="webhook_delivery_list"),
    path("webhook-deliveries/<int:pk>/", DeliveryDetail.as_view(), name="webhook_delivery_detail"),
    path("webhook-deliveries/<int:pk>/replay/", DeliveryReplay.as_view(), name="webhook_delivery_replay"),
    path("receipt/<str:token>/", ReceiptPage.as_view(), name="receipt"),
    path("unsubscribe/<str:token>/", UnsubscribeView.as_view(), name="unsubscribe"),
    # Short: text messages count every character.
    path("c/<str:token>/", ConfirmView.as_view(), name="confirm"),
    path("l/<str:token>/", ClickView.as_view(), name="click"),
    path("o/<str:token>/", OpenView.as_view(), name="open"),
    path("p/<str:token>/", PreferencesView.as_view(), name="preferences"),
    path(
        "_local/twilio/api/2010-04-01/Accounts/<str:account_sid>/Messages.json",
        LocalTwilioMessagesView.as_view(),
        name="local_twilio_messages",
    ),
    path(_content, LocalTwilioContentsView.as_view(), name="local_twilio_contents"),
    path(
        f"{_content}/<str:sid>/ApprovalRequests",
        LocalTwilioApprovalsView.as_view(),
        name="local_twilio_approvals",
    ),
    path(
        f"{_content}/<str:sid>/ApprovalRequests/whatsapp",
        LocalTwilioApprovalView.as_view(),
        name="local_twilio_approval",
    ),
]
