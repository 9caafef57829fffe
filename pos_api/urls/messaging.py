"""Carts and what messages need from points of sale; templates, for managers; webhooks, for other systems."""

from django.urls import URLPattern, path

from pos_api.views.automations import (
    AutomationListView,
    AutomationRemindView,
    AutomationResultsView,
    AutomationView,
)
from pos_api.views.carts import CartView
from pos_api.views.contact_policy import ContactPolicyHistoryView, ContactPolicyView
from pos_api.views.mailings import (
    MailingApproveView,
    MailingCancelView,
    MailingConfirmView,
    MailingCountView,
    MailingListView,
    MailingPauseView,
    MailingResultsView,
    MailingResumeView,
    MailingReturnView,
    MailingView,
)
from pos_api.views.marketing_settings import MarketingSettingsView
from pos_api.views.message_look import MessageLookView
from pos_api.views.messages import MessageListView, MessageView
from pos_api.views.template_actions import (
    TemplateArchiveView,
    TemplateDuplicateView,
    TemplateRefreshView,
    TemplateRestoreView,
    TemplateSeveralView,
    TemplateSubmitView,
    TemplateUsableView,
    TemplateUseView,
)
from pos_api.views.templates import (
    TemplateListView,
    TemplatePreviewView,
    TemplateRevisionListView,
    TemplateView,
)
from pos_api.views.webhooks import (
    WebhookDeliveriesView,
    WebhookDeliveryReplayView,
    WebhookEndpointsView,
    WebhookEndpointView,
    WebhookReplayView,
    WebhookSecretView,
    WebhookTestView,
)

_automation = "automations/<str:occasion>/"
_mailing = "mailings/<int:pk>/"
_endpoint = "webhook-endpoints/<uuid:endpoint>/"

urlpatterns: list[URLPattern] = [
    path("company/marketing/", MarketingSettingsView.as_view(), name="marketing_settings"),
    path("company/contact-policy/", ContactPolicyView.as_view(), name="contact_policy"),
    path(
        "company/contact-policy/history/", ContactPolicyHistoryView.as_view(), name="contact_policy_history"
    ),
    path("carts/<str:cart>/", CartView.as_view(), name="cart"),
    path("company/message-look/", MessageLookView.as_view(), name="message_look"),
    path("templates/", TemplateListView.as_view(), name="templates"),
    path("templates/<int:pk>/", TemplateView.as_view(), name="template"),
    path("templates/<int:pk>/versions/", TemplateRevisionListView.as_view(), name="template_versions"),
    path("templates/<int:pk>/preview/", TemplatePreviewView.as_view(), name="template_preview"),
    path("templates/<int:pk>/usable/", TemplateUsableView.as_view(), name="template_usable"),
    path("templates/<int:pk>/duplicate/", TemplateDuplicateView.as_view(), name="template_duplicate"),
    path("templates/<int:pk>/restore/", TemplateRestoreView.as_view(), name="template_restore"),
    path("templates/<int:pk>/archive/", TemplateArchiveView.as_view(), name="template_archive"),
    path("templates/<int:pk>/use/", TemplateUseView.as_view(), name="template_use"),
    path("templates/<int:pk>/submit/", TemplateSubmitView.as_view(), name="template_submit"),
    path("templates/<int:pk>/refresh/", TemplateRefreshView.as_view(), name="template_refresh"),
    path("templates/<int:pk>/allow-several/", TemplateSeveralView.as_view(), name="template_allow_several"),
    path("automations/", AutomationListView.as_view(), name="automations"),
    path(_automation, AutomationView.as_view(), name="automation"),
    path(f"{_automation}results/", AutomationResultsView.as_view(), name="automation_results"),
    path(f"{_automation}remind/", AutomationRemindView.as_view(), name="automation_remind"),
    path("messages/", MessageListView.as_view(), name="messages"),
    path("messages/<uuid:message>/", MessageView.as_view(), name="message"),
    path("mailings/", MailingListView.as_view(), name="mailings"),
    path(_mailing, MailingView.as_view(), name="mailing"),
    path(f"{_mailing}count/", MailingCountView.as_view(), name="mailing_count"),
    path(f"{_mailing}results/", MailingResultsView.as_view(), name="mailing_results"),
    path(f"{_mailing}confirm/", MailingConfirmView.as_view(), name="mailing_confirm"),
    path(f"{_mailing}approve/", MailingApproveView.as_view(), name="mailing_approve"),
    path(f"{_mailing}return/", MailingReturnView.as_view(), name="mailing_return"),
    path(f"{_mailing}pause/", MailingPauseView.as_view(), name="mailing_pause"),
    path(f"{_mailing}resume/", MailingResumeView.as_view(), name="mailing_resume"),
    path(f"{_mailing}cancel/", MailingCancelView.as_view(), name="mailing_cancel"),
    path("webhook-endpoints/", WebhookEndpointsView.as_view(), name="webhook_endpoints"),
    path(_endpoint, WebhookEndpointView.as_view(), name="webhook_endpoint"),
    path(f"{_endpoint}secrets/", WebhookSecretView.as_view(), name="webhook_secrets"),
    path(f"{_endpoint}test/", WebhookTestView.as_view(), name="webhook_test"),
    path(f"{_endpoint}replay/", WebhookReplayView.as_view(), name="webhook_replay"),
    path("webhook-deliveries/", WebhookDeliveriesView.as_view(), name="webhook_deliveries"),
    path(
        "webhook-deliveries/<int:pk>/replay/",
        WebhookDeliveryReplayView.as_view(),
        name="webhook_delivery_replay",
    ),
]
