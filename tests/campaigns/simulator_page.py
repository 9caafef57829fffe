"""What tests of the simulator's page send, and what they read of the answer."""

from typing import Any

from django.test import Client

from campaigns.forms.simulator import packed

SHIRT = {"sku": "CAMISA", "quantity": "1", "unit_price": "100.00"}


def look(page: Client, **scenario: Any) -> Any:
    return page.get("/simulator/", {"s": packed({"lines": [SHIRT]} | scenario)}).context["result"]


def posted(**fields: str) -> dict[str, str]:
    line = {"sim-lines-0-sku": "CAMISA", "sim-lines-0-quantity": "1", "sim-lines-0-unit_price": "100"}
    return line | {name.replace("__", "-"): value for name, value in fields.items()}


def said(answer: Any) -> list[tuple[str, str, str]]:
    """Return what the page says is wrong: anchor, field and sentence."""
    return [tuple(complaint) for complaint in answer.context["problems"]]
