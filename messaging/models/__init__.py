from messaging.models.automation import Automation, AutomationRevision
from messaging.models.cart import RECOVERY, Cart, CartState
from messaging.models.contact_policy import ContactPolicy, ContactPolicyRevision
from messaging.models.event import OWN, MessageEvent
from messaging.models.heartbeat import JobHeartbeat
from messaging.models.local import LocalDelivery
from messaging.models.message import Message, MessageState
from messaging.models.occasion import occasion_choices
from messaging.models.suppression import Suppression, SuppressionReason
from messaging.models.template import Channel, Template, TemplateRevision
from messaging.models.verification import Verification

__all__ = [
    "OWN",
    "RECOVERY",
    "Automation",
    "AutomationRevision",
    "Cart",
    "CartState",
    "Channel",
    "ContactPolicy",
    "ContactPolicyRevision",
    "JobHeartbeat",
    "LocalDelivery",
    "Message",
    "MessageEvent",
    "MessageState",
    "Suppression",
    "SuppressionReason",
    "Template",
    "TemplateRevision",
    "Verification",
    "occasion_choices",
]
