"""Cancelling a sale: what it gives back, and what it keeps."""

from datetime import timedelta

from django.utils import timezone

from campaigns.models import Activation, CampaignCounter, PromoCode
from retail.models import Sale
from tests.pos_api.till import Till, basket, counters, issue_code, line, publish, sale

CPF = "39053344705"


class TestCancel:
    def test_gives_back_limits_and_codes_and_answers_again(self, till: Till) -> None:
        publish(
            conditions={"kind": "promo_code"},
            limits=[{"scope": "total", "counts": "item", "max": 9}],
            budget="50.00",
        )
        issue_code()
        sold = till.sell(sale(line(quantity="3"), total="270.00", promo_codes=["BEMVINDO"])).json()
        assert {used for _key, used in counters().items()} <= {3, 30}

        first = till.cancel(sold["sale"])
        second = till.cancel(sold["sale"])

        assert (first.status_code, second.status_code) == (200, 200)
        assert first.content == second.content
        assert second["Idempotency-Replayed"] == "true"
        assert first.json()["reversed"] == [{"campaign": "DEZ", "discount": "30.00"}]
        assert set(CampaignCounter.objects.values_list("used", flat=True)) == {0}
        assert PromoCode.objects.get().used == 0
        assert Activation.objects.get().reversed_at is not None
        assert till.send("GET", f"sales/{sold['sale']}/").json()["state"] == "cancelled"

    def test_releases_the_window_in_which_the_use_was_counted(self, till: Till) -> None:
        publish(
            starts_at="2020-01-01T00:00:00Z",
            limits=[{"scope": "total", "counts": "sale", "max": 1, "per": "day"}],
        )
        three_days_ago = (timezone.now() - timedelta(days=3)).isoformat()
        old = till.sell(sale(total="90.00", occurred_at=three_days_ago)).json()
        till.sell(sale(total="90.00"))

        till.cancel(old["sale"])

        by_day = CampaignCounter.objects.order_by("window_starts_on").values_list("used", flat=True)
        assert list(by_day) == [0, 1]
        assert till.sell(sale(total="90.00", occurred_at=three_days_ago)).status_code == 201

    def test_keeps_the_use_when_the_policy_says_so(self, till: Till) -> None:
        from retail.models import Company

        Company.objects.update(policy={"cancelled_use": "kept"})
        publish(limits=[{"scope": "total", "counts": "sale", "max": 1}])
        sold = till.sell(sale(total="90.00")).json()

        till.cancel(sold["sale"])

        assert CampaignCounter.objects.get().used == 1

    def test_answers_a_replayed_sale_with_its_present_state(self, till: Till) -> None:
        document = sale()
        sold = till.sell(document).json()
        till.cancel(sold["sale"])

        assert till.sell(document).json() == sold | {"state": "cancelled"}

    def test_leaves_word_for_a_sale_that_has_not_arrived(self, till: Till) -> None:
        publish(limits=[{"scope": "total", "counts": "sale", "max": 1}])
        document = sale(total="90.00")
        day = timezone.now().astimezone(till.terminal.store.zone).date().isoformat()

        left = till.cancel_ticket(document["ticket"], day)
        arrived = till.sell(document)
        again = till.sell(document)

        assert (left.status_code, left.json()["state"]) == (200, "cancelled")
        assert (arrived.status_code, arrived.json()["state"]) == (201, "cancelled")
        assert arrived.json()["activations"] == []
        assert "cancelled_before_arrival" in arrived.json()["flags"]
        assert (again.status_code, again.content) == (200, arrived.content)
        assert not Activation.objects.exists()
        assert not CampaignCounter.objects.exists()
        assert till.cancel_ticket(document["ticket"], day)["Idempotency-Replayed"] == "true"

    def test_refuses_a_fiscal_key_of_another_sale_also_after_a_cancellation(self, till: Till) -> None:
        key = "3" * 44
        till.sell(sale(fiscal_key=key))
        document = sale(fiscal_key=key)
        till.cancel_ticket(
            document["ticket"], timezone.now().astimezone(till.terminal.store.zone).date().isoformat()
        )

        arrived = till.sell(document)

        assert (arrived.status_code, arrived.json()["errors"][0]["path"]) == (409, "fiscal_key")

    def test_leaves_limits_in_force_after_a_cancelled_sale_arrived(self, till: Till) -> None:
        publish(limits=[{"scope": "total", "counts": "sale", "max": 1}])
        till.sell(sale(total="90.00"))
        document = sale()
        till.cancel_ticket(
            document["ticket"], timezone.now().astimezone(till.terminal.store.zone).date().isoformat()
        )
        till.sell(document)

        assert till.evaluate(basket()).json()["activations"] == []

    def test_cancels_by_ticket_what_has_arrived(self, till: Till) -> None:
        sold = till.sell(sale()).json()

        response = till.cancel_ticket(sold["ticket"], sold["business_date"])

        assert response.json()["sale"] == sold["sale"]
        assert Sale.objects.get().state == "cancelled"

    def test_does_not_count_a_cancelled_sale_as_a_purchase(self, till: Till) -> None:
        publish(conditions={"all": [{"kind": "first_purchase"}]})
        buyer = {"document": CPF}
        till.cancel(till.sell(sale(total="90.00", customer=buyer)).json()["sale"])

        assert till.sell(sale(total="90.00", customer=buyer)).status_code == 201
