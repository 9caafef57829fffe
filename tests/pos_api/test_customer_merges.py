"""Two records of one person become one, with everything they have, and two again, with everything that is left."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import InternalError, connection, transaction
from django.db.utils import IntegrityError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import CampaignCounter, PromoCode, PromoCodeUse
from customers.models import CategoryTotal, Consent, Customer, CustomerMetrics, CustomerPin
from customers.selectors import find_customer, look_up_customer, standing_consents
from customers.services.appointments import book_appointment
from customers.services.consents import record_consent
from customers.services.customers import update_customer, upsert_customers
from customers.services.merged_records import AlreadyMerged, DocumentsDiffer, SameRecord
from loyalty.models import (
    Account,
    CustomerMerge,
    Entry,
    Lot,
    PointsProgram,
    Receivable,
    Settlement,
    StoredValueEvent,
)
from loyalty.services.adjustments import adjust
from loyalty.services.refusals import CustomerMerged, ReasonRequired
from messaging.models import Cart, Message, Verification
from pos_api.services import customer_merges
from pos_api.services.customer_merges import MergedOn, merge_customers, undo_merge
from retail.models import Clawback, Sale
from tests.builders import (
    NOON,
    build_account,
    build_appointment,
    build_consent,
    build_credit,
    build_customer,
    build_customer_grouping,
    build_debt,
    build_sale,
    build_store,
    build_user,
)
from tests.pos_api.manager import Manager, codes
from tests.pos_api.test_lock_order import ORDER, locked
from tests.pos_api.till import Till, basket, counters, issue_code, line, publish, sale
from tests.world import assert_world

pytestmark = pytest.mark.django_db

CPF = "39053344705"
# The record that stays, and the one that somebody made for the same person by a card alone.
KEPT, OTHER = {"document": CPF}, {"card": "90000001"}


def program(**fields: Any) -> PointsProgram:
    """Make a program: one point for each 1.00, worth 0.10 each."""
    terms = {"points": "1.00", "per_amount": "1.00", "point_value": "0.10", "redeem_step": "1.00"}
    return PointsProgram.objects.create(code="pontos", name="Pontos", **terms | fields)


def kept() -> Customer:
    return Customer.objects.get(document=CPF)


def other() -> Customer:
    return Customer.objects.exclude(document=CPF).exclude(card="90000003").get()


def merge(into: Customer | None = None, absorbed: Customer | None = None) -> CustomerMerge:
    done = merge_customers(
        kept_id=(into or kept()).pk,
        absorbed_id=(absorbed or other()).pk,
        reason="Same person",
        actor=build_user(),
        at=timezone.now(),
    )
    assert_world()
    return done.merge


def undo(merged: CustomerMerge) -> CustomerMerge:
    done = undo_merge(merge_id=merged.pk, actor=build_user(), at=timezone.now())
    assert_world()
    return done.merge


def points(customer: Customer) -> Decimal:
    return sum(Account.objects.filter(customer=customer).values_list("balance", flat=True), Decimal(0))


def both() -> tuple[Decimal, Decimal]:
    """Return what the kept record has, and the other."""
    return points(kept()), points(other())


@pytest.fixture
def two_buyers(till: Till) -> Till:
    """Each record has bought once, with 100 points each."""
    program()
    till.sell(sale(customer=OTHER))
    till.sell(sale(customer=KEPT))
    return till


class TestValue:
    def test_moves_and_goes_back(self, two_buyers: Till) -> None:
        merged = merge()

        assert both() == (200, 0)
        assert Entry.objects.filter(kind="transfer", cause=merged.cause).count() == 2
        undo(merged)
        assert both() == (100, 100)

    def test_keeps_time_and_conditions(self, till: Till) -> None:
        PointsProgram.objects.all().delete()
        publish(
            "CB",
            benefits=[
                {
                    "kind": "cashback",
                    "percent": "5.00",
                    "valid_days": 30,
                    "start_after_days": 2,
                    "requires_review": True,
                }
            ],
        )
        till.sell(sale(customer=OTHER))
        till.sell(sale(customer=KEPT))

        merge()

        before, after = Lot.objects.get(account__customer=other()), Lot.objects.get(moved_from__isnull=False)
        assert before == after.moved_from
        for name in (
            "available_from",
            "expires_at",
            "awaits_review",
            "reviewed_at",
            "terms",
            "campaign",
            "sale",
        ):
            assert getattr(before, name) == getattr(after, name)
        assert (before.remaining, after.remaining, after.source) == (0, 5, "transfer")

    def test_what_has_expired_stays_behind(self, till: Till) -> None:
        account = build_account(customer=build_customer(document=None, card="90000001"))
        build_customer(document=CPF)
        build_credit(
            account,
            10_00,
            expires_at=timezone.now() - timedelta(days=1),
            available_from=timezone.now() - timedelta(days=9),
        )
        build_credit(account, 7_00, expires_at=timezone.now() + timedelta(days=1))

        merge()

        assert both() == (7, 0)
        assert Entry.objects.get(kind="expire").amount == -10

    def test_what_was_spent_meanwhile_stays_spent(self, two_buyers: Till) -> None:
        merged = merge()
        sold = two_buyers.sell(
            sale(customer=OTHER, total="85.00", redeem={"points": {"pontos": "150"}})
        ).json()
        assert sold["redeemed"][0]["points"] == 150
        earned = sold["earned"]["points"][0]["points"]

        undo(merged)

        # The sale was of the one record that there was: it earned for that one.
        assert both() == (earned, 50)
        two_buyers.give_back(sold["sale"], {1: "1"})
        assert_world()
        assert both() == (150, 50)

    def test_debts_go_on(self, till: Till) -> None:
        owing = build_account(customer=build_customer(document=None, card="90000001"))
        build_customer(document=CPF)
        build_debt(owing, 5_00, cause="return:1")

        merged = merge()

        moved = Receivable.objects.get(account__customer=kept())
        assert (moved.left, moved.cause) == (5, f"return:1|{merged.cause}")
        assert Settlement.objects.get().moved_to == moved
        build_credit(moved.account, 2_00)
        undo(merged)
        owing.refresh_from_db()
        assert (owing.owed, Account.objects.get(customer=kept()).owed) == (3, 0)

    def test_goes_through_a_chain_of_merges(self, two_buyers: Till) -> None:
        into, absorbed = kept(), other()
        third = build_customer(document=None)
        first, second = merge(into, absorbed), merge(third, into)

        assert [points(one) for one in (third, into, absorbed)] == [200, 0, 0]
        assert look_up_customer("90000001") == third
        with pytest.raises(MergedOn):
            undo(first)
        undo(second)
        assert [points(one) for one in (third, into, absorbed)] == [0, 200, 0]
        assert look_up_customer("90000001") == into
        undo(first)
        assert [points(one) for one in (third, into, absorbed)] == [0, 100, 100]

    def test_may_be_done_again(self, two_buyers: Till) -> None:
        undo(merge())
        undo(merge())
        first, second = kept(), other()
        again = merge(second, first)

        assert (points(first), points(second)) == (0, 200)
        undo(again)
        assert both() == (100, 100)


class TestSalesOfBefore:
    def sell(self, till: Till) -> str:
        """Sell two shirts to the other record, paid in part with all its points; return the sale."""
        paying = {"points": {"pontos": "100"}}
        sold = till.sell(
            sale(line(quantity="2", unit_price="50.00"), total="90.00", customer=OTHER, redeem=paying)
        )
        return str(sold.json()["sale"])

    def test_come_back_to_the_record_that_stands(self, two_buyers: Till) -> None:
        sold = self.sell(two_buyers)
        merged = merge()
        held = points(kept())

        first = two_buyers.give_back(sold, {1: "1"}).json()
        assert_world()

        assert first["restored"] == [{"kind": "points", "amount": "5.00", "program": "pontos", "points": 50}]
        taken = first["taken_back"][0]["points"]
        assert first["balances"][0]["available"] == points(kept()) == held + 50 - taken
        two_buyers.give_back(sold, {1: "1"})
        assert_world()
        assert both() == (200, 0)
        undo(merged)
        assert both() == (100, 100)

    def test_come_back_in_parts_before_and_after_the_undoing(self, two_buyers: Till) -> None:
        sold = self.sell(two_buyers)
        merged = merge()
        two_buyers.give_back(sold, {1: "1"})

        undo(merged)
        two_buyers.give_back(sold, {1: "1"})
        assert_world()

        assert both() == (100, 100)

    def test_may_be_cancelled(self, two_buyers: Till) -> None:
        sold = self.sell(two_buyers)
        merged = merge()

        two_buyers.cancel(sold)
        assert_world()

        assert both() == (200, 0)
        undo(merged)
        assert both() == (100, 100)

    def test_come_back_through_a_chain(self, two_buyers: Till) -> None:
        sold = self.sell(two_buyers)
        first = merge()
        third = build_customer(document=None, card="90000003")
        second = merge(third, kept())

        two_buyers.give_back(sold, {1: "1"})
        assert_world()
        undo(second)
        undo(first)
        two_buyers.give_back(sold, {1: "1"})
        assert_world()

        assert (points(third), *both()) == (0, 100, 100)

    def test_answer_for_what_they_had_earned(self, till: Till) -> None:
        program(clawback=Clawback.CHARGE_BACK)
        earning = till.sell(sale(customer=OTHER)).json()["sale"]
        PointsProgram.objects.update(points=None, per_amount=None)
        build_customer(document=CPF)
        merge()
        till.sell(sale(customer=KEPT, total="94.00", redeem={"points": {"pontos": "60"}}))

        answer = till.give_back(earning, {1: "1"}).json()
        assert_world()

        assert answer["refund"] == {"value": "100.00", "amount": "94.00", "withheld": "6.00"}
        assert answer["taken_back"] == [{"kind": "points", "program": "pontos", "points": 40}]
        assert both() == (0, 0)

    def test_do_not_answer_for_what_another_spent(self, till: Till) -> None:
        program(clawback=Clawback.CHARGE_BACK)
        earning = till.sell(sale(customer=OTHER)).json()["sale"]
        PointsProgram.objects.update(points=None, per_amount=None)
        build_customer(document=CPF)
        merged = merge()
        till.sell(sale(customer=KEPT, total="94.00", redeem={"points": {"pontos": "60"}}))
        undo(merged)

        answer = till.give_back(earning, {1: "1"}).json()
        assert_world()

        assert answer["refund"]["withheld"] == "0.00"
        assert answer["taken_back"] == [{"kind": "points", "program": "pontos", "points": 40}]
        assert both() == (0, 0)

    def test_made_offline_give_back_what_was_owed(self, till: Till) -> None:
        program()
        till.sell(sale(customer=OTHER))
        build_customer(document=CPF)
        sold = till.sell(
            sale(
                line(quantity="2"),
                total="180.00",
                customer=OTHER,
                offline=True,
                redeem={"points": {"pontos": "200"}},
            )
        ).json()["sale"]
        merged = merge()

        till.give_back(sold, {1: "1"})
        assert_world()
        till.give_back(sold, {1: "1"})
        assert_world()

        assert both() == (100, 0)
        undo(merged)


class TestUses:
    def test_count_for_the_one_that_stands(self, till: Till) -> None:
        publish(limits=[{"scope": "customer", "counts": "sale", "max": 3}])
        first = till.sell(sale(total="90.00", customer=OTHER)).json()["sale"]
        till.sell(sale(total="90.00", customer=OTHER))
        till.sell(sale(total="90.00", customer=KEPT))

        merged = merge()

        assert counters() == {("DEZ", f"c:{kept().pk}"): 3, ("DEZ", f"c:{other().pk}"): 0}
        assert till.evaluate(basket(customer=KEPT)).json()["activations"] == []
        till.cancel(first)
        assert_world()
        assert till.evaluate(basket(customer=OTHER)).json()["activations"] != []
        undo(merged)
        assert counters() == {("DEZ", f"c:{kept().pk}"): 1, ("DEZ", f"c:{other().pk}"): 1}

    def test_may_be_more_than_one_customer_may_have(self, till: Till) -> None:
        publish(limits=[{"scope": "customer", "counts": "sale", "max": 1}])
        for who in (OTHER, KEPT):
            till.sell(sale(total="90.00", customer=who))

        merged = merge()

        counter = CampaignCounter.objects.get(scope_key=f"c:{kept().pk}")
        assert (counter.used, counter.maximum) == (2, 2)
        assert till.sell(sale(total="90.00", customer=KEPT)).status_code == 409
        undo(merged)
        assert set(counters().values()) == {1}

    def test_of_codes_follow(self, till: Till) -> None:
        publish(conditions={"kind": "promo_code"})
        code = issue_code(max_uses=None)
        PromoCode.objects.update(max_uses_per_customer=1)
        sold = till.sell(sale(total="90.00", customer=OTHER, promo_codes=["BEMVINDO"])).json()["sale"]
        build_customer(document=CPF)

        merged = merge()

        assert dict(PromoCodeUse.objects.values_list("customer_key", "used")) == {
            f"c:{kept().pk}": 1,
            f"c:{other().pk}": 0,
        }
        till.cancel(sold)
        assert_world()
        assert not PromoCodeUse.objects.filter(promo_code=code, used__gt=0).exists()
        undo(merged)

    def test_own_codes_follow(self, till: Till) -> None:
        publish(conditions={"kind": "promo_code"})
        issue_code()
        build_customer(document=CPF)
        PromoCode.objects.update(customer=build_customer(document=None, card="90000001"))

        merged = merge()

        assert till.sell(sale(total="90.00", customer=KEPT, promo_codes=["BEMVINDO"])).status_code == 201
        undo(merged)
        assert PromoCode.objects.get().customer == other()


class TestRecord:
    def test_leads_to_the_one_that_stands(self, till: Till) -> None:
        absorbed = build_customer(
            document=None,
            card="90000001",
            code="D1",
            email="ana@example.com",
            phone="+5511987654321",
            name="Ana",
        )
        into = build_customer(
            document=CPF, card="90000002", code="D2", email="outra@example.com", phone="+5511911112222"
        )

        merge(into, absorbed)

        for text in ("90000001", "ana@example.com", "+5511987654321", CPF):
            assert look_up_customer(text) == into
            assert list(Customer.objects.search(text)) == [into]
        for name, value in (
            ("code", "D1"),
            ("card", "90000001"),
            ("id", str(absorbed.pk)),
            ("phone", "+5511987654321"),
        ):
            assert find_customer(name, value) == into
        for reference in ({"card": "90000001"}, {"email": "ana@example.com"}, {"phone": "+5511987654321"}):
            till.sell(sale(customer=reference))
        assert set(Sale.objects.values_list("customer", flat=True)) == {into.pk}
        assert Customer.objects.count() == 2

    def test_shared_contact_is_that_of_one(self, till: Till) -> None:
        phone = "+5511987654321"
        first, second = build_customer(phone=phone), build_customer(phone=phone, document=None)
        assert till.sell(sale(customer={"phone": phone})).status_code == 422

        merge(first, second)

        assert till.sell(sale(customer={"phone": phone})).status_code == 201
        assert till.evaluate(basket(customer={"phone": phone})).status_code == 200

    def test_fills_gaps_and_gives_them_back(self) -> None:
        absorbed = build_customer(
            document=CPF,
            name="Ana S.",
            email="ana@example.com",
            birth_date=date(1990, 1, 2),
            street="Rua A",
            city="Santos",
        )
        into = build_customer(document=None, name="Ana", birth_date=None, city="Campinas")

        merged = merge(into, absorbed)

        into.refresh_from_db()
        absorbed.refresh_from_db()
        assert (into.document, into.name, into.email, into.birth_date) == (
            CPF,
            "Ana",
            "ana@example.com",
            date(1990, 1, 2),
        )
        assert (into.street, into.city) == ("", "Campinas")
        assert (absorbed.document, absorbed.is_active, absorbed.merged_into) == (None, False, into)
        Customer.objects.filter(pk=into.pk).update(email="nova@example.com")
        undo(merged)
        into.refresh_from_db()
        absorbed.refresh_from_db()
        assert (into.document, into.name, into.email, into.birth_date) == (
            None,
            "Ana",
            "nova@example.com",
            None,
        )
        assert (absorbed.document, absorbed.email, absorbed.is_active) == (CPF, "ana@example.com", True)
        assert absorbed.merged_into is None

    def test_takes_groupings_carts_and_appointments_along(self) -> None:
        absorbed, into = build_customer(document=None, card="90000001"), build_customer(document=CPF)
        shared = build_customer_grouping(customers=[absorbed, into])
        own = build_customer_grouping(customers=[absorbed])
        store = build_store()
        at = timezone.now()
        cart = Cart.objects.create(
            store=store, external_id="1", customer=absorbed, opened_at=at, last_interaction_at=at
        )
        moved = build_appointment(customer=absorbed, store=store)
        build_appointment(customer=into, store=store, starts_at=at)
        twice = build_appointment(customer=absorbed, store=store, starts_at=at)

        merged = merge()

        assert set(into.groupings.all()) == {shared, own}
        assert set(into.carts.all()) == {cart}
        assert moved in into.appointments.all()
        # Booked for both: one of the two stands for the person.
        assert list(absorbed.appointments.all()) == [twice]
        undo(merged)
        assert (set(into.groupings.all()), set(absorbed.groupings.all())) == ({shared}, {shared, own})
        assert set(absorbed.appointments.all()) == {moved, twice}

    def test_no_occasion_writes_again_to_the_one_person(self) -> None:
        absorbed, into = build_customer(document=None, card="90000001"), build_customer(document=CPF)
        terms = {"occasion": "birthday", "channels": ["sms"], "due_at": NOON, "planned_at": NOON}
        only, twice = (
            Message.objects.create(customer=absorbed, person=f"c:{absorbed.pk}", occasion_key=year, **terms)
            for year in ("2025", "2026")
        )
        Message.objects.create(customer=into, person=f"c:{into.pk}", occasion_key="2026", **terms)

        merged = merge()

        moved = {one.pk: one for one in Message.objects.filter(customer=into)}
        assert (moved[only.pk].person, moved[twice.pk].person) == (f"c:{into.pk}", f"c:{absorbed.pk}")
        undo(merged)
        only.refresh_from_db()
        assert (only.customer, only.person) == (absorbed, f"c:{absorbed.pk}")

    def test_leaves_no_table_that_names_a_customer_behind(self) -> None:
        moved = {moving.model for moving in (customer_merges.SALES, *customer_merges.MOVING)}
        # Value moves by entries, answers are given again, groupings are joined; a merge is about both records. Proofs of the
        # person are of the record that was asked, and over within minutes or of no use to anybody else. What was done to a
        # stored value is told as it was. What a customer bought is counted anew from their sales.
        otherwise = {Account, Consent, CustomerMerge, Customer, Customer.groupings.through}
        otherwise |= {Verification, CustomerPin, StoredValueEvent, CustomerMetrics, CategoryTotal}
        fields = Customer._meta.get_fields(include_hidden=True)
        naming = {field.related_model for field in fields if field.auto_created and not field.concrete}

        assert naming - otherwise == moved

    def test_what_was_answered_last_stands(self) -> None:
        absorbed, into = build_customer(document=None, card="90000001"), build_customer(document=CPF)
        day = timedelta(days=1)
        at = timezone.now() - 10 * day
        build_consent(customer=into, purpose="marketing", granted=True, given_at=at)
        build_consent(customer=absorbed, purpose="marketing", granted=False, given_at=at + day)
        build_consent(customer=into, purpose="loyalty", granted=False, given_at=at + day)
        build_consent(customer=absorbed, purpose="loyalty", granted=True, given_at=at)
        build_consent(customer=absorbed, purpose="profiling", granted=True, given_at=at)

        merged = merge()

        assert [*standing_consents([into.pk])[into.pk]] == [
            ("loyalty", "", False),
            ("marketing", "", False),
            ("profiling", "", True),
        ]
        undo(merged)
        assert [*standing_consents([into.pk])[into.pk]] == [
            ("loyalty", "", False),
            ("marketing", "", True),
            ("profiling", "", False),
        ]
        assert Consent.objects.filter(customer=absorbed).count() == 3

    def test_is_no_more_written_by_its_own_keys(self) -> None:
        absorbed, into = (
            build_customer(document=None, card="90000001"),
            build_customer(document=CPF, card="90000002"),
        )
        merge()

        [result] = upsert_customers(
            rows=[{"card": "90000001", "name": "Ana Maria"}], at=timezone.now(), source="import", replace=True
        )
        refused = update_customer(
            customer=absorbed, values={"is_active": True}, at=timezone.now(), source="api"
        )

        into.refresh_from_db()
        assert (result.status, into.name, into.card) == ("updated", "Ana Maria", "90000002")
        assert [error.code for error in refused.errors] == ["customer_merged"]

    def test_answers_and_bookings_are_for_the_one_that_stands(self) -> None:
        absorbed, into = build_customer(document=None, card="90000001"), build_customer(document=CPF)
        merge()
        absorbed.refresh_from_db()

        consent = record_consent(
            customer=absorbed,
            values={"purpose": "marketing", "granted": False},
            source="web",
            at=timezone.now(),
        )
        booked, _new = book_appointment(
            customer=absorbed,
            store=build_store(),
            values={"starts_at": (timezone.now() + timedelta(days=1)).isoformat()},
            at=timezone.now(),
        )

        assert consent.customer == booked.customer == into

    def test_is_given_nothing_by_hand(self) -> None:
        absorbed, into = build_customer(document=None, card="90000001"), build_customer(document=CPF)
        merge()

        with pytest.raises(CustomerMerged) as refused:
            adjust(
                customer_id=absorbed.pk,
                key=("cashback", None),
                amount=5_00,
                reason="Goodwill",
                actor_id=build_user().pk,
                operation="1",
                at=timezone.now(),
            )

        assert refused.value.into == into.pk


class TestRefusals:
    def test_two_documents_are_two_persons(self) -> None:
        with pytest.raises(DocumentsDiffer):
            merge(build_customer(), build_customer())

        assert not CustomerMerge.objects.exists()

    def test_nobody_is_merged_into_oneself_or_into_the_merged(self) -> None:
        one, two, three = (build_customer(document=None) for _number in range(3))
        merge(one, two)

        with pytest.raises(SameRecord):
            merge(one, one)
        with pytest.raises(AlreadyMerged) as refused:
            merge(three, two)
        with pytest.raises(AlreadyMerged):
            merge(two, three)

        assert (refused.value.customer, refused.value.into) == (two.pk, one.pk)

    def test_needs_a_reason(self) -> None:
        with pytest.raises(ReasonRequired):
            merge_customers(kept_id=1, absorbed_id=2, reason=" ", actor=build_user(), at=timezone.now())

    def test_the_same_again_is_the_same(self, two_buyers: Till) -> None:
        merged = merge()

        assert merge() == merged
        assert undo(merged) == undo(merged)
        assert both() == (100, 100)

    def test_a_merge_is_never_changed_or_forgotten(self) -> None:
        merged = merge(build_customer(), build_customer(document=None))

        for change in (
            lambda: CustomerMerge.objects.update(reason="Another"),
            lambda: CustomerMerge.objects.update(moved={"rows": {}}),
            merged.delete,
        ):
            with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
                change()
        undone = undo(merged)
        with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
            CustomerMerge.objects.filter(pk=undone.pk).update(undone_at=None, undone_by=None, given_back=None)

    def test_the_database_knows_no_active_merged_record(self) -> None:
        one, two = build_customer(document=None), build_customer(document=None)
        merge(one, two)

        with pytest.raises(IntegrityError), transaction.atomic():
            Customer.objects.filter(pk=two.pk).update(is_active=True)
        with pytest.raises(IntegrityError), transaction.atomic():
            Customer.objects.filter(pk=one.pk).update(is_active=False, merged_into=one)

    def test_test_sales_follow_too(self) -> None:
        one, two = build_customer(document=None), build_customer(document=None)
        tried = build_sale(customer=two, is_test=True, response={})

        merge(one, two)

        tried.refresh_from_db()
        assert tried.customer == one


class TestLocks:
    def test_are_taken_in_one_order(self, till: Till) -> None:
        program()
        publish(limits=[{"scope": "customer", "counts": "sale", "max": 5}], conditions={"kind": "promo_code"})
        issue_code(max_uses=None)
        PromoCode.objects.update(max_uses_per_customer=2)
        for who in (OTHER, KEPT):
            till.sell(sale(total="90.00", customer=who, promo_codes=["BEMVINDO"]))
        # The customers say which sales there are; the rest is the documented order.
        order = ["customers_customer", "retail_sale", *ORDER[ORDER.index("loyalty_account") :]]

        with CaptureQueriesContext(connection) as of_the_merge:
            merged = merge_customers(
                kept_id=kept().pk,
                absorbed_id=other().pk,
                reason="Same",
                actor=build_user(),
                at=timezone.now(),
            ).merge
        with CaptureQueriesContext(connection) as of_the_undoing:
            undo_merge(merge_id=merged.pk, actor=merged.actor, at=timezone.now())

        assert locked(of_the_merge) == locked(of_the_undoing) == order


class TestAtTheSameTime:
    """Real connections: sales of both records while they are merged, and while they are made two again."""

    def race(self, till: Till, work: Callable[[], object]) -> list[str]:
        """Sell to both records from four connections while this one works; return the ids of the sales."""
        barrier = Barrier(5)

        def sell(who: dict[str, str]) -> list[str]:
            mine, sold = Till(till.terminal, till.credential), []
            barrier.wait(60)
            for _number in range(4):
                answer = mine.sell(sale(customer=who))
                assert answer.status_code == 201, answer.content
                sold.append(answer.json()["sale"])
            connection.close()
            return sold

        with ThreadPoolExecutor(4) as pool:
            running = [pool.submit(sell, who) for who in (OTHER, KEPT, OTHER, KEPT)]
            barrier.wait(60)
            work()
            return [uuid for one in running for uuid in one.result()]

    def test_every_sale_is_of_the_record_that_stands(self, committed_db: str) -> None:
        till = Till.open()
        program()
        into, absorbed = build_customer(document=CPF), build_customer(document=None, card="90000001")
        for who in (OTHER, KEPT):
            till.sell(sale(customer=who))

        sold = self.race(till, lambda: merge(into, absorbed))

        assert len(sold) == 16
        assert set(Sale.objects.values_list("customer", flat=True)) == {into.pk}
        assert (points(into), points(absorbed)) == (1800, 0)

    def test_sales_during_the_undoing_are_of_one_of_the_two(self, committed_db: str) -> None:
        till = Till.open()
        program()
        into, absorbed = (
            build_customer(document=CPF, card="90000002"),
            build_customer(document=None, card="90000001"),
        )
        for who in (OTHER, KEPT):
            till.sell(sale(customer=who))
        merged = merge(into, absorbed)

        self.race(till, lambda: undo(merged))

        assert points(into) + points(absorbed) == 1800
        for one in (into, absorbed):
            assert points(one) == 100 * Sale.objects.filter(customer=one).count() > 0

    def test_a_sale_that_waited_for_the_merge_finds_it(self, committed_db: str) -> None:
        till = Till.open()
        program()
        into, absorbed = build_customer(document=CPF), build_customer(document=None, card="90000001")

        def sell() -> int:
            answer = Till(till.terminal, till.credential).sell(sale(customer=OTHER))
            connection.close()
            return int(answer.status_code)

        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                customer_merges._merge(into.pk, absorbed.pk, "Same", build_user(), timezone.now())
                waiting = pool.submit(sell)
                wait_for_a_lock()
            assert waiting.result() == 201

        assert (Sale.objects.get().customer, points(into)) == (into, 100)


def wait_for_a_lock() -> None:
    """Return when another connection waits for a lock."""
    for _attempt in range(200):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("nobody waited")


class TestApi:
    @pytest.fixture
    def manager(self, db: None) -> Manager:
        return Manager.sign_in("customers.merge_customer", "customers.view_customer", "customers.add_consent")

    def pair(self) -> tuple[int, int]:
        return kept().pk, other().pk

    def test_previews_merges_and_undoes(self, two_buyers: Till, manager: Manager) -> None:
        into, absorbed = self.pair()
        before = state()

        preview = manager.send("POST", f"customers/{into}/merge/preview/", {"absorbed": absorbed}).json()

        assert state() == before
        assert preview["problems"] == []
        assert preview["moves"] == {"sales": 1}
        assert preview["fields"] == [
            {"name": "document", "kept": CPF, "absorbed": None, "stays": "kept"},
            {"name": "card", "kept": None, "absorbed": "90000001", "stays": "absorbed"},
        ]
        assert preview["value"] == [
            {
                "kind": "points",
                "program": "pontos",
                "name": "Pontos",
                "available": 100,
                "pending": 0,
                "owed": 0,
            }
        ]
        body = {"absorbed": absorbed, "reason": "Same person"}
        first, again = (manager.send("POST", f"customers/{into}/merge/", body) for _time in range(2))
        assert (first.status_code, again.status_code) == (201, 200)
        assert (first.json(), again["Idempotency-Replayed"]) == (again.json(), "true")
        merged = first.json()
        assert (merged["kept"]["id"], merged["absorbed"]["id"], merged["moved"]) == (
            into,
            absorbed,
            {"sales": 1},
        )
        assert merged["by"] == manager.user.get_username()
        assert manager.send("GET", f"customers/{absorbed}/").json()["merged_into"] == into
        two_buyers.sell(sale(customer=OTHER, total="88.00", redeem={"points": {"pontos": "120"}}))

        undoing = manager.send("POST", f"customer-merges/{merged['id']}/undo/preview/").json()

        assert (undoing["problems"], undoing["empties"], undoing["returns"]) == ([], ["card"], {"sales": 1})
        [value] = undoing["value"]
        assert (value["moved"], value["returns"], value["used"], value["expired"]) == (100, 80, 20, 0)
        undone = manager.send("POST", f"customer-merges/{merged['id']}/undo/")
        assert undone.status_code == 200
        assert undone.json()["undone_by"] == manager.user.get_username()
        assert manager.send("POST", f"customer-merges/{merged['id']}/undo/")["Idempotency-Replayed"] == "true"
        assert manager.send("POST", f"customer-merges/{merged['id']}/undo/preview/").status_code == 404
        assert points(other()) == 80
        assert_world()

    def test_lists_them(self, manager: Manager) -> None:
        first = merge(build_customer(), build_customer(document=None))
        second = merge(build_customer(), build_customer(document=None))
        undo(first)

        def listed(query: str = "") -> list[int]:
            return [one["id"] for one in manager.send("GET", f"customer-merges/{query}").json()["results"]]

        assert listed() == [second.pk, first.pk]
        assert listed("?undone=true") == [first.pk]
        assert listed("?undone=false") == [second.pk]
        assert listed(f"?customer={first.absorbed_id}") == listed(f"?customer={first.kept_id}") == [first.pk]
        for query in ("?customer=x", "?undone=maybe"):
            assert manager.send("GET", f"customer-merges/{query}").status_code == 400

    def test_names_what_is_wrong(self, manager: Manager) -> None:
        one, two = build_customer(), build_customer()
        address = f"customers/{one.pk}/merge/"

        for body, path, code in (
            ({"reason": "x"}, "absorbed", "required"),
            ({"absorbed": "2", "reason": "x"}, "absorbed", "type"),
            ({"absorbed": True, "reason": "x"}, "absorbed", "type"),
            ({"absorbed": 10**30, "reason": "x"}, "absorbed", "type"),
            ({"absorbed": 999_999, "reason": "x"}, "absorbed", "unknown"),
            ({"absorbed": two.pk}, "reason", "required"),
            ({"absorbed": two.pk, "reason": "x" * 241}, "reason", "too_long"),
            ({"absorbed": two.pk, "reason": 1}, "reason", "type"),
            ({"absorbed": two.pk, "reason": "x", "dry_run": True}, "dry_run", "unknown_field"),
        ):
            answer = manager.send("POST", address, body)
            assert (answer.status_code, codes(answer)) == (422, [(path, code)]), body
        assert (
            manager.send("POST", "customers/999999/merge/", {"absorbed": 1, "reason": "x"}).status_code == 404
        )
        assert manager.send("POST", "customer-merges/999999/undo/").status_code == 404

    def test_says_why_two_cannot_be_one(self, manager: Manager) -> None:
        one, two, three = build_customer(), build_customer(), build_customer(document=None)

        def send(into: Customer, absorbed: Customer) -> Any:
            return manager.send(
                "POST", f"customers/{into.pk}/merge/", {"absorbed": absorbed.pk, "reason": "x"}
            )

        assert (send(one, two).status_code, send(one, two).json()["code"]) == (409, "different_documents")
        assert send(one, one).json()["code"] == "same_record"
        assert send(one, three).status_code == 201
        refused = send(two, three).json()
        assert (refused["code"], refused["customer"], refused["into"]) == ("already_merged", three.pk, one.pk)
        preview = manager.send("POST", f"customers/{one.pk}/merge/preview/", {"absorbed": two.pk}).json()
        assert [problem["code"] for problem in preview["problems"]] == ["different_documents"]

    def test_refuses_what_would_be_added_to_the_absorbed(self, manager: Manager) -> None:
        one, two = build_customer(), build_customer(document=None)
        merge(one, two)

        answer = manager.send(
            "POST", f"customers/{two.pk}/consents/", {"purpose": "marketing", "granted": True}
        )

        assert (answer.status_code, answer.json()["code"], answer.json()["into"]) == (
            409,
            "customer_merged",
            one.pk,
        )


def state() -> list[Any]:
    """Return what merging would change."""
    return [
        list(model._default_manager.order_by("pk").values())
        for model in (Customer, Sale, Account, Lot, Entry, CustomerMerge)
    ]
