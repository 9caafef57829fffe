from messaging.models.automation import Automation, AutomationRevision
from messaging.models.cart import Cart, CartState
from messaging.models.event import MessageEvent
from messaging.models.heartbeat import JobHeartbeat
from messaging.models.local import LocalDelivery
from messaging.models.message import Message, MessageState
from messaging.models.suppression import Suppression, SuppressionReason
from messaging.models.template import Channel, Occasion, Template, TemplateRevision
from messaging.models.verification import Verification

__all__ = [
    "Automation",
    "AutomationRevision",
    "Cart",
    "CartState",
    "Channel",
    "JobHeartbeat",
    "LocalDelivery",
    "Message",
    "MessageEvent",
    "MessageState",
    "Occasion",
    "Suppression",
    "SuppressionReason",
    "Template",
    "TemplateRevision",
    "Verification",
]
