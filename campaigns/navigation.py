from django.utils.translation import gettext_lazy as _

from retail.navigation import PROMOTIONS, NavigationEntry

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
]
