"""Entries of messages in the back-office."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from customers.navigation import CustomerTab, SegmentAction
from retail.navigation import INSTALLATION, RELATIONSHIP, NavigationEntry

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
        label=_("Mailings"),
        url_name="messaging:mailing_list",
        icon="mail",
        order=45,
        permission="messaging.view_mailing",
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
    NavigationEntry(
        section=INSTALLATION,
        label=_("Webhooks"),
        url_name="messaging:webhook_endpoint_list",
        icon="link",
        order=30,
        permission="messaging.view_webhookendpoint",
        also=("messaging:webhook_delivery_list",),
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
        label=_("Addresses"),
        url_name="messaging:customer_addresses",
        permission="messaging.view_suppression",
    ),
    CustomerTab(
        label=_("Messages"), url_name="messaging:customer_messages", permission="messaging.view_message"
    ),
]

SEGMENT_ACTIONS = [
    SegmentAction(
        label=_("Write to them"),
        url_name="messaging:segment_mailing",
        icon="mail",
        permission="messaging.add_mailing",
    ),
]
