"""What loyalty adds to the navigation and to the pages of customers and products."""

from django.utils.translation import gettext_lazy as _

from customers.navigation import CustomerTab
from retail.navigation import LOYALTY, RELATIONSHIP, REPORTS, NavigationEntry, ProductTab

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
    NavigationEntry(
        section=LOYALTY,
        label=_("Stamp plans"),
        url_name="loyalty:stamp_plan_list",
        icon="check-circle",
        order=20,
        permission="loyalty.view_stampplan",
        also=("loyalty:stamp_plan_root", "loyalty:stamp_list"),
    ),
    NavigationEntry(
        section=LOYALTY,
        label=_("Issuing rules"),
        url_name="loyalty:issuing_rule_list",
        icon="zap",
        order=45,
        permission="loyalty.view_issuingrule",
        also=("loyalty:issuing_rule_root",),
    ),
    NavigationEntry(
        section=LOYALTY,
        label=_("Stored values"),
        url_name="loyalty:stored_value_list",
        icon="card",
        order=30,
        permission="loyalty.view_storedvalue",
    ),
    NavigationEntry(
        section=LOYALTY,
        label=_("Types of stored value"),
        url_name="loyalty:stored_value_type_list",
        icon="settings",
        order=40,
        permission="loyalty.view_storedvaluetype",
        also=("loyalty:stored_value_type_root",),
    ),
    NavigationEntry(
        section=LOYALTY,
        label=_("Adjustments to approve"),
        url_name="loyalty:adjustment_request_list",
        icon="shield",
        order=60,
        permission="loyalty.adjust_account",
    ),
    NavigationEntry(
        section=RELATIONSHIP,
        label=_("Survey answers"),
        url_name="loyalty:survey_answer_list",
        icon="heart",
        order=60,
        permission="loyalty.view_surveyanswer",
    ),
    NavigationEntry(
        section=REPORTS,
        label=_("Cashback"),
        url_name="loyalty:cashback_report",
        icon="money",
        order=10,
        permission="loyalty.view_lot",
    ),
    NavigationEntry(
        section=REPORTS,
        label=_("About to expire"),
        url_name="loyalty:expiring_report",
        icon="clock",
        order=20,
        permission="loyalty.view_lot",
    ),
    NavigationEntry(
        section=REPORTS,
        label=_("Issued and used"),
        url_name="loyalty:movement_report",
        icon="chart",
        order=30,
        permission="loyalty.view_entry",
    ),
    NavigationEntry(
        section=REPORTS,
        label=_("Liability"),
        url_name="loyalty:liability_report",
        icon="money",
        order=32,
        permission="loyalty.view_lot",
    ),
    NavigationEntry(
        section=REPORTS,
        label=_("Breakage"),
        url_name="loyalty:breakage_report",
        icon="clock",
        order=34,
        permission="loyalty.view_lot",
    ),
    NavigationEntry(
        section=REPORTS,
        label=_("Customers by tier"),
        url_name="loyalty:tier_report",
        icon="star",
        order=40,
        permission="loyalty.view_customertier",
    ),
]

CUSTOMER_TABS = [
    CustomerTab(label=_("Statement"), url_name="loyalty:statement", permission="loyalty.view_account"),
    CustomerTab(label=_("Tiers"), url_name="loyalty:customer_tiers", permission="loyalty.view_customertier"),
]

PRODUCT_TABS = [
    ProductTab(label=_("Loyalty"), url_name="loyalty:product_gifts", permission="loyalty.view_pointsprogram"),
]
