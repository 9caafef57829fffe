import re
from datetime import timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from campaigns.models import Activation, Association, Campaign, Markdown, PromoCodePool
from customers.documents import is_valid
from customers.models import Customer
from loyalty.models import ProgramLevel, StoredValue, StoredValueType
from loyalty.selectors.programs import stamp_progress
from messaging.models import Automation, LocalDelivery, Mailing, Message, Template
from messaging.selectors.mailings import results_of
from pos_api.demo.campaigns import PAUSED, PUBLISHED
from pos_api.demo.catalogue import category_rows, ean13, product_rows
from pos_api.demo.chain import PRODUCT_GROUPINGS
from retail.models import Category, Product, Sale, Store, Terminal
from tests.builders import build_store


def run(**options):
    printed = StringIO()
    call_command("demo", stdout=printed, **options)
    return printed.getvalue()


@pytest.mark.django_db
class TestDemo:
    def test_builds_a_whole_chain_that_has_sold_for_a_month(self):
        printed = run()

        _assert_chain()
        _assert_campaigns_and_sales()
        # Only the inbox of a demonstration is written to.
        assert not Message.objects.filter(occasion="mailing").exists()
        password = re.search(r"gerente / (\S+)", printed)[1]
        assert User.objects.get(username="gerente").check_password(password)
        assert re.search(r"fiel_user_[0-9a-z]+\.\S+", printed)
        assert re.search(r"fiel_live_[0-9a-z]+\.\S+", printed)

    def test_running_it_again_changes_nothing_but_a_password_that_is_given(self):
        run()
        kept = (Customer, Campaign, Sale, Association, Markdown, PromoCodePool)
        before = [list(model.objects.order_by("pk").values()) for model in kept]

        printed = run(password="outra senha longa")

        assert [list(model.objects.order_by("pk").values()) for model in kept] == before
        assert {document.status for document in (Association.objects.get(), Markdown.objects.get())} == {
            "published"
        }
        assert "fiel_" not in printed
        assert User.objects.get(username="gerente").check_password("outra senha longa")

    def test_shows_a_mailing_that_was_read_where_no_email_would_really_leave(self, settings):
        settings.DEMO, settings.EMAIL_BACKEND = True, "messaging.local.email.EmailBackend"
        settings.TWILIO_ACCOUNT_SID = ""

        run()
        run()

        mailing = Mailing.objects.get()
        results = results_of(mailing)
        assert mailing.state == "finished"
        assert results.progress.arrived == results.progress.sent == LocalDelivery.objects.count() > 0
        assert results.progress.held_out > 0
        assert results.outcome.opened > results.outcome.clicked > 0
        assert results.outcome.unsubscribed > 0

    def test_never_mixes_with_data_of_somebody_else(self):
        build_store(code="9999")

        with pytest.raises(CommandError, match="its own"):
            run()

        assert Store.objects.count() == 1

    def test_is_not_for_production(self, settings):
        settings.PRODUCTION = True

        with pytest.raises(CommandError, match="production"):
            run()


def _assert_chain():
    assert Store.objects.count() == 7
    assert Store.objects.filter(online_shop=True).count() == 1
    assert Terminal.objects.count() == 13
    assert len({store.time_zone for store in Store.objects.all()}) == 4
    assert Product.objects.count() >= 280
    assert Category.objects.count() >= 15
    assert Customer.objects.count() == 200
    assert all(is_valid(document) for document in Customer.objects.values_list("document", flat=True))
    kdo = StoredValueType.objects.get(code="kdo")
    assert (kdo.fixed_load, kdo.fixed_price, kdo.ceiling) == (60, 50, 150)
    assert {value.type.kind for value in StoredValue.objects.select_related("type")} == {
        "gift_card",
        "e_purse",
        "voucher",
        "credit_note",
    }
    today = timezone.now().astimezone(ZoneInfo("America/Sao_Paulo")).date()
    assert Customer.objects.born_on([today]).count() >= 3
    assert Customer.objects.born_on([today + timedelta(days=1)]).exists()
    assert Automation.objects.filter(enabled_at__isnull=False).count() == 2
    assert Template.objects.exists()
    assert [level.gifts.exists() for level in ProgramLevel.objects.order_by("number")] == [True] * 4
    assert stamp_progress(at=timezone.now()).filter(rewards__gte=1).count() == 3


def _assert_campaigns_and_sales():
    assert Campaign.objects.filter(status="published").count() >= 12
    assert Campaign.objects.filter(status="paused").exists()
    assert Campaign.objects.filter(status="draft").exists()
    sales = Sale.objects.all()
    assert 120 <= sales.count() <= 250
    assert sales.filter(state="cancelled").exists()
    assert sales.filter(occurred_at__lt=timezone.now() - timedelta(days=25)).exists()
    assert not sales.filter(occurred_at__gt=timezone.now()).exists()
    used = set(Activation.objects.values_list("campaign__code", flat=True))
    assert {"LEVE3PAGUE2", "PRIMEIRA10", "PIX5", "ACIMA200", "BOTTON", "BEMVINDO20"} <= used


class TestData:
    def test_barcodes_have_the_right_check_digit(self):
        assert ean13("789100031550") == "7891000315507"

    def test_no_two_products_share_a_sku_or_a_barcode(self):
        rows = product_rows()

        assert len({row["sku"] for row in rows}) == len({row["barcode"] for row in rows}) == len(rows)

    @pytest.mark.parametrize("document", [*PUBLISHED, PAUSED], ids=lambda document: document["code"])
    def test_campaigns_name_products_that_exist(self, document):
        known = {row[name] for row in product_rows() for name in ("sku", "code", "ncm")}
        known |= {row["code"] for row in category_rows()} | set(PRODUCT_GROUPINGS)

        conditions = document.get("conditions") or {}
        gifts = {gift["sku"] for benefit in document["benefits"] for gift in benefit.get("products", ())}

        assert set(conditions.get("values", ())) | gifts <= known
