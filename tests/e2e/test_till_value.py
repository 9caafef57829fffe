"""The till and the customer's value: what it shows, what it redeems, gifts, and what the receipt says of it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, expect

from campaigns.services.campaigns import create_campaign
from loyalty.models import Account, AnswerSource, LevelGift, ProgramLevel, SurveyAnswer
from loyalty.services.adjustments import adjust
from loyalty.services.surveys import answer_survey
from retail.models import Product, Sale
from tests.builders import build_account, build_credit, build_program
from tests.e2e.cashier import expect_total, name_customer, pair, pay, sell
from tests.e2e.conftest import LAPTOP, PHONE, OpenPage, Site, Watch, stumbling_blocks
from tests.e2e.shop import Shop, build_shop

SALES = "/api/v1/sales/"


@pytest.fixture
def shop(site: Site) -> Shop:
    """A shop whose customer has 30.00 of cashback and 120 points, worth 0.10 each in tens or a gift of two levels."""
    shop = build_shop(campaigns=False)
    at = timezone.now()
    program = build_program(
        code="pontos",
        name="Pontos",
        points=Decimal(1),
        per_amount=Decimal(10),
        point_value=Decimal("0.10"),
        redeem_step=Decimal(10),
    )
    for number, points, sku in ((1, 100, "CANECA"), (2, 500, "BOTTON")):
        level = ProgramLevel.objects.create(
            program=program, number=number, name=f"Nível {number}", points=points
        )
        product = Product.objects.get(sku=sku)
        LevelGift.objects.create(level=level, product=product, picture_url=f"{site.url}/static/favicon.svg")
    for amount, unit in ((30_00, {}), (120_00, {"program": program})):
        account = build_account(customer=shop.customer, **unit)
        build_credit(account, amount, available_from=at)
    return shop


def balance_of(shop: Shop, kind: str) -> Decimal:
    return Account.objects.get(customer=shop.customer, kind=kind).balance


def begin(page: Page, shop: Shop, *products: str) -> None:
    pair(page, shop)
    sell(page, *products)
    name_customer(page, "390.533.447-05")


class TestRedeeming:
    def test_uses_cashback_as_far_as_it_goes(self, open_page: OpenPage, shop: Shop) -> None:
        page = open_page("/till/")
        begin(page, shop, "CAF-500")
        expect(page.locator(".balances")).to_contain_text("R$30.00")
        expect_total(page, "18.90")

        page.get_by_role("button", name="As much cashback as is allowed").click()

        expect_total(page, "0.00")
        expect(page.locator(".redeem-used")).to_contain_text("R$18.90 used, R$11.10 left")
        page.keyboard.press("F9")
        receipt = page.locator(".receipt")
        expect(receipt).to_contain_text("Cashback used")
        expect(receipt).to_contain_text("Cashback: R$11.10")
        sale = Sale.objects.get()
        assert (str(sale.redeemed), str(sale.net)) == ("18.90", "0.00")
        assert balance_of(shop, "cashback") == Decimal("11.10")

    def test_uses_what_the_cashier_types_and_says_why_not_more(self, open_page: OpenPage, shop: Shop) -> None:
        page = open_page("/till/")
        begin(page, shop, "CAM-P")

        page.fill("#redeem-cashback", "45")

        expect_total(page, "30.00")
        expect(page.locator(".redeem-refused")).to_contain_text("45")
        page.fill("#redeem-cashback", "12,50")
        expect_total(page, "47.50")
        expect(page.locator(".redeem-refused")).to_have_count(0)

    def test_uses_points_in_the_steps_of_the_program(self, open_page: OpenPage, shop: Shop) -> None:
        page = open_page("/till/")
        begin(page, shop, "CAM-P")

        more = page.get_by_role("button", name="More points of Pontos")
        more.click()
        more.click()

        expect(page.locator("#redeem-points-pontos")).to_have_value("20")
        expect_total(page, "58.00")
        page.get_by_role("button", name="As many points of Pontos as are allowed").click()
        expect_total(page, "48.00")
        pay(page)
        expect_total(page, "48.00")
        page.locator(".charge:visible").click()
        expect(page.locator(".receipt")).to_contain_text("6 points in Pontos")
        expect(page.locator(".receipt")).to_contain_text("Pontos: 6")
        assert balance_of(shop, "points") == Decimal(6)

    def test_paying_stays_in_sight_whatever_the_customer_has(self, open_page: OpenPage, shop: Shop) -> None:
        page = open_page("/till/")
        begin(page, shop, "CAM-P")
        expect(page.locator("#redeem-cashback")).to_be_visible()

        def foot_of(selector: str) -> float:
            box = page.locator(selector).last.bounding_box()
            assert box is not None
            return box["y"] + box["height"]

        charge = page.locator(".charge:visible").bounding_box()
        assert charge is not None
        assert foot_of(".method") <= charge["y"]
        assert foot_of(".checkout-scroll") <= page.locator("#payments").bounding_box()["y"]  # type: ignore[index]
        assert charge["y"] + charge["height"] <= LAPTOP["height"]
        assert stumbling_blocks(page) == []

    def test_a_reload_keeps_what_is_used(self, open_page: OpenPage, shop: Shop) -> None:
        page = open_page("/till/")
        begin(page, shop, "CAM-P")
        page.fill("#redeem-cashback", "10")
        page.get_by_role("button", name="More points of Pontos").click()
        expect_total(page, "49.00")

        page.reload()

        expect_total(page, "49.00")
        expect(page.locator(".lines > li")).to_have_count(1)
        expect(page.locator(".customer-card")).to_contain_text("Maria Aparecida")

    def test_another_customer_begins_with_nothing(self, open_page: OpenPage, shop: Shop) -> None:
        page = open_page("/till/")
        begin(page, shop, "CAM-P")
        page.fill("#redeem-cashback", "10")
        expect_total(page, "50.00")

        page.get_by_label("Remove the customer").click()

        expect_total(page, "60.00")

    def test_a_balance_that_is_gone_is_explained_and_the_basket_stays(
        self, open_page: OpenPage, shop: Shop, watch: Watch
    ) -> None:
        watch.expected.add(SALES)
        page = open_page("/till/")
        begin(page, shop, "CAM-P")
        page.get_by_role("button", name="As much cashback as is allowed").click()
        pay(page)
        expect_total(page, "30.00")

        spend_elsewhere(shop, 25_00)
        page.locator(".charge:visible").click()

        dialog = page.locator("#till-dialog")
        expect(dialog).to_contain_text("no longer available")
        expect(dialog).to_contain_text("55.00")
        expect(page.locator(".balances")).to_contain_text("R$5.00")
        dialog.get_by_role("button", name="Back to the basket").click()
        expect(page.locator(".lines > li")).to_have_count(1)
        expect_total(page, "55.00")
        assert not Sale.objects.exists()


def spend_elsewhere(shop: Shop, cents: int) -> None:
    """A manager takes it meanwhile."""
    with transaction.atomic():
        adjust(
            customer_id=shop.customer.pk,
            key=("cashback", None),
            amount=-cents,
            reason="Crédito dado por engano",
            actor_id=shop.manager.pk,
            operation="elsewhere",
            at=timezone.now(),
        )


class TestSurvey:
    def test_is_offered_after_the_sale_and_releases_what_waited_for_it(
        self, open_page: OpenPage, shop: Shop
    ) -> None:
        document = {
            "code": "VOLTE",
            "name": "Volte sempre",
            "starts_at": (timezone.now() - timedelta(days=1)).isoformat(),
            "benefits": [{"kind": "cashback", "percent": "10.00", "requires_review": True}],
        }
        create_campaign(document=document, publish=True, user=None, at=timezone.now())
        page = open_page("/till/")
        begin(page, shop, "CAM-P")
        pay(page)
        expect_total(page, "60.00")
        page.locator(".charge:visible").click()
        dialog = page.locator("#till-dialog")
        dialog.get_by_role("button", name="Survey").click()
        expect(dialog.get_by_role("button", name="Send the answer")).to_be_disabled()
        assert stumbling_blocks(page) == []
        dialog.get_by_role("button", name="9", exact=True).click()
        page.fill("#survey-comment", "Atendimento ótimo\nFila longa")
        dialog.get_by_role("button", name="Send the answer").click()

        expect(dialog).to_contain_text("R$6.00 of cashback is released")
        answer = SurveyAnswer.objects.get()
        assert (answer.score, answer.comment, answer.source) == (9, "Atendimento ótimo\nFila longa", "till")
        dialog.get_by_role("button", name="Done").click()
        page.keyboard.press("F7")
        dialog.get_by_role("button", name="Reprint").click()
        expect(dialog.locator(".receipt")).to_be_visible()
        expect(dialog.get_by_role("button", name="Survey")).to_have_count(0)

    def test_that_was_answered_elsewhere_says_so_and_leads_back(
        self, open_page: OpenPage, shop: Shop, watch: Watch
    ) -> None:
        watch.expected.add("/api/v1/surveys/purchase/answers/")
        page = open_page("/till/")
        begin(page, shop, "CAM-P")
        pay(page)
        expect_total(page, "60.00")
        page.locator(".charge:visible").click()
        dialog = page.locator("#till-dialog")
        dialog.get_by_role("button", name="Survey").click()
        answer_survey(
            sale=Sale.objects.get(), score=2, comment="", source=AnswerSource.LINK, at=timezone.now()
        )

        dialog.get_by_role("button", name="9", exact=True).click()
        dialog.get_by_role("button", name="Send the answer").click()

        expect(dialog).to_contain_text("This survey was answered already")
        dialog.get_by_role("button", name="Back to the receipt").click()
        expect(dialog.locator(".receipt")).to_be_visible()
        expect(dialog.get_by_role("button", name="Survey")).to_have_count(0)


class TestGifts:
    def test_levels_of_several_programs_say_whose_they_are(self, open_page: OpenPage, shop: Shop) -> None:
        other = build_program(code="milhas", name="Milhas", points=Decimal(1), per_amount=Decimal(1))
        level = ProgramLevel.objects.create(program=other, number=1, name="Nível 1", points=10)
        LevelGift.objects.create(level=level, product=Product.objects.get(sku="BOTTON"))
        page = open_page("/till/")
        begin(page, shop, "CAM-P")

        page.keyboard.press("F10")

        levels = page.locator(".gift-level h3")
        expect(levels).to_contain_text(["Milhas · Nível 1", "Pontos · Nível 1", "Pontos · Nível 2"])

    def test_only_gifts_within_reach_can_be_chosen(self, open_page: OpenPage, shop: Shop) -> None:
        page = open_page("/till/")
        begin(page, shop, "CAM-P")

        page.keyboard.press("F10")

        gifts = page.locator(".gift-card")
        expect(gifts).to_have_count(2)
        expect(gifts.nth(0)).to_be_enabled()
        expect(gifts.nth(1)).to_be_disabled()
        expect(gifts.nth(1)).to_contain_text("380 points to go")
        expect(page.locator(".gift-card img")).to_have_count(2)
        assert stumbling_blocks(page) == []

    def test_a_gift_costs_its_points_and_nothing_else(self, open_page: OpenPage, shop: Shop) -> None:
        page = open_page("/till/", viewport=PHONE, language="pt-BR", has_touch=True, is_mobile=True)
        pair(page, shop)
        sell(page, "CAM-P")
        page.locator("#till-tabs nav button").nth(2).tap()
        name_customer(page, "390.533.447-05")
        blocks = stumbling_blocks(page)

        page.locator(".gifts-open").tap()
        page.locator(".gift-card", has_text="Caneca").tap()

        expect(page.locator(".redeem")).to_contain_text("Caneca")
        expect(page.locator(".redeem-used")).to_contain_text("100")
        blocks += stumbling_blocks(page)
        page.locator(".method").nth(1).tap()
        expect_total(page, "60,00")
        page.locator(".charge:visible").tap()
        expect(page.locator(".receipt")).to_contain_text("Caneca")
        assert balance_of(shop, "points") == Decimal(26)  # 120 - 100, and 6 for this sale
        assert blocks == []
