"""Making stored values: many of all sorts in a few statements, each with its own account, code and value."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from loyalty.models import Account, AccountKind, Entry, EntryKind, StoredValue, StoredValueCode
from loyalty.selectors.stored_values import find_by_code, usual_type
from loyalty.services.refusals import CodeTaken
from loyalty.services.stored_values import Making, code_again, give_code, make
from retail.moments import SKEW_NOTED
from tests.builders import NOON, build_customer, build_store, build_stored_value_type, build_user
from tests.world import assert_world

pytestmark = pytest.mark.django_db


def making(number: int, **values: Any) -> Making:
    kind = values.pop("type", None) or usual_type(AccountKind.VOUCHER)
    defaults = {"type": kind, "origin": "test", "operation": str(number)}
    return Making(**defaults | ({} if "percent" in values else {"amount": number * 100}) | values)


class TestMake:
    def test_gives_each_its_own_account_code_and_value(self) -> None:
        customer, store, user = build_customer(), build_store(), build_user()
        card = build_stored_value_type(valid_days=10)
        wanted = [
            making(1),
            making(2, percent=Decimal("12.5")),
            making(3, type=card, code="NATAL-2026", customer_id=customer.pk, price=250),
            making(4, store_codes=[store.code, "ÇÃ \\ \"{'"], store_id=store.pk, earned_by="vale"),
            making(5, expires_at=NOON + timedelta(days=2), available_from=NOON + timedelta(days=1)),
        ]

        made = make(wanted, at=NOON, actor_id=user.pk, reason="Cortesia")

        assert [find_by_code(one.code) for one in made] == [one.stored for one in made]
        assert made[2].code == "NATAL-2026"
        assert [code_again(one.stored) for one in made] == [
            "" if one.code == "NATAL-2026" else one.code for one in made
        ]
        written = [StoredValue.objects.select_related("account").get(operation=str(n)) for n in range(1, 6)]
        assert written == [one.stored for one in made]
        for asked, one, stored in zip(wanted, made, written, strict=True):
            fields = [field.attname for field in StoredValue._meta.concrete_fields]
            assert [getattr(one.stored, name) for name in fields] == [
                getattr(stored, name) for name in fields
            ]
            assert (stored.account.kind, stored.account.balance) == (
                asked.kind,
                Decimal(asked.hundredths) / 100,
            )
            lot = stored.account.lots.get()
            assert (lot.pk, lot.expires_at, lot.campaign) == (one.lot_id, one.expires_at, asked.earned_by)
            assert lot.available_from == (asked.available_from or NOON - SKEW_NOTED)
        assert [stored.percent for stored in written] == [None, Decimal("12.5"), None, None, None]
        assert (written[2].customer, written[2].price) == (customer, Decimal("2.50"))
        assert written[3].store_codes == [store.code, "ÇÃ \\ \"{'"]
        assert {(entry.kind, entry.actor_id, entry.reason) for entry in Entry.objects.all()} == {
            (EntryKind.LOAD, user.pk, "Cortesia")
        }
        assert_world()

    def test_takes_as_many_statements_for_a_thousand_as_for_one(self) -> None:
        kind = usual_type(AccountKind.VOUCHER)

        with CaptureQueriesContext(connection) as one:
            make([making(1, type=kind)], at=NOON)
        with CaptureQueriesContext(connection) as thousand:
            made = make([making(number, type=kind) for number in range(2, 1_002)], at=NOON)

        assert len(thousand) == len(one)
        held = dict(Account.objects.values_list("pk", "balance"))
        assert [held[each.stored.account_id] for each in made] == [Decimal(n) for n in range(2, 1_002)]
        assert len({each.code for each in made}) == 1_000

    def test_no_code_is_given_twice_and_nothing_is_left_of_what_was_refused(self) -> None:
        make([making(1, code="NATAL-2026")], at=NOON)

        for codes in (["natal-2026"], ["OUTRO", "outro"]):
            with pytest.raises(CodeTaken):
                make([making(2 + place, code=code) for place, code in enumerate(codes)], at=NOON)
        other = make([making(9, code="LIVRE")], at=NOON)[0].stored
        StoredValueCode.objects.filter(stored_value=other).update(ended_at=NOON)
        with pytest.raises(CodeTaken):
            give_code(other, code="NATAL-2026", at=NOON)

        # The transaction goes on.
        assert StoredValue.objects.count() == StoredValueCode.objects.count() == Account.objects.count() == 2

    def test_an_operation_makes_one(self) -> None:
        make([making(1)], at=NOON)

        with pytest.raises(IntegrityError, match="stored_value_once_per_operation"), transaction.atomic():
            make([making(2), making(1)], at=NOON)

        assert Account.objects.count() == 1
