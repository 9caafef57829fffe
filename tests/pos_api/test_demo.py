import re
from datetime import timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from customers.documents import is_valid
from customers.models import Customer
from pos_api.demo.catalogue import ean13, product_rows
from retail.models import Category, Product, Store, Terminal
from tests.builders import build_store

pytestmark = pytest.mark.django_db


def run(**options):
    printed = StringIO()
    call_command("demo", stdout=printed, **options)
    return printed.getvalue()


class TestDemo:
    def test_builds_a_whole_chain_and_prints_how_to_get_in(self):
        printed = run()

        assert Store.objects.count() == 7
        assert Store.objects.filter(online_shop=True).count() == 1
        assert Terminal.objects.count() == 13
        assert len({store.time_zone for store in Store.objects.all()}) == 4
        assert Product.objects.count() >= 280
        assert Category.objects.count() >= 15
        assert Customer.objects.count() == 200
        assert all(is_valid(document) for document in Customer.objects.values_list("document", flat=True))
        password = re.search(r"gerente / (\S+)", printed)[1]
        assert User.objects.get(username="gerente").check_password(password)
        assert re.search(r"fiel_user_[0-9a-z]+\.\S+", printed)
        assert re.search(r"fiel_live_[0-9a-z]+\.\S+", printed)

    def test_running_it_again_changes_nothing_and_shows_no_secret(self):
        run()
        before = list(Customer.objects.order_by("pk").values())

        printed = run()

        assert list(Customer.objects.order_by("pk").values()) == before
        assert "fiel_" not in printed

    def test_somebody_has_a_birthday_today(self):
        run()

        today = timezone.now().astimezone(ZoneInfo("America/Sao_Paulo")).date()
        assert Customer.objects.born_on([today]).count() >= 3
        assert Customer.objects.born_on([today + timedelta(days=1)]).exists()

    def test_sets_the_password_that_is_asked_for(self):
        run()

        run(password="outra senha longa")

        assert User.objects.get(username="gerente").check_password("outra senha longa")

    def test_never_mixes_with_data_of_somebody_else(self):
        build_store(code="9999")

        with pytest.raises(CommandError, match="its own"):
            run()

        assert Store.objects.count() == 1

    def test_is_not_for_production(self, settings):
        settings.PRODUCTION = True

        with pytest.raises(CommandError, match="production"):
            run()


class TestCatalogue:
    def test_barcodes_have_the_right_check_digit(self):
        assert ean13("789100031550") == "7891000315507"

    def test_no_two_products_share_a_sku_or_a_barcode(self):
        rows = product_rows()

        assert len({row["sku"] for row in rows}) == len({row["barcode"] for row in rows}) == len(rows)
