"""What the points of sale add to the navigation."""

from django.utils.translation import gettext_lazy as _

from customers.navigation import CustomersLink, CustomerTab
from retail.navigation import INSTALLATION, RELATIONSHIP, SALES, NavigationEntry

ENTRIES = [
    NavigationEntry(
        section=SALES,
        label=_("Sales"),
        url_name="pos_api:sale_list",
        icon="sale",
        order=10,
        permission="retail.view_sale",
    ),
    NavigationEntry(
        section=SALES,
        label=_("Offline exceptions"),
        url_name="pos_api:sale_exception_list",
        icon="alert",
        order=15,
        permission="pos_api.view_saleexception",
    ),
    NavigationEntry(
        section=SALES, label=_("Till in the browser"), url_name="till:till", icon="till", order=20
    ),
    NavigationEntry(
        section=RELATIONSHIP,
        label=_("Merged customers"),
        url_name="pos_api:customer_merge_list",
        icon="link",
        order=15,
        permission="customers.merge_customer",
    ),
    NavigationEntry(
        section=INSTALLATION,
        label=_("Terminals and keys"),
        url_name="pos_api:terminal_list",
        icon="key",
        order=20,
        permission="pos_api.view_terminalkey",
    ),
    NavigationEntry(
        section=INSTALLATION, label=_("API documentation"), url_name="api:docs", icon="api", order=90
    ),
]

CUSTOMER_TABS = [
    CustomerTab(label=_("Merge"), url_name="pos_api:customer_merge", permission="customers.merge_customer"),
]
CUSTOMERS_LINKS = [
    CustomersLink(
        label=_("Likely duplicates"),
        url_name="pos_api:customer_duplicates",
        icon="link",
        permission="customers.merge_customer",
    ),
]
