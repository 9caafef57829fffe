"""Put the journey's products, stores, households and campaigns into an installation, by the managers' API.

Everything here is an upsert by a stable code: loading twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from bench.replay.client import ApiError, Client
from bench.replay.journey import TIME_ZONE, Journey
from bench.replay.offers import Assignment, documents, households_grouping, offer_code, worth
from bench.replay.rules import money, quantity_and_price

ROWS = 5_000
TERMINAL = "1"


class LoadFailed(Exception):
    """The installation refused rows; the message shows the first of them."""


def load(
    client: Client, journey: Journey, assignment: Assignment, *, moved: timedelta, say: Callable[[str], None]
) -> None:
    """Load everything that the baskets refer to. Raises LoadFailed or ApiError."""
    for title, path, rows in _tables(journey):
        say(f"{title}: {_upsert(client, path, rows):,}")
    published = 0
    for document in documents(journey, worth(journey, assignment), moved=moved):
        published += _publish(client, document)
    say(
        f"campaigns published: {published:,} (one for each coupon of {len(journey.campaigns)} recorded campaigns)"
    )


def _tables(journey: Journey) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    yield "categories", "categories/", list(_categories(journey))
    yield "products", "products/", list(_products(journey))
    yield (
        "stores",
        "stores/",
        [{"code": str(s), "name": f"Store {s}", "time_zone": TIME_ZONE.key} for s in journey.stores],
    )
    yield "terminals", "terminals/", [{"store": str(store), "code": TERMINAL} for store in journey.stores]
    yield (
        "households",
        "customers/",
        [{"code": f"hh-{h}", "name": f"Household {h}"} for h in journey.households],
    )
    yield "groupings of households", "groupings/", list(_household_groupings(journey))
    yield "groupings of products", "groupings/", list(_product_groupings(journey))


def _category(text: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in text.lower()).split())[:60]


def _categories(journey: Journey) -> Iterator[dict[str, Any]]:
    departments = sorted({product.department for product in journey.products if product.department})
    yield from ({"code": _category(name), "name": name.title()} for name in departments)
    pairs = {
        (_category(f"{p.department} {p.category}"), p.category, _category(p.department))
        for p in journey.products
        if p.category
    }
    by_code = {
        code: (name, parent)
        for code, name, parent in sorted(pairs)
        if code not in map(_category, departments)
    }
    yield from (
        {"code": code, "name": name.title(), "parent": parent} for code, (name, parent) in by_code.items()
    )


def _products(journey: Journey) -> Iterator[dict[str, Any]]:
    prices: dict[int, int] = {}
    for basket in journey.baskets:
        for line in basket.lines:
            prices[line.product] = quantity_and_price(line)[1]
    for product in journey.products:
        row: dict[str, Any] = {
            "sku": str(product.product),
            "name": product.name.title() or f"Product {product.product}",
            "price": money(prices.get(product.product, 0)),
        }
        if product.department:
            row["category"] = _category(f"{product.department} {product.category}")
        yield row


def _household_groupings(journey: Journey) -> Iterator[dict[str, Any]]:
    for campaign, households in sorted(journey.targets.items()):
        yield {
            "type": "customer",
            "code": households_grouping(campaign),
            "name": f"Campaign {campaign}: households",
            "members": [{"code": f"hh-{household}"} for household in sorted(set(households))],
        }


def _product_groupings(journey: Journey) -> Iterator[dict[str, Any]]:
    known = {product.product for product in journey.products}
    for offer, products in sorted(journey.coupons.items()):
        yield {
            "type": "product",
            "code": offer_code(offer),
            "name": f"Campaign {offer[0]}: products of coupon {offer[1]}",
            "members": [{"sku": str(product)} for product in sorted(set(products) & known)],
        }


def _upsert(client: Client, path: str, rows: Sequence[dict[str, Any]]) -> int:
    for batch in _batches(rows):
        answer = client.ask("POST", f"/api/v1/{path}", batch)
        if answer["summary"]["error"]:
            wrong = next(row for row in answer["results"] if row["status"] == "error")
            raise LoadFailed(f"{path}: {batch[wrong['row']]} was refused: {wrong['errors']}")
    return len(rows)


def _batches(rows: Sequence[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    # A grouping may carry thousands of members: fewer of them a call keep the body small.
    size = 50 if rows and "members" in rows[0] else ROWS
    return ([*rows[start : start + size]] for start in range(0, len(rows), size))


def _publish(client: Client, document: dict[str, Any]) -> bool:
    """Create one campaign with its promotional code, and publish it; return False when that was done before.

    Publishing comes last, so that a load which was cut off takes up a half-made campaign where it stood.
    """
    code = str(document["code"])
    status, answer = client.call("GET", f"/api/v1/campaigns/{code}/")
    if status == 200 and answer["revision"] is not None:
        return False
    if status == 404:
        client.ask("POST", "/api/v1/campaigns/", document | {"publish": False})
    elif status != 200:
        raise ApiError(status, answer, code)
    pool = {"code": code, "name": document["name"], "campaign": code}
    status, answer = client.call("POST", "/api/v1/promo-code-pools/", pool)
    if status not in (201, 409):
        raise ApiError(status, answer, code)
    client.ask(
        "POST", f"/api/v1/promo-code-pools/{code}/import/", {"lines": [code.upper()], "max_uses": None}
    )
    client.ask("POST", f"/api/v1/campaigns/{code}/publish/", {})
    return True
