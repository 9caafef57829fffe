"""Who waits for whom while a message is decided on, so that nobody is written to who has just said no.

In this order: the customer, the message, the person, the address. A sender shares the customer and the address from its last look
until `call_began_at` is committed; whoever records an answer or silences an address takes them whole.
"""

from django.db import connection

from messaging.addresses import address_hash

_SHARE_CUSTOMER = """
SELECT c.id FROM customers_customer c JOIN messaging_message m ON m.customer_id = c.id WHERE m.id = %s FOR SHARE OF c
"""


def share_customer(message_id: int) -> int | None:
    """Let no answer of the message's customer be recorded until this transaction ends; return whose row that is.

    While it waited, the customer may have been merged into another one, whose message it is then.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SHARE_CUSTOMER, [message_id])
        row = cursor.fetchone()
    return row[0] if row else None


def lock_person(person: str) -> None:
    """Decide on one message of a person at a time."""
    _run("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", f"messaging:{person}")


def share_address(channel: str, address: str) -> None:
    """Let nobody silence an address until this transaction ends."""
    _run("SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0))", _name(channel, address))


def lock_address(channel: str, address: str) -> None:
    """Wait until nobody is about to write to an address."""
    _run("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", _name(channel, address))


def _name(channel: str, address: str) -> str:
    return f"messaging:address:{address_hash(channel, address)}"


def _run(statement: str, *values: int | str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
