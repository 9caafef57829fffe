"""A customer's PIN: set, removed, tried. Nobody can read one.

A PIN has few digits, so its hash is made of a keyed hash of it: whoever has the database alone cannot try them out.
"""

import hashlib
import hmac
import re
from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import connection
from django.utils.translation import gettext_lazy

from customers.models import CustomerPin

TRIES = 5
LOCK = timedelta(minutes=15)
_DIGITS = re.compile(r"[0-9]{4,8}", re.ASCII)
Tried = Literal["right", "wrong", "locked", "none"]


class PinInvalid(Exception):
    """It is no PIN, or one that everybody tries first."""

    code = "invalid"
    field = "pin"
    message = gettext_lazy("A PIN has 4 to 8 digits that are not all the same.")

    def __init__(self) -> None:
        super().__init__(str(self.message))


def set_pin(*, customer_id: int, pin: str, by_id: int | None = None, at: datetime) -> None:
    """Give a customer a PIN in place of any other, which also unlocks it. Raises PinInvalid."""
    if not _DIGITS.fullmatch(pin) or len(set(pin)) == 1:
        raise PinInvalid
    CustomerPin.objects.update_or_create(
        customer_id=customer_id,
        defaults={
            "password": make_password(_keyed(customer_id, pin)),
            "tries": 0,
            "locked_until": None,
            "set_at": at,
            "set_by_id": by_id,
        },
    )


def remove_pin(*, customer_id: int) -> bool:
    """Take a customer's PIN away; return whether there was one."""
    return bool(CustomerPin.objects.filter(customer_id=customer_id).delete()[0])


# Counted before it is compared: tries at the same moment come one after the other, and none is free.
_TRY = """
UPDATE customers_customerpin
   SET tries = CASE WHEN locked_until IS NULL THEN tries + 1 ELSE 1 END,
       locked_until = CASE WHEN locked_until IS NULL AND tries + 1 >= %s THEN %s::timestamptz END
 WHERE customer_id = %s AND (locked_until IS NULL OR locked_until <= %s)
RETURNING password
"""


def try_pin(*, customer_id: int, pin: str, at: datetime) -> Tried:
    """Say whether a PIN is the customer's. The fifth wrong one in a row locks it for fifteen minutes.

    Runs outside of any transaction, so that a try counts whatever becomes of what it was for.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TRY, [TRIES, at + LOCK, customer_id, at])
        row = cursor.fetchone()
    if row is None:
        return "locked" if CustomerPin.objects.filter(customer_id=customer_id).exists() else "none"
    if not check_password(_keyed(customer_id, pin), row[0]):
        return "wrong"
    CustomerPin.objects.filter(customer_id=customer_id).update(tries=0, locked_until=None)
    return "right"


def _keyed(customer_id: int, pin: str) -> str:
    return hmac.new(
        settings.KEY_PEPPER.encode(), f"pin:{customer_id}:{pin}".encode(), hashlib.sha256
    ).hexdigest()
