"""A test that somebody sends to an address of their own; its text is made when it is asked for."""

from django.utils.translation import gettext_lazy as _

from messaging.occasions.base import Kind
from messaging.purposes import MessagePurpose, Urgency


class Trial(Kind):
    """Keys: random. Whoever asked for silence gets no test either: it may say anything."""

    code = "test"
    label = _("Test")
    icon = "eye"
    purpose = MessagePurpose.NOTICE
    urgency = Urgency.AT_ONCE
    is_written = True
