"""Sales that happened while the till was offline: recorded as charged, never refused, and what is missing is said."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from campaigns.models import CampaignCounter
from campaigns.services import campaigns
from loyalty.models import Account, PointsProgram, Receivable
from pos_api.models import SaleException
from retail.models import Sale, SaleReturn
from tests.builders import build_customer, build_product
from tests.pos_api.manager import Manager
from tests.pos_api.till import Till, issue_code, line, publish, sale

pytestmark = pytest.mark.django_db
CPF = "39053344705"
BUYER = {"document": CPF}
ONCE = [{"scope": "total", "counts": "sale", "max": 1, "per": "campaign"}]


def offline(*lines: Any, **fields: Any) -> dict[str, Any]:
    return sale(*lines, **{"offline": True} | fields)


@pytest.fixture
def manager(db: None) -> Manager:
    return Manager.sign_in("pos_api.view_saleexception", "pos_api.settle_saleexception")


def exceptions(answer: Any) -> list[tuple[str, str, str]]:
    return [(row["kind"], row["subject"], row["cost"]) for row in answer.json()["exceptions"]]


class TestOfflineSale:
    def test_is_recorded_like_any_other_when_nothing_is_missing(self, till: Till) -> None:
        publish()

        answer = till.sell(offline(total="90.00"))

        assert answer.status_code == 201
        assert exceptions(answer) == []
        assert "offline" in answer.json()["flags"]

    def test_twice_is_once(self, till: Till) -> None:
        PointsProgram.objects.create(code="pontos", name="Pontos", points=1, per_amount=1)
        document = offline(customer=BUYER)

        first, again = till.sell(document), till.sell(document)

        assert (first.status_code, again.status_code) == (201, 200)
        assert first.content == again.content
        assert Account.objects.get().balance == 100

    def test_keeps_what_was_charged_when_the_limit_is_gone(self, till: Till) -> None:
        publish(limits=ONCE)
        assert till.sell(sale(total="90.00")).status_code == 201

        answer = till.sell(offline(total="90.00"))

        assert answer.status_code == 201
        assert exceptions(answer) == [("limit_reached", "DEZ", "10.00")]
        assert CampaignCounter.objects.get().used == 1
        assert str(Sale.objects.order_by("-pk")[0].charged) == "90.00"

    def test_the_same_sale_online_is_refused(self, till: Till) -> None:
        publish(limits=ONCE)
        assert till.sell(sale(total="90.00")).status_code == 201

        assert till.sell(sale(total="90.00")).status_code == 409

    def test_says_what_a_used_code_cost(self, till: Till) -> None:
        publish(conditions={"kind": "promo_code"})
        issue_code()
        assert till.sell(sale(total="90.00", promo_codes=["BEMVINDO"])).status_code == 201

        answer = till.sell(offline(total="90.00", promo_codes=["BEMVINDO"]))

        assert exceptions(answer) == [("code_not_usable", "BEMVINDO", "10.00")]

    def test_says_what_nothing_explains(self, till: Till) -> None:
        assert exceptions(till.sell(offline(total="70.00"))) == [("totals_mismatch", "", "30.00")]
        assert exceptions(till.sell(offline(total="130.00"))) == [("totals_mismatch", "", "-30.00")]

    def test_is_judged_by_the_campaigns_of_its_moment(self, till: Till) -> None:
        publish()
        occurred_at = timezone.now() - timedelta(minutes=5)
        campaigns.pause_campaign(code="DEZ", user=None, at=timezone.now() - timedelta(minutes=1))

        answer = till.sell(offline(total="90.00", occurred_at=occurred_at.isoformat()))

        assert exceptions(answer) == []
        assert answer.json()["totals"]["discount"] == "10.00"

    def test_owes_what_it_redeemed_beyond_the_balance(self, till: Till) -> None:
        PointsProgram.objects.create(
            code="pontos", name="Pontos", points=1, per_amount=1, point_value="0.10", redeem_step=1
        )
        till.sell(sale(customer=BUYER))

        answer = till.sell(offline(customer=BUYER, total="85.00", redeem={"points": {"pontos": 150}}))

        assert answer.json()["totals"]["redeemed"] == "10.00"
        assert exceptions(answer) == [
            ("value_short", "pontos", "5.00"),
            ("redeemed_offline", "10.00", "0.00"),
        ]
        debt = Receivable.objects.get()
        assert (debt.left, debt.account.balance) == (50, 100)
        assert answer.json()["balances"][0]["owed"] == 50

    def test_owes_no_more_than_was_not_charged_whatever_the_till_says(self, till: Till) -> None:
        PointsProgram.objects.create(
            code="pontos", name="Pontos", points=1, per_amount=1, point_value="9.00", redeem_step=1
        )
        PointsProgram.objects.create(code="brindes", name="Brindes")
        most = "999999999999.99"
        asked = {"cashback": most, "points": {"brindes": most, "pontos": most}}

        answer = till.sell(offline(customer=BUYER, total="40.00", redeem=asked))
        beside = till.sell(offline(customer=BUYER, redeem={"points": {"pontos": 10}}))

        assert exceptions(answer) == [
            ("value_short", "cashback", "60.00"),
            ("value_short", "brindes", "0.00"),
            ("value_short", "pontos", "0.00"),
        ]
        assert [debt.left for debt in Receivable.objects.all()] == [60]
        assert beside.status_code == 201

    def test_redeems_nothing_that_has_expired_when_it_arrives(self, till: Till) -> None:
        PointsProgram.objects.create(
            code="pontos",
            name="Pontos",
            points=1,
            per_amount=1,
            point_value="0.10",
            redeem_step=1,
            valid_days=3,
        )
        now = timezone.now()
        till.sell(sale(customer=BUYER, occurred_at=(now - timedelta(days=10)).isoformat()))
        late = {"occurred_at": (now - timedelta(days=8)).isoformat(), "redeem": {"points": {"pontos": 50}}}

        online = till.sell(sale(customer=BUYER, total="95.00", **late))
        arrived = till.sell(offline(customer=BUYER, total="95.00", **late))

        # The job has not posted it: what has expired is gone all the same.
        assert Account.objects.get().balance == 200
        assert (online.status_code, online.json()["code"]) == (409, "benefit_unavailable")
        assert exceptions(arrived) == [("value_short", "pontos", "5.00")]

    def test_may_redeem_what_the_store_allows(self, till: Till) -> None:
        PointsProgram.objects.create(
            code="pontos", name="Pontos", points=1, per_amount=1, point_value="0.10", redeem_step=1
        )
        till.sell(sale(customer=BUYER))
        store = till.terminal.store
        store.offline_redeem_limit = 10
        store.save()
        till = Till.open(store=store)

        answer = till.sell(offline(customer=BUYER, total="90.00", redeem={"points": {"pontos": 100}}))

        assert exceptions(answer) == []

    def test_arrives_after_its_cancellation_without_effects(self, till: Till) -> None:
        publish()
        document = offline(total="90.00")
        day = timezone.now().astimezone(till.terminal.store.zone).date().isoformat()
        till.send("POST", "sales/cancel/", {"ticket": document["ticket"], "business_date": day})

        answer = till.sell(document)

        assert (answer.status_code, answer.json()["state"]) == (201, "cancelled")
        assert exceptions(answer) == []
        assert not SaleException.objects.exists()


class TestNeverRefused:
    """It has happened: what its till cannot know by then is no reason to lose it."""

    def test_when_the_program_is_switched_off_or_gone(self, till: Till) -> None:
        PointsProgram.objects.create(
            code="pontos", name="Pontos", points=1, per_amount=1, point_value="0.10", is_active=False
        )

        for code in ("pontos", "outro"):
            document = offline(customer=BUYER, total="95.00", redeem={"points": {code: 50}})
            assert till.sell(document | {"ticket": code, "offline": False}).status_code == 422
            answer = till.sell(document)
            assert answer.status_code == 201
            assert exceptions(answer) == [("value_short", code, "0.00"), ("totals_mismatch", "", "5.00")]

    def test_when_a_gift_is_not_given_any_more(self, till: Till) -> None:
        build_product(sku="BOTTON")
        gift = {"kind": "gift", "products": [{"sku": "BOTTON", "quantity": "1"}], "choose": 1}
        publish("BRINDE", benefits=[gift])
        other = {"campaign": "BRINDE", "sku": "CANECA"}

        answer = till.sell(offline(gifts=[other]))

        assert till.sell(sale(gifts=[other])).status_code == 422
        assert exceptions(answer) == [("reward_not_given", "BRINDE", "0.00")]
        gone = till.sell(offline(gifts=[{"campaign": "PAUSADA", "sku": "CANECA"}]))
        assert exceptions(gone) == [("reward_not_given", "PAUSADA", "0.00")]

    def test_when_two_customers_have_the_phone(self, till: Till) -> None:
        phone = "+5511987654321"
        for name in ("Ana", "Bia"):
            build_customer(name=name, phone=phone)

        answer = till.sell(offline(customer={"phone": phone}))

        assert till.sell(sale(customer={"phone": phone})).status_code == 422
        assert answer.status_code == 201
        assert "customer_unclear" in answer.json()["flags"]
        assert Sale.objects.get().customer is None


class TestBatch:
    def test_gives_each_sale_its_own_result(self, till: Till) -> None:
        good, other = offline(), offline(total="-1")

        results = till.send("POST", "sales/batch/", [good, other, 7, good]).json()["results"]

        assert [row["status"] for row in results] == [201, 422, 422, 200]
        assert results[0]["sale"]["ticket"] == good["ticket"]
        assert results[1]["problem"]["errors"][0]["path"] == "total"
        assert Sale.objects.count() == 1

    def test_the_same_ticket_with_other_content_is_a_conflict(self, till: Till) -> None:
        document = offline()

        results = till.send("POST", "sales/batch/", [document, document | {"total": "1.00"}]).json()[
            "results"
        ]

        assert [row["status"] for row in results] == [201, 409]

    @pytest.mark.parametrize("body", [{}, [], "x", [{}] * 501])
    def test_refuses_what_is_no_list_of_sales(self, till: Till, body: Any) -> None:
        assert till.send("POST", "sales/batch/", body).status_code == 422


class TestSettling:
    def test_settles_once_with_a_note(self, till: Till, manager: Manager) -> None:
        till.sell(offline(total="70.00"))
        found = SaleException.objects.get()
        path = f"sale-exceptions/{found.pk}/settle/"

        assert manager.send("POST", path, {"resolution": "accepted"}).status_code == 422
        for note in ("a\x00b", "\ud800", 7, "x" * 241):
            assert manager.send("POST", path, {"resolution": "accepted", "note": note}).status_code == 422
        assert manager.send("POST", path, {"resolution": "accepted", "note": "Erro"}).status_code == 200
        assert manager.send("POST", path, {"resolution": "accepted", "note": "Erro"}).status_code == 200
        assert manager.send("POST", path, {"resolution": "collected", "note": "x"}).status_code == 409
        assert manager.send("GET", "sale-exceptions/?open=true").json()["results"] == []

    @pytest.mark.parametrize("resolution", ["accepted", "collected", "waived"])
    def test_ends_the_debt(self, till: Till, manager: Manager, resolution: str) -> None:
        PointsProgram.objects.create(
            code="pontos", name="Pontos", points=1, per_amount=1, point_value="0.10", redeem_step=1
        )
        till.sell(offline(customer=BUYER, total="95.00", redeem={"points": {"pontos": 50}}))
        found = SaleException.objects.get(kind="value_short")

        answer = manager.send(
            "POST",
            f"sale-exceptions/{found.pk}/settle/",
            {"resolution": resolution, "note": "Cliente antigo"},
        )

        assert answer.status_code == 200
        assert Account.objects.get().owed == 0


class TestCancelled:
    def test_settles_what_was_open_and_nothing_else(self, till: Till, manager: Manager) -> None:
        sold = till.sell(offline(total="70.00")).json()["sale"]
        other = till.sell(offline(total="70.00")).json()["sale"]
        settled = till.sell(offline(total="70.00")).json()["sale"]
        found = {str(one.sale.uuid): one for one in SaleException.objects.select_related("sale")}
        path = f"sale-exceptions/{found[settled].pk}/settle/"
        assert manager.send("POST", path, {"resolution": "accepted", "note": "Erro"}).status_code == 200

        first, again = till.cancel(sold), till.cancel(sold)
        till.cancel(settled)

        assert first.content == again.content
        rows = {row["sale"]: row for row in manager.send("GET", "sale-exceptions/").json()["results"]}
        assert {sale: row["resolution"] for sale, row in rows.items()} == {
            sold: "cancelled",
            other: "",
            settled: "accepted",
        }
        assert rows[sold]["settled_by"] is None
        found[sold].refresh_from_db()
        assert found[sold].settled_at == Sale.objects.get(uuid=sold).cancelled_at

    def test_nobody_else_says_that_a_sale_was_cancelled(self, till: Till, manager: Manager) -> None:
        till.sell(offline(total="70.00"))
        path = f"sale-exceptions/{SaleException.objects.get().pk}/settle/"

        answer = manager.send("POST", path, {"resolution": "cancelled", "note": "x"})

        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "resolution")

    def test_the_page_says_so_and_asks_nothing(self, till: Till, client: Client) -> None:
        till.cancel(till.sell(offline(total="70.00")).json()["sale"])
        client.force_login(User.objects.create_superuser("marina"))
        client.cookies["django_language"] = "en"
        page = f"/sales/exceptions/{SaleException.objects.get().pk}/"

        shown = client.get(page).content.decode()

        assert "The sale was cancelled (" in shown
        assert "None" not in shown
        assert ">Settle</button>" not in shown
        assert "The sale was cancelled" in client.get("/sales/exceptions/").content.decode()
        assert client.post(page, {"resolution": "accepted", "note": "x"}).status_code == 422


class TestReturned:
    def test_settles_what_was_open_when_the_last_unit_has_come_back(
        self, till: Till, manager: Manager
    ) -> None:
        two = offline(line(quantity="2"), total="150.00")
        sold, other = (till.sell(document).json()["sale"] for document in (two, offline(total="70.00")))
        found = SaleException.objects.get(sale__uuid=sold)

        till.give_back(sold, {1: "1"})
        found.refresh_from_db()
        after_one = found.resolution
        till.quote_return(sold, {1: "1"})
        found.refresh_from_db()
        after_asking = found.resolution
        last = till.give_back(sold, {1: "1"})

        assert (after_one, after_asking) == ("", "")
        assert last.json()["state"] == "returned"
        rows = {row["sale"]: row for row in manager.send("GET", "sale-exceptions/").json()["results"]}
        assert {sale: row["resolution"] for sale, row in rows.items()} == {sold: "returned", other: ""}
        assert rows[sold]["settled_by"] is None
        found.refresh_from_db()
        assert found.settled_at == SaleReturn.objects.latest("pk").returned_at

    def test_leaves_what_a_manager_had_settled(self, till: Till, manager: Manager) -> None:
        sold = till.sell(offline(total="70.00")).json()["sale"]
        path = f"sale-exceptions/{SaleException.objects.get().pk}/settle/"
        manager.send("POST", path, {"resolution": "accepted", "note": "Erro"})

        till.give_back(sold, {1: "1"})

        assert SaleException.objects.get().resolution == "accepted"

    def test_nobody_else_says_that_it_was(self, till: Till, manager: Manager) -> None:
        till.sell(offline(total="70.00"))
        path = f"sale-exceptions/{SaleException.objects.get().pk}/settle/"

        answer = manager.send("POST", path, {"resolution": "returned", "note": "x"})

        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "resolution")

    def test_the_page_says_so_and_asks_nothing(self, till: Till, client: Client) -> None:
        till.give_back(till.sell(offline(total="70.00")).json()["sale"], {1: "1"})
        client.force_login(User.objects.create_superuser("marina"))
        client.cookies["django_language"] = "en"

        shown = client.get(f"/sales/exceptions/{SaleException.objects.get().pk}/").content.decode()

        assert "All of the sale was returned (" in shown
        assert ">Settle</button>" not in shown


class TestPages:
    def test_lists_and_settles(self, till: Till, client: Client) -> None:
        till.sell(offline(total="70.00"))
        found = SaleException.objects.get()
        client.force_login(User.objects.create_superuser("marina"))
        client.cookies["django_language"] = "en"

        assert "30.00" in client.get("/sales/exceptions/?state=open").content.decode()
        page = f"/sales/exceptions/{found.pk}/"
        assert client.post(page, {"resolution": "accepted", "note": ""}).status_code == 422
        assert client.post(page, {"resolution": "waived", "note": "x"}).status_code == 422
        assert client.post(page, {"resolution": "accepted", "note": "Erro do caixa"}).status_code == 302
        found.refresh_from_db()
        assert (found.resolution, found.note) == ("accepted", "Erro do caixa")
        shown = client.get(page).content.decode()
        assert "(marina, " in shown
        assert f'href="/sales/{found.sale_id}/"' in shown

    def test_the_export_says_what_each_is_about(self, till: Till, client: Client) -> None:
        till.sell(offline(total="70.00"))
        SaleException.objects.update(kind="limit_reached", subject="DEZ")
        client.force_login(User.objects.create_superuser("marina"))

        file = client.get("/sales/exceptions/?export=csv")

        _header, row = b"".join(file.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
        assert "DEZ" in row
