"""Entries of messages in the back-office."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from customers.navigation import CustomerTab
from retail.navigation import RELATIONSHIP, NavigationEntry

ENTRIES = [
    NavigationEntry(
        section=RELATIONSHIP,
        label=_("Messages"),
        url_name="messaging:message_list",
        icon="message",
        order=40,
        permission="messaging.view_message",
    ),
    NavigationEntry(
        section=RELATIONSHIP,
        label=_("Automations"),
        url_name="messaging:automation_list",
        icon="automation",
        order=50,
        permission="messaging.view_automation",
    ),
    NavigationEntry(
        section=RELATIONSHIP,
        label=_("Templates"),
        url_name="messaging:named_template_list",
        icon="template",
        order=55,
        permission="messaging.view_template",
    ),
]
if settings.DEMO:
    ENTRIES.append(
        NavigationEntry(
            section=RELATIONSHIP,
            label=_("Demo inbox"),
            url_name="messaging:inbox",
            icon="inbox",
            order=60,
            permission="messaging.view_message",
        )
    )

CUSTOMER_TABS = [
    CustomerTab(
        label=_("Messages"), url_name="messaging:customer_messages", permission="messaging.view_message"
    )
]
