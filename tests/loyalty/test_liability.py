"""What the company owes is what the ledger says, on any day, whatever job has run."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from loyalty.models import AccountKind, Lot
from loyalty.selectors.liability import cohorts, liability
from loyalty.selectors.stored_values import find_by_code, usual_type
from loyalty.selectors.verification import figures
from loyalty.services.expiry import post_expired
from loyalty.services.stored_value_states import void
from loyalty.services.stored_values import Making, make
from tests import builders
from tests.pos_api.till import Till, sale

pytestmark = pytest.mark.django_db


def issue(operation: str, kind: AccountKind, amount: int, *, days_ago: int = 0, **values: Any) -> str:
    making = Making(type=usual_type(kind), origin="test", operation=operation, amount=amount, **values)
    return make([making], at=timezone.now() - timedelta(days=days_ago, minutes=1))[0].code


@pytest.fixture
def ledger() -> Till:
    """Gift cards: one used, with 20.00 lost; one expired yesterday; one voided. An e-purse: 30.00 of 80.00 used."""
    till = Till.open()
    card = issue("1", AccountKind.GIFT_CARD, 120_00, days_ago=40)
    issue("2", AccountKind.GIFT_CARD, 15_00, days_ago=40, expires_at=timezone.now() - timedelta(days=1))
    wrong = issue("3", AccountKind.GIFT_CARD, 9_00)
    purse = issue("4", AccountKind.E_PURSE, 80_00)
    void(find_by_code(wrong), reason="Engano", at=timezone.now())
    for code, amount, total in ((card, "max", "0.00"), (purse, "30.00", "70.00")):
        presented = {"stored_values": [{"code": code, "amount": amount}]}
        assert till.sell(sale(total=total, redeem=presented)).status_code == 201
    return till


def rows(at: Any = None) -> dict[str, dict[str, Any]]:
    found = liability(Lot.objects.all(), at=at or timezone.now())
    return {row["account__kind"]: row for row in found}


class TestLiability:
    @pytest.mark.parametrize("is_posted", [False, True])
    def test_all_that_was_issued_is_somewhere(self, ledger: Till, is_posted: bool) -> None:
        if is_posted:
            post_expired(at=timezone.now())

        cards, purse = rows()["gift_card"], rows()["e_purse"]

        names = ("issued", "redeemed", "expired", "forfeited", "taken_back", "outstanding")
        assert [cards[name] for name in names] == [144, 100, 15, 20, 9, 0]
        assert [purse[name] for name in names] == [80, 30, 0, 0, 0, 50]

    def test_it_is_what_the_proof_of_the_ledger_finds(self, ledger: Till) -> None:
        found = rows()

        for one in figures(at=timezone.now()):
            assert found[one.kind]["issued"] == one.earned
            assert found[one.kind]["outstanding"] == one.available + one.pending

    def test_an_earlier_day_is_shown_as_it_was(self, ledger: Till) -> None:
        cards = rows(timezone.now() - timedelta(days=10))["gift_card"]

        assert (cards["issued"], cards["outstanding"], cards["redeemed"]) == (135, 135, 0)

    def test_breakage_goes_by_when_it_was_issued(self, ledger: Till) -> None:
        found = cohorts(Lot.objects.all(), step="month", at=timezone.now()).order_by("slot", "account__kind")
        lost = [row["lost"] for row in found if row["account__kind"] == "gift_card"]

        assert sum(lost) == Decimal(35)
        assert lost[0] == Decimal(35)


class TestPages:
    # What was issued today is 9.00 that was voided, and the card that expires soon.
    @pytest.mark.parametrize(
        ("page", "amount"),
        [("liability", "77.00"), ("breakage", "77.00"), ("expiring", "77.00"), ("value", "86.00")],
    )
    def test_show_and_export_stored_values(self, ledger: Till, page: str, amount: str) -> None:
        issue("5", AccountKind.GIFT_CARD, 77_00, expires_at=timezone.now() + timedelta(days=10))
        client = Client(headers={"Accept-Language": "en"})
        client.force_login(builders.build_user(permissions=["loyalty.view_lot", "loyalty.view_entry"]))

        shown = client.get(f"/reports/{page}/").content.decode()
        exported = b"".join(client.get(f"/reports/{page}/?export=csv").streaming_content).decode()

        assert f"R$\xa0{amount}" in shown
        assert "Cashback</td>" not in shown
        name = usual_type(AccountKind.GIFT_CARD).name
        assert any(name in line and amount in line for line in exported.splitlines())
