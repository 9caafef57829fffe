from django.utils.translation import gettext_lazy as _

from customers.navigation import SegmentAction
from retail.navigation import LOYALTY, PROMOTIONS, NavigationEntry

ENTRIES = [
    NavigationEntry(
        section=PROMOTIONS,
        label=_("Campaigns"),
        url_name="campaigns:campaign_list",
        icon="campaign",
        order=10,
        permission="campaigns.view_campaign",
        also=("campaigns:campaign_root",),
    ),
    NavigationEntry(
        section=PROMOTIONS,
        label=_("Simulator"),
        url_name="campaigns:simulator",
        icon="calculator",
        order=15,
        permission="campaigns.view_campaign",
    ),
    NavigationEntry(
        section=PROMOTIONS,
        label=_("Price markdowns"),
        url_name="campaigns:markdown_list",
        icon="money",
        order=11,
        permission="campaigns.view_markdown",
        also=("campaigns:markdown_root",),
    ),
    NavigationEntry(
        section=PROMOTIONS,
        label=_("Associations"),
        url_name="campaigns:association_list",
        icon="link",
        order=12,
        permission="campaigns.view_association",
        also=("campaigns:association_root",),
    ),
    NavigationEntry(
        section=PROMOTIONS,
        label=_("Promotional codes"),
        url_name="campaigns:promo_code_pool_list",
        icon="code",
        order=20,
        permission="campaigns.view_promocodepool",
    ),
    NavigationEntry(
        section=PROMOTIONS,
        label=_("Campaign categories"),
        url_name="campaigns:category_list",
        icon="category",
        order=30,
        permission="campaigns.view_campaigncategory",
    ),
    NavigationEntry(
        section=LOYALTY,
        label=_("VIP cards"),
        url_name="campaigns:vip_card_list",
        icon="card",
        order=30,
        permission="loyalty.view_vipcard",
        also=("campaigns:vip_card_root",),
    ),
    NavigationEntry(
        section=PROMOTIONS,
        label=_("Calculation policy"),
        url_name="campaigns:policy",
        icon="settings",
        order=90,
        permission="retail.view_company",
    ),
    NavigationEntry(
        section=LOYALTY,
        label=_("Issuing runs"),
        url_name="campaigns:issuing_run_list",
        icon="gift",
        order=40,
        permission="loyalty.view_issuingrun",
    ),
]

SEGMENT_ACTIONS = [
    SegmentAction(
        label=_("Export"),
        url_name="campaigns:segment_exports",
        icon="download",
        permission="customers.export_segment",
    ),
]
