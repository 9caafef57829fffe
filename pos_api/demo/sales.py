"""The demonstration's last thirty days: baskets that tills evaluated and recorded, a few of them cancelled."""

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from campaigns.engine.basket import Store as EngineStore
from customers.models import Customer
from pos_api.authentication import TerminalCaller
from pos_api.baskets import EVALUATE_DECODER, SALE_DECODER
from pos_api.demo.chain import ONLINE_STORE
from pos_api.services.cancel import cancel_sale
from pos_api.services.commit import record_sale
from pos_api.services.evaluation import evaluate_basket
from retail.models import Product, Sale, Terminal

DAYS = 30
PER_DAY = 5
KNOWN = 0.65
CANCELLED_EVERY = 40
PAYMENTS = ["pix", "pix", "credit_card", "credit_card", "credit_card", "debit_card", "cash"]
# How often each product code is picked, against 1 for all the others.
FAVOURITES = {
    "MEIA-CANO": 12,
    "CAM-BASICA": 10,
    "BATOM": 8,
    "XAMPU": 7,
    "CONDIC": 6,
    "BERMUDA": 4,
    "VIT-C1G": 6,
    "SABONETE": 6,
    "MOLETOM": 3,
}


def build_sales(*, at: datetime) -> int:
    """Record the sales of the last days, oldest first, unless there are sales already; return how many."""
    if Sale.objects.exists():
        return 0
    luck = random.Random(30)  # noqa: S311 - the same sales on every machine
    callers = [caller_of(terminal) for terminal in _terminals()]
    baskets = _Baskets(luck)
    count = 0
    for caller, occurred_at in _visits(luck, callers, at):
        count += 1
        body = _sell(baskets.fill(caller, occurred_at, f"D{count:05d}"), caller, occurred_at)
        if count % CANCELLED_EVERY == 0:
            cancel_sale(sale=UUID(body["sale"]), caller=caller, now=occurred_at + timedelta(minutes=12))
    return count


def caller_of(terminal: Terminal) -> TerminalCaller:
    """Return a terminal as it would call with a key of its own."""
    store = terminal.store
    return TerminalCaller(
        key_id="",
        is_test=False,
        terminal_id=terminal.pk,
        terminal_code=terminal.code,
        terminal_name=terminal.name,
        store_id=store.pk,
        store_name=store.name,
        store_brand=store.brand,
        online_shop=store.online_shop,
        accepts_other_totals=False,
        store=EngineStore(
            code=store.code,
            groupings=frozenset(grouping.code for grouping in store.groupings.all()),
            timezone=store.zone,
        ),
    )


def _terminals() -> list[Terminal]:
    terminals = Terminal.objects.select_related("store").prefetch_related("store__groupings")
    return list(terminals.order_by("store__code", "code"))


def _visits(
    luck: random.Random, callers: list[TerminalCaller], at: datetime
) -> Iterator[tuple[TerminalCaller, datetime]]:
    """Yield who sells and when, in the order of time; shops are open from 9 to 20 by their own clock."""
    today = at.astimezone(ZoneInfo("America/Sao_Paulo")).date()
    visits: list[tuple[datetime, int, TerminalCaller]] = []
    for days_ago in range(DAYS, -1, -1):
        day = today - timedelta(days=days_ago)
        for _visit in range(PER_DAY + (2 if day.isoweekday() in (5, 6) else 0)):
            caller = luck.choice(callers)
            moment = _moment(luck, day, caller)
            if moment < at - timedelta(minutes=30):
                visits.append((moment, len(visits), caller))
    for moment, _place, caller in sorted(visits, key=lambda visit: visit[:2]):
        yield caller, moment


def _moment(luck: random.Random, day: date, caller: TerminalCaller) -> datetime:
    opened = time(luck.randrange(9, 20), luck.randrange(60), luck.randrange(60))
    return datetime.combine(day, opened, caller.store.timezone)


class _Baskets:
    """Fills baskets with what people buy together: mostly favourites, one to four lines."""

    def __init__(self, luck: random.Random) -> None:
        self.luck = luck
        self.products = list(
            Product.objects.on_sale().exclude(code__in=["BOTTON", "ECOBAG", "NECESSAIRE"]).order_by("pk")
        )
        self.weights = [FAVOURITES.get(product.code, 1) for product in self.products]
        self.customers = list(
            Customer.objects.exclude(document=None).order_by("pk").values_list("document", flat=True)
        )

    def fill(self, caller: TerminalCaller, occurred_at: datetime, ticket: str) -> dict[str, Any]:
        chosen = self.luck.choices(self.products, self.weights, k=self.luck.choice([1, 2, 2, 3, 3, 4]))
        basket: dict[str, Any] = {
            "ticket": ticket,
            "occurred_at": occurred_at.isoformat(),
            "lines": [
                {
                    "line": place,
                    "sku": product.sku,
                    "quantity": str(self.luck.choice([1, 1, 1, 2, 3])),
                    "unit_price": str(product.price),
                }
                for place, product in enumerate(chosen, start=1)
            ],
            "payments": [{"method": self.luck.choice(PAYMENTS)}],
        }
        if self.luck.random() < KNOWN:
            basket["customer"] = {"document": self.luck.choice(self.customers)}
            if self.luck.random() < 0.15:
                basket["promo_codes"] = ["BEMVINDO"]
        if caller.store.code == ONLINE_STORE[0]:
            basket["delivery_fee"] = "19.90"
        return basket


def _sell(basket: dict[str, Any], caller: TerminalCaller, now: datetime) -> dict[str, Any]:
    """Evaluate a basket and record it with the total that came out, as a till does."""
    draft = {name: value for name, value in basket.items() if name != "ticket"}
    evaluated = evaluate_basket(EVALUATE_DECODER.convert(draft), caller, now=now).body()
    total = evaluated["totals"]["net"]
    for gift in evaluated["gifts"]:
        basket.setdefault("gifts", []).append(
            {"campaign": gift["campaign"], "sku": gift["options"][0]["sku"], "quantity": "1"}
        )
    document = {**basket, "total": total, "payments": [{**basket["payments"][0], "amount": total}]}
    return record_sale(SALE_DECODER.convert(document), caller, now=now).body
