"""Direct: what somebody writes to one person, from the page of a customer or of a sale."""

from django.utils.translation import gettext_lazy as _

from messaging.models import DIRECT
from messaging.occasions.mailing import MailingMessage


class DirectMessage(MailingMessage):
    """Keys: `direct:<id>`. A mailing to one person: everything that holds for mailings holds for it, consent first."""

    code = DIRECT
    label = _("Direct message")
    icon = "mail"
