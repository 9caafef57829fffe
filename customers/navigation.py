"""What customers add to the navigation."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from retail.navigation import RELATIONSHIP, NavigationEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerTab:
    """A further view of one customer, which a package above this one adds: CUSTOMER_TABS in its `navigation.py`.

    `url_name` takes the customer's primary key.
    """

    label: Promise | str
    url_name: str
    permission: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersLink:
    """A button beside the heading of the customers' list, which a package above adds: CUSTOMERS_LINKS in its `navigation.py`."""

    label: Promise | str
    url_name: str
    icon: str = ""
    permission: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentAction:
    """Something to do with a segment, which a package above this one adds: SEGMENT_ACTIONS in its `navigation.py`.

    `url_name` takes the segment's code.
    """

    label: Promise | str
    url_name: str
    icon: str
    permission: str


ENTRIES = [
    NavigationEntry(
        section=RELATIONSHIP,
        label=_("Customers"),
        url_name="customers:customer_list",
        icon="customer",
        order=10,
        permission="customers.view_customer",
    ),
    NavigationEntry(
        section=RELATIONSHIP,
        label=_("Sellers' agenda"),
        url_name="customers:appointment_day",
        icon="calendar",
        order=20,
        permission="customers.view_appointment",
    ),
    NavigationEntry(
        section=RELATIONSHIP,
        label=_("Segments"),
        url_name="customers:segment_list",
        icon="filter",
        order=15,
        permission="customers.view_segment",
    ),
    NavigationEntry(
        section=RELATIONSHIP,
        label=_("Consent texts"),
        url_name="customers:consent_text_list",
        icon="consent",
        order=58,
        permission="customers.view_consenttext",
    ),
]
