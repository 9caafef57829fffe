"""The codes of stored values are money: they are told to whoever has them, and stand nowhere."""

from typing import Any

import pytest
from django.utils import timezone

from loyalty.selectors.stored_values import find_by_code
from loyalty.services.stored_value_states import replace_code
from pos_api.models import SaleException
from retail.models import Sale
from tests.pos_api.test_issued_vouchers import make_rule
from tests.pos_api.test_stored_values import issue, presenting
from tests.pos_api.till import Till, issue_code, publish, sale

pytestmark = pytest.mark.django_db


class TestLostVouchers:
    def test_whoever_sends_the_sale_again_is_not_told_the_new_code(self, till: Till) -> None:
        make_rule()
        document = sale()
        [given] = till.sell(document).json()["earned"]["vouchers"]
        stored = find_by_code(given["code"])
        assert stored is not None

        new = replace_code(stored, reason="Perdido", at=timezone.now())

        [told] = till.sell(document).json()["earned"]["vouchers"]
        assert told["code"] == f"····{given['code'][-4:]}"
        assert told["code"][-4:] != new[-4:]


class TestTypedAsAPromotionalCode:
    """A cashier mistakes the field, sees that it cannot be used, and charges all the same."""

    def sold(self, till: Till, *codes: str, **fields: Any) -> tuple[dict[str, Any], Any]:
        document = sale(promo_codes=list(codes), **fields)
        answer = till.sell(document)
        assert answer.status_code == 201, answer.json()
        return document, answer

    def test_it_is_not_kept_with_the_sale(self, till: Till) -> None:
        generated, own = issue(), issue(code="CARTAO-0001")

        document, answer = self.sold(till, generated, own, "NATAL")

        recorded = Sale.objects.get()
        assert generated not in f"{recorded.request}{recorded.response}"
        assert own not in f"{recorded.request}{recorded.response}"
        assert recorded.request["promo_codes"] == [f"····{generated[-4:]}", "····0001", "NATAL"]
        assert [entry["code"] for entry in answer.json()["promo_codes"]] == [generated, own, "NATAL"]
        assert till.sell(document).content == answer.content

    def test_it_pays_and_is_kept_nowhere_where_it_stands_in_both(self, till: Till) -> None:
        code = issue()

        document, answer = self.sold(till, code, total="50.00", redeem=presenting(code))

        recorded = Sale.objects.get()
        assert code not in f"{recorded.request}{recorded.response}{recorded.shares}"
        assert till.sell(document).content == answer.content

    def test_a_manager_who_settles_an_offline_sale_is_not_told_it(self, till: Till) -> None:
        code = issue()

        self.sold(till, code, offline=True)

        assert SaleException.objects.get().subject == f"····{code[-4:]}"
        assert code not in f"{Sale.objects.get().response}"

    def test_promotional_codes_are_kept_as_they_are(self, till: Till) -> None:
        publish(conditions={"kind": "promo_code"})
        issue_code()

        self.sold(till, "BEMVINDO", total="90.00")

        assert Sale.objects.get().request["promo_codes"] == ["BEMVINDO"]
