"""Whose messages are whose when two records of a customer become one, or two again."""

from collections.abc import Sequence

from django.db import connection

from messaging.addresses import person_key

# Nobody gets twice what the one person that they are has got already: it stays with the name that it was sent under.
_RENAME = """
UPDATE messaging_message m SET person = %(new)s
 WHERE m.id = ANY(%(ids)s) AND m.person = %(old)s
   AND NOT EXISTS (SELECT FROM messaging_message o
                    WHERE o.occasion = m.occasion AND o.occasion_key = m.occasion_key AND o.person = %(new)s)
"""


def rename_person(message_ids: Sequence[int], *, old: int, new: int) -> None:
    """Let messages count for the customer `new` instead of `old`, so that no occasion writes to them again."""
    names = {"old": person_key(customer_id=old), "new": person_key(customer_id=new)}
    with connection.cursor() as cursor:
        cursor.execute(_RENAME, {"ids": list(message_ids), **names})
