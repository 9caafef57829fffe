import pytest

from retail.models import Store, Terminal
from retail.services.deletion import InUse, delete_unused
from retail.services.stores import upsert_stores, upsert_terminals
from tests.builders import build_sale, build_store, build_terminal

pytestmark = pytest.mark.django_db


def errors_of(result):
    return [(error.path, error.code) for error in result.errors]


class TestUpsertStores:
    def test_creates_and_changes_a_store(self):
        row = {"code": "0001", "name": "Manaus", "time_zone": "America/Manaus", "online_shop": True}

        statuses = [
            upsert_stores(rows=[row | extra])[0].status for extra in ({}, {}, {"totals_mode": "accept"})
        ]

        assert statuses == ["created", "unchanged", "updated"]
        store = Store.objects.get(code="0001")
        assert (store.time_zone, store.totals_mode) == ("America/Manaus", "accept")

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ({"time_zone": "Mars/Olympus"}, [("time_zone", "time_zone")]),
            ({"time_zone": "../../etc/passwd"}, [("time_zone", "time_zone")]),
            ({"totals_mode": "maybe"}, [("totals_mode", "choice")]),
            ({"totals_mode": ["strict"]}, [("totals_mode", "choice")]),
            ({"state": "AMA"}, [("state", "too_long")]),
        ],
    )
    def test_names_wrong_fields(self, values, expected):
        assert errors_of(upsert_stores(rows=[{"code": "1", "name": "A"} | values])[0]) == expected


class TestUpsertTerminals:
    def test_the_same_code_may_stand_in_two_stores(self):
        build_store(code="A")
        build_store(code="B")

        results = upsert_terminals(rows=[{"store": "A", "code": "1"}, {"store": "B", "code": "1"}])

        assert [result.status for result in results] == ["created", "created"]
        assert Terminal.objects.count() == 2

    def test_changes_the_terminal_of_that_store(self):
        terminal = build_terminal(store=build_store(code="A"), code="1")

        (result,) = upsert_terminals(rows=[{"store": "A", "code": "1", "name": "Balcão"}])

        assert (result.status, result.instance) == ("updated", terminal)

    def test_names_an_unknown_store(self):
        assert errors_of(upsert_terminals(rows=[{"store": "X", "code": "1"}])[0]) == [
            ("store", "unknown_store")
        ]

    def test_reports_a_terminal_that_is_twice_in_one_list(self):
        build_store(code="A")

        results = upsert_terminals(rows=[{"store": "A", "code": "1"}] * 2)

        assert errors_of(results[1]) == [("code", "duplicate")]


class TestDeleteUnused:
    def test_removes_a_store_that_nothing_needs(self):
        store = build_store()

        delete_unused(instance=store)

        assert not Store.objects.filter(code=store.code).exists()

    def test_refuses_a_store_and_a_terminal_with_sales(self):
        sale = build_sale()

        for instance in (sale.store, sale.terminal):
            with pytest.raises(InUse):
                delete_unused(instance=instance)
