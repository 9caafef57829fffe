"""Stored values as managers work with them by the API."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from loyalty.models import AccountKind, StoredValue, StoredValueCode, StoredValueEvent
from loyalty.selectors.stored_value_records import in_state, records
from loyalty.selectors.stored_values import find_by_code, usual_type
from loyalty.services.expiry import post_expired
from loyalty.services.stored_value_states import block, void
from loyalty.services.stored_values import code_again
from tests.builders import build_card, build_customer, build_store, build_stored_value_type
from tests.pos_api.manager import Manager, codes
from tests.world import assert_world

pytestmark = pytest.mark.django_db

RIGHTS = (
    "loyalty.view_storedvalue",
    "loyalty.issue_storedvalue",
    "loyalty.block_storedvalue",
    "loyalty.adjust_account",
    "customers.view_customer",
)
LIST = "stored-value-records/"


@pytest.fixture
def manager() -> Manager:
    return Manager.sign_in(*RIGHTS)


def act(manager: Manager, stored: StoredValue, action: str, **values: Any) -> Any:
    return manager.send("POST", f"{LIST}{stored.pk}/{action}/", {"reason": "Porque sim"} | values)


def ids(answer: Any) -> set[int]:
    return {row["id"] for row in answer.json()["results"]}


def in_every_state() -> dict[str, StoredValue]:
    """Make one stored value in each state; of the expired ones one whose end is written down, and one that waits for that."""
    now = timezone.now()
    made = {name: build_card() for name in ("usable", "blocked", "voided")}
    made["expired"] = build_card(expires_at=now - timedelta(days=2))
    post_expired(at=now)
    made["waits"] = build_card(expires_at=now - timedelta(days=1))
    block(made["blocked"], reason="Perdido", at=now)
    void(made["voided"], reason="Engano", at=now)
    return made


class TestFinding:
    @pytest.mark.parametrize(
        ("state", "names"),
        [
            ("usable", {"usable"}),
            ("blocked", {"blocked"}),
            ("voided", {"voided"}),
            ("expired", {"expired", "waits"}),
            ("empty", set()),
        ],
    )
    def test_by_state_whatever_job_has_run(self, manager, state, names):
        made = in_every_state()

        found = ids(manager.send("GET", f"{LIST}?state={state}"))

        assert found == {made[name].pk for name in names}
        # What each record says of itself is the same.
        said = records(at=timezone.now()).values_list("pk", "state")
        assert found == {pk for pk, one in said if one == state}

    def test_blocked_ones_are_read_from_their_index(self):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")

        plan = in_state(records(at=timezone.now()), "blocked").order_by("-pk")[:50].explain()

        assert "stored_value_blocked" in plan

    def test_one_that_was_taken_from_is_empty(self, manager):
        stored = build_card(50_00)
        act(manager, stored, "adjust", operation="1", amount="-50.00")

        assert ids(manager.send("GET", f"{LIST}?state=empty")) == {stored.pk}

    def test_by_kind_type_customer_store_last_four_and_time(self, manager):
        customer, store = build_customer(), build_store(code="CENTRO")
        purse = build_card(
            type=build_stored_value_type(kind="e_purse"),
            customer_id=customer.pk,
            store_id=store.pk,
            code="CARTAO-1234",
        )
        build_card()

        for query in (
            "kind=e_purse",
            f"type={purse.type.code}",
            f"customer={customer.pk}",
            "store=CENTRO",
            "last4=1234",
        ):
            assert ids(manager.send("GET", f"{LIST}?{query}")) == {purse.pk}, query
        assert ids(manager.send("GET", f"{LIST}?created_until=2020-01-01T00:00:00Z")) == set()
        assert len(ids(manager.send("GET", f"{LIST}?created_since=2020-01-01T00:00:00Z"))) == 2

    @pytest.mark.parametrize("query", ["state=x", "kind=points", "customer=x", "created_since=x", "nope=1"])
    def test_wrong_filters_are_named(self, manager, query):
        assert manager.send("GET", f"{LIST}?{query}").status_code == 400

    def test_page_by_page(self, manager):
        made = [build_card().pk for _number in range(3)]

        first = manager.send("GET", f"{LIST}?limit=2").json()
        second = manager.send("GET", first["next"].split("/api/v1/")[1]).json()

        assert [row["id"] for row in [*first["results"], *second["results"]]] == made[::-1]

    def test_no_answer_has_a_code(self, manager):
        stored = build_card()
        code = code_again(stored)

        listed, read = manager.send("GET", LIST), manager.send("GET", f"{LIST}{stored.pk}/")

        assert listed.json()["results"][0]["last4"] == code[-4:]
        for answer in (listed, read):
            assert code not in answer.content.decode()
            assert code.replace("-", "") not in answer.content.decode()


class TestStatement:
    def test_tells_what_when_why_until_when_and_by_whom(self, manager):
        stored = build_card(50_00)
        act(manager, stored, "adjust", operation="1", amount="-20.00", reason="Cobrado em dobro")
        act(manager, stored, "block", reason="Perdido")

        body = manager.send("GET", f"{LIST}{stored.pk}/").json()

        assert (body["state"], body["balance"]) == ("blocked", "30.00")
        taken, loaded = body["entries"]
        assert (taken["what"], taken["amount"], taken["balance"]) == ("adjust", "-20.00", "30.00")
        assert (taken["reason"], taken["by"]) == ("Cobrado em dobro", manager.user.get_username())
        assert (loaded["what"], loaded["amount"]) == ("load", "50.00")
        assert [(event["what"], event["reason"]) for event in body["events"]] == [("blocked", "Perdido")]

    def test_of_an_unknown_one_is_not_found(self, manager):
        assert manager.send("GET", f"{LIST}999999/").status_code == 404
        assert manager.send("POST", f"{LIST}999999/block/", {"reason": "x"}).status_code == 404


class TestStates:
    def test_block_and_unblock(self, manager):
        stored = build_card()

        blocked, again = (act(manager, stored, "block") for _time in range(2))
        unblocked = act(manager, stored, "unblock")

        assert [answer.json()["state"] for answer in (blocked, again, unblocked)] == ["blocked"] * 2 + [
            "usable"
        ]
        assert list(StoredValueEvent.objects.order_by("pk").values_list("kind", flat=True)) == [
            "blocked",
            "unblocked",
        ]

    def test_void_ends_what_nobody_used(self, manager):
        stored, used = build_card(), build_card()
        act(manager, used, "adjust", operation="1", amount="-1.00")

        voided, refused = act(manager, stored, "void"), act(manager, used, "void")

        assert (voided.json()["state"], voided.json()["balance"]) == ("voided", "0.00")
        assert (refused.status_code, refused.json()["code"]) == (409, "reduced")
        assert act(manager, stored, "unblock").json()["code"] == "voided"
        assert act(manager, stored, "adjust", operation="1", amount="1.00").json()["code"] == "voided"
        assert_world()

    @pytest.mark.parametrize("action", ["block", "unblock", "void", "replace"])
    @pytest.mark.parametrize("reason", ["", "   ", None, 7, "x" * 241])
    def test_each_needs_a_reason(self, manager, action, reason):
        answer = act(manager, build_card(), action, reason=reason)

        assert answer.status_code == 422
        assert [path for path, _code in codes(answer)] == ["reason"]


class TestReplacing:
    def test_answers_the_new_code_and_ends_the_old_one(self, manager):
        stored = build_card()
        old = code_again(stored)

        new = act(manager, stored, "replace").json()["code"]

        assert find_by_code(old) is None
        assert find_by_code(new) == stored
        assert new not in manager.send("GET", f"{LIST}{stored.pk}/").content.decode()

    def test_takes_the_code_of_another_card(self, manager):
        stored, other = build_card(), build_card(code="CARTAO-1")

        answer = act(manager, stored, "replace", code="7891000123457")
        taken = act(manager, other, "replace", code="7891000123457")

        assert answer.json()["code"] == "7891000123457"
        assert (taken.status_code, codes(taken)) == (422, [("code", "taken")])
        assert find_by_code("CARTAO-1") == other

    def test_not_while_it_is_blocked(self, manager):
        stored = build_card()
        act(manager, stored, "block")

        assert act(manager, stored, "replace").json()["code"] == "blocked"


class TestAssigning:
    def test_to_a_customer_and_back(self, manager):
        stored, customer = build_card(), build_customer()

        given = act(manager, stored, "assign", customer=customer.pk).json()
        released = act(manager, stored, "assign", customer=None).json()

        assert (given["customer"], released["customer"]) == (customer.pk, None)
        events = manager.send("GET", f"{LIST}{stored.pk}/").json()["events"]
        assert [event["what"] for event in events] == ["released", "assigned"]
        assert events[1]["customer"] == customer.pk

    def test_a_personal_one_keeps_a_customer(self, manager):
        kind = build_stored_value_type(is_personal=True)
        stored = build_card(type=kind, customer_id=build_customer().pk)

        assert codes(act(manager, stored, "assign", customer=None)) == [("customer", "required")]

    def test_the_customer_has_to_be_said_and_to_exist(self, manager):
        stored = build_card()
        closed = build_customer(is_active=False).pk

        assert codes(act(manager, stored, "assign")) == [("customer", "required")]
        for customer in (999_999, closed):
            assert codes(act(manager, stored, "assign", customer=customer)) == [("customer", "unknown")]


class TestAdjusting:
    def test_adds_and_takes_once(self, manager):
        stored = build_card(50_00)

        for _time in range(2):
            added = act(manager, stored, "adjust", operation="A1", amount="10.00")
        taken = act(manager, stored, "adjust", operation="A2", amount="-15.00")

        assert (added.json()["balance"], taken.json()["balance"]) == ("60.00", "45.00")
        other = act(manager, stored, "adjust", operation="A1", amount="11.00")
        assert codes(other) == [("operation", "operation_conflict")]
        assert_world()

    def test_never_above_the_ceiling_nor_below_nothing(self, manager):
        stored = build_card(100_00, type=usual_type(AccountKind.E_PURSE))

        above = act(manager, stored, "adjust", operation="1", amount="50.01")
        below = act(manager, stored, "adjust", operation="2", amount="-100.01")

        assert codes(above) == [("amount", "above_ceiling")]
        assert (below.status_code, below.json()["code"]) == (409, "insufficient_value")
        assert act(manager, stored, "adjust", operation="3", amount="50.00").json()["balance"] == "150.00"

    @pytest.mark.parametrize("amount", ["0", "0.001", "x", None, True, "9" * 20])
    def test_a_wrong_amount_is_named(self, manager, amount):
        answer = act(manager, build_card(), "adjust", operation="1", amount=amount)

        assert (answer.status_code, [path for path, _code in codes(answer)]) == (422, ["amount"])

    def test_not_a_voucher_in_percent(self, manager):
        stored = build_card(0, percent=Decimal(15), type=build_stored_value_type(kind="voucher"))

        answer = act(manager, stored, "adjust", operation="1", amount="1.00")

        assert codes(answer) == [("amount", "not_adjustable")]


class TestIssuingByHand:
    def document(self, **values: Any) -> dict[str, Any]:
        kind = values.pop("kind", "voucher")
        usual = {
            "operation": "SAC-1",
            "type": build_stored_value_type(kind=kind, valid_days=30).code,
            "customer": build_customer().pk,
            "amount": "30.00",
            "reason": "Atraso",
        }
        return {name: value for name, value in (usual | values).items() if value is not None}

    def test_gives_a_voucher_once(self, manager):
        document = self.document()

        first, again = (manager.send("POST", LIST, document) for _time in range(2))
        other = manager.send("POST", LIST, document | {"amount": "31.00"})

        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json() == again.json()
        assert (first.json()["balance"], first.json()["by"]) == ("30.00", manager.user.get_username())
        assert find_by_code(first.json()["code"]).customer_id == document["customer"]
        assert codes(other) == [("operation", "operation_conflict")]
        assert StoredValueCode.objects.count() == 1
        assert_world()

    def test_a_voucher_is_worth_a_percentage(self, manager):
        answer = manager.send("POST", LIST, self.document(amount=None, percent="12.5"))

        assert (answer.json()["percent"], answer.json()["state"]) == ("12.5", "usable")

    @pytest.mark.parametrize(
        ("values", "errors"),
        [
            ({"type": "none"}, [("type", "unknown")]),
            ({"customer": 999_999}, [("customer", "unknown")]),
            ({"amount": None}, [("amount", "required")]),
            ({"amount": "0.00"}, [("amount", "out_of_range")]),
            ({"percent": "10"}, [("percent", "not_allowed")]),
            ({"kind": "gift_card", "amount": None, "percent": "10"}, [("percent", "not_allowed")]),
            ({"percent": "101", "amount": "-1"}, [("percent", "percent"), ("amount", "money")]),
            ({"stores": ["NONE"]}, [("stores", "unknown_store")]),
            ({"expires_at": "2020-01-01T00:00:00Z"}, [("expires_at", "past")]),
            ({"expires_at": "amanhã"}, [("expires_at", "moment")]),
            ({"reason": " "}, [("reason", "blank")]),
            ({"operation": None}, [("operation", "required")]),
            ({"code": "MEU"}, [("code", "unknown_field")]),
        ],
    )
    def test_names_what_is_wrong(self, manager, values, errors):
        answer = manager.send("POST", LIST, self.document(**values))

        assert answer.status_code == 422
        assert sorted(codes(answer)) == sorted(errors)
        assert not StoredValue.objects.exists()

    @pytest.mark.parametrize(
        ("values", "error"),
        [
            ({"expires_at": "9999-12-31T00:00:00Z"}, ("expires_at", "This moment is too far from now.")),
            ({"amount": "1e20"}, ("amount", "This must be at most 999999999999.99.")),
            ({"amount": "-1"}, ("amount", "This must be an amount such as “12.50”, not negative.")),
        ],
    )
    def test_says_what_is_wrong_with_a_number_or_a_moment(self, manager, values, error):
        answer = manager.send("POST", LIST, self.document(**values))

        assert [(wrong["path"], wrong["message"]) for wrong in answer.json()["errors"]] == [error]

    def test_needs_the_right(self):
        reader = Manager.sign_in("loyalty.view_storedvalue", "customers.view_customer")

        assert reader.send("POST", LIST, self.document()).status_code == 403
