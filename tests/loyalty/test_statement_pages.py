"""A customer's statement, and what a manager may do to it."""

from datetime import datetime, time, timedelta
from decimal import Decimal
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from loyalty.models import Account, Entry, EntryKind, Lot
from loyalty.selectors.statement import entries_of, with_balances
from loyalty.services.ledger import lock_accounts, spend
from retail import formats
from retail.models import Company
from tests import builders
from tests.builders import (
    NOON,
    build_account,
    build_credit,
    build_debt,
    build_program,
    build_sale,
    build_store,
)

pytestmark = pytest.mark.django_db

READ = ("customers.view_customer", "loyalty.view_account")
ADJUST = (*READ, "loyalty.adjust_account")


def sign_in(*permissions: str) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(builders.build_user(permissions=permissions, username=f"marina-{uuid4().hex[:6]}"))
    return client


def take(account: Account, lot: int, amount: int) -> None:
    sale = build_sale(customer=account.customer)
    with transaction.atomic():
        lock_accounts(account.customer_id)
        spend([(lot, amount)], cause=f"sale:{sale.pk}", sale_id=sale.pk, occurred_at=NOON, at=NOON)


def form(**values: str) -> dict[str, str]:
    return {
        "unit": "cashback",
        "direction": "add",
        "amount": "12.50",
        "reason": "Brinde que faltou",
        "operation": str(uuid4()),
    } | values


def post(client: Client, account: Account, data: dict[str, str]) -> str:
    answer = client.post(f"/customers/{account.customer_id}/statement/adjust/", data, follow=True)
    return answer.content.decode()


class TestStatement:
    def test_shows_each_entry_with_the_balance_that_it_left(self):
        account = build_account()
        lot = build_credit(account, 30_00, campaign="VOLTE", expires_at=NOON + timedelta(days=9))
        take(account, lot.lot_id, 12_00)

        page = sign_in(*READ).get(f"/customers/{account.customer_id}/statement/").content.decode()

        spent, earned = page.index("−R$\xa012.00"), page.index("+R$\xa030.00")
        assert spent < earned
        assert "R$\xa018.00" in page[spent:earned]
        assert "VOLTE" in page
        assert "29 Nov 2026" in page[spent:earned]

    @pytest.mark.parametrize("kind", ["points", "cashback", "by hand"])
    def test_counts_days_as_what_ends_them_does(self, kind):
        company, store = ZoneInfo("America/Manaus"), build_store(time_zone="America/Rio_Branco")
        Company.objects.update(time_zone=company.key)
        customer = builders.build_customer()
        unit = {"program": build_program()} if kind == "points" else {}
        account = build_account(customer=customer, **unit)
        sale = build_sale(customer=customer, store=store)
        earned = {
            "points": {"sale_id": sale.pk, "cause": f"sale:{sale.pk}"},
            "cashback": {"sale_id": sale.pk, "cause": f"sale:{sale.pk}:1", "campaign": "VOLTE"},
            "by hand": {},
        }[kind]
        zone = store.zone if kind == "cashback" else company
        day = timezone.localdate() + timedelta(days=5)
        end = datetime.combine(day + timedelta(days=1), time(), zone)
        build_credit(account, expires_at=end, **earned)

        page = sign_in(*READ).get(f"/customers/{customer.pk}/statement/").content.decode()

        with translation.override("en"):
            assert page.count(formats.day(day)) == 2  # of the account, and of the entry
            assert formats.day(day + timedelta(days=1)) not in page
            assert formats.day(day - timedelta(days=1)) not in page

    def test_filters_by_days_of_the_company(self):
        Company.objects.update(time_zone="Pacific/Kiritimati")
        account = build_account()
        build_credit(account, 30_00)
        address = f"/customers/{account.customer_id}/statement/"

        def shown(**days: str) -> bool:
            return "+R$\xa030.00" in sign_in(*READ).get(address, days).content.decode()

        day = NOON.astimezone(ZoneInfo("Pacific/Kiritimati")).date()
        assert day != timezone.localdate(NOON)
        assert shown(since=day.isoformat(), until=day.isoformat())
        assert not shown(until=(day - timedelta(days=1)).isoformat())

    def test_balances_run_by_account_whatever_is_filtered(self):
        account = build_account()
        points = build_account(customer=account.customer, program=build_program())
        first = build_credit(account, 30_00)
        build_credit(points, 7_00)
        take(account, first.lot_id, 12_00)
        build_credit(account, 1_00)

        rows = with_balances(list(entries_of(account.customer_id).filter(amount__gt=0).order_by("pk")))

        assert [(row.entry.account_id, row.balance) for row in rows] == [
            (account.pk, 30),
            (points.pk, 7),
            (account.pk, 19),
        ]

    def test_asks_as_often_for_thousands_of_entries_and_names_reasons(self):
        account = build_account()
        client = sign_in(*ADJUST)
        post(client, account, form(confirmed="1"))
        address = f"/customers/{account.customer_id}/statement/"
        with CaptureQueriesContext(connection) as few:
            client.get(address)
        lot = Lot.objects.get()
        Entry.objects.bulk_create(
            Entry(
                lot=lot, account=account, kind=EntryKind.ADJUST, amount="-0.01" if n % 2 else "0.01",
                cause=f"adjustment:{n}", reason="Acerto", occurred_at=NOON, recorded_at=NOON,
            )
            for n in range(1, 2001)
        )  # fmt: skip

        with CaptureQueriesContext(connection) as many:
            page = client.get(address).content.decode()
        file = client.get(f"{address}?export=csv")

        assert len(many) == len(few)
        assert "Acerto" in page
        assert b"".join(file.streaming_content).count(b"\n") == 2002

    def test_filters_by_account_and_kind(self):
        account = build_account()
        program = build_program(name="Clube")
        build_credit(build_account(customer=account.customer, program=program), 777_00)
        build_credit(account, 30_00)
        client = sign_in(*READ)
        address = f"/customers/{account.customer_id}/statement/"

        points = client.get(f"{address}?unit=points:{program.pk}").content.decode()
        redeemed = client.get(f"{address}?kind=redeem").content.decode()

        assert "+777" in points
        assert "+R$\xa030.00" not in points
        assert "Nothing matches" in redeemed

    def test_hides_adjusting_from_who_may_only_read(self):
        account = build_account()
        debt = build_debt(account)
        address = f"/customers/{account.customer_id}/statement/"

        assert "write-off" not in sign_in(*READ).get(address).content.decode()
        assert f"debts/{debt.pk}/write-off" in sign_in(*ADJUST).get(address).content.decode()


class TestAdjustment:
    def test_asks_before_it_posts(self):
        account = build_account()
        build_credit(account, 10_00)

        page = post(sign_in(*ADJUST), account, form())

        account.refresh_from_db()
        assert account.balance == 10
        assert "R$\xa022.50" in page
        assert 'name="confirmed"' in page

    def test_posts_once_with_its_reason_and_author(self):
        account = build_account()
        client = sign_in(*ADJUST)
        data = form(confirmed="1")

        post(client, account, data)
        again = post(client, account, data)

        account.refresh_from_db()
        assert account.balance == Decimal("12.50")
        entry = Entry.objects.get()
        assert (entry.reason, entry.actor.username[:6]) == ("Brinde que faltou", "marina")
        assert "counts once" in again
        assert "Brinde que faltou" in again

    def test_takes_no_more_than_there_is(self):
        account = build_account()
        build_credit(account, 10_00)

        first = post(sign_in(*ADJUST), account, form(direction="take"))
        forced = post(sign_in(*ADJUST), account, form(direction="take", confirmed="1"))

        account.refresh_from_db()
        assert account.balance == 10
        assert "no more than R$\xa010.00" in first
        assert "not enough value" in forced

    def test_needs_a_reason_and_an_amount(self):
        account = build_account()

        page = post(sign_in(*ADJUST), account, form(reason=" ", amount="0", confirmed="1"))

        assert "required" in page
        assert "greater than zero" in page
        assert not Entry.objects.exists()

    def test_opens_the_account_of_a_program(self):
        customer = builders.build_customer()
        program = build_program()

        sign_in(*ADJUST).post(
            f"/customers/{customer.pk}/statement/adjust/",
            form(unit=f"points:{program.pk}", amount="50", confirmed="1"),
        )

        assert Account.objects.get(customer=customer, program=program).balance == 50

    def test_what_is_added_ends_with_its_last_day(self):
        account = build_account()
        day = timezone.localdate() + timedelta(days=3)

        post(sign_in(*ADJUST), account, form(expires_on=day.isoformat(), confirmed="1"))

        ends_at = timezone.localtime(Lot.objects.get().expires_at)
        assert (ends_at.date(), ends_at.hour) == (day + timedelta(days=1), 0)


class TestWriteOff:
    def test_lets_a_customer_off_once(self):
        account = build_account()
        debt = build_debt(account, 5_00)
        client = sign_in(*ADJUST)
        address = f"/customers/{account.customer_id}/statement/debts/{debt.pk}/write-off/"

        asked = client.get(address).content.decode()
        client.post(address, {"reason": "Cortesia"})
        again = client.post(address, {"reason": "Cortesia"}, follow=True).content.decode()

        account.refresh_from_db()
        assert account.owed == 0
        assert "R$\xa05.00" in asked
        assert "Nothing of this debt is left" in again

    def test_is_of_this_customer_only(self):
        debt = build_debt(build_account())
        other = builders.build_customer()

        answer = sign_in(*ADJUST).post(
            f"/customers/{other.pk}/statement/debts/{debt.pk}/write-off/", {"reason": "Cortesia"}
        )

        assert answer.status_code == 404
