"""Migrations can be undone and done again, and what they do to data that is there."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from loyalty.models import StoredValueLoad
from pos_api.models import SaleException
from tests.pos_api.till import Till, sale

pytestmark = pytest.mark.django_db(transaction=True)


def migrate(*target: str) -> None:
    call_command("migrate", *target, interactive=False, verbosity=0)


def functions() -> dict[str, str]:
    """Return what the database's own functions do, by name and arguments."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.oid::regprocedure::text, pg_get_functiondef(p.oid) FROM pg_proc p"
            " JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public' AND p.prokind = 'f'"
            " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
        )
        return dict(cursor.fetchall())


def test_the_functions_of_the_point_of_sale_go_back_and_come_again() -> None:
    before = functions()

    migrate("pos_api", "0007")
    back = functions()
    migrate()

    assert {name for name in before if name.startswith("pos_snapshot")} != set()
    assert not any(name.startswith(("pos_value", "pos_stored_values")) for name in back)
    assert [name for name in back if name.startswith("pos_snapshot")] != []
    assert functions() == before


def test_what_was_sold_before_has_its_price_and_what_was_returned_is_settled() -> None:
    till = Till.open()
    till.send("POST", "stored-values/", {"kind": "e_purse", "amount": "60.00", "price": "50.00"})
    sold: Any = till.sell(sale(offline=True, total="70.00")).json()
    till.give_back(sold["sale"], {1: "1"})

    migrate("loyalty", "0018")
    with connection.cursor() as cursor:
        cursor.execute("SELECT resolution FROM pos_api_saleexception")
        assert cursor.fetchall() == [("",)]
    migrate()

    assert str(StoredValueLoad.objects.get().price) == "50.00"
    assert StoredValueLoad.objects.get().terminal == till.terminal
    exception = SaleException.objects.get()
    assert (exception.resolution, exception.settled_at) == (
        "returned",
        exception.sale.returns.get().returned_at,
    )
