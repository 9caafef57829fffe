"""Worked examples: each file of `cases/` holds campaigns and baskets with what must come out.

A case names the campaigns that take part (all of the file by default) and the fields of a simulation document. What
it expects is compared exactly: `activations` and `reasons` together name every campaign of the case, and its `cards`: the
VIP cards whose rate is tried.
"""

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from campaigns.engine.simulation import simulate

CASES = Path(__file__).parent.parent / "cases"
AT = "2026-11-22T10:00:00-03:00"  # a Sunday morning
DOCUMENT_FIELDS = (
    "associations",
    "markdowns",
    "promo_codes",
    "policy",
    "store",
    "shopper",
    "usage",
    "programs",
    "stamp_plans",
    "balances",
    "returns",
    "at",
)


def load() -> list[Any]:
    found = []
    for path in sorted(CASES.glob("*.toml")):
        content = tomllib.loads(path.read_text())
        for number, case in enumerate(content["case"], 1):
            found.append(
                pytest.param(content.get("campaigns", {}), case, id=f"{path.stem}-{number}-{case['name']}")
            )
    return found


def document_of(campaigns: dict[str, Any], case: dict[str, Any]) -> dict[str, Any]:
    codes = case.get("campaigns", list(campaigns))
    return {
        "campaigns": [{"code": code, "name": code, "benefits": [], **campaigns[code]} for code in codes],
        "basket": {**case.get("basket", {}), "lines": case["lines"]},
        "at": AT,
        **{field: case[field] for field in DOCUMENT_FIELDS if field in case},
    }


def short(row: dict[str, Any]) -> str:
    """Write a value that was used or given back in one line: what it is, how many units, how much money."""
    names = ("kind", "program", "campaign", "code", "sku", "points", "stamps", "amount")
    return " ".join(str(row[name]) for name in names if name in row)


def observed(answer: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    totals = answer["totals"]
    first = {row["campaign"]: row for row in answer["not_activated"]}
    views = {
        "discount": lambda: totals["discount"],
        "net": lambda: totals["net"],
        "markdown": lambda: totals["markdown"],
        "exchange_left": lambda: answer.get("exchange_left"),
        "lines": lambda: [row["discount"] for row in answer["lines"]],
        "shares": lambda: [row["exchange_share"] for row in answer["lines"]],
        "nets": lambda: [row["net"] for row in answer["lines"]],
        "activations": lambda: {row["campaign"]: row["discount"] for row in answer["activations"]},
        "applications": lambda: {row["campaign"]: row["applications"] for row in answer["activations"]},
        "reasons": lambda: {code: row["reason"] for code, row in first.items()},
        "order": lambda: [row["campaign"] for row in answer["not_activated"]],
        "why": lambda: {
            code: [verdict["reason"] for verdict in row["reasons"]]
            for code, row in first.items()
            if "reasons" in row
        },
        "missing": lambda: {code: row["missing"] for code, row in first.items() if "missing" in row},
        "required": lambda: {code: row["required"] for code, row in first.items() if "required" in row},
        "gifts": lambda: {row["campaign"]: row["choose"] for row in answer["gifts"]},
        "chosen": lambda: {row["campaign"]: [one["sku"] for one in row["chosen"]] for row in answer["gifts"]},
        "points": lambda: {row["program"]: row["points"] for row in answer["earned"]["points"]},
        "cashback": lambda: {row["campaign"]: row["amount"] for row in answer["earned"]["cashback"]},
        "cashback_from": lambda: {
            row["campaign"]: row["available_from"] for row in answer["earned"]["cashback"]
        },
        "cashback_until": lambda: {
            row["campaign"]: row["expires_at"] for row in answer["earned"]["cashback"]
        },
        "vouchers": lambda: {row["campaign"]: row["amount"] for row in answer["earned"]["vouchers"]},
        "voucher_until": lambda: {
            row["campaign"]: row["valid_until"] for row in answer["earned"]["vouchers"]
        },
        "codes": lambda: {row["campaign"]: row["valid_until"] for row in answer["earned"]["codes"]},
        "promo_codes": lambda: {row["code"]: row["status"] for row in answer["promo_codes"]},
        "optional": lambda: {row["campaign"]: row["discount"] for row in answer["optional"]},
        "delivery": lambda: answer["delivery"]["net"],
        "refund": lambda: answer["refund"]["amount"],
        "restored": lambda: [short(row) for row in answer["refund"]["restored"]],
        "taken_back": lambda: [short(row) for row in answer["refund"]["taken_back"]],
        "redeemed": lambda: totals["redeemed"],
        "used": lambda: [short(row) for row in answer["redeemed"]],
        "left": lambda: [row["balance_after"] for row in answer["redeemed"]],
        "forfeited": lambda: [row.get("forfeited", "0.00") for row in answer["redeemed"]],
        "not_redeemed": lambda: {row["path"]: row["reason"] for row in answer.get("not_redeemed", [])},
        "stamps": lambda: [row["plan"] for row in answer["earned"].get("stamps", [])],
    }
    return {name: views[name]() for name in expected}


@pytest.mark.parametrize(("campaigns", "case"), load())
def test_case(campaigns: dict[str, Any], case: dict[str, Any]) -> None:
    expected = {"reasons": {}, **case["expect"]}

    answer = simulate(document_of(campaigns, case), now=datetime.fromisoformat(AT))

    assert observed(answer, expected) == expected
    listed = {row["campaign"] for row in [*answer["activations"], *answer["not_activated"]]}
    assert listed == {*case.get("campaigns", campaigns), *case.get("cards", ())}
