"""What the company owes is what the ledger says, on any day, whatever job has run."""

import csv
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import F, Sum
from django.test import Client
from django.utils import timezone

from customers.models import Customer
from loyalty.models import AccountKind, Entry, Lot, StoredValue, StoredValueType
from loyalty.selectors.liability import cohorts, liability
from loyalty.selectors.reports import UNIT
from loyalty.selectors.stored_values import find_by_code, usual_type
from loyalty.selectors.verification import figures
from loyalty.services.expiry import post_expired
from loyalty.services.stored_value_by_hand import adjust_stored_value
from loyalty.services.stored_value_states import void
from loyalty.services.stored_values import Making, make
from tests import builders
from tests.loyalty.test_verification import Story
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


SUMS = ("issued", "adjusted", "transferred", "redeemed", "lost", "taken_back", "outstanding")


class TestBreakage:
    """What was issued in a period is used, lapsed, taken back or left, whatever was added or taken by hand."""

    @pytest.fixture
    def story(self, ledger: Till) -> Story:
        """The stored values of the ledger, one of them adjusted both ways, and every posting on points that were merged."""
        purse = StoredValue.objects.get(operation="4")
        actor = builders.build_user().pk
        for operation, amount in (("+", 7_00), ("-", -11_00)):
            adjust_stored_value(
                purse, amount=amount, reason="Acerto", actor_id=actor, operation=operation, at=timezone.now()
            )
        story = Story()
        story.merge()
        return story

    def test_each_period_and_each_unit_adds_up_to_the_ledger(self, story: Story) -> None:
        at = timezone.now()
        everything = Lot.objects.all()

        parts = list(cohorts(everything, step="month", at=at))
        by_unit = list(liability(everything, at=at).annotate(lost=F("expired") + F("forfeited")))

        for row in (*parts, *by_unit):
            put_in = row["issued"] + row["adjusted"] + row["transferred"]
            assert put_in == row["redeemed"] + row["lost"] + row["taken_back"] + row["outstanding"], row
        for whole in by_unit:
            of_unit = [row for row in parts if all(row[name] == whole[name] for name in UNIT)]
            for name in SUMS:
                assert sum(row[name] for row in of_unit) == whole[name], name
        left = Entry.objects.aggregate(total=Sum("amount"))["total"]
        lapsing = Lot.objects.expired(at=at).aggregate(total=Sum("remaining"))["total"] or 0
        assert sum(row["outstanding"] for row in by_unit) == left - lapsing
        purse = next(row for row in by_unit if row["account__kind"] == "e_purse")
        assert [purse[name] for name in SUMS] == [80, -4, 0, 30, 0, 0, 46]

    @pytest.mark.parametrize("search", ["", "customer"])
    def test_the_columns_of_the_file_add_up(self, story: Story, search: str) -> None:
        customer = story.account.customer.merged_into if search else None
        if customer is not None:
            Customer.objects.filter(pk=customer.pk).update(card="CARD-OF-WHO-STAYS")
        query = "&q=CARD-OF-WHO-STAYS" if search else ""
        page = f"/reports/breakage/?since=2020-01-01&until=2030-01-01{query}"

        answer = reader().get(f"{page}&export=csv")
        [headings, *rows] = table(answer)
        shown = reader().get(page).content.decode()

        amounts = [dict(zip(headings, row, strict=True)) for row in rows]
        assert amounts
        for row in amounts:
            value = {
                name: Decimal(row[name]) for name in headings[3:] if row[name] and name != "Part that lapsed"
            }
            put_in = value["Issued"] + value["Adjusted"] + value["Transferred"]
            gone = value["Used"] + value["Expired or forfeited"] + value["Taken back"]
            assert put_in == gone + value["Outstanding"]
        # Merged customers' points come from elsewhere only where one of them is looked at.
        assert any(Decimal(row["Transferred"]) for row in amounts) == bool(search)
        assert ("Transferred</th>" in "".join(shown.split())) == bool(search)
        assert "Adjusted</th>" in "".join(shown.split())

    def test_a_month_is_called_a_month(self, ledger: Till) -> None:
        at = timezone.localtime()
        query = f"since={at:%Y-%m}-01&step=month"

        page = reader().get(f"/reports/breakage/?{query}").content.decode()
        [_headings, *rows] = table(reader().get(f"/reports/breakage/?{query}&export=csv"))

        assert page.count(f">{at:%b %Y}<") >= 3  # the axis, its table, a row
        assert {row[0] for row in rows} == {f"{at:%b %Y}"}

    def test_the_chart_says_what_it_draws(self, ledger: Till) -> None:
        page = reader().get("/reports/breakage/").content.decode()

        assert "E-purse: what became of what was issued in each period" in page
        assert 'chart-key-2"></span>Expired or forfeited' in page

    def test_the_part_that_lapsed_is_of_what_could_be_used(self, ledger: Till) -> None:
        page = reader().get("/reports/breakage/?unit=gift_card&since=2020-01-01").content.decode()

        # 35.00 of 135.00: what was voided could not be used.
        assert "25.9%" in page


class TestUnits:
    @pytest.fixture
    def kind(self) -> StoredValueType:
        """A type with vouchers of money and in percent."""
        kind = builders.build_stored_value_type(kind="voucher", name="Vale fidelidade")
        for values in ({"amount": 40_00}, {"amount": 2_50}, {"amount": 0, "percent": Decimal(15)}):
            builders.build_stored_value(
                type=kind,
                at=timezone.now() - timedelta(minutes=1),
                expires_at=timezone.now() + timedelta(days=9),
                **values,
            )
        builders.build_stored_value(at=timezone.now() - timedelta(minutes=1))
        builders.build_credit(builders.build_account(program=builders.build_program(name="Clube")), 3_00)
        return kind

    @pytest.mark.parametrize("page", ["liability", "breakage", "value", "expiring"])
    def test_vouchers_in_percent_are_told_apart_from_those_of_money(
        self, kind: StoredValueType, page: str
    ) -> None:
        shown = reader().get(f"/reports/{page}/").content.decode()
        [headings, *rows] = table(reader().get(f"/reports/{page}/?export=csv"))

        account = headings.index("Account")
        named = [(row[account], row[account + 1]) for row in rows]
        assert headings[account + 1] == "Counted in"
        assert ("Vale fidelidade", "R$") in named
        assert ("Vale fidelidade (in percent)", "uses") in named
        assert len(set(named)) == len(named)
        assert "Vale fidelidade (in percent)" in shown
        assert '<span class="secondary">uses</span>' in shown

    @pytest.mark.parametrize(
        ("page", "total"), [("liability", "92.50"), ("breakage", "92.50"), ("value", "92.50")]
    )
    def test_what_is_money_has_one_total(self, kind: StoredValueType, page: str, total: str) -> None:
        shown = reader().get(f"/reports/{page}/").content.decode()
        alone = reader().get(f"/reports/{page}/?unit=voucher").content.decode()

        row = shown.split("All money")[1].split("</tr>")[0]
        assert f"R$\xa0{total}" in row
        assert "All money" not in alone

    def test_what_is_outstanding_is_drawn_with_names_the_most_first(self, kind: StoredValueType) -> None:
        page = reader().get("/reports/liability/").content.decode()

        bars = re.findall(r'<li><span>([^<]+)</span><span class="number">([^<]+)</span><progress', page)
        assert [name for name, _amount in bars] == ["Gift card", "Vale fidelidade"]
        assert [amount for _name, amount in bars] == ["R$\xa050.00", "R$\xa042.50"]


def reader() -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(
        builders.build_user(permissions=["loyalty.view_lot", "loyalty.view_entry", "customers.view_customer"])
    )
    return client


def table(answer: Any) -> list[list[str]]:
    """Return the cells of a file."""
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(text.splitlines(), delimiter=";"))


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
