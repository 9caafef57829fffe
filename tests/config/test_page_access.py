"""Who may open which page, in both languages, with how many queries: one table for all pages of the back-office."""

import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.loader import plan_for
from campaigns.models import Activation
from campaigns.selectors import current_plan_version
from customers.models import Customer
from loyalty.models import (
    Account,
    LevelGift,
    ProgramLevel,
    ProgramTier,
    Receivable,
    SurveyAnswer,
    VipCard,
)
from messaging.webhooks.models import WebhookAttempt
from retail.models import Sale
from tests import builders
from tests.messaging.builders import (
    build_automation,
    build_delivery,
    build_mailing,
    build_message,
    build_template,
)

PINNED = Path(__file__).parent / "page_query_counts.json"

# Address (with the names of objects to fill in) -> permissions that it asks for; None: everybody signed in.
PAGES: dict[str, tuple[str, ...] | None] = {
    "/": None,
    "/profile/": None,
    "/profile/password/": None,
    "/search/?q=camiseta": None,
    "/redemption/": ("retail.change_company",),
    "/stores/": ("retail.view_store",),
    "/stores/new/": ("retail.add_store",),
    "/stores/{store}/": ("retail.view_store",),
    "/stores/{store}/edit/": ("retail.change_store",),
    "/stores/{store}/terminals/new/": ("retail.add_terminal",),
    "/sales/exceptions/": ("pos_api.view_saleexception",),
    "/sales/exceptions/{sale_exception}/": ("pos_api.settle_saleexception",),
    "/terminals/": ("retail.view_terminal", "pos_api.view_terminalkey"),
    "/terminals/{terminal}/": ("retail.view_terminal", "pos_api.view_terminalkey"),
    "/terminals/{terminal}/edit/": ("retail.change_terminal",),
    "/products/": ("retail.view_product",),
    "/products/new/": ("retail.add_product",),
    "/products/import/": ("retail.add_product", "retail.change_product"),
    "/products/prices/": ("retail.change_product",),
    "/products/prices/history/": ("retail.view_pricechange",),
    "/products/prices/history/{price_change}/": ("retail.view_pricechange",),
    "/products/{product}/": ("retail.view_product",),
    "/products/{product}/edit/": ("retail.change_product",),
    "/categories/": ("retail.view_category",),
    "/categories/new/": ("retail.add_category",),
    "/categories/{category}/edit/": ("retail.change_category",),
    "/groupings/products/": ("retail.view_productgrouping",),
    "/groupings/products/new/": ("retail.add_productgrouping",),
    "/groupings/products/{product_grouping}/": ("retail.view_productgrouping",),
    "/groupings/products/{product_grouping}/edit/": ("retail.change_productgrouping",),
    "/groupings/products/{product_grouping}/members/": ("retail.change_productgrouping",),
    "/groupings/stores/": ("retail.view_storegrouping",),
    "/groupings/stores/{store_grouping}/": ("retail.view_storegrouping",),
    "/groupings/customers/": ("customers.view_customergrouping",),
    "/groupings/customers/{customer_grouping}/": ("customers.view_customergrouping",),
    "/groupings/customers/{customer_grouping}/members/": ("customers.change_customergrouping",),
    "/consent-texts/": ("customers.view_consenttext",),
    "/consent-texts/new/": ("customers.add_consenttext",),
    "/marketing/": ("messaging.change_marketingsettings",),
    "/segments/": ("customers.view_segment",),
    "/segments/new/": ("customers.add_segment",),
    "/segments/{segment}/": ("customers.view_segment", "customers.view_customer"),
    "/segments/{segment}/edit/": ("customers.change_segment",),
    "/segments/{segment}/exports/": ("customers.view_segment", "customers.export_segment"),
    "/customers/": ("customers.view_customer",),
    "/customers/new/": ("customers.add_customer",),
    "/customers/{customer}/": ("customers.view_customer",),
    "/customers/{customer}/edit/": ("customers.change_customer",),
    "/customers/{customer}/pin/": ("customers.change_customer",),
    "/customers/{customer}/purchases/": ("customers.view_customer", "retail.view_sale"),
    "/customers/{customer}/appointments/": ("customers.view_customer", "customers.view_appointment"),
    "/customers/{customer}/appointments/new/": ("customers.view_customer", "customers.add_appointment"),
    "/appointments/": ("customers.view_appointment",),
    "/appointments/{appointment}/": ("customers.view_customer", "customers.change_appointment"),
    "/customers/{customer}/consents/": ("customers.view_customer", "customers.view_consent"),
    "/customers/duplicates/": ("customers.view_customer", "customers.merge_customer"),
    "/customers/merges/": ("customers.view_customer", "customers.merge_customer"),
    "/customers/merges/{customer_merge}/": ("customers.view_customer", "customers.merge_customer"),
    "/customers/{customer}/addresses/": ("customers.view_customer", "messaging.view_suppression"),
    "/customers/{customer}/merge/": ("customers.view_customer", "customers.merge_customer"),
    "/customers/{customer}/merge/{twin}/": ("customers.view_customer", "customers.merge_customer"),
    "/customers/{customer}/statement/": ("customers.view_customer", "loyalty.view_account"),
    "/customers/{customer}/statement/adjust/": (
        "customers.view_customer",
        "loyalty.view_account",
        "loyalty.adjust_account",
    ),
    "/customers/{customer}/statement/debts/{debt}/write-off/": (
        "customers.view_customer",
        "loyalty.view_account",
        "loyalty.adjust_account",
    ),
    "/surveys/answers/": ("loyalty.view_surveyanswer", "customers.view_customer"),
    "/reports/cashback/?since=2026-01-01": ("loyalty.view_lot",),
    "/reports/expiring/": ("loyalty.view_lot",),
    "/reports/value/?since=2026-01-01": ("loyalty.view_entry",),
    "/reports/tiers/": ("customers.view_customer", "loyalty.view_customertier"),
    "/reports/liability/": ("loyalty.view_lot",),
    "/reports/breakage/": ("loyalty.view_lot",),
    "/loyalty/stored-values/print/?values={stored_value}": ("loyalty.issue_storedvalue",),
    "/loyalty/stored-values/print/?run={issuing_run}": (
        "loyalty.issue_storedvalue",
        "loyalty.view_issuingrun",
    ),
    "/sales/": ("retail.view_sale",),
    "/sales/{sale}/": ("retail.view_sale",),
    "/sales/{sale}/return/": ("retail.view_sale", "retail.change_sale"),
    "/sales/{sale}/receipt/": ("retail.view_sale", "retail.change_sale", "customers.view_customer"),
    "/calculation-policy/": ("retail.view_company",),
    "/campaigns/": ("campaigns.view_campaign",),
    "/campaigns/new/": ("campaigns.add_campaign",),
    "/campaigns/new/advanced/": ("campaigns.add_campaign",),
    "/campaigns/new/percent/": ("campaigns.add_campaign",),
    "/campaigns/new/code/": ("campaigns.add_campaign",),
    "/campaigns/choices/?kind=sku&q=a": ("campaigns.view_campaign",),
    "/campaigns/categories/": ("campaigns.view_campaigncategory",),
    "/campaigns/categories/new/": ("campaigns.add_campaigncategory",),
    "/campaigns/categories/{campaign_category}/": ("campaigns.change_campaigncategory",),
    "/campaign/{campaign}/": ("campaigns.view_campaign",),
    "/campaign/{campaign}/edit/": ("campaigns.change_campaign",),
    "/simulator/?campaign={campaign}": ("campaigns.view_campaign",),
    "/campaign/{campaign}/history/": ("campaigns.view_campaign",),
    "/campaign/{campaign}/activations/": ("campaigns.view_campaign", "campaigns.view_activation"),
    "/campaign/{campaign}/backtests/": ("campaigns.view_campaign", "campaigns.view_backtest"),
    "/backtests/{backtest}/": ("campaigns.view_backtest",),
    "/campaign/{campaign}/publish/": ("campaigns.view_campaign",),
    "/customers/{customer}/tiers/": ("customers.view_customer", "loyalty.view_customertier"),
    "/loyalty/programs/": ("loyalty.view_pointsprogram",),
    "/loyalty/programs/new/": ("loyalty.add_pointsprogram",),
    "/loyalty/program/{program}/": ("loyalty.view_pointsprogram",),
    "/loyalty/program/{program}/edit/": ("loyalty.change_pointsprogram",),
    "/loyalty/choices/?kind=sku&q=a": ("loyalty.view_pointsprogram",),
    "/loyalty/stamp-plans/": ("loyalty.view_stampplan",),
    "/loyalty/stamp-plans/new/": ("loyalty.add_stampplan",),
    "/loyalty/stamp-plan/{plan}/": ("loyalty.view_stampplan",),
    "/loyalty/stamp-plan/{plan}/edit/": ("loyalty.change_stampplan",),
    "/loyalty/stamp-plan/{plan}/customers/{customer}/": ("loyalty.view_stampplan", "customers.view_customer"),
    "/loyalty/adjustments/": ("loyalty.view_account", "loyalty.adjust_account"),
    "/loyalty/adjustments/{adjustment_request}/approve/": ("loyalty.view_account", "loyalty.adjust_account"),
    "/loyalty/adjustments/{adjustment_request}/refuse/": ("loyalty.view_account", "loyalty.adjust_account"),
    "/stored-values/": ("loyalty.view_storedvalue",),
    "/stored-values/give/": (
        "loyalty.view_storedvalue",
        "customers.view_customer",
        "loyalty.issue_storedvalue",
    ),
    "/stored-values/{stored_value}/": ("loyalty.view_storedvalue",),
    "/stored-values/{stored_value}/block/": ("loyalty.view_storedvalue", "loyalty.block_storedvalue"),
    "/stored-values/{stored_value}/unblock/": ("loyalty.view_storedvalue", "loyalty.block_storedvalue"),
    "/stored-values/{stored_value}/void/": (
        "loyalty.view_storedvalue",
        "loyalty.block_storedvalue",
        "loyalty.adjust_account",
    ),
    "/stored-values/{stored_value}/assign/": (
        "loyalty.view_storedvalue",
        "customers.view_customer",
        "loyalty.block_storedvalue",
    ),
    "/stored-values/{stored_value}/adjust/": ("loyalty.view_storedvalue", "loyalty.adjust_account"),
    "/stored-values/{stored_value}/replace/": ("loyalty.view_storedvalue", "loyalty.block_storedvalue"),
    "/loyalty/stored-value-types/": ("loyalty.view_storedvaluetype",),
    "/loyalty/stored-value-types/new/": ("loyalty.add_storedvaluetype",),
    "/loyalty/stored-value-types/choices/?kind=category&q=a": ("loyalty.view_storedvaluetype",),
    "/loyalty/stored-value-type/{stored_value_type}/": ("loyalty.view_storedvaluetype",),
    "/loyalty/stored-value-type/{stored_value_type}/edit/": ("loyalty.change_storedvaluetype",),
    "/loyalty/performance/": ("loyalty.view_stampplan", "customers.view_customer"),
    "/loyalty/issuing-runs/": ("loyalty.view_issuingrun",),
    "/loyalty/issuing-runs/new/": ("loyalty.add_issuingrun",),
    "/loyalty/issuing-runs/{issuing_run}/": ("loyalty.view_issuingrun",),
    "/loyalty/issuing-runs/{issuing_run}/edit/": ("loyalty.change_issuingrun",),
    "/loyalty/issuing-rules/": ("loyalty.view_issuingrule",),
    "/loyalty/issuing-rules/new/": ("loyalty.add_issuingrule",),
    "/loyalty/issuing-rule/{issuing_rule}/": ("loyalty.change_issuingrule",),
    "/products/{product}/loyalty/": ("retail.view_product", "loyalty.view_pointsprogram"),
    "/associations/": ("campaigns.view_association",),
    "/associations/new/": ("campaigns.add_association",),
    "/association/{association}/": ("campaigns.view_association",),
    "/association/{association}/edit/": ("campaigns.change_association",),
    "/association/{association}/history/": ("campaigns.view_association",),
    "/association/{association}/publish/": ("campaigns.view_association",),
    "/markdowns/": ("campaigns.view_markdown",),
    "/markdowns/new/": ("campaigns.add_markdown",),
    "/markdown/{markdown}/": ("campaigns.view_markdown",),
    "/markdown/{markdown}/edit/": ("campaigns.change_markdown",),
    "/markdown/{markdown}/history/": ("campaigns.view_markdown",),
    "/markdown/{markdown}/publish/": ("campaigns.view_markdown",),
    "/markdown/{markdown}/products/": ("campaigns.view_markdown",),
    "/markdown/{markdown}/products/import/": ("campaigns.change_markdown",),
    "/webhook-endpoints/": ("messaging.view_webhookendpoint",),
    "/webhook-endpoints/new/": ("messaging.add_webhookendpoint",),
    "/webhook-endpoints/{webhook_endpoint}/": ("messaging.view_webhookendpoint",),
    "/webhook-endpoints/{webhook_endpoint}/edit/": ("messaging.change_webhookendpoint",),
    "/webhook-deliveries/": ("messaging.view_webhookdelivery",),
    "/webhook-deliveries/{webhook_delivery}/": ("messaging.view_webhookdelivery",),
    "/vip-cards/": ("loyalty.view_vipcard", "customers.view_customer"),
    "/vip-cards/new/": ("loyalty.add_vipcard", "customers.view_customer"),
    "/vip-card/{vip_card}/": ("loyalty.view_vipcard", "customers.view_customer"),
    "/vip-card/{vip_card}/edit/": ("loyalty.change_vipcard", "customers.view_customer"),
    "/promo-codes/": ("campaigns.view_promocodepool",),
    "/mailings/": ("messaging.view_mailing",),
    "/mailings/new/": ("messaging.add_mailing", "customers.view_customer"),
    "/mailings/{mailing}/": ("messaging.view_mailing",),
    "/mailings/{mailing}/edit/": ("messaging.change_mailing", "customers.view_customer"),
    "/mailings/to/": ("messaging.add_mailing", "customers.view_customer", "customers.add_customer"),
    "/mailings/{mailing}/reach/": ("messaging.view_mailing", "customers.view_customer"),
    "/mailings/{mailing}/results/": ("messaging.view_mailing",),
    "/mailings/{mailing}/people/": ("messaging.view_mailing", "customers.view_customer"),
    "/contact-policy/": ("messaging.change_contactpolicy",),
    "/automations/": ("messaging.view_automation",),
    "/automations/birthday/": ("messaging.view_automation",),
    "/automations/birthday/edit/": ("messaging.change_automation",),
    "/automations/birthday/today/": ("messaging.view_automation", "messaging.view_message"),
    "/automations/birthday/results/": ("messaging.view_automation",),
    "/automations/birthday/templates/email/en/": ("messaging.view_template",),
    "/messages/": ("messaging.view_message",),
    "/messages/{message}/": ("messaging.view_message",),
    "/customers/{customer}/messages/": ("customers.view_customer", "messaging.view_message"),
    "/automations/gift_card_reminder/ending/": (
        "messaging.view_automation",
        "customers.view_customer",
        "loyalty.view_lot",
    ),
    "/automations/gift_card_reminder/ending/remind/": (
        "messaging.change_automation",
        "messaging.send_mailing",
        "customers.view_customer",
    ),
    "/customers/birthdays/": ("customers.view_customer",),
    "/messages/templates/": ("messaging.view_template",),
    "/messages/templates/new/": ("messaging.add_template",),
    "/messages/templates/people/?q=ana": ("messaging.change_template", "customers.view_customer"),
    "/messages/templates/{message_template}/": ("messaging.view_template",),
    "/messages/templates/{message_template}/versions/": ("messaging.view_template",),
    "/messages/look/": ("messaging.change_letterhead", "retail.change_company"),
    "/promo-codes/new/": ("campaigns.add_promocodepool",),
    "/promo-codes/{pool}/": ("campaigns.view_promocodepool",),
    "/promo-codes/{pool}/edit/": ("campaigns.change_promocodepool",),
    "/promo-codes/{pool}/generate/": ("campaigns.change_promocodepool", "campaigns.add_promocode"),
    "/promo-codes/{pool}/generate-for-members/": (
        "campaigns.change_promocodepool",
        "campaigns.add_promocode",
        "customers.view_customer",
    ),
    "/promo-codes/{pool}/extend/": ("campaigns.change_promocodepool", "campaigns.change_promocode"),
    "/promo-codes/{pool}/import/{promo_code_import}/": (
        "campaigns.change_promocodepool",
        "campaigns.add_promocode",
    ),
    "/promo-codes/{pool}/word/": ("campaigns.change_promocodepool", "campaigns.add_promocode"),
    # Anybody sees his own jobs; those of others, who may view what they concern.
    "/jobs/{job}/": ("campaigns.view_promocodepool",),
    "/promo-codes/{pool}/import/": ("campaigns.change_promocodepool", "campaigns.add_promocode"),
}
# Pages that show an e-mail in a frame of its own, which inherits what they allow of styles and images.
SHOW_EMAILS = {
    "/mailings/new/",
    "/mailings/{mailing}/",
    "/mailings/{mailing}/edit/",
    "/messages/{message}/",
    "/messages/templates/{message_template}/",
    "/automations/birthday/templates/email/en/",
}
LISTS = (
    "/stores/",
    "/terminals/",
    "/products/",
    "/categories/",
    "/groupings/products/",
    "/customers/",
    "/customers/duplicates/",
    "/customers/merges/",
    "/sales/",
    "/surveys/answers/",
    "/reports/cashback/",
    "/reports/expiring/",
    "/reports/value/",
    "/reports/tiers/",
    "/reports/liability/",
    "/reports/breakage/",
    "/campaigns/",
    "/campaigns/categories/",
    "/loyalty/programs/",
    "/loyalty/stamp-plans/",
    "/loyalty/stored-value-types/",
    "/stored-values/",
    "/loyalty/adjustments/",
    "/loyalty/performance/",
    "/loyalty/issuing-runs/",
    "/loyalty/issuing-rules/",
    "/associations/",
    "/markdowns/",
    "/promo-codes/",
    "/vip-cards/",
    "/messages/",
    "/messages/templates/",
    "/mailings/",
    "/consent-texts/",
    "/segments/",
    "/webhook-endpoints/",
    "/webhook-deliveries/",
)


@pytest.fixture
def address(db) -> Callable[[str], str]:
    """Make one object of each kind and return how to fill an address with their keys."""
    product = builders.build_product()
    customer = builders.build_customer()
    terminal = builders.build_terminal()
    sale = builders.build_sale(terminal=terminal, customer=customer)
    build_automation(occasion="birthday")
    keys = {
        "store": terminal.store.pk,
        "terminal": terminal.pk,
        "product": product.pk,
        "category": builders.build_category().pk,
        "product_grouping": builders.build_product_grouping(products=[product]).pk,
        "store_grouping": builders.build_store_grouping(stores=[terminal.store]).pk,
        "customer": customer.pk,
        "customer_merge": builders.build_customer_merge().pk,
        "twin": builders.build_customer(name=customer.name, document=None).pk,
        "customer_grouping": builders.build_customer_grouping(customers=[customer]).pk,
        "segment": builders.build_segment().code,
        "segment_export": builders.build_segment_export().pk,
        "sale": sale.pk,
        "sale_exception": builders.build_sale_exception(sale=sale).pk,
        "appointment": builders.build_appointment(customer=customer, store=terminal.store).pk,
        "price_change": builders.build_price_change(product=product).pk,
        "debt": build_value(customer, sale).pk,
        "message_template": build_template().pk,
        "mailing": build_mailing().pk,
        "message": str(build_message(customer=customer).uuid),
        **webhook_keys(),
        **campaign_keys(),
        **loyalty_keys(),
    }
    return lambda page: page.format(**keys)


def build_value(customer: Customer, sale: Sale) -> Receivable:
    """Give a customer cashback that a sale earned and spent, a survey answer, and a debt; return the debt."""
    account = builders.build_account(customer=customer)
    builders.build_credit(account, sale_id=sale.pk, cause=f"sale:{sale.pk}", campaign="CASHBACK")
    builders.build_credit(account, sale_id=sale.pk, cause=f"sale:{sale.pk}:2", awaits_review=True)
    builders.build_credit(account, expires_at=timezone.now() + timedelta(days=20))
    SurveyAnswer.objects.create(sale=sale, score=9, source="till", answered_at=builders.NOON)
    return builders.build_debt(account, sale_id=sale.pk)


def webhook_keys() -> dict[str, str]:
    """Make an endpoint, with an event that was sent to it."""
    delivery = build_delivery()
    WebhookAttempt.objects.create(
        delivery=delivery, number=1, began_at=builders.NOON, duration_ms=80, status=200
    )
    return {"webhook_endpoint": str(delivery.endpoint.uuid), "webhook_delivery": str(delivery.pk)}


def campaign_keys() -> dict[str, str]:
    """Make a published campaign with rules, an association, a markdown, and a pool with codes."""
    campaign = builders.build_campaign(publish=True)
    pool = builders.build_promo_code_pool(campaign=campaign, codes=2)
    return {
        "campaign": campaign.code,
        "campaign_category": builders.build_campaign_category().code,
        "association": builders.build_association(publish=True).code,
        "markdown": builders.build_markdown(publish=True).code,
        "pool": pool.code,
        "job": str(builders.build_job(pool=pool).pk),
        "backtest": str(builders.build_backtest(campaign=campaign).pk),
        "promo_code_import": str(builders.build_promo_code_import(pool=pool).pk),
    }


def loyalty_keys() -> dict[str, str]:
    """Make a points program with a level that has a gift, a tier and a customer with points, and a stamp plan."""
    program = builders.build_program()
    level = ProgramLevel.objects.create(program=program, number=1, points=10)
    LevelGift.objects.create(level=level, product=builders.build_product())
    # What counts for tiers is asked program by program, each by its own basis and period; chains have one that has tiers.
    if not ProgramTier.objects.exists():
        ProgramTier.objects.create(program=program, number=1, code="prata", name="Prata", threshold=100)
    builders.build_credit(builders.build_account(program=program))
    plan = builders.build_stamp_plan(shows_extras=True)
    builders.build_credit(builders.build_account(plan=plan), 3_00)
    stored = builders.build_card(customer=builders.build_customer())
    return {
        "program": program.code,
        "plan": plan.code,
        "stored_value_type": stored.type.code,
        "stored_value": str(stored.pk),
        "issuing_run": str(builders.build_issuing_run().pk),
        "issuing_rule": builders.build_issuing_rule().code,
        "vip_card": str(build_used_card().pk),
        "adjustment_request": str(builders.build_adjustment_request(stored.account).pk),
    }


def build_used_card() -> VipCard:
    """Make a VIP card with a sale."""
    card = builders.build_vip_card()
    sale = builders.build_sale(customer=card.customer)
    Activation.objects.create(sale=sale, vip_card=card, discount=5, activated_at=timezone.now())
    return card


def sign_in(*permissions: str) -> Client:
    """Return the browser of somebody who has exactly these permissions."""
    client = Client()
    client.force_login(builders.build_user(permissions=permissions))
    return client


def sign_in_as_manager() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("marina"))
    return client


def unsafe(policy: str) -> set[str]:
    """Return the directives of a content security policy that allow what is inline or evaluated."""
    return {directive.split()[0] for directive in policy.split(";") if "unsafe" in directive}


class TestAccess:
    def test_leads_strangers_to_the_sign_in(self, address):
        for page in PAGES:
            answer = Client().get(address(page))

            assert answer.status_code == 302, page
            assert answer["Location"].startswith("/sign-in/?next=/"), page

    def test_refuses_people_who_lack_one_permission(self, address):
        for page, needed in PAGES.items():
            for lacking in needed or ():
                client = sign_in(*(permission for permission in needed or () if permission != lacking))

                answer = client.get(address(page))

                assert answer.status_code == 403, page
                assert "403.html" in [template.name for template in answer.templates]

    def test_lets_in_who_has_exactly_its_permissions(self, address):
        for page, needed in PAGES.items():
            assert sign_in(*(needed or ())).get(address(page)).status_code == 200, page

    def test_answers_fetched_parts_with_a_way_to_the_sign_in(self, db):
        answer = Client().get("/stores/", headers={"HX-Request": "true", "HX-Current-URL": "/stores/?q=a"})

        assert answer["HX-Redirect"] == "/sign-in/?next=%2Fstores%2F%3Fq%3Da"


class TestPages:
    @pytest.mark.parametrize("language", ["pt-br", "en"])
    def test_are_drawn_in_both_languages_under_the_strict_policy(self, address, language):
        client = sign_in_as_manager()
        client.cookies["django_language"] = language
        for page in PAGES:
            answer = client.get(address(page))
            text = answer.content.decode()

            assert answer.status_code == 200, page
            # Parts of pages have no language of their own.
            assert f'<html lang="{language}"' in text or "<html" not in text, page
            assert not any(word in text for word in (' style="', ' onclick="', "<script>")), page
            assert unsafe(answer["Content-Security-Policy"]) == (
                {"style-src"} if page in SHOW_EMAILS else set()
            ), page
            assert answer["Cache-Control"] in ("private, no-cache", "no-store"), page

    def test_take_nonsense_for_filters_and_order(self, address):
        client = sign_in_as_manager()
        nonsense = (
            "order=-nonsense&page=x&store=999&state=nonsense&since=yesterday&category=-1&born_in=13&customer="
            + "9" * 20
        )
        for page in LISTS:
            assert client.get(f"{page}?{nonsense}").status_code == 200, page

    def test_have_nothing_at_addresses_with_a_nul(self, db):
        assert sign_in_as_manager().get("/stores/?q=%00").status_code == 404

    def test_ask_the_database_as_often_as_pinned_however_much_there_is(self, address):
        client = sign_in_as_manager()
        counts = {}
        # A process compiles a plan once, whatever page asks first.
        plan_for(current_plan_version())
        for page in PAGES:
            with CaptureQueriesContext(connection) as queries:
                client.get(address(page))
            counts[page] = len(queries)
        for _number in range(3):
            terminal = builders.build_terminal()
            customer = builders.build_customer()
            builders.build_product(category=builders.build_category())
            sale = builders.build_sale(terminal=terminal, customer=customer)
            build_value(customer, sale)
            account = Account.objects.get(customer=address("{customer}"))
            builders.build_credit(account, sale_id=sale.pk, cause=f"sale:{sale.pk}:3", awaits_review=True)
            builders.build_debt(account, sale_id=sale.pk)
            builders.build_sale_exception(sale=sale)
            builders.build_product_grouping()
            builders.build_store_grouping()
            builders.build_customer_grouping()
            builders.build_segment()
            builders.build_segment_export()
            build_mailing()
            build_message(customer=customer)
            campaign_keys()
            loyalty_keys()
            webhook_keys()
        plan_for(current_plan_version())

        for page in PAGES:
            with CaptureQueriesContext(connection) as queries:
                client.get(address(page))
            assert len(queries) == counts[page], page
        if os.environ.get("FIEL_PIN_QUERIES"):
            PINNED.write_text(json.dumps(counts, indent=2) + "\n")
        assert counts == json.loads(PINNED.read_text())


class TestNavigation:
    def test_shows_only_what_the_reader_may_open(self, db):
        answer = sign_in("retail.view_store").get("/")
        text = answer.content.decode()

        assert 'href="/stores/"' in text
        assert 'href="/customers/"' not in text

    def test_marks_the_page_on_which_the_reader_is(self, address):
        answer = sign_in_as_manager().get(address("/stores/{store}/"))

        assert '<a class="nav-link" href="/stores/" aria-current="page">' in answer.content.decode()
