"""Reports of value: their figures are those of the ledger."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from loyalty.models import Account, Entry
from loyalty.periods import slots_between, step_for
from loyalty.selectors import reports
from loyalty.services.adjustments import adjust
from loyalty.services.expiry import post_expired
from loyalty.services.ledger import lock_accounts, spend
from loyalty.services.returns import Withdrawal, withdraw
from retail.models import Sale
from tests import builders
from tests.builders import (
    NOON,
    build_account,
    build_credit,
    build_customer,
    build_program,
    build_sale,
    build_store,
    build_stored_value,
    build_stored_value_type,
)

pytestmark = pytest.mark.django_db

ALL = ("loyalty.view_lot", "loyalty.view_entry", "customers.view_customer", "loyalty.view_account")


def sign_in(*permissions: str) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(builders.build_user(permissions=permissions))
    return client


def earn(account: Account, amount: int, **values) -> tuple[Sale, int]:
    sale = build_sale(customer=account.customer, store=values.pop("store", None))
    made = build_credit(account, amount, cause=f"sale:{sale.pk}", sale_id=sale.pk, **values)
    return sale, made.lot_id


def redeem(account: Account, lot: int, amount: int, *, at=NOON, store=None) -> Sale:
    sale = build_sale(customer=account.customer, store=store, occurred_at=at)
    with transaction.atomic():
        lock_accounts(account.customer_id)
        spend([(lot, amount)], cause=f"sale:{sale.pk}", sale_id=sale.pk, occurred_at=at, at=at)
    return sale


class TestMovements:
    def build_ledger(self) -> tuple[Account, Account]:
        """Everything that an account can go through, over three days."""
        points = build_account(program=build_program(name="Clube"))
        cashback = build_account(customer=points.customer)
        sale, lot = earn(points, 100_00)
        redeem(points, lot, 30_00, at=NOON + timedelta(days=1))
        with transaction.atomic():
            lock_accounts(points.customer_id)
            taken = Withdrawal(lot_id=lot, amount=20_00)
            withdraw([taken], cause="return:1", sale_id=sale.pk, occurred_at=NOON, at=NOON)
        adjust(
            customer_id=points.customer_id, key=("points", points.program_id), amount=5_50, reason="Acerto",
            actor_id=builders.build_user().pk, operation="1", at=NOON,
        )  # fmt: skip
        earn(cashback, 12_34, expires_at=NOON + timedelta(days=2))
        post_expired(at=NOON + timedelta(days=3))
        return points, cashback

    def test_come_to_the_sums_of_the_ledger(self):
        points, cashback = self.build_ledger()

        totals = {row["account__kind"]: row for row in reports.movement_totals(Entry.objects.all())}
        rows = list(reports.movements(Entry.objects.all(), step="day"))

        assert totals["points"]["issued"] == 100
        assert totals["points"]["redeemed"] == -30
        assert totals["points"]["taken_back"] == -20
        assert totals["points"]["adjusted"] == Decimal("5.50")
        assert totals["cashback"]["expired"] == Decimal("-12.34")
        for account in (points, cashback):
            account.refresh_from_db()
            total = totals[account.kind]
            of_kind = [row for row in rows if row["account__kind"] == account.kind]
            entries = Entry.objects.filter(account=account).aggregate(total=Sum("amount"))["total"]
            assert total["change"] == account.balance == entries
            assert sum(total[name] for name in reports.FLOWS) == total["change"]
            for name in (*reports.FLOWS, "change"):
                assert sum(row[name] for row in of_kind) == total[name], name

    def test_are_shown_by_period_and_unit(self):
        points, _cashback = self.build_ledger()
        client = sign_in(*ALL)

        page = client.get("/reports/value/?since=2026-11-01&until=2026-11-30").content.decode()
        only = client.get(
            f"/reports/value/?since=2026-11-01&until=2026-11-30&unit=points:{points.program_id}&step=month"
        ).content.decode()

        assert "−R$\xa012.34" in page
        assert "Clube by period" in only
        assert "R$" not in only.split('id="results"')[1]

    def test_are_of_one_customer_store_or_campaign(self):
        store = build_store()
        account = build_account(customer=builders.build_customer(name="Bia Lima"))
        earn(account, 10_00, store=store, campaign="VOLTE")
        earn(build_account(), 7_00)
        client = sign_in(*ALL)
        period = "since=2026-11-01&until=2026-11-30"

        for query in ("q=bia+lima", f"store={store.pk}", "campaign=volte"):
            page = client.get(f"/reports/value/?{period}&{query}").content.decode()
            assert "R$\xa010.00" in page, query
            assert "R$\xa07.00" not in page, query

    def test_are_exported(self):
        self.build_ledger()
        client = sign_in(*ALL)

        csv = client.get("/reports/value/?since=2026-11-01&until=2026-11-30&export=csv")
        xlsx = client.get("/reports/value/?since=2026-11-01&until=2026-11-30&export=xlsx")

        rows = b"".join(csv.streaming_content).decode().splitlines()
        assert any("-12.34" in row for row in rows)
        # A sum of nothing is written as every other one.
        assert not any(cell == "0" for row in rows for cell in row.split(";"))
        assert "0.00" in rows[1].split(";")
        assert b"".join(xlsx.streaming_content).startswith(b"PK")
        xlsx.close()


class TestExpiring:
    def test_is_by_the_last_day_on_which_it_can_be_used(self):
        now = timezone.now()
        midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
        account = build_account()
        build_credit(account, 10_00, expires_at=midnight + timedelta(days=6))
        build_credit(account, 4_00, expires_at=midnight + timedelta(days=6), awaits_review=True)
        build_credit(account, 99_00, expires_at=now - timedelta(days=1))
        build_credit(account, 99_00)

        [row] = reports.expiring(reports.expiring_lots(at=now), step="day", at=now)

        assert row["slot"] == (midnight + timedelta(days=5)).date()
        assert (row["value"], row["usable"], row["lots"], row["customers"]) == (14, 10, 2, 1)

    def test_counts_and_finds_whom_a_stored_value_belongs_to(self):
        ana, bia = build_customer(name="Ana Souza"), build_customer(name="Bia Lima")
        soon = timezone.now() + timedelta(days=10)
        kind = build_stored_value_type(name="Carteira")
        for customer in (ana, ana, bia, None):
            build_stored_value(type=kind, customer=customer, expires_at=soon)

        [total] = reports.expiring_totals(reports.expiring_lots(at=timezone.now()), at=timezone.now())
        pages = {
            text: sign_in(*ALL).get(f"/reports/expiring/?q={text}").content.decode()
            for text in ("Ana", "Bia", "Ninguém")
        }

        assert (total["customers"], total["lots"], total["value"]) == (2, 4, 200)
        assert "R$\xa0100.00" in pages["Ana"]
        assert "R$\xa050.00" in pages["Bia"]
        assert "R$" not in pages["Ninguém"].split('id="results"')[1]

    def test_page_draws_it(self):
        build_credit(build_account(), 10_00, expires_at=timezone.now() + timedelta(days=10))

        page = sign_in(*ALL).get("/reports/expiring/?step=day").content.decode()

        assert "R$\xa010.00" in page
        assert "Cashback by period" in page


class TestCashback:
    def test_says_where_and_when_it_was_generated_and_redeemed(self):
        home, away = build_store(name="Loja Centro"), build_store(name="Loja Praia")
        account = build_account(customer=builders.build_customer(name="Ana Souza", document="39053344705"))
        _sale, lot = earn(account, 30_00, store=home, campaign="VOLTE")
        redeem(account, lot, 12_00, at=NOON + timedelta(days=1), store=away)
        client = sign_in(*ALL)

        page = client.get("/reports/cashback/?since=2026-11-01&until=2026-11-30").content.decode()

        for text in ("Ana Souza", "39053344705", "VOLTE", "Loja Centro", "Loja Praia", "R$\xa018.00"):
            assert text in page.split('id="results"')[1], text

    def test_hides_people_from_who_may_not_see_them(self):
        account = build_account(customer=builders.build_customer(name="Ana Souza", document="39053344705"))
        earn(account, 30_00)

        client = sign_in("loyalty.view_lot")
        page = client.get("/reports/cashback/?since=2026-11-01").content.decode()
        file = client.get("/reports/cashback/?since=2026-11-01&export=csv")

        assert "***.533.447-**" in page
        assert "A. S." in page
        assert "Ana Souza" not in page
        assert b"39053344705" not in b"".join(file.streaming_content)

    def test_filters_by_dates_stores_state_and_customer(self):
        away = build_store()
        account = build_account(customer=builders.build_customer(name="Bia Lima"))
        _sale, lot = earn(account, 30_00, campaign="A")
        redeem(account, lot, 30_00, at=NOON + timedelta(days=20), store=away)
        earn(build_account(), 7_00, campaign="B", awaits_review=True)
        client = sign_in(*ALL)

        for query, shown in (
            ("since=2026-11-01", "AB"),
            ("since=2026-11-21", ""),
            ("since=2026-12-01&dates=redeemed", "A"),
            ("since=2026-11-01&until=2026-11-30&dates=redeemed", ""),
            (f"since=2026-11-01&redeemed_in={away.pk}", "A"),
            ("since=2026-11-01&state=used", "A"),
            ("since=2026-11-01&state=review", "B"),
            ("since=2026-11-01&campaign=b", "B"),
            ("since=2026-11-01&q=bia", "A"),
        ):
            page = client.get(f"/reports/cashback/?until=2027-01-31&{query}").content.decode()
            found = "".join(code for code in "AB" if f"<span>{code}</span>" in page)
            assert found == shown, query

    def test_sums_equal_the_rows_and_queries_stay_the_same(self):
        account = build_account()
        client = sign_in(*ALL)
        _sale, lot = earn(account, 30_00)
        redeem(account, lot, 12_00)
        with CaptureQueriesContext(connection) as few:
            client.get("/reports/cashback/?since=2026-11-01")
        for _number in range(4):
            other = build_account()
            _sale, lot = earn(other, 10_00)
            redeem(other, lot, 1_00)

        with CaptureQueriesContext(connection) as many:
            client.get("/reports/cashback/?since=2026-11-01")
        totals = reports.cashback_totals(reports.cashback_lots(at=NOON))

        assert len(many) == len(few)
        assert (totals["earned"], totals["redeemed"], totals["available"]) == (70, 16, 54)
        assert (totals["lots"], totals["customers"]) == (5, 5)


def test_slots_are_days_weeks_from_monday_and_months():
    day = NOON.date()  # a Friday

    assert [slot.day for slot in slots_between(day, day + timedelta(days=4), "week")] == [16, 23]
    assert [slot.month for slot in slots_between(day, day + timedelta(days=50), "month")] == [11, 12, 1]
    assert len(slots_between(day, day + timedelta(days=400), "day")) == 62
    assert step_for(day, day + timedelta(days=29)) == "day"
    assert step_for(day, day + timedelta(days=400)) == "month"
