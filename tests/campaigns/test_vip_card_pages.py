"""Pages of VIP cards: a card is made once its customer's name was shown, changed, blocked; what it gave is listed."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from campaigns.models import Activation
from loyalty.models import VipCard
from tests.builders import build_customer, build_sale, build_vip_card
from tests.pos_api.till import Till, publish, sale

CPF = "39053344705"


@pytest.fixture
def page(client, db):
    client.force_login(User.objects.create_superuser("marina"))
    client.cookies["django_language"] = "en"
    return client


def typed(**fields):
    return {
        "code": "#VIP#1001",
        "customer": CPF,
        "percent": "12.50",
        "valid_until": "2030-12-31",
        "notify": "(11) 98765-4321\ngerente@loja.com.br",
    } | fields


class TestMakingACard:
    def test_shows_the_customer_first_and_makes_the_card_then(self, page):
        ana = build_customer(document=CPF, name="Ana Souza", city="Santos")

        checked = page.post("/vip-cards/new/", {"customer": "390.533.447-05", "check": "1"})
        unchecked = page.post("/vip-cards/new/", typed())
        before = VipCard.objects.count()
        made = page.post("/vip-cards/new/", typed(checked=str(ana.pk)))

        for answer in (checked, unchecked):
            assert answer.status_code == 200
            assert "The card is for Ana Souza" in answer.content.decode()
            assert "Santos" in answer.content.decode()
        assert "This field is required" not in checked.content.decode()
        assert before == 0
        card = VipCard.objects.get()
        assert (made.status_code, made["Location"]) == (302, f"/vip-card/{card.pk}/")
        assert (card.code, card.customer, card.percent) == ("#VIP#1001", ana, Decimal("12.5"))
        assert card.notify == ["+5511987654321", "gerente@loja.com.br"]
        assert card.created_by.username == "marina"

    def test_shows_another_customer_anew(self, page):
        ana, bia = build_customer(document=CPF, name="Ana"), build_customer(code="77", name="Bia Lima")

        answer = page.post("/vip-cards/new/", typed(customer="77", checked=str(ana.pk)))

        assert "The card is for Bia Lima" in answer.content.decode()
        assert not VipCard.objects.exists()
        assert page.post("/vip-cards/new/", typed(customer="77", checked=str(bia.pk))).status_code == 302

    def test_says_that_nobody_was_found(self, page):
        checked = page.post("/vip-cards/new/", {"customer": "12345", "check": "1"})
        sent = page.post("/vip-cards/new/", typed(customer="12345"))

        assert "No customer has this number, CPF or CNPJ, card, phone or e-mail." in checked.content.decode()
        assert sent.status_code == 422
        assert "No customer has this number, CPF or CNPJ, card, phone or e-mail." in sent.content.decode()

    def test_makes_a_number_up(self, page):
        ana = build_customer(document=CPF)

        page.post("/vip-cards/new/", typed(code="#VIP#", checked=str(ana.pk)))

        assert len(VipCard.objects.get().code) == 15

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"code": "1001"}, "This must begin with #VIP#"),
            ({"code": "#VIP#USED"}, "Another card has this code."),
            ({"percent": "0"}, "greater than or equal to 0.01"),
            ({"percent": "100.01"}, "less than or equal to 100"),
            ({"valid_until": "2020-01-01"}, "This day is over."),
            ({"notify": "somebody"}, "is neither a telephone number nor an e-mail"),
        ],
    )
    def test_says_at_the_field_what_is_wrong(self, page, fields, message):
        ana = build_customer(document=CPF)
        build_vip_card(code="#VIP#USED")

        answer = page.post("/vip-cards/new/", typed(checked=str(ana.pk), **fields))

        assert answer.status_code == 422
        assert message in answer.content.decode()
        assert VipCard.objects.count() == 1


class TestChangingACard:
    def test_changes_and_shows_what_is_kept(self, page):
        card = build_vip_card(notify=["+5511987654321"])

        shown = page.get(f"/vip-card/{card.pk}/edit/").content.decode()
        changed = page.post(
            f"/vip-card/{card.pk}/edit/",
            {"percent": "20", "valid_until": "2031-01-31", "notify": "", "_version": "1"},
        )
        overtaken = page.post(
            f"/vip-card/{card.pk}/edit/",
            {"percent": "30", "valid_until": "2031-01-31", "notify": "", "_version": "1"},
        )

        assert 'value="10.00"' in shown
        assert 'value="2035-12-31"' in shown
        assert "+5511987654321" in shown
        assert changed.status_code == 302
        assert (overtaken.status_code, "Somebody else changed this" in overtaken.content.decode()) == (
            422,
            True,
        )
        card.refresh_from_db()
        assert (card.percent, card.notify, card.version) == (Decimal(20), [], 2)

    def test_blocks_it_and_lets_it_be_used_again(self, page):
        card = build_vip_card()

        page.post(f"/vip-card/{card.pk}/block/")
        card.refresh_from_db()
        blocked = card.is_active
        page.post(f"/vip-card/{card.pk}/block/", {"again": "1"})
        card.refresh_from_db()

        assert (blocked, card.is_active) == (False, True)


class TestList:
    def test_finds_and_filters_and_adds_up(self, page):
        card = build_vip_card(code="#VIP#ANA", customer=build_customer(document=CPF, name="Bia Lima"))
        build_vip_card(code="#VIP#OLD", expires_at=timezone.now())
        build_vip_card(code="#VIP#STOPPED", is_active=False)
        for discount in (10, 15):
            Activation.objects.create(
                sale=build_sale(), vip_card=card, discount=discount, activated_at=timezone.now()
            )

        def listed(query):
            text = page.get(f"/vip-cards/?{query}").content.decode()
            return {word for word in ("ANA", "OLD", "STOPPED") if f"#VIP#{word}" in text}

        assert listed("") == {"ANA", "OLD", "STOPPED"}
        assert listed("q=lima") == {"ANA"}
        assert listed("q=%23vip%23ol") == {"OLD"}
        assert listed("state=usable") == {"ANA"}
        assert listed("state=expired") == {"OLD"}
        assert listed("state=blocked") == {"STOPPED"}
        assert "25.00" in page.get("/vip-cards/?q=lima").content.decode()
        assert b"25.00" in b"".join(page.get("/vip-cards/?export=csv").streaming_content)

    def test_one_card_and_its_sale_lead_to_each_other(self, page, till: Till):
        card = build_vip_card(code="#VIP#ANA", customer=build_customer(document=CPF))
        publish()
        sold = till.sell(sale(total="81.00", promo_codes=["#VIP#ANA"]))
        assert sold.status_code == 201, sold.json()
        row = Activation.objects.get(vip_card=card)

        detail = page.get(f"/vip-card/{card.pk}/").content.decode()
        recorded = page.get(f"/sales/{row.sale_id}/").content.decode()

        assert f'href="/sales/{row.sale_id}/"' in detail
        assert recorded.count(f'href="/vip-card/{card.pk}/"') == 2
        assert "#VIP#ANA" in recorded


@pytest.fixture
def till(db):
    return Till.open()
