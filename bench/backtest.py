"""Target 8: how many recorded baskets a second a back-test evaluates, on one core, against 30 campaigns."""

from __future__ import annotations

import gc
import random
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from bench.corpus import sku
from bench.installation import Installation
from bench.tables import at_least, table

TITLE = "Target 8: back-tests"
SALES = 20_000
TARGET = 5_000
STORE = "history"
PRODUCTS = 2_000
CATEGORIES = 60
CUSTOMERS = 1_000
FIRST = datetime(2026, 1, 5, 12, tzinfo=UTC)
METHODS = ("pix", "credit_card", "cash")
ROUNDS = 3
WHY_MISSED = """
Where the target is missed, and why: two thirds of the time are spent in the engine, which computes every one of a dozen
drafts that concern each sale exactly as a till would, each with its refusal and its shares by line; about a tenth reads
the sales and a tenth adds them up. How many drafts concern a sale decides, not how many there are. In the Complete Journey
year 0.015 of 1,197 live coupons concern a sale (measured on every tenth sale); with a draft for everybody that is one.
"""


def campaigns() -> list[dict[str, Any]]:
    """Return thirty drafts of every sort; a dozen of them concern an ordinary basket."""
    category = {"kind": "product", "by": "category", "match": "any"}
    products = {"kind": "product", "by": "sku", "match": "any"}
    ten = [{"kind": "item_percent", "percent": "10.00"}]
    made: list[dict[str, Any]] = [
        *({"conditions": {"all": [category | {"values": [f"c-{n}"]}]}, "benefits": ten} for n in range(10)),
        *(
            {
                "conditions": {"all": [products | {"values": [sku(n * 97 + k) for k in range(40)]}]},
                "benefits": [{"kind": "item_amount", "amount": "1.00"}],
            }
            for n in range(8)
        ),
        {"conditions": {"all": [{"kind": "first_purchase"}]}, "benefits": ten},
        {"conditions": {"all": [{"kind": "purchase_number", "number": 10}]}, "benefits": ten},
        _customer("visits", 5) | {"benefits": [{"kind": "order_percent", "percent": "1.00"}]},
        _customer("turnover", "2000.00") | {"benefits": [{"kind": "cashback", "percent": "2.00"}]},
        {"conditions": {"all": [{"kind": "payment", "methods": ["pix"]}]}, "benefits": ten, "exclusive": True,
         "minimum_amount": "900.00"},
        {"conditions": {"all": [category | {"values": ["c-11"]}]},
         "benefits": [{"kind": "multibuy", "take": 3, "discounted": 1, "percent": "100.00"}]},
        {"conditions": {"all": [category | {"values": ["c-12", "c-13"]}]},
         "benefits": [{"kind": "bundle_price", "take": 2, "price": "30.00"}]},
        {"minimum_amount": "300.00", "benefits": [{"kind": "order_amount", "amount": "10.00"}]},
        {"minimum_amount": "500.00", "priority": 5, "benefits": [{"kind": "order_percent", "percent": "3.00"}]},
        {"conditions": {"all": [{"kind": "promo_code"}]}, "benefits": ten},
        {"limits": [{"scope": "customer", "counts": "sale", "max": 1, "per": "month"}], "benefits": ten},
        {"budget": "5000.00", "minimum_quantity": "12", "benefits": ten},
    ]  # fmt: skip
    return [
        {"code": f"draft-{n}", "name": f"Draft {n}", "priority": n % 3} | one for n, one in enumerate(made)
    ]


def campaigns_of_a_year() -> list[dict[str, Any]]:
    """Return thirty drafts of which as many concern a sale as in the Complete Journey year: one, and few coupons."""
    everybody = {
        "code": "draft-0",
        "name": "Draft 0",
        "minimum_amount": "40.00",
        "benefits": [{"kind": "order_percent", "percent": "5.00"}],
        "limits": [{"scope": "customer", "counts": "sale", "max": 2, "per": "month"}],
    }
    coupons: list[dict[str, Any]] = [
        {
            "code": f"draft-{n}",
            "name": f"Draft {n}",
            # Only the first three name a product that is sold.
            "conditions": {"all": [{"kind": "product", "by": "sku", "values": [sku(PRODUCTS - 4 + n)]}]},
            "benefits": [{"kind": "item_amount", "amount": "1.00"}],
        }
        for n in range(1, 30)
    ]
    return [everybody, *coupons]


def _customer(attribute: str, value: Any) -> dict[str, Any]:
    leaf = {"kind": "customer", "attribute": attribute, "operator": "gte", "value": value}
    return {"conditions": {"all": [leaf]}}


def measure(installation: Installation) -> dict[str, Any]:
    """Return seconds and rates: of the whole back-test, and of what reading the sales alone takes."""
    _ = installation.stack
    from zoneinfo import ZoneInfo

    from campaigns.engine.backtest_document import read_question
    from campaigns.recorded_sales import RecordedSales
    from campaigns.services.backtest_run import BATCH, run_backtest

    last = _record()

    def asked(drafts: list[dict[str, Any]]) -> Any:
        document = {
            "campaigns": drafts,
            "from": FIRST.date().isoformat(),
            "until": (FIRST + timedelta(days=400)).date().isoformat(),
            "stores": [STORE],
        }
        return read_question(document, zone=ZoneInfo("America/Sao_Paulo"))

    def run(question: Any) -> tuple[dict[str, Any], dict[str, float]]:
        """Return the report, and the times of the round that took the processor the shortest."""
        best: dict[str, float] = {}
        report: dict[str, Any] = {}
        for _round in range(ROUNDS):
            gc.collect()
            wall, cpu = time.perf_counter(), time.process_time()
            report = run_backtest(question, last=last, progress=lambda _done, _total: None)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            if not best or cpu < best["cpu"]:
                best = {"wall": wall, "cpu": cpu}
        return report, best

    question = asked(campaigns())
    report, best = run(question)
    yearly, least = run(asked(campaigns_of_a_year()))
    read = time.process_time()
    sales = RecordedSales(begins=question.begins, ends=question.ends, stores=None, last=last)
    lines = sum(len(sale.basket.lines) for batch in sales.batches(BATCH) for sale in batch)
    read = time.process_time() - read
    totals = report["totals"]
    return {
        "sales": totals["sales"],
        "lines a sale": round(lines / len(sales), 1),
        "activations": sum(row["activations"] for row in report["campaigns"]),
        "refusals": sum(row["refused"] for row in report["campaigns"]),
        "seconds": round(best["wall"], 2),
        "processor seconds": round(best["cpu"], 2),
        "processor seconds reading": round(read, 2),
        "sales a second": round(totals["sales"] / best["wall"]),
        "sales a processor second": round(totals["sales"] / best["cpu"]),
        "as in a year": {
            "concern a sale": round(_considered(yearly) / yearly["totals"]["sales"], 2),
            "activate": round(yearly["totals"]["reached"] / yearly["totals"]["sales"], 2),
            "sales a second": round(yearly["totals"]["sales"] / least["wall"]),
            "sales a processor second": round(yearly["totals"]["sales"] / least["cpu"]),
        },
    }


def _considered(report: dict[str, Any]) -> int:
    return sum(row["activations"] + row["refused"] for row in report["campaigns"])


def rows(figures: dict[str, Any]) -> str:
    considered = (figures["activations"] + figures["refusals"]) / figures["sales"]
    text = (
        f"{figures['sales']:,} recorded sales of {figures['lines a sale']} lines against 30 drafts, of which "
        f"{considered:.1f} concern a sale and {figures['activations'] / figures['sales']:.1f} activate. Processor time is that of the "
        f"worker; the database works beside it. {figures['processor seconds reading']} of its "
        f"{figures['processor seconds']} seconds read the sales.\n\n"
    )
    rate = figures["sales a processor second"]
    lines: list[tuple[object, ...]] = [
        ("on one core", f"{rate:,}", f">= {TARGET:,}: {at_least(rate, TARGET)}"),
        ("by the clock", f"{figures['sales a second']:,}", ""),
    ]
    yearly = figures.get("as in a year")
    if yearly:
        other = yearly["sales a processor second"]
        named = f"thirty drafts of which {yearly['concern a sale']} concern a sale"
        lines += [
            (f"{named}, on one core", f"{other:,}", f">= {TARGET:,}: {at_least(other, TARGET)}"),
            (f"{named}, by the clock", f"{yearly['sales a second']:,}", ""),
        ]
    return text + table(("", "sales a second", "target"), lines)


def _record() -> int:
    """Record the sales once, as committing them would have, without campaigns; return the newest."""
    from django.db import connection

    from customers.models import Customer
    from retail.models import Category, Product, Sale, Store, Terminal

    store, made = Store.objects.get_or_create(code=STORE, defaults={"name": "History"})
    if made or not Sale.objects.filter(store=store).exists():
        print(f"  recording {SALES:,} sales ...", flush=True)
        terminal, _ = Terminal.objects.get_or_create(store=store, code="1")
        Category.objects.bulk_create(
            (
                Category(code=f"c-{n}", name=f"Category {n}", path=["goods", f"c-{n}"])
                for n in range(CATEGORIES)
            ),
            ignore_conflicts=True,
        )
        Product.objects.bulk_create(
            (Product(sku=sku(n), name=f"Product {n}", price="20.00") for n in range(PRODUCTS)),
            ignore_conflicts=True,
        )
        Customer.objects.bulk_create(
            (Customer(code=f"h-{n}", name=f"Customer {n}") for n in range(CUSTOMERS)), ignore_conflicts=True
        )
        customers = list(
            Customer.objects.filter(code__startswith="h-").order_by("pk").values_list("pk", flat=True)
        )
        products = dict(Product.objects.values_list("sku", "pk"))
        for start in range(0, SALES, 2_000):
            _record_some(range(start, start + 2_000), store.pk, terminal.pk, customers, products)
        Product.objects.filter(cost__isnull=True).update(cost=Decimal("11.00"))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE retail_sale, retail_saleline")
    newest = Sale.objects.filter(store=store).order_by("-pk").values_list("pk", flat=True).first()
    return newest or 0


def _record_some(
    numbers: range, store: int, terminal: int, customers: list[int], products: dict[str, int]
) -> None:
    from retail.models import Sale, SaleLine

    sales, lines = [], []
    for number in numbers:
        draw = random.Random(number)
        at = FIRST + timedelta(minutes=25 * number)
        rows = _lines(draw)
        total = sum(row["unit_price"] * int(row["quantity"]) for row in rows)
        net = Decimal(total).scaleb(-2)
        request: dict[str, Any] = {
            "ticket": str(number),
            "occurred_at": at.isoformat(),
            "operation": "sale",
            "total": total,
            "lines": rows,
            "payments": [{"method": draw.choice(METHODS), "amount": total}],
        }
        customer = draw.choice(customers) if draw.random() < 0.6 else None
        if customer is not None:
            request["customer"] = {"code": str(customer)}
        sale = Sale(
            uuid=UUID(int=draw.getrandbits(128)), store_id=store, terminal_id=terminal, ticket=str(number),
            business_date=at.date(), occurred_at=at, received_at=at, customer_id=customer,
            gross=net, net=net, charged=net, plan_version=0, fingerprint="", request=request,
            response={"activations": [], "promo_codes": []},
        )  # fmt: skip
        sales.append(sale)
        lines += [
            SaleLine(
                sale=sale, line=row["line"], sku=row["sku"], product_id=products[row["sku"]],
                category=f"c-{int(row['sku'][-4:]) % CATEGORIES}", quantity=Decimal(row["quantity"]),
                unit_price=(price := Decimal(row["unit_price"]).scaleb(-2)), original_price=price,
                gross=price * int(row["quantity"]), net=price * int(row["quantity"]),
            )
            for row in rows
        ]  # fmt: skip
    Sale.objects.bulk_create(sales)
    SaleLine.objects.bulk_create(lines, batch_size=5_000)


def _lines(draw: random.Random) -> list[dict[str, Any]]:
    """Return the lines of a basket: nine on average, some baskets of forty."""
    count = min(40, 1 + int(draw.expovariate(1 / 8.5)))
    return [
        {
            "line": place + 1,
            "sku": sku(draw.randrange(PRODUCTS)),
            "quantity": str(draw.choice((1, 1, 1, 2, 3))),
            "unit_price": draw.randrange(199, 5_999),
        }
        for place in range(count)
    ]


if __name__ == "__main__":
    import json
    from pathlib import Path

    from bench.installation import CHECKOUT

    with Installation(Path(CHECKOUT / ".local" / "bench"), port=8310, codes=1_000) as here:
        print(json.dumps(measure(here), indent=2))
