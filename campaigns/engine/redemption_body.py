"""How a redemption is written in the answers of the POS API."""

from collections.abc import Callable
from typing import Any

from loyalty.redeemed import Redeemed, Redemption, Refused
from retail import money

ExplainRefused = Callable[[Refused], str]


def redemption_body(redemption: Redemption | None, explain: ExplainRefused | None = None) -> dict[str, Any]:
    """Return `redeemed`, and `not_redeemed` when something that was asked for was refused or cut."""
    if redemption is None:
        return {"redeemed": []}
    body: dict[str, Any] = {"redeemed": [_redeemed(used) for used in redemption.redeemed]}
    if redemption.refused:
        body["not_redeemed"] = [_refused(refused, explain) for refused in redemption.refused]
    return body


def _redeemed(used: Redeemed) -> dict[str, Any]:
    body: dict[str, Any] = {"kind": used.kind}
    if used.program:
        body["program"] = used.program
    if used.code:
        body["code"] = used.code
    if used.reward:
        body["reward"] = used.reward
    if used.sku:
        body["sku"] = used.sku
    if used.name:
        body["name"] = used.name
    body["amount"] = money.text(used.amount)
    if used.units is None:
        body["balance_after"] = money.text(used.balance_after)
    else:
        body[used.unit] = points_number(used.units)
        body["balance_after"] = points_number(used.balance_after)
    if used.forfeited:
        body["forfeited"] = money.text(used.forfeited)
    return body


def _refused(refused: Refused, explain: ExplainRefused | None) -> dict[str, Any]:
    body: dict[str, Any] = {"kind": refused.kind, "path": refused.path, "reason": refused.reason}
    if refused.program:
        body["program"] = refused.program
    if refused.code:
        body["code"] = refused.code
    for name in ("required", "actual"):
        value = getattr(refused, name)
        if value is not None:
            body[name] = _written(value, refused.unit)
    if explain is not None:
        body["text"] = explain(refused)
    return body


def _written(value: Any, unit: str) -> Any:
    if unit == "instant":
        return value.isoformat()
    return points_number(value) if unit == "points" else money.text(value)


def points_number(hundredths: int) -> int | str:
    """Write points as the answers do: a whole number, else a text with two decimals."""
    return money.text(hundredths) if hundredths % 100 else hundredths // 100
