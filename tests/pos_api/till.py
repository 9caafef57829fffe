"""A point of sale for tests: it knows its key and speaks JSON."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.test import Client
from django.utils import timezone

from campaigns.models import CampaignCounter, PromoCode
from campaigns.services import campaigns, promo_code_pools, promo_codes
from pos_api.services.credentials import issue_terminal_key
from retail.models import Store, Terminal
from tests.builders import build_store, build_terminal

_tickets = count(1)


def line(number: int = 1, **fields: Any) -> dict[str, Any]:
    """Return a basket line: one shirt of 100.00 unless told otherwise."""
    return {"line": number, "sku": "CAMISA", "quantity": "1", "unit_price": "100.00"} | fields


def basket(*lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return an evaluate document."""
    return {"lines": list(lines) or [line()]} | fields


def sale(*lines: dict[str, Any], total: str = "100.00", **fields: Any) -> dict[str, Any]:
    """Return a sale document with a ticket of its own."""
    document = basket(*lines) | {
        "ticket": f"T{next(_tickets):06d}",
        "occurred_at": timezone.now().isoformat(),
        "total": total,
    }
    return document | fields


def publish(code: str = "DEZ", **fields: Any) -> None:
    """Publish a campaign: ten percent off every line unless told otherwise."""
    document = {
        "code": code,
        "name": code.title(),
        "benefits": [{"kind": "item_percent", "percent": "10.00"}],
    }
    campaigns.create_campaign(
        document=document | fields, user=None, at=timezone.now() - timedelta(hours=1), publish=True
    )


def issue_code(code: str = "BEMVINDO", *, campaign: str = "DEZ", max_uses: int | None = 1) -> PromoCode:
    """Make a promotional code that opens a campaign."""
    settings = promo_code_pools.PoolSettings(name=code, campaign=campaign)
    at = timezone.now()
    pool = promo_code_pools.create_pool(code=f"pool-{code.lower()}", settings=settings, user=None, at=at)
    return promo_codes.add_word(pool=pool, word=code, terms=promo_codes.Terms(max_uses=max_uses), at=at)


@dataclass
class Till:
    terminal: Terminal
    credential: str
    client: Client = field(default_factory=Client)
    language: str = "en"

    @classmethod
    def open(cls, *, store: Store | None = None, at: datetime | None = None, **store_values: Any) -> "Till":
        terminal = build_terminal(store=store or build_store(**store_values))
        _key, credential = issue_terminal_key(terminal=terminal, at=at or timezone.now())
        return cls(terminal, credential)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        **headers: str,
    ) -> Any:
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.client.generic(
            method,
            f"/api/v1/{path}",
            data,
            content_type=content_type,
            headers={"Authorization": f"Api-Key {self.credential}", "Accept-Language": self.language}
            | {name.replace("_", "-"): value for name, value in headers.items()},
        )

    def evaluate(self, document: Any, **headers: str) -> Any:
        return self.send("POST", "baskets/evaluate/", document, **headers)

    def sell(self, document: Any, **headers: str) -> Any:
        return self.send("POST", "sales/", document, **headers)

    def cancel(self, sale: str) -> Any:
        return self.send("POST", f"sales/{sale}/cancel/", {})

    def give_back(
        self, sale: str, quantities: dict[int, str], *, name: str | None = None, **fields: str
    ) -> Any:
        """Return units by line number, under a name of its own unless told otherwise."""
        return self.send("POST", f"sales/{sale}/returns/", _coming_back(quantities, name) | fields)

    def quote_return(
        self, sale: str, quantities: dict[int, str], *, name: str | None = None, **fields: str
    ) -> Any:
        return self.send("POST", f"sales/{sale}/returns/quote/", _coming_back(quantities, name) | fields)

    def cancel_ticket(self, ticket: str, business_date: str) -> Any:
        return self.send("POST", "sales/cancel/", {"ticket": ticket, "business_date": business_date})


def _coming_back(quantities: dict[int, str], name: str | None) -> dict[str, Any]:
    entries = [{"line": number, "quantity": quantity} for number, quantity in quantities.items()]
    return {"return": name or f"R{next(_tickets):06d}", "lines": entries}


def counters() -> dict[tuple[str, str], Decimal]:
    """Return what is used, by campaign and scope key."""
    rows = CampaignCounter.objects.values_list("campaign__code", "scope_key", "used")
    return {(campaign, key): used for campaign, key, used in rows}
