"""The rows of a sale beside its campaigns: a constant number of statements for any number of lines."""

from typing import Any

import msgspec
from django.db import connection

from campaigns.engine.evaluation import Evaluation
from pos_api.baskets import SaleDocument
from pos_api.services.evaluation import Evaluated
from retail import money
from retail.models import ExchangedItem, Payment, SaleLine


def insert_lines(sale_id: int, document: SaleDocument, evaluated: Evaluated) -> dict[int, int]:
    """Store lines, exchanged items and payments; return the key of each line by its number."""
    catalogue = evaluated.snapshot.catalogue
    bought = {line.line: line for line in evaluated.basket.lines}
    named = {line.line: line.category for line in document.lines}
    amount = money.to_decimal
    rows = []
    for result in evaluated.evaluation.lines:
        line = bought[result.line]
        known = catalogue.get(line.sku)
        rows.append(
            SaleLine(
                sale_id=sale_id,
                line=result.line,
                sku=line.sku,
                code=line.code,
                ncm=line.ncm,
                category=named[result.line] or (line.categories[-1] if line.categories else ""),
                product_id=None if known is None else known.id,
                seller=line.seller,
                quantity=line.quantity,
                unit_price=amount(line.unit_price),
                original_price=None if line.original_price is None else amount(line.original_price),
                gross=amount(result.gross),
                markdown=amount(result.markdown),
                exchange_share=amount(result.exchange_share),
                discount=amount(result.discount),
                net=amount(result.net),
            )
        )
    SaleLine.objects.bulk_create(rows)
    if document.exchange:
        ExchangedItem.objects.bulk_create(
            ExchangedItem(
                sale_id=sale_id, sku=item.sku, quantity=item.quantity, unit_price=amount(item.unit_price)
            )
            for item in document.exchange
        )
    if document.payments:
        Payment.objects.bulk_create(
            Payment(sale_id=sale_id, method=part.method, amount=amount(part.amount or 0))
            for part in document.payments
        )
    return {row.line: row.pk for row in rows}


_COMPLETE = """
UPDATE retail_sale SET customer_id = %s, gross = %s, markdown = %s, exchange = %s, discount = %s, redeemed = %s,
    net = %s, delivery_fee = %s, delivery_discount = %s, charged = %s, plan_version = %s, flags = %s, response = %s
WHERE id = %s
"""


def complete_sale(
    sale_id: int,
    evaluation: Evaluation,
    *,
    customer_id: int | None,
    charged: int,
    flags: list[str],
    body: dict[str, Any],
) -> None:
    """Write the sale's totals and the answer that it got."""
    totals, delivery, amount = evaluation.totals, evaluation.delivery, money.to_decimal
    with connection.cursor() as cursor:
        cursor.execute(
            _COMPLETE,
            [
                customer_id,
                amount(totals.gross),
                amount(totals.markdown),
                amount(totals.exchange),
                amount(totals.discount),
                amount(totals.redeemed),
                amount(totals.net),
                amount(delivery.fee),
                amount(delivery.discount),
                amount(charged),
                evaluation.plan_version,
                msgspec.json.encode(flags).decode(),
                msgspec.json.encode(body).decode(),
                sale_id,
            ],
        )
