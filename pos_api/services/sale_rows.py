"""The rows of a sale beside its campaigns: a constant number of statements for any number of lines."""

from typing import Any

import msgspec
from django.db import connection

from campaigns.engine.evaluation import Evaluation
from campaigns.engine.refunds import refundable
from pos_api.baskets import SaleDocument
from pos_api.services.evaluation import Evaluated
from retail import money
from retail.models import ExchangedItem, Payment, Sale

# One parameter whatever the number of lines: models and their placeholders were a third of what recording a sale cost.
_INSERT_LINES = """
INSERT INTO retail_saleline (sale_id, line, sku, code, ncm, category, product_id, seller, quantity, unit_price,
    original_price, gross, markdown, exchange_share, discount, net, refundable)
SELECT %s, r.* FROM json_to_recordset(%s) AS r(line integer, sku text, code text, ncm text, category text,
    product_id bigint, seller text, quantity numeric, unit_price numeric, original_price numeric, gross numeric,
    markdown numeric, exchange_share numeric, discount numeric, net numeric, refundable numeric)
RETURNING line, id
"""


def lock_sale(**natural_key: Any) -> Sale | None:
    """Return a sale under its lock, without the documents that were exchanged; None when there is none."""
    # Its key stays as it is. A sale that spends what this one earned names it when it commits, holding the customer's
    # accounts: the stronger lock would make it wait for whoever waits for those accounts.
    locked = Sale.objects.select_for_update(no_key=True).filter(**natural_key)
    return locked.defer("request", "response").first()


def insert_lines(sale_id: int, document: SaleDocument, evaluated: Evaluated) -> dict[int, int]:
    """Store lines, exchanged items and payments; return the key of each line by its number."""
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT_LINES, [sale_id, msgspec.json.encode(_line_rows(document, evaluated)).decode()]
        )
        line_ids = dict(cursor.fetchall())
    amount = money.to_decimal
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
    return line_ids


def _line_rows(document: SaleDocument, evaluated: Evaluated) -> list[dict[str, Any]]:
    catalogue = evaluated.snapshot.catalogue
    bought = {line.line: line for line in evaluated.basket.lines}
    named = {line.line: line.category for line in document.lines}
    text = money.text
    worth = _refundable(document, evaluated)
    rows = []
    for result in evaluated.evaluation.lines:
        line = bought[result.line]
        known = catalogue.get(line.sku)
        rows.append(
            {
                "line": result.line,
                "sku": line.sku,
                "code": line.code,
                "ncm": line.ncm,
                "category": named[result.line] or (line.categories[-1] if line.categories else ""),
                "product_id": None if known is None else known.id,
                "seller": line.seller,
                "quantity": str(line.quantity),
                "unit_price": text(line.unit_price),
                "original_price": None if line.original_price is None else text(line.original_price),
                "gross": text(result.gross),
                "markdown": text(result.markdown),
                "exchange_share": text(result.exchange_share),
                "discount": text(result.discount),
                "net": text(result.net),
                "refundable": text(worth[result.line]),
            }
        )
    return rows


def _refundable(document: SaleDocument, evaluated: Evaluated) -> dict[int, int]:
    """Return by line what all its units are worth in a return. Where the till charged another total, they follow it."""
    worth, totals = refundable(evaluated.evaluation), evaluated.evaluation.totals
    if document.total == totals.net:
        return worth
    paid = document.total + totals.exchange + totals.redeemed
    return dict(zip(worth, money.prorate(paid, list(worth.values())), strict=True))


_COMPLETE = """
UPDATE retail_sale SET customer_id = %s, gross = %s, markdown = %s, exchange = %s, discount = %s, redeemed = %s,
    net = %s, delivery_fee = %s, delivery_discount = %s, charged = %s, plan_version = %s, flags = %s, response = %s,
    shares = %s, request = coalesce(%s, request)
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
    shares: dict[str, Any] | None,
    request: dict[str, Any] | None = None,
) -> None:
    """Write the sale's totals, the answer that it got and what its returns will need to know.

    `request` takes the place of what was kept of the request when it came.
    """
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
                None if shares is None else msgspec.json.encode(shares).decode(),
                None if request is None else msgspec.json.encode(request).decode(),
                sale_id,
            ],
        )
