"""What a demonstration shows of messages: texts, automations that are on, and carts that were left behind."""

from datetime import datetime, timedelta

from django.db import transaction

from campaigns.models import PromoCodePool
from customers.models import Customer, Purpose
from customers.selectors import standing_consents
from messaging.contact_policy import Policy
from messaging.models import RECOVERY, Automation, Cart, Channel, ContactPolicy
from messaging.occasions import read_settings
from messaging.selectors.birthdays import BIRTHDAY
from messaging.services.automations import Plan, install_automations, save_automation
from messaging.services.carts import CartReport, Contact, put_cart
from messaging.services.contact_policies import save_policy
from messaging.services.demo_templates import install_mailing_templates
from messaging.services.standard_templates import install_standard_templates
from retail.models import Product, Store

_CARTS = 12


@transaction.atomic
def build_messages(*, at: datetime, pool: PromoCodePool | None = None) -> None:
    """Fill messages of a demonstration; running it again adds nothing.

    `pool` (for automations) gives recovery messages and greetings their codes. Call it after stores, products,
    customers and promo codes exist; the scheduler then plans and sends by itself.
    """
    install_standard_templates(at=at)
    install_mailing_templates(at=at)
    install_automations(at=at)
    if not ContactPolicy.objects.exists():
        # Who looks at a demonstration at night wants to see messages leave.
        save_policy(policy=Policy(), by=None, at=at)
    for occasion, channels in (
        (BIRTHDAY, [Channel.WHATSAPP, Channel.EMAIL, Channel.SMS]),
        (RECOVERY, [Channel.WHATSAPP, Channel.SMS, Channel.EMAIL]),
    ):
        automation = Automation.objects.get(occasion=occasion)
        if automation.enabled_at is None:
            plan = Plan(
                enabled=True,
                channels=channels,
                stores_off=(),
                settings=read_settings(occasion, automation.settings),
                pool=pool,
            )
            save_automation(occasion=occasion, plan=plan, by=None, at=at)
    _leave_carts(at=at)


def _leave_carts(*, at: datetime) -> None:
    """Leave carts in the online shop, the oldest due at once, the newest still being filled."""
    store = Store.objects.filter(online_shop=True, is_active=True).order_by("pk").first()
    products = list(Product.objects.filter(is_active=True).order_by("pk")[:40])
    if store is None or not products or Cart.objects.exists():
        return
    reachable = list(Customer.objects.exclude(phone="", email="").filter(is_active=True).order_by("pk")[:200])
    standing = standing_consents([customer.pk for customer in reachable])
    reachable.sort(
        key=lambda customer: not standing[customer.pk].granted(Purpose.MARKETING, Channel.WHATSAPP)
    )
    for number, customer in enumerate(reachable[:_CARTS]):
        chosen = products[number % len(products) :: 7][:3]
        put_cart(
            store_id=store.pk,
            external_id=f"demo-{number + 1}",
            report=CartReport(
                customer=customer,
                contact=Contact(name=customer.name, email=customer.email, phone=customer.phone),
                lines=[
                    {"sku": item.sku, "name": item.name, "quantity": "1", "unit_price": str(item.price)}
                    for item in chosen
                ],
                link=f"https://loja.example.com/sacola/demo-{number + 1}",
            ),
            interaction_at=at - timedelta(minutes=27) + timedelta(minutes=4 * number),
        )
