"""What loyalty adds to the navigation and to the pages of customers and products."""

from django.utils.translation import gettext_lazy as _

from retail.navigation import LOYALTY, NavigationEntry, ProductTab

ENTRIES = [
    NavigationEntry(
        section=LOYALTY,
        label=_("Points programs"),
        url_name="loyalty:program_list",
        icon="star",
        order=10,
        permission="loyalty.view_pointsprogram",
        also=("loyalty:program_root",),
    ),
]

PRODUCT_TABS = [
    ProductTab(label=_("Loyalty"), url_name="loyalty:product_gifts", permission="loyalty.view_pointsprogram"),
]
