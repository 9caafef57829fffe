"""The kinds of condition. To add one, write its file beside these and name it here."""

from campaigns.engine.conditions.agenda import Agenda
from campaigns.engine.conditions.birthday import Birthday
from campaigns.engine.conditions.customer import Customer
from campaigns.engine.conditions.customer_field import CustomerField
from campaigns.engine.conditions.first_purchase import FirstPurchase
from campaigns.engine.conditions.payment import Payment
from campaigns.engine.conditions.product import Product
from campaigns.engine.conditions.promo_code import PromoCode
from campaigns.engine.conditions.purchase_number import PurchaseNumber

ALL_CONDITIONS = (
    Product,
    Payment,
    PromoCode,
    Customer,
    Birthday,
    FirstPurchase,
    PurchaseNumber,
    CustomerField,
    Agenda,
)
