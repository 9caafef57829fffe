"""A test that somebody sends to an address of their own; its text is made when it is asked for."""

from django.utils.translation import gettext_lazy as _

from messaging.occasions.base import Kind
from messaging.purposes import MessagePurpose, Urgency


class Trial(Kind):
    """Keys: random."""

    code = "test"
    label = _("Test")
    icon = "eye"
    purpose = MessagePurpose.TRANSACTIONAL
    urgency = Urgency.AT_ONCE
    is_written = True
