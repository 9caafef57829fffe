"""The kinds of benefit. To add one, write its file beside these and name it here."""

from campaigns.engine.benefits.age_percent import AgePercent
from campaigns.engine.benefits.bundle_price import BundlePrice
from campaigns.engine.benefits.buy_get import BuyGet
from campaigns.engine.benefits.cashback import Cashback
from campaigns.engine.benefits.freight_percent import FreightPercent
from campaigns.engine.benefits.gift import Gift
from campaigns.engine.benefits.issue_code import IssueCode
from campaigns.engine.benefits.item_amount import ItemAmount
from campaigns.engine.benefits.item_final_price import ItemFinalPrice
from campaigns.engine.benefits.item_percent import ItemPercent
from campaigns.engine.benefits.multibuy import Multibuy
from campaigns.engine.benefits.order_amount import OrderAmount
from campaigns.engine.benefits.order_percent import OrderPercent
from campaigns.engine.benefits.points import Points
from campaigns.engine.benefits.progressive import Progressive
from campaigns.engine.benefits.voucher import Voucher

ALL_BENEFITS = (
    OrderPercent,
    OrderAmount,
    ItemPercent,
    ItemAmount,
    ItemFinalPrice,
    Multibuy,
    BuyGet,
    BundlePrice,
    Progressive,
    Gift,
    Cashback,
    Voucher,
    AgePercent,
    IssueCode,
    Points,
    FreightPercent,
)
