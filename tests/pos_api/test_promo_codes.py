"""Promotional codes at the till: kept terms, limits for each customer, closed pools, codes that a sale earns."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.loader import forget_plans
from campaigns.models import Activation, Campaign, CampaignCounter, PromoCode, PromoCodePool, PromoCodeUse
from campaigns.services import promo_code_pools as pools
from campaigns.services import promo_codes as codes
from campaigns.services.campaigns import pause_campaign, save_campaign
from customers.models import Customer
from pos_api import usage
from tests.builders import build_customer
from tests.pos_api.till import Till, basket, line, publish, sale

ZONE = ZoneInfo("America/Sao_Paulo")
CPF, OTHER = "39053344705", "11144477735"
WITH_CODE: dict[str, Any] = {"conditions": {"kind": "promo_code"}}


def issue(
    word: str = "GUARDADO", *, terms: str = "as_issued", campaign: str = "DEZ", **others: Any
) -> PromoCode:
    """Issue a word of a pool of its own."""
    at = timezone.now()
    settings = pools.PoolSettings(name=word, campaign=campaign, terms=terms)
    pool = PromoCodePool.objects.filter(code=f"pool-{terms}").first() or pools.create_pool(
        code=f"pool-{terms}", settings=settings, user=None, at=at
    )
    return codes.add_word(pool=pool, word=word, terms=codes.Terms(**{"max_uses": None} | others), at=at)


def change(code: str = "DEZ", **fields: Any) -> None:
    """Publish the campaign anew with something changed."""
    document = Campaign.objects.get(code=code).document | fields
    save_campaign(code=code, document=document, version=None, publish=True, user=None, at=timezone.now())


def percent(value: str) -> dict[str, Any]:
    return {"benefits": [{"kind": "item_percent", "percent": value}]}


def discount(till: Till, *entered: str, **fields: Any) -> str:
    return till.evaluate(basket(promo_codes=list(entered), **fields)).json()["totals"]["discount"]


class TestKeptTerms:
    def test_open_what_the_campaign_said_when_the_code_was_issued(self, till: Till) -> None:
        publish(**WITH_CODE)
        issue()
        issue("ATUAL", terms="live")

        change(**percent("50.00"))

        assert discount(till, "GUARDADO") == "10.00"
        assert discount(till, "ATUAL") == "50.00"

    def test_hold_when_the_campaign_is_paused(self, till: Till) -> None:
        publish(**WITH_CODE)
        issue()
        issue("ATUAL", terms="live")

        pause_campaign(code="DEZ", user=None, at=timezone.now())

        assert discount(till, "GUARDADO") == "10.00"
        assert discount(till, "ATUAL") == "0.00"
        sold = till.sell(sale(total="90.00", promo_codes=["GUARDADO"]))
        assert sold.status_code == 201
        activation = Activation.objects.get()
        assert (activation.revision.number, activation.promo_code.used) == (1, 1)

    def test_do_not_open_it_without_the_code(self, till: Till) -> None:
        publish(**WITH_CODE)
        issue()
        pause_campaign(code="DEZ", user=None, at=timezone.now())

        assert discount(till) == "0.00"

    def test_end_with_the_period_that_the_campaign_had(self, till: Till) -> None:
        now = timezone.now()
        publish(**WITH_CODE, ends_at=(now + timedelta(minutes=4)).isoformat())
        issue()
        issue("ATUAL", terms="live")
        change(ends_at=None)
        later = (now + timedelta(minutes=8)).isoformat()

        assert discount(till, "GUARDADO") == "10.00"
        assert discount(till, "GUARDADO", occurred_at=later) == "0.00"
        assert discount(till, "ATUAL", occurred_at=later) == "10.00"

    def test_are_one_revision_a_sale_the_first_code_decides_and_the_other_keeps_its_use(
        self, till: Till
    ) -> None:
        publish(**WITH_CODE)
        issue()
        change(**percent("50.00"))
        issue("NOVO")

        assert discount(till, "GUARDADO", "NOVO") == "10.00"
        assert discount(till, "NOVO", "GUARDADO") == "50.00"
        sold = till.sell(sale(total="90.00", promo_codes=["GUARDADO", "NOVO"])).json()
        statuses = {entry["code"]: entry["status"] for entry in sold["promo_codes"]}
        assert statuses == {"GUARDADO": "applied", "NOVO": "not_activated"}
        assert dict(PromoCode.objects.values_list("code", "used")) == {"GUARDADO": 1, "NOVO": 0}

    def test_of_a_used_up_code_leave_the_live_campaign_in_place(self, till: Till) -> None:
        publish()
        issue(max_uses=1)
        PromoCode.objects.update(used=1)
        change(**percent("50.00"))

        assert discount(till, "GUARDADO") == "50.00"

    def test_count_in_the_limits_that_they_had(self, till: Till) -> None:
        publish(**WITH_CODE, limits=[{"scope": "total", "counts": "sale", "max": 1}])
        issue()
        change(limits=[])

        first = till.sell(sale(total="90.00", promo_codes=["GUARDADO"]))
        second = till.sell(sale(total="90.00", promo_codes=["GUARDADO"]))

        assert first.status_code == 201
        assert second.json()["code"] == "benefit_unavailable"
        assert CampaignCounter.objects.get().used == 1

    def test_take_at_most_three_queries(self, till: Till) -> None:
        publish(**WITH_CODE, limits=[{"scope": "total", "counts": "sale", "max": 9}])
        publish("OUTRA", limits=[{"scope": "total", "counts": "sale", "max": 9}])
        issue()
        change(**percent("50.00"))
        till.evaluate(basket())
        counts = []
        for _time in range(2):
            with CaptureQueriesContext(connection) as captured:
                assert discount(till, "GUARDADO") == "20.00"
            counts.append(len(captured))

        # Read once, compiled once; then only what it has used is asked for.
        assert counts == [3, 2]

    def test_are_the_same_in_a_process_that_has_not_seen_the_code(self, till: Till) -> None:
        publish(**WITH_CODE)
        issue()
        change(**percent("50.00"))
        before = till.evaluate(basket(promo_codes=["GUARDADO"])).content
        forget_plans()
        usage.forget()

        assert till.evaluate(basket(promo_codes=["GUARDADO"])).content == before

    def test_do_not_come_back_for_a_sale_that_was_cancelled_before_it_arrived(self, till: Till) -> None:
        publish(**WITH_CODE)
        issue()
        pause_campaign(code="DEZ", user=None, at=timezone.now())
        document = sale(total="90.00", promo_codes=["GUARDADO"])
        document["business_date"] = timezone.now().astimezone(ZONE).date().isoformat()
        till.cancel_ticket(document["ticket"], document["business_date"])

        late = till.sell(document)

        assert late.status_code == 201
        assert not Activation.objects.exists()
        assert PromoCode.objects.get().used == 0


class TestPools:
    def test_closed_ones_have_no_usable_code(self, till: Till) -> None:
        publish(**WITH_CODE)
        word = issue(terms="live")
        pools.set_pool_open(pool=word.pool, is_open=False, user=None, at=timezone.now())

        answer = till.evaluate(basket(promo_codes=["GUARDADO"])).json()

        assert answer["promo_codes"][0]["status"] == "not_usable"
        pools.set_pool_open(pool=word.pool, is_open=True, user=None, at=timezone.now())
        assert discount(till, "GUARDADO") == "10.00"


class TestUsesOfOneCustomer:
    @pytest.fixture(autouse=True)
    def _word(self, till: Till) -> None:
        publish(**WITH_CODE)
        issue("UMAVEZ", terms="live", max_uses_per_customer=1)

    def sell(self, till: Till, document: str | None, total: str = "90.00") -> Any:
        customer = {"document": document} if document else None
        return till.sell(sale(total=total, promo_codes=["UMAVEZ"], customer=customer))

    def test_are_counted_for_each(self, till: Till) -> None:
        assert self.sell(till, CPF).status_code == 201
        assert self.sell(till, CPF).json()["code"] == "benefit_unavailable"
        assert self.sell(till, OTHER).status_code == 201
        assert PromoCode.objects.get().used == 2
        keys = {f"c:{pk}" for pk in Customer.objects.values_list("pk", flat=True)}
        assert dict(PromoCodeUse.objects.values_list("customer_key", "used")) == dict.fromkeys(keys, 1)

    def test_need_a_customer(self, till: Till) -> None:
        assert self.sell(till, None).json()["code"] == "benefit_unavailable"

    def test_are_shown_before_the_sale(self, till: Till) -> None:
        self.sell(till, CPF)
        asked = {"promo_codes": ["UMAVEZ"]}

        assert discount(till, "UMAVEZ", customer={"document": CPF}) == "0.00"
        assert discount(till, "UMAVEZ", customer={"document": OTHER}) == "10.00"
        assert till.evaluate(basket(**asked)).json()["promo_codes"][0]["status"] == "not_usable"

    def test_count_one_person_by_whatever_names_him(self, till: Till) -> None:
        build_customer(document=CPF, card="C-9")
        self.sell(till, CPF)

        assert discount(till, "UMAVEZ", customer={"card": "C-9"}) == "0.00"

    def test_come_back_with_a_cancelled_sale(self, till: Till) -> None:
        sold = self.sell(till, CPF).json()

        till.cancel(sold["sale"])

        assert PromoCodeUse.objects.get().used == 0
        assert self.sell(till, CPF).status_code == 201


class TestEarnedCodes:
    """A campaign gives a code of a pool for a later purchase; the pool opens another campaign."""

    @pytest.fixture
    def pool(self, till: Till) -> PromoCodePool:
        publish(benefits=[{"kind": "issue_code", "pool": "volte", "valid_days": 30}])
        publish(
            "VOLTE", conditions={"kind": "promo_code"}, benefits=[{"kind": "order_amount", "amount": "20.00"}]
        )
        settings = pools.PoolSettings(name="Volte", campaign="VOLTE", prefix="VOLTE", max_uses=1)
        return pools.create_pool(code="volte", settings=settings, user=None, at=timezone.now())

    def test_are_made_with_the_sale_and_open_the_next_one(self, till: Till, pool: PromoCodePool) -> None:
        promised = till.evaluate(basket()).json()["earned"]["codes"]
        sold = till.sell(sale(total="100.00")).json()

        (earned,) = sold["earned"]["codes"]
        assert promised == [{"campaign": "DEZ", "valid_until": promised[0]["valid_until"]}]
        assert earned["code"].startswith("VOLTE-")
        code = PromoCode.objects.get(code=earned["code"])
        assert code.expires_at is not None
        assert code.expires_at.isoformat() == earned["valid_until"].replace("Z", "+00:00") or (
            timedelta(days=29) < code.expires_at - timezone.now() < timedelta(days=32)
        )
        assert code.issued_by == Activation.objects.get()
        pool.refresh_from_db()
        assert pool.code_count == 1
        second = till.sell(sale(total="80.00", promo_codes=[earned["code"]])).json()
        assert second["promo_codes"][0]["status"] == "applied"

    def test_are_answered_again_when_the_sale_is_sent_again(self, till: Till, pool: PromoCodePool) -> None:
        document = sale(total="100.00")

        first, again = till.sell(document).json(), till.sell(document).json()

        assert first == again
        assert PromoCode.objects.count() == 1

    def test_are_closed_when_the_sale_is_cancelled(self, till: Till, pool: PromoCodePool) -> None:
        sold = till.sell(sale(total="100.00")).json()

        till.cancel(sold["sale"])

        assert PromoCode.objects.get().is_active is False

    def test_that_were_used_leave_the_later_sale_as_it_is(self, till: Till, pool: PromoCodePool) -> None:
        sold = till.sell(sale(total="100.00")).json()
        word = sold["earned"]["codes"][0]["code"]
        till.sell(sale(total="80.00", promo_codes=[word]))

        assert till.cancel(sold["sale"]).status_code == 200
        assert PromoCode.objects.get(code=word).used == 1

    def test_of_a_closed_or_missing_pool_are_not_made_and_no_sale_is_refused(
        self, till: Till, pool: PromoCodePool
    ) -> None:
        publish("SEMPOOL", priority=5, benefits=[{"kind": "issue_code", "pool": "gone"}])
        pools.set_pool_open(pool=pool, is_open=False, user=None, at=timezone.now())

        sold = till.sell(sale(total="100.00"))

        assert sold.status_code == 201
        assert [entry.get("code") for entry in sold.json()["earned"]["codes"]] == [None, None]

    def test_keep_the_terms_of_their_issue_where_the_pool_says_so(
        self, till: Till, pool: PromoCodePool
    ) -> None:
        PromoCodePool.objects.update(terms="as_issued")
        word = till.sell(sale(total="100.00")).json()["earned"]["codes"][0]["code"]
        change("VOLTE", benefits=[{"kind": "order_amount", "amount": "1.00"}])

        assert discount(till, word) == "20.00"


class TestOneAnswerForStrangers:
    def test_whatever_the_reason_why_a_code_is_not_usable(self, till: Till) -> None:
        publish(**WITH_CODE)
        at = timezone.now()
        spent = issue("GASTO", terms="live", max_uses=1)
        PromoCode.objects.filter(pk=spent.pk).update(used=1)
        issue("VENCIDO", terms="live", expires_at=at)
        issue("FUTURO", terms="live", starts_at=at + timedelta(days=1))
        issue("FECHADO", terms="live")
        codes.set_code_active(code="FECHADO", active=False)

        answers = [
            till.evaluate(basket(line(), promo_codes=[word])).json()["promo_codes"]
            for word in ("GASTO", "VENCIDO", "FUTURO", "FECHADO", "INEXISTENTE")
        ]

        assert {(entry["status"], *sorted(entry)) for (entry,) in answers} == {
            ("not_usable", "code", "status")
        }
