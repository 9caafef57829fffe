"""django-oscar: its Applicator over site offers, on SQLite in memory. Runs in the peers' own environment."""

from __future__ import annotations

import importlib.metadata
from decimal import Decimal

import django
from django.conf import settings
from measured import Discounts, Scene, serve
from oscar.defaults import *  # noqa: F403  (django-oscar is configured this way)

# What django-oscar's documentation lists for a new project; the applications ask for each other.
APPS = (
    "analytics.apps.AnalyticsConfig",
    "checkout.apps.CheckoutConfig",
    "address.apps.AddressConfig",
    "shipping.apps.ShippingConfig",
    "catalogue.apps.CatalogueOnlyConfig",
    "catalogue.reviews.apps.CatalogueReviewsConfig",
    "communication.apps.CommunicationConfig",
    "partner.apps.PartnerConfig",
    "basket.apps.BasketConfig",
    "payment.apps.PaymentConfig",
    "offer.apps.OfferConfig",
    "order.apps.OrderConfig",
    "customer.apps.CustomerConfig",
    "search.apps.SearchConfig",
    "voucher.apps.VoucherConfig",
    "wishlists.apps.WishlistsConfig",
    "dashboard.apps.DashboardConfig",
    "dashboard.reports.apps.ReportsDashboardConfig",
    "dashboard.users.apps.UsersDashboardConfig",
    "dashboard.orders.apps.OrdersDashboardConfig",
    "dashboard.catalogue.apps.CatalogueDashboardConfig",
    "dashboard.offers.apps.OffersDashboardConfig",
    "dashboard.partners.apps.PartnersDashboardConfig",
    "dashboard.pages.apps.PagesDashboardConfig",
    "dashboard.ranges.apps.RangesDashboardConfig",
    "dashboard.reviews.apps.ReviewsDashboardConfig",
    "dashboard.vouchers.apps.VouchersDashboardConfig",
    "dashboard.communications.apps.CommunicationsDashboardConfig",
    "dashboard.shipping.apps.ShippingDashboardConfig",
)
OSCAR = {name: value for name, value in globals().items() if name.startswith("OSCAR_")}


def set_up() -> None:
    settings.configure(
        SECRET_KEY="bench",  # noqa: S106 - it serves nothing
        USE_TZ=True,
        SITE_ID=1,
        ROOT_URLCONF="",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        HAYSTACK_CONNECTIONS={"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}},
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.sites",
            "django.contrib.messages",
            "django.contrib.flatpages",
            "oscar.config.Shop",
            *(f"oscar.apps.{app}" for app in APPS),
            "widget_tweaks",
            "haystack",
            "treebeard",
            "sorl.thumbnail",
            "django_tables2",
        ],
        **OSCAR,
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


class Shop:
    """Products in the database, made as they are needed, and the offers of one scene."""

    def __init__(self) -> None:
        from oscar.apps.catalogue.models import ProductClass

        self.kind = ProductClass.objects.create(name="goods", track_stock=False)
        self.products: dict[str, object] = {}

    def product(self, sku: str):
        from oscar.apps.catalogue.models import Product

        if sku not in self.products:
            self.products[sku] = Product.objects.create(upc=sku, title=sku, product_class=self.kind)
        return self.products[sku]

    def price(self, sku: str, cents: int) -> None:
        from oscar.apps.partner.models import Partner, StockRecord

        partner, _ = Partner.objects.get_or_create(name="Bench")
        StockRecord.objects.get_or_create(
            partner_sku=sku,
            partner=partner,
            product=self.product(sku),
            defaults={"price": Decimal(cents) / 100, "price_currency": "BRL"},
        )

    def offer_nothing(self) -> None:
        from oscar.apps.offer.models import Benefit, Condition, ConditionalOffer, Range

        for model in (ConditionalOffer, Condition, Benefit, Range):
            model.objects.all().delete()

    def offer(self, campaign: dict[str, str]) -> None:
        from oscar.apps.offer.models import Benefit, Condition, ConditionalOffer, Range

        products = Range.objects.create(name=campaign["code"])
        products.add_product(self.product(campaign["sku"]))
        ConditionalOffer.objects.create(
            name=campaign["code"],
            condition=Condition.objects.create(range=products, type=Condition.COUNT, value=1),
            benefit=Benefit.objects.create(
                range=products, type=Benefit.PERCENTAGE, value=Decimal(campaign["percent"])
            ),
        )


def prepare(scene: Scene):
    from oscar.apps.basket.models import Basket
    from oscar.apps.offer.applicator import Applicator
    from oscar.apps.partner.strategy import Default

    shop.offer_nothing()
    for campaign in scene["campaigns"]:
        shop.offer(campaign)
    for line in scene["lines"]:
        shop.price(line["sku"], line["cents"])
    basket = Basket.objects.create()
    basket.strategy = Default()
    for line in scene["lines"]:
        basket.add(shop.product(line["sku"]), line["quantity"])

    def call() -> Discounts:
        basket.reset_offer_applications()
        Applicator().apply(basket)
        return {
            line.product.upc: int(line.discount_value * 100)
            for line in basket.all_lines()
            if line.discount_value
        }

    return call


if __name__ == "__main__":
    set_up()
    shop = Shop()
    serve(importlib.metadata.version("django-oscar"), prepare)
