from messaging.models.automation import Automation, AutomationRevision
from messaging.models.cart import RECOVERY, Cart, CartState
from messaging.models.contact_policy import ContactPolicy, ContactPolicyRevision
from messaging.models.event import ANSWERS, OWN, MessageEvent
from messaging.models.heartbeat import JobHeartbeat
from messaging.models.letterhead import Letterhead
from messaging.models.local import LocalContent, LocalDelivery, LocalFault
from messaging.models.mailing import (
    DIRECT,
    MAILING,
    Audience,
    Mailing,
    MailingChange,
    MailingMember,
    MailingSale,
    MailingState,
    MailingText,
)
from messaging.models.message import LONGEST_SUBJECT, Message, MessageState
from messaging.models.occasion import occasion_choices
from messaging.models.suppression import Suppression, SuppressionReason
from messaging.models.template import (
    AppliesTo,
    Approval,
    Category,
    Channel,
    HtmlFormat,
    PhoneField,
    Template,
    TemplateRevision,
)
from messaging.models.tracking import MarketingSettings, TrackedLink
from messaging.models.verification import Verification
from messaging.webhooks.models import (
    WebhookAttempt,
    WebhookChange,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
    WebhookSecret,
)

__all__ = [
    "ANSWERS",
    "DIRECT",
    "LONGEST_SUBJECT",
    "MAILING",
    "OWN",
    "RECOVERY",
    "AppliesTo",
    "Approval",
    "Audience",
    "Automation",
    "AutomationRevision",
    "Cart",
    "CartState",
    "Category",
    "Channel",
    "ContactPolicy",
    "ContactPolicyRevision",
    "HtmlFormat",
    "JobHeartbeat",
    "Letterhead",
    "LocalContent",
    "LocalDelivery",
    "LocalFault",
    "Mailing",
    "MailingChange",
    "MailingMember",
    "MailingSale",
    "MailingState",
    "MailingText",
    "MarketingSettings",
    "Message",
    "MessageEvent",
    "MessageState",
    "PhoneField",
    "Suppression",
    "SuppressionReason",
    "Template",
    "TemplateRevision",
    "TrackedLink",
    "Verification",
    "WebhookAttempt",
    "WebhookChange",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
    "WebhookSecret",
    "occasion_choices",
]
