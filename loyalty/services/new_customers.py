"""Vouchers for new customers with an e-mail, by issuing rules (docs/algorithms/issuing.md, section 5).

Customers are made in several places: at the till, by sales, by the API, in the back-office. None of them knows of
vouchers: this looks, every minute, at who is new, and gives each at most one by each rule, whoever looks and how often.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction

from loyalty.issuing import given_for
from loyalty.models import IssuingRule, IssuingTrigger
from loyalty.services.stored_values import Making, make
from retail.models import Store
from retail.selectors.company import company_zone

BATCH = 500
# How long a customer is new: a worker may be down for days, an e-mail may come later.
NEW_FOR = timedelta(days=7)

# A record that a sale has made has no store of its own: it belongs to where it bought. A record that somebody holds right
# now, perhaps to merge it, is left for the next minute.
_NEW = """
SELECT c.id, c.home_store_id FROM customers_customer c
 WHERE c.id > %(after)s
   AND c.created_at >= %(since)s AND c.created_at <= %(at)s AND c.is_active AND c.email <> ''
   AND (%(stores)s::bigint[] IS NULL OR c.home_store_id = ANY(%(stores)s::bigint[])
        OR (c.home_store_id IS NULL AND EXISTS (
            SELECT FROM retail_sale s
             WHERE s.customer_id = c.id AND NOT s.is_test AND s.store_id = ANY(%(stores)s::bigint[]))))
   AND NOT EXISTS (SELECT FROM loyalty_storedvalue v
                    WHERE v.origin = %(origin)s AND v.operation = 'customer:' || c.id)
 ORDER BY c.id LIMIT %(limit)s
   FOR NO KEY UPDATE OF c SKIP LOCKED
"""


def welcome_new_customers(*, at: datetime) -> int:
    """Give what is due by now, in batches that commit by themselves; return how many vouchers were made."""
    rules = IssuingRule.objects.filter(is_active=True, trigger=IssuingTrigger.NEW_CUSTOMER)
    given = 0
    for rule in rules.select_related("type").order_by("priority", "pk"):
        if rule.is_live(at=at):
            given += _welcome(rule.pk, at)
    return given


def _welcome(rule_id: int, at: datetime) -> int:
    # Each batch begins where the one before ended: after an import nobody is looked at once for every batch.
    given = after = 0
    while welcomed := _give_next(rule_id, after, at):
        given += len(welcomed)
        after = welcomed[-1]
    return given


@transaction.atomic
def _give_next(rule_id: int, after: int, at: datetime) -> list[int]:
    """Give a batch of those beyond a customer's id and return their ids; nobody where somebody else gives by this rule."""
    rule = (
        IssuingRule.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        .select_related("type")
        .filter(pk=rule_id)
        .first()
    )
    if rule is None or not rule.is_live(at=at):
        return []
    given = given_for(rule.terms(), turnover=0, visits=0)
    found = _new_to(rule, after, at) if given.is_something else []
    ends = rule.expires_at(at=at, zone=company_zone())
    percent = None if given.percent is None else Decimal(given.percent) / 10_000
    make(
        [
            Making(
                type=rule.type,
                origin=rule.origin,
                operation=f"customer:{customer_id}",
                amount=given.amount,
                percent=percent,
                customer_id=customer_id,
                store_id=store_id,
                store_codes=rule.usable_store_codes,
                available_from=rule.usable_from,
                expires_at=ends,
                earned_by=rule.code,
            )
            for customer_id, store_id in found
        ],
        at=at,
    )
    return [customer_id for customer_id, _store_id in found]


def _new_to(rule: IssuingRule, after: int, at: datetime) -> list[tuple[int, int | None]]:
    """Return the next customers whom the rule has given nothing yet, with their stores, and lock them."""
    stores = None
    if rule.store_codes:
        stores = list(Store.objects.filter(code__in=rule.store_codes).values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(
            _NEW,
            {
                "after": after,
                # Who was a customer before the rule is not new to it.
                "since": max(rule.starts_at or rule.created_at, rule.created_at, at - NEW_FOR),
                "at": at,
                "stores": stores,
                "origin": rule.origin,
                "limit": BATCH,
            },
        )
        return cursor.fetchall()
