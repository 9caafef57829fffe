"""Who is in a segment: each field against customers of whom it is known, the tree, and what is refused by its path."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from customers.models import Customer, CustomerGrouping, CustomerMetrics, Segment, SegmentRevision
from customers.segments import statements
from customers.segments.dependencies import uses_profile
from customers.segments.kinds import Amount, Code, Day, DayOfYear, Whole
from customers.segments.operators import VALUES, Sql
from customers.segments.registry import fields
from customers.segments.sentences import sentences
from customers.segments.statements import (
    TooSlow,
    count_customers,
    customers_of,
    limited,
    segment_ids_sql,
)
from customers.segments.tree import MOST_CONDITIONS, TreeInvalid, read_tree, stored_tree, write_tree
from customers.services import segment_groupings
from customers.services import segments as services
from customers.services.metrics import recount
from customers.services.segment_groupings import AsksForItself, CodeTaken, make_grouping, refresh_due
from customers.services.segments import (
    SegmentChanged,
    SegmentInUse,
    SegmentInvalid,
    change_segment,
    count_segment,
    count_tree,
    create_segment,
    delete_segment,
)
from retail.models import Sale
from tests.builders import (
    NOON,
    build_category,
    build_consent,
    build_customer,
    build_customer_grouping,
    build_product,
    build_sale,
    build_segment,
    build_store,
)

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("America/Sao_Paulo")
A_DAY = timedelta(days=1)


def condition(field: str, operator: str, value: Any = None, **more: Any) -> dict[str, Any]:
    document = {"field": field, "operator": operator} | more
    return document if value is None else document | {"value": value}


def found(*conditions: dict[str, Any], match: str = "all", at: Any = NOON) -> set[str]:
    """Return the names of whom all (or any) of these conditions mean."""
    tree = read_tree({match: list(conditions)})
    names = set(customers_of(tree, at=at, zone=ZONE).values_list("name", flat=True))
    assert count_customers(tree, at=at, zone=ZONE) == len(names)
    return names


def problems(tree: Any) -> dict[str, str]:
    with pytest.raises(TreeInvalid) as refused:
        read_tree(tree)
    return {error.path: error.code for error in refused.value.errors}


def sold(customer: Customer, net: str, *, days_ago: int = 0, **values: Any) -> Sale:
    line = {"unit_price": Decimal(net)} | values.pop("line", {})
    at = NOON - timedelta(days=days_ago)
    return build_sale(customer=customer, occurred_at=at, business_date=at.date(), lines=[line], **values)


class TestPersonFields:
    def test_finds_by_postal_code_as_a_list_of_filters_did(self) -> None:
        build_customer(name="A", postal_code="75017")
        build_customer(name="B", postal_code="75018")

        assert found(condition("postal_code", "eq", "75017")) == {"A"}
        assert found(condition("postal_code", "starts_with", "750")) == {"A", "B"}

    def test_leaves_both_bounds_of_a_year_of_birth_out(self) -> None:
        for year in range(1985, 1998):
            build_customer(name=str(year), birth_date=date(year, 1, 1))
        build_customer(name="unknown", birth_date=None)

        between = found(condition("birth_year", "gt", 1986), condition("birth_year", "lt", 1996))

        assert between == {str(year) for year in range(1987, 1996)}

    def test_counts_ages_as_campaigns_do(self) -> None:
        # NOON is 20 November 2026.
        build_customer(name="today", birth_date=date(1996, 11, 20))
        build_customer(name="tomorrow", birth_date=date(1996, 11, 21))

        assert found(condition("age", "gte", 30)) == {"today"}
        assert found(condition("age", "between", [29, 29])) == {"tomorrow"}

    def test_reads_postal_codes_however_they_were_typed(self) -> None:
        for name, code in {
            "A": "01310-100",
            "B": "01310100",
            "C": "01310 100",
            "D": "",
            "E": "SW1A 1AA",
        }.items():
            build_customer(name=name, postal_code=code)

        for typed in ("01310-100", "01310100", "01.310-100"):
            assert found(condition("postal_code", "eq", typed)) == {"A", "B", "C"}
        assert found(condition("postal_code", "in", ["01310100", "sw1a1aa"])) == {"A", "B", "C", "E"}
        assert found(condition("postal_code", "starts_with", "01310-1")) == {"A", "B", "C"}
        assert found(condition("postal_code", "eq", "-")) == set()
        assert found(condition("postal_code", "is_empty")) == {"D"}

    @pytest.mark.parametrize(
        ("asked", "names"),
        [
            (("eq", "12-01"), {"1 Dec"}),
            (("between", ["12-01", "12-15"]), {"1 Dec", "15 Dec"}),
            (("between", ["12-15", "01-01"]), {"15 Dec", "31 Dec", "1 Jan"}),
            # 2026 has no 29 February.
            (("eq", "02-28"), {"28 Feb", "29 Feb"}),
            (("eq", "02-29"), {"29 Feb"}),
            (("between", ["03-01", "03-31"]), set()),
        ],
    )
    def test_finds_birthdays_in_a_part_of_the_year(self, asked: Any, names: set[str]) -> None:
        build_birthdays()

        assert found(condition("birthday", *asked)) == names

    def test_finds_who_was_born_on_29_february_by_that_day_in_leap_years(self) -> None:
        build_birthdays()
        leap = NOON.replace(year=2028)

        assert found(condition("birthday", "eq", "02-28"), at=leap) == {"28 Feb"}
        assert found(condition("birthday", "eq", "02-29"), at=leap) == {"29 Feb"}

    @pytest.mark.parametrize(
        ("asked", "names"),
        [
            # NOON is 20 November 2026.
            (("lte", 10), set()),
            (("lte", 11), {"1 Dec"}),
            (("eq", 25), {"15 Dec"}),
            (("between", [40, 42]), {"31 Dec", "1 Jan"}),
            (("eq", 100), {"28 Feb", "29 Feb"}),
            (("gt", 42), {"28 Feb", "29 Feb"}),
        ],
    )
    def test_counts_days_until_the_next_birthday(self, asked: Any, names: set[str]) -> None:
        build_birthdays()

        assert found(condition("birthday_days", *asked)) == names

    def test_means_today_by_no_days_until_the_birthday(self) -> None:
        build_customer(name="today", birth_date=date(1990, 11, 20))
        build_customer(name="yesterday", birth_date=date(1990, 11, 19))

        assert found(condition("birthday_days", "eq", 0)) == {"today"}
        assert found(condition("birthday_days", "gte", 364)) == {"yesterday"}

    def test_ignores_case_and_accents_of_places(self) -> None:
        build_customer(name="A", city="São Paulo", state="SP")
        build_customer(name="B", city="SAO PAULO")
        build_customer(name="C", city="Santos")

        assert found(condition("city", "eq", "são paulo")) == {"A", "B"}
        assert found(condition("city", "in", ["sao paulo", "SANTOS"])) == {"A", "B", "C"}
        assert found(condition("city", "not_in", ["santos"]), condition("state", "is_set")) == {"A"}

    def test_tells_who_has_a_card_a_phone_an_email(self) -> None:
        build_customer(name="A", card="1", phone="+5511987654321", email="a@example.com")
        build_customer(name="B")

        for field in ("card", "phone", "email"):
            assert found(condition(field, "is_set")) == {"A"}
            assert found(condition(field, "is_empty")) == {"B"}

    def test_asks_home_store_month_sex_level_and_grouping(self) -> None:
        store = build_store(code="0012")
        ana = build_customer(name="A", home_store=store, sex="f", level=3, birth_date=date(1990, 5, 1))
        build_customer(name="B", sex="m", birth_date=date(1990, 6, 1))
        build_customer_grouping(code="vip", customers=[ana])

        assert found(condition("store", "in", ["0012"])) == {"A"}
        assert found(condition("store", "not_in", ["0012"])) == {"B"}
        assert found(condition("birth_month", "eq", "5")) == {"A"}
        assert found(condition("sex", "eq", "m")) == {"B"}
        assert found(condition("level", "gte", 3)) == {"A"}
        assert found(condition("level", "is_empty")) == {"B"}
        assert found(condition("grouping", "in", ["vip"])) == {"A"}
        assert found(condition("grouping", "not_in", ["vip"])) == {"B"}

    def test_takes_the_consent_that_stands(self) -> None:
        for name, answers in {
            "agreed": [("", True)],
            "took it back": [("", True), ("email", False)],
            "for all, later": [("email", False), ("", True)],
            "sms only": [("sms", True)],
            "never asked": [],
        }.items():
            customer = build_customer(name=name)
            for place, (channel, granted) in enumerate(answers):
                given_at = NOON + timedelta(minutes=place)
                build_consent(
                    customer=customer,
                    purpose="marketing",
                    channel=channel,
                    granted=granted,
                    given_at=given_at,
                )

        assert found(condition("consent_email", "eq", "marketing")) == {"agreed", "for all, later"}
        assert found(condition("consent_sms", "eq", "marketing")) == {
            "agreed", "took it back", "for all, later", "sms only",
        }  # fmt: skip
        assert "never asked" in found(condition("consent_email", "ne", "marketing"))

    def test_leaves_out_who_is_inactive_or_merged(self) -> None:
        build_customer(name="A")
        build_customer(name="B", is_active=False)

        assert found() == {"A"}


class TestMetricFields:
    @pytest.fixture
    def bought(self) -> dict[str, Customer]:
        people = {name: build_customer(name=name) for name in ("much", "little", "once", "nothing")}
        sold(people["much"], "900.00", days_ago=10)
        sold(people["much"], "600.00", days_ago=200)
        sold(people["little"], "40.00", days_ago=95)
        sold(people["once"], "5000.00", days_ago=400)
        return people

    @pytest.mark.parametrize(
        ("asked", "names"),
        [
            (("turnover", "gte", "1500.00"), {"much"}),
            (("turnover", "gt", "1500.00"), set()),
            (("turnover", "lt", "1500.00"), {"little", "once", "nothing"}),
            (("turnover", "eq", "0"), {"once", "nothing"}),
            (("turnover", "between", ["40", "1500"]), {"much", "little"}),
            (("visits", "gte", 1), {"much", "little"}),
            (("visits", "lte", 1), {"little", "once", "nothing"}),
            (("average_basket", "gte", "750.00"), {"much"}),
            (("average_basket", "lte", "100.00"), {"little"}),
            (("turnover_total", "gte", "5000"), {"once"}),
            (("visits_total", "eq", 0), {"nothing"}),
            (("average_basket_total", "gt", "4999.99"), {"once"}),
            (("last_purchase_days", "gte", 90), {"little", "once"}),
            (("last_purchase_days", "eq", 95), {"little"}),
            (("last_purchase_days", "between", [10, 95]), {"much", "little"}),
            (("last_purchase_days", "lt", 95), {"much"}),
            (("last_purchase", "lt", "2026-11-10"), {"little", "once"}),
            (("last_purchase", "eq", "2026-11-10"), {"much"}),
            (("first_purchase", "gte", "2026-01-01"), {"much", "little"}),
            (("has_bought", "is_empty"), {"nothing"}),
        ],
    )
    def test_compares(self, bought: Any, asked: tuple[Any, ...], names: set[str]) -> None:
        assert found(condition(*asked)) == names

    def test_asks_the_sales_where_the_job_has_not_been_yet(self, bought: dict[str, Customer]) -> None:
        # Two hundred days later the 600.00 of the one and the 40.00 of the other have left; nobody has rolled the rows.
        later = NOON + timedelta(days=200)
        assert CustomerMetrics.objects.filter(turnover=1500).exists()

        assert found(condition("turnover", "gte", "1500.00"), at=later) == set()
        assert found(condition("turnover", "eq", "900.00"), at=later) == {"much"}
        assert found(condition("visits", "eq", 1), at=later) == {"much", "little"}
        assert found(condition("turnover", "eq", "0"), at=later + 400 * A_DAY) == set(bought)

    def test_means_what_raw_sales_say(self, bought: dict[str, Customer]) -> None:
        build_sale(customer=bought["nothing"], is_test=True)
        build_sale(customer=bought["nothing"], state="cancelled", cancelled_at=NOON)

        assert found(condition("visits_total", "eq", 0)) == {"nothing"}


class TestPurchaseFields:
    @pytest.fixture
    def bought(self) -> None:
        clothes = build_category(code="roupas")
        build_category(code="casacos", parent=clothes)
        build_category(code="meias", parent=clothes)
        build_product(sku="CASACO")
        people = {name: build_customer(name=name) for name in ("coats", "socks", "returned", "nothing")}
        coat, sock = {"category": "casacos", "sku": "CASACO"}, {"category": "meias"}
        sold(people["coats"], "300.00", days_ago=20, line=coat | {"quantity": Decimal(2)})
        sold(people["socks"], "10.00", days_ago=150, line=sock)
        sale = sold(people["returned"], "300.00", line=coat)
        sale.lines.update(returned=1)
        recount([people["returned"].pk], at=NOON)

    @pytest.mark.parametrize(
        ("asked", "more", "names"),
        [
            (("is_set",), {}, {"coats"}),
            (("is_empty",), {}, {"socks", "returned", "nothing"}),
            (("gte", "2"), {"measure": "quantity"}, {"coats"}),
            (("gt", "600.00"), {"measure": "amount"}, set()),
            (("gte", "600.00"), {"measure": "amount"}, {"coats"}),
            (("lt", "1"), {"measure": "quantity"}, {"socks", "returned", "nothing"}),
            (("is_set",), {"period": {"months": 2}}, {"coats"}),
            (("is_set",), {"period": {"months": 1}}, set()),
            (("is_set",), {"period": {"from": "2026-10-01", "until": "2026-10-31"}}, {"coats"}),
            (("is_set",), {"of": ["roupas"]}, {"coats", "socks"}),
            (("is_set",), {"of": ["meias", "casacos"], "period": {"months": 3}}, {"coats"}),
        ],
    )
    def test_asks_categories_with_all_below_them(
        self, bought: None, asked: Any, more: Any, names: Any
    ) -> None:
        assert found(condition("bought_category", *asked, **{"of": ["casacos"]} | more)) == names

    @pytest.mark.parametrize(
        ("asked", "more", "names"),
        [
            (("is_set",), {}, {"coats"}),
            (("gte", "600"), {"measure": "amount"}, {"coats"}),
            (("is_set",), {"period": {"days": 20}}, set()),
            (("is_set",), {"period": {"days": 21}}, {"coats"}),
            (("is_empty",), {}, {"socks", "returned", "nothing"}),
        ],
    )
    def test_asks_products(self, bought: None, asked: Any, more: Any, names: Any) -> None:
        assert found(condition("bought_product", *asked, **{"of": ["CASACO"]} | more)) == names

    def test_asks_stores(self) -> None:
        store = build_store(code="0012")
        sold(build_customer(name="A"), "80.00", store=store)
        sold(build_customer(name="B"), "80.00")

        assert found(condition("bought_at_store", "is_set", of=["0012"])) == {"A"}
        assert found(condition("bought_at_store", "gte", "80", of=["0012"], measure="amount")) == {"A"}
        assert found(condition("bought_at_store", "eq", "0", of=["0012"])) == {"B"}


class TestTree:
    def test_joins_groups(self) -> None:
        build_customer(name="A", city="Santos", sex="f")
        build_customer(name="B", city="Santos", sex="m")
        build_customer(name="C", city="Recife", sex="f", card="1")

        either = {"any": [condition("city", "eq", "Santos"), condition("card", "is_set")]}

        assert found(either) == {"A", "B", "C"}
        assert found(either, condition("sex", "eq", "f")) == {"A", "C"}
        assert found(condition("sex", "eq", "m"), condition("card", "is_set"), match="any") == {"B", "C"}

    def test_is_one_statement_however_much_it_asks(self) -> None:
        tree = read_tree(
            {
                "all": [
                    condition("turnover", "gte", "10"),
                    {"any": [condition("visits", "gte", 2), condition("grouping", "not_in", [make_vip()])]},
                    condition("consent_email", "eq", "marketing"),
                    condition("points_balance", "gte", "1"),
                ]
            }
        )
        with CaptureQueriesContext(connection) as queries:
            count_customers(tree, at=NOON, zone=ZONE)

        asked = [query["sql"] for query in queries if "customers_customer" in query["sql"]]
        assert len(asked) == 1
        assert asked[0].count("JOIN customers_customermetrics") == 1

    def test_gives_a_statement_that_others_put_into_theirs(self) -> None:
        build_customer(name="A", city="Santos")
        ids = segment_ids_sql(read_tree({"all": [condition("city", "eq", "Santos")]}), at=NOON, zone=ZONE)

        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM ({ids.text}) s", ids.params)  # noqa: S608
            assert cursor.fetchone() == (1,)

    def test_takes_what_is_typed_for_a_value_and_nothing_else(self) -> None:
        build_customer(name="A", city="x' OR true --")

        assert found(condition("city", "eq", "x' OR true --")) == {"A"}
        assert found(condition("city", "eq", "%s")) == set()

    @pytest.mark.parametrize(
        ("tree", "path", "code"),
        [
            ([], "", "type"),
            ({"all": [1]}, "all[0]", "type"),
            ({"all": [], "any": []}, "", "ambiguous"),
            ({"any": []}, "any", "empty"),
            ({"all": [{"any": []}]}, "all[0].any", "empty"),
            ({"field": "city"}, "", "group"),
            ({"all": [{}]}, "all[0].field", "required"),
            ({"all": [{"field": "shoe_size", "operator": "eq"}]}, "all[0].field", "unknown"),
            ({"all": [{"field": "city", "operator": "gte"}]}, "all[0].operator", "choice"),
            ({"all": [{"fild": "city"}]}, "all[0].fild", "unknown_field"),
            ({"all": [condition("city", "eq", 5)]}, "all[0].value", "type"),
            ({"all": [condition("city", "in", "Santos")]}, "all[0].value", "type"),
            ({"all": [condition("city", "in", [])]}, "all[0].value", "type"),
            ({"all": [condition("city", "in", ["a", ""])]}, "all[0].value[1]", "blank"),
            ({"all": [condition("card", "is_set", "x")]}, "all[0].value", "unexpected"),
            ({"all": [condition("age", "between", [40, 30])]}, "all[0].value", "order"),
            ({"all": [condition("age", "between", [40])]}, "all[0].value", "type"),
            ({"all": [condition("age", "gte", 200)]}, "all[0].value", "range"),
            ({"all": [condition("age", "gte", True)]}, "all[0].value", "type"),
            ({"all": [condition("turnover", "gte", "1.234")]}, "all[0].value", "amount"),
            ({"all": [condition("turnover", "gte", "-1")]}, "all[0].value", "amount"),
            ({"all": [condition("birth_date", "eq", "1990-02-30")]}, "all[0].value", "date"),
            ({"all": [condition("sex", "eq", "x")]}, "all[0].value", "choice"),
            ({"all": [condition("birthday", "eq", "12-32")]}, "all[0].value", "day_of_year"),
            ({"all": [condition("birthday", "eq", "2026-12-31")]}, "all[0].value", "day_of_year"),
            ({"all": [condition("birthday", "between", ["12-01", 5])]}, "all[0].value[1]", "day_of_year"),
            ({"all": [condition("store", "in", ["9999"])]}, "all[0].value[0]", "unknown"),
            ({"all": [condition("bought_category", "is_set")]}, "all[0].of", "required"),
            ({"all": [condition("bought_category", "is_set", of=["nope"])]}, "all[0].of[0]", "unknown"),
            ({"all": [condition("city", "eq", "x", of=["y"])]}, "all[0].of", "unexpected"),
            ({"all": [condition("city", "eq", "x", measure="amount")]}, "all[0].measure", "choice"),
            ({"all": [condition("city", "eq", "x", period={"days": 3})]}, "all[0].period", "unexpected"),
            ({"all": [condition("campaign_activated", "is_set", period={})]}, "all[0].period", "period"),
            (
                {"all": [condition("campaign_activated", "is_set", period={"days": 0})]},
                "all[0].period.days",
                "type",
            ),
            (
                {"all": [condition("campaign_activated", "is_set", period={"from": "2026-02-01", "until": "2026-01-01"})]},
                "all[0].period",
                "order",
            ),
            ({"all": [{"all": [{"any": [{"all": [{"any": [{"all": [condition("card", "is_set")]}]}]}]}]}]},
             "all[0].all[0].any[0].all[0].any[0]", "too_deep"),
            ({"all": [condition("card", "is_set")] * (MOST_CONDITIONS + 1)}, f"all[{MOST_CONDITIONS}]", "too_many"),
        ],
    )  # fmt: skip
    def test_says_by_its_path_what_is_wrong(self, tree: Any, path: str, code: str) -> None:
        assert problems(tree)[path] == code

    def test_refuses_a_part_of_a_month_where_months_are_counted(self) -> None:
        build_category(code="casacos")
        period = {"from": "2026-01-15", "until": "2026-03-31"}

        wrong = {"all": [condition("bought_category", "is_set", of=["casacos"], period=period)]}

        assert problems(wrong) == {"all[0].period": "whole_months"}
        period.update({"from": "2026-01-01", "until": "2200-12-31"})
        assert count_customers(read_tree(wrong), at=NOON, zone=ZONE) == 0

    @pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2201-01-01", "1879-12-31"])
    @pytest.mark.parametrize("end", ["from", "until"])
    def test_refuses_periods_of_days_that_cannot_be_right(self, end: str, day: str) -> None:
        tree = {"all": [condition("message_received", "is_set", period={end: day})]}

        assert problems(tree) == {f"all[0].period.{end}": "date"}

    def test_takes_three_decimals_for_units_and_two_for_money(self) -> None:
        build_product(sku="QUEIJO")

        def asked(measure: str) -> dict[str, Any]:
            return {"all": [condition("bought_product", "gte", "1.125", of=["QUEIJO"], measure=measure)]}

        assert problems(asked("amount")) == {"all[0].value": "amount"}
        with translation.override("pt-br"):
            assert sentences(read_tree(asked("quantity")))[0][1].endswith("1,125")

    def test_names_every_place_at_once(self) -> None:
        tree = {"all": [condition("age", "gte", 200), {"any": [condition("city", "eq", "")]}]}

        assert problems(tree) == {"all[0].value": "range", "all[1].any[0].value": "blank"}


def make_vip() -> str:
    return build_customer_grouping().code


def build_birthdays() -> None:
    build_customer(name="never said", birth_date=None)
    for name, month, day in (
        ("1 Jan", 1, 1), ("28 Feb", 2, 28), ("29 Feb", 2, 29), ("1 Dec", 12, 1), ("15 Dec", 12, 15), ("31 Dec", 12, 31),
    ):  # fmt: skip
        build_customer(name=name, birth_date=date(1992, month, day))


class TestEveryField:
    """Whatever a package registers can be asked with each of its operators, and is said in words."""

    @pytest.mark.parametrize("code", sorted(fields()))
    def test_can_be_asked_with_each_operator(self, code: str) -> None:
        build_customer()
        field = fields()[code]
        for operator in field.kind.operators:
            document = condition(code, operator, *self.values(field.kind, VALUES[operator]))
            if field.subject is not None and field.subject_required:
                document["of"] = [self.existing(field.subject)]
            for measure in field.measures or {"": ""}:
                for period in (None, {"months": 2}) if field.period else (None,):
                    whole = document | ({"measure": measure} if measure else {})
                    whole |= {"period": period} if period else {}
                    tree = read_tree({"all": [whole]})
                    assert count_customers(tree, at=NOON, zone=ZONE) in (0, 1)
                    assert stored_tree(write_tree({"all": [whole]})).parts == tree.parts
                    assert all(text for _level, text in sentences(tree))

    def values(self, kind: Any, how_many: int | None) -> list[Any]:
        if how_many == 0:
            return []
        one: Any = "abc"
        if isinstance(kind, Whole):
            one = kind.least + 1
        elif isinstance(kind, Amount):
            one = "12.50"
        elif isinstance(kind, Day):
            one = "2026-01-02"
        elif isinstance(kind, DayOfYear):
            one = "12-31"
        elif isinstance(kind, Code):
            one = self.existing(kind)
        elif kind.input == "select":
            one = kind.choices()[0][0]
        return [one if how_many == 1 else [one, one]]

    def existing(self, kind: Code) -> str:
        model = kind.model()
        build = {"Store": build_store, "Category": build_category, "Product": build_product}.get(
            model.__name__
        )
        if build is None:
            build = build_customer_grouping
            assert model is CustomerGrouping
        found: str = getattr(build(), kind.column)
        return found

    def test_tells_the_profile_unless_it_is_what_people_said_or_what_was_sent(self) -> None:
        """Who refused profiling is chosen by these alone. A new field that is none of them says `is_profile`."""
        plain = {code for code, field in fields().items() if not field.is_profile}

        assert plain == {
            "sex", "age", "birth_date", "birth_year", "birthday", "birthday_days", "birth_month", "language", "origin", "document",
            "created", "store", "country", "state", "city", "district", "postal_code", "card", "phone", "email",
            "consent", "consent_email", "consent_sms", "consent_whatsapp", "grouping", "message_received", "unsubscribed",
        }  # fmt: skip


class TestProfile:
    def uses(self, *conditions: dict[str, Any]) -> bool:
        return uses_profile(read_tree({"all": list(conditions)}))

    def test_is_what_people_bought_and_read_however_deep_it_stands(self) -> None:
        city = condition("city", "eq", "Santos")

        assert not self.uses(city)
        assert self.uses(city, {"any": [city, condition("turnover", "gte", "10")]})
        assert self.uses(condition("message_clicked", "is_set"))

    def test_is_used_through_the_grouping_of_a_segment(self) -> None:
        by_hand = build_customer_grouping().code
        buyers = build_segment(tree={"all": [condition("visits", "gte", 1)]})
        make_grouping(segment=buyers)
        nearer = build_segment(tree={"all": [condition("grouping", "in", [buyers.code])]})
        make_grouping(segment=nearer)

        assert not self.uses(condition("grouping", "in", [by_hand]))
        assert self.uses(condition("grouping", "in", [by_hand, nearer.code]))


class TestPatience:
    def test_ends_a_statement_that_takes_too_long(self) -> None:
        with pytest.raises(TooSlow), limited(timedelta(milliseconds=50)), connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(5)")

    def test_lets_later_statements_take_their_time(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            before = cursor.fetchone()
            with limited(timedelta(milliseconds=50)):
                cursor.execute("SHOW statement_timeout")
                assert cursor.fetchone() == ("50ms",)
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchone() == before

    def test_counts_what_is_being_typed_for_two_seconds_at_most(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        slow = Sql("SELECT count(*) FROM pg_sleep(30)")
        monkeypatch.setattr(statements, "_select", lambda *_arguments, **_values: slow)
        monkeypatch.setattr(services, "PATIENCE", timedelta(milliseconds=50))
        monkeypatch.setattr(services, "_LONGEST_COUNT", timedelta(milliseconds=50))

        with pytest.raises(TooSlow):
            count_tree(tree={"all": []}, at=NOON)
        with pytest.raises(TooSlow):
            count_segment(segment=build_segment(), at=NOON)


class TestSavedSegments:
    TREE = {"all": [condition("city", "eq", "Santos")]}

    def saved(self, **values: Any) -> Segment:
        return create_segment(**{"name": "De Santos", "tree": self.TREE, "user": None, "at": NOON} | values)

    def test_is_saved_under_a_code_of_its_name_with_its_revisions(self) -> None:
        segment = self.saved()

        changed = change_segment(
            segment=segment, tree={"all": [condition("city", "ne", "Santos")]}, user=None, at=NOON
        )
        again = change_segment(segment=segment, name="De Santos", user=None, at=NOON)

        assert (segment.code, changed.revision, again.revision) == ("de-santos", 2, 2)
        assert list(SegmentRevision.objects.order_by("number").values_list("number", flat=True)) == [1, 2]

    def test_refuses_what_was_changed_meanwhile(self) -> None:
        segment = self.saved()
        change_segment(segment=segment, name="Outro", revision=1, user=None, at=NOON)

        with pytest.raises(SegmentChanged):
            change_segment(segment=segment, name="Mais um", revision=1, user=None, at=NOON)

    @pytest.mark.parametrize(
        ("values", "path"),
        [
            ({"name": ""}, "name"),
            ({"code": "Não"}, "code"),
            ({"code": "new"}, "code"),
            ({"tree": []}, "tree"),
            ({"tree": {"all": [{"field": "x"}]}}, "tree.all[0].field"),
        ],
    )
    def test_refuses_by_path(self, values: dict[str, Any], path: str) -> None:
        with pytest.raises(SegmentInvalid) as refused:
            self.saved(**values)

        assert [error.path for error in refused.value.errors] == [path]

    def test_refuses_a_code_that_is_taken(self) -> None:
        self.saved()

        with pytest.raises(SegmentInvalid) as refused:
            self.saved()

        assert refused.value.errors[0].code == "taken"

    def test_remembers_its_count_until_the_conditions_change(self) -> None:
        build_customer(city="Santos")
        segment = self.saved()

        assert count_segment(segment=segment, at=NOON) == 1
        segment.refresh_from_db()
        assert (segment.count, segment.counted_at) == (1, NOON)
        changed = change_segment(segment=segment, tree={"all": []}, user=None, at=NOON)
        assert changed.count is None

    def test_becomes_a_grouping_whose_members_follow(self) -> None:
        ana, bia = build_customer(city="Santos"), build_customer(city="Recife")
        grouping = make_grouping(segment=self.saved())
        # Nobody waits for a million members.
        assert (grouping.refreshed_at, grouping.customers.count()) == (None, 0)
        assert refresh_due(at=NOON) == 1
        assert set(grouping.customers.all()) == {ana}

        Customer.objects.filter(pk=ana.pk).update(city="Recife")
        Customer.objects.filter(pk=bia.pk).update(city="Santos")
        assert refresh_due(at=NOON + timedelta(minutes=14)) == 0
        assert refresh_due(at=NOON + timedelta(minutes=15)) == 1

        assert set(grouping.customers.all()) == {bia}

    def test_refreshes_a_grouping_at_once_when_its_segment_was_changed(self) -> None:
        bia = build_customer(city="Recife")
        segment = self.saved()
        grouping = make_grouping(segment=segment)
        refresh_due(at=NOON)
        tree = {"all": [condition("city", "eq", "recife")]}
        change_segment(segment=segment, tree=tree, user=None, at=NOON)

        assert refresh_due(at=NOON + timedelta(minutes=1)) == 1
        assert set(grouping.customers.all()) == {bia}

    def test_is_not_removed_while_a_grouping_is_of_it(self) -> None:
        segment = self.saved()
        make_grouping(segment=segment)

        with pytest.raises(SegmentInUse) as refused:
            delete_segment(segment=segment)

        assert refused.value.groupings == ["de-santos"]

    def test_does_not_take_the_code_of_a_grouping_that_is_kept_by_hand(self) -> None:
        build_customer_grouping(code="de-santos")

        with pytest.raises(CodeTaken):
            make_grouping(segment=self.saved())

    def test_does_not_ask_for_its_own_members(self) -> None:
        segment = self.saved()
        make_grouping(segment=segment)
        between = build_segment(tree={"all": [condition("grouping", "not_in", ["de-santos"])]})
        make_grouping(segment=between)

        for code in ("de-santos", between.code):
            tree = {"all": [{"any": [condition("grouping", "not_in", [code])]}]}
            with pytest.raises(SegmentInvalid) as refused:
                change_segment(segment=segment, tree=tree, user=None, at=NOON)
            assert [(error.path, error.code) for error in refused.value.errors] == [("tree", "cycle")]
        # Another segment may ask for both.
        build_segment(tree={"all": [condition("grouping", "in", ["de-santos", between.code])]})

    def test_gets_no_grouping_that_it_asks_for(self) -> None:
        by_hand = build_customer_grouping(code="de-santos")
        segment = self.saved(tree={"all": [condition("grouping", "in", ["de-santos"])]})
        by_hand.delete()

        with pytest.raises(AsksForItself):
            make_grouping(segment=segment)


class TestRefreshing:
    @pytest.fixture
    def broken(self, monkeypatch: pytest.MonkeyPatch) -> CustomerGrouping:
        """A grouping that cannot be refreshed, for whatever reason; it is older than any other."""
        grouping = make_grouping(segment=build_segment(tree={"all": [condition("city", "eq", "broken")]}))
        ask = segment_groupings.segment_ids_sql

        def asked(tree: Any, **values: Any) -> Any:
            if tree.parts[0].values == ("broken",):
                raise OverflowError("date value out of range")
            return ask(tree, **values)

        monkeypatch.setattr(segment_groupings, "segment_ids_sql", asked)
        return grouping

    def test_goes_on_behind_a_grouping_that_cannot_be_refreshed(self, broken: CustomerGrouping) -> None:
        build_customer(city="Santos")
        grouping = make_grouping(segment=build_segment())

        assert refresh_due(at=NOON) == 1
        assert grouping.customers.count() == 1

    def test_tries_first_what_was_tried_longest_ago(
        self, broken: CustomerGrouping, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        grouping = make_grouping(segment=build_segment())
        refresh_due(at=NOON)
        newest = make_grouping(segment=build_segment())
        # This process is killed by the broken one, as by a statement that outlasts its worker.
        tried: list[int] = []

        def killed(pk: int, *, at: Any) -> int:
            tried.append(pk)
            if pk == broken.pk:
                raise KeyboardInterrupt
            return 1

        monkeypatch.setattr(segment_groupings, "refresh", killed)
        CustomerGrouping.objects.filter(pk=grouping.pk).update(refresh_tried_at=NOON + timedelta(minutes=1))
        for tick in (20, 40):
            with pytest.raises(KeyboardInterrupt):
                refresh_due(at=NOON + timedelta(minutes=tick))

        assert tried == [newest.pk, broken.pk, grouping.pk, broken.pk]
