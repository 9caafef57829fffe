"""Customers get the tier that they reach, and their record says it to campaigns."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from loyalty.models import CustomerTier, LotSource, PointsProgram, ProgramTier
from loyalty.selectors.tiers import tier_progress
from loyalty.services.programs import upsert_programs
from loyalty.services.tiers import requalify, requalify_due, requalify_recent
from retail.models import Company, Sale, SaleReturn
from tests.builders import (
    NOON,
    build_account,
    build_credit,
    build_customer,
    build_program,
    build_sale,
)

pytestmark = pytest.mark.django_db

TIERS = [
    {"code": "prata", "name": "Prata", "threshold": "500"},
    {"code": "ouro", "name": "Ouro", "threshold": "1000"},
]


@pytest.fixture(autouse=True)
def company(db):
    Company.objects.update_or_create(pk=1, defaults={"name": "Fiel"})


def save_program(**fields):
    result = upsert_programs(rows=[{"code": "clube", "name": "Clube", "tiers": TIERS, **fields}])[0]
    assert not result.errors, result.errors
    return result.instance


def buy(customer, amount, at=NOON, **values):
    lines = [{"unit_price": Decimal(amount)}]
    return build_sale(customer=customer, occurred_at=at, lines=lines, **values)


def tier_of(customer):
    standing = CustomerTier.objects.filter(customer=customer).select_related("tier").first()
    return standing.tier.code if standing and standing.tier else None


class TestBasis:
    def test_what_was_spent_in_the_period(self):
        save_program()
        customer = build_customer()
        buy(customer, "400")
        buy(customer, "100")
        buy(customer, "5000", at=NOON - timedelta(days=366))
        buy(customer, "5000", is_test=True)

        requalify([customer.pk], at=NOON)

        assert tier_of(customer) == "prata"
        assert CustomerTier.objects.get().counted == 500

    def test_number_of_purchases(self):
        save_program(tier_basis="visits", tiers=[{"code": "prata", "name": "Prata", "threshold": "2"}])
        customer = build_customer()
        buy(customer, "1")
        requalify([customer.pk], at=NOON)
        assert tier_of(customer) is None

        buy(customer, "1")
        requalify([customer.pk], at=NOON)

        assert tier_of(customer) == "prata"

    def test_points_of_sales_and_not_those_given_by_hand(self):
        program = save_program(tier_basis="points")
        customer = build_customer()
        account = build_account(customer=customer, program=program)
        build_credit(account, 500_00, sale_id=buy(customer, "10").pk, cause="sale:1")
        build_credit(account, 9000_00, source=LotSource.ADJUSTMENT)

        requalify([customer.pk], at=NOON)

        assert tier_of(customer) == "prata"
        assert CustomerTier.objects.get().counted == 500

    def test_what_came_back_counts_no_longer(self):
        save_program(tier_downgrade="immediately")
        customer = build_customer()
        sale = buy(customer, "1000")
        requalify([customer.pk], at=NOON)
        assert tier_of(customer) == "ouro"

        SaleReturn.objects.create(
            sale=sale, reference="1", value=Decimal(100), fingerprint="0" * 64, returned_at=NOON
        )
        requalify([customer.pk], at=NOON)
        # Nothing of it was money: it came back as the points that it had been paid with.
        assert tier_of(customer) == "ouro"

        SaleReturn.objects.create(
            sale=sale,
            reference="2",
            value=Decimal("0.02"),
            amount=Decimal("0.01"),
            withheld=Decimal("0.01"),
            fingerprint="0" * 64,
            returned_at=NOON,
        )
        requalify([customer.pk], at=NOON)

        assert tier_of(customer) == "prata"

    def test_a_cancelled_sale_counts_for_nothing(self):
        save_program(tier_downgrade="immediately")
        customer = build_customer()
        sale = buy(customer, "1000")
        requalify([customer.pk], at=NOON)

        Sale.objects.filter(pk=sale.pk).update(state="cancelled", cancelled_at=NOON)
        requalify([customer.pk], at=NOON)

        assert tier_of(customer) is None

    def test_a_return_within_the_period_leaves_a_tier_that_is_kept(self):
        save_program(tier_downgrade="at_period_end")
        customer = build_customer()
        sale = buy(customer, "1000")
        requalify([customer.pk], at=NOON)

        Sale.objects.filter(pk=sale.pk).update(state="returned")
        requalify([customer.pk], at=NOON + timedelta(days=300))
        assert tier_of(customer) == "ouro"

        requalify([customer.pk], at=NOON + timedelta(days=367))
        assert tier_of(customer) is None


class TestEverybody:
    def test_looks_at_all_once_a_day(self):
        save_program(tier_downgrade="immediately")
        customers = [build_customer() for _number in range(3)]
        for customer in customers:
            buy(customer, "700")

        assert requalify_due(at=NOON) == 3
        assert requalify_due(at=NOON + timedelta(hours=1)) == 0
        assert requalify_due(at=NOON + timedelta(days=400)) == 3
        assert {tier_of(customer) for customer in customers} == {None}

    def test_looks_again_when_the_tiers_change(self):
        save_program()
        customer = build_customer()
        buy(customer, "700")
        requalify_due(at=NOON)

        save_program(tiers=[TIERS[0], {**TIERS[1], "threshold": "600"}])

        assert requalify_due(at=NOON) == 1
        assert tier_of(customer) == "ouro"

    def test_a_tier_that_is_removed_is_taken_from_its_customers(self):
        save_program()
        customer = build_customer()
        buy(customer, "1000")
        requalify_due(at=NOON)

        save_program(tiers=[])
        requalify_due(at=NOON)

        assert tier_of(customer) is None

    def test_looks_within_minutes_at_those_who_have_just_bought(self):
        save_program()
        customer, earlier, arrived, known = (build_customer() for _number in range(4))
        buy(customer, "700", at=NOON - timedelta(minutes=2))
        buy(earlier, "700", at=NOON - timedelta(days=2))
        a_while_ago = NOON - timedelta(hours=8)
        buy(arrived, "700", at=a_while_ago, received_at=NOON - timedelta(minutes=1))
        buy(known, "700", at=a_while_ago, received_at=a_while_ago)

        requalify_recent(at=NOON)

        assert [tier_of(one) for one in (customer, earlier, arrived, known)] == ["prata", None, "prata", None]

    def test_asks_as_often_for_many_customers_as_for_one(self, django_assert_num_queries):
        save_program()
        customers = [build_customer() for _number in range(4)]
        for customer in customers:
            buy(customer, "700")

        with django_assert_num_queries(10):
            requalify([customers[0].pk], at=NOON)
        with django_assert_num_queries(10):
            requalify([customer.pk for customer in customers[1:]], at=NOON)


class TestLevelsOfCustomers:
    def test_the_record_says_the_tier_to_campaigns(self):
        save_program(sets_customer_level=True)
        customer = build_customer(level=9)
        buy(customer, "1000")
        requalify([customer.pk], at=NOON)
        customer.refresh_from_db()
        assert (customer.level, customer.loyalty_category) == (2, "ouro")

        requalify([customer.pk], at=NOON + timedelta(days=400))
        customer.refresh_from_db()

        assert (customer.level, customer.loyalty_category) == (None, "")

    def test_other_programs_leave_the_record_alone(self):
        save_program()
        customer = build_customer(level=9, loyalty_category="Funcionários")
        buy(customer, "1000")

        requalify([customer.pk], at=NOON)

        customer.refresh_from_db()
        assert (customer.level, customer.loyalty_category) == (9, "Funcionários")

    def test_only_one_program_does_it(self):
        save_program(sets_customer_level=True)

        rows = [
            {"code": "a", "name": "A", "sets_customer_level": True},
            {"code": "b", "name": "B", "sets_customer_level": True},
        ]
        results = upsert_programs(rows=rows)

        assert [[error.code for error in result.errors] for result in results] == [["taken"], ["duplicate"]]


class TestTiersOfAProgram:
    @pytest.mark.parametrize(
        ("tiers", "code"),
        [
            ("x", "type"),
            ([{"code": "a"}], "required"),
            ([{"code": "a b", "name": "A", "threshold": "1"}], "invalid"),
            ([{"code": "a", "name": "A", "threshold": "0"}], "range"),
            ([{"code": "a", "name": "A", "threshold": "1"}] * 2, "duplicate"),
            ([TIERS[1], TIERS[0]], "order"),
            ([{**TIERS[0], "number": 2}], "order"),
        ],
    )
    def test_says_what_is_wrong(self, tiers, code):
        result = upsert_programs(rows=[{"code": "clube", "name": "Clube", "tiers": tiers}])[0]

        assert [(error.path, error.code) for error in result.errors] == [("tiers", code)]

    def test_a_tier_is_the_same_while_its_code_is(self):
        save_program()
        gold = PointsProgram.objects.get().tiers.get(code="ouro").pk

        save_program(tiers=[{**TIERS[1], "threshold": "500"}, {**TIERS[0], "threshold": "1000"}])

        tiers = PointsProgram.objects.get().tiers
        assert list(tiers.order_by("number").values_list("code", flat=True)) == ["ouro", "prata"]
        assert tiers.get(code="ouro").pk == gold


class TestProgress:
    def test_says_what_is_missing_to_stay_and_for_the_next_one(self):
        save_program()
        customer = build_customer()
        buy(customer, "600")
        requalify([customer.pk], at=NOON)
        later = NOON + timedelta(days=200)
        buy(customer, "150", at=later)

        [progress] = tier_progress(customer.pk, at=later)

        assert progress.tier is not None
        assert (progress.tier.code, progress.counted) == ("prata", 750_00)
        # What was bought first will not count any more when the period ends.
        assert (progress.to_next, progress.to_stay) == (250_00, 350_00)

    def test_a_program_without_tiers_says_nothing(self):
        build_program()

        assert tier_progress(build_customer().pk, at=NOON) == []

    def test_the_customers_page_shows_it(self, admin_client):
        save_program()
        customer = build_customer()
        buy(customer, "600", at=timezone.now())
        requalify([customer.pk], at=timezone.now())

        text = admin_client.get(f"/customers/{customer.pk}/tiers/", headers={"accept-language": "en"})

        assert "Prata" in text.content.decode()
        assert "R$\xa0400.00" in text.content.decode()


class TestReport:
    def test_lists_customers_by_tier_the_highest_first(self, admin_client):
        save_program()
        silver, gold, none = (build_customer(name=name) for name in ("Bia", "Caio", "Davi"))
        for customer, amount in ((silver, "600"), (gold, "1200"), (none, "10")):
            buy(customer, amount)
        requalify([silver.pk, gold.pk, none.pk], at=NOON)

        def listed(**query):
            answer = admin_client.get("/reports/tiers/", query, headers={"accept-language": "en"})
            text = answer.content.decode()
            return sorted((name for name in ("Bia", "Caio", "Davi") if name in text), key=text.index)

        ids = dict(ProgramTier.objects.values_list("code", "pk"))
        assert listed() == ["Caio", "Bia", "Davi"]
        assert listed(tier=ids["prata"]) == ["Bia"]
        assert listed(tier="none") == ["Davi"]
        assert listed(q="caio") == ["Caio"]
        end = CustomerTier.objects.get(customer=gold).valid_until
        assert end is not None
        assert listed(until=(end + timedelta(days=1)).date().isoformat()) == ["Caio", "Bia"]
        assert listed(until=NOON.date().isoformat()) == []
