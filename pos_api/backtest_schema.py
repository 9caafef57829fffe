"""The shapes of back-tests, for the OpenAPI document. The engine reads and refuses the question."""

from typing import Any

from pos_api.simulation_schema import SIMULATION_SCHEMA
from pos_api.views.jobs import JOB

Json = dict[str, Any]

_ASKED: Json = SIMULATION_SCHEMA["properties"]
_DATE: Json = {"type": "string", "format": "date"}
_MONEY: Json = {"type": "string", "description": "An amount with two decimals."}
_COUNT: Json = {"type": "integer"}
_PERCENT: Json = {
    "type": ["string", "null"],
    "description": "A percentage with one decimal; null of nothing.",
}

QUESTION: Json = {
    "type": "object",
    "required": ["from", "until"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "maxLength": 160},
        "from": _DATE | {"description": "First day, in the company's time zone."},
        "until": _DATE | {"description": "Last day, included. At most three years."},
        "stores": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Store codes, or `grouping:name`. None means every store.",
        },
        "ignore_dates": {
            "type": "boolean",
            "default": False,
            "description": "The given campaigns and markdowns hold throughout, whatever their dates.",
        },
        **{
            name: _ASKED[name]
            for name in ("campaigns", "saved", "associations", "markdowns", "promo_codes", "policy")
        },
        "live": {
            "type": "boolean",
            "default": False,
            "description": (
                "Together with what was published when each sale was recorded, as a replay of what ran needs; else the "
                "given documents alone, of which there must be one. Without it a sale that other campaigns discounted is "
                "reckoned as if these had not existed."
            ),
        },
    },
}


def _rows(properties: Json) -> Json:
    return {"type": "array", "items": {"type": "object", "properties": properties}}


_SUMS: Json = {
    "sales": _COUNT | {"description": "Sales that stand."},
    "reached": _COUNT | {"description": "Sales in which one of the given campaigns activates."},
    "gross": _MONEY | {"description": "Before any reduction."},
    "reached_gross": _MONEY,
    "reduction_before": _MONEY | {"description": "Markdowns and discounts as they were recorded."},
    "reduction_after": _MONEY,
    "extra_cost": _MONEY | {"description": "`reduction_after` - `reduction_before`."},
    "cost": _MONEY | {"description": "What the given campaigns take off."},
    "margin_before": {"type": ["string", "null"], "description": "Of lines whose product has a cost."},
    "margin_after": {"type": ["string", "null"]},
}
REPORT: Json = {
    "type": ["object", "null"],
    "description": "Null until it is finished; never changed then.",
    "properties": {
        "period": {"type": "object"},
        "live": {"type": "boolean"},
        "ignore_dates": {"type": "boolean"},
        "totals": {
            "type": "object",
            "properties": _SUMS
            | {
                "cancelled": _COUNT,
                "average_discount": {"type": ["string", "null"], "description": "Of a sale that is reached."},
                "average_percent": _PERCENT,
                "share_of_sales": _PERCENT,
                "share_of_gross": _PERCENT,
                "cost_known_share": _PERCENT,
                "unexplained": _COUNT
                | {"description": "Sales that come out differently although no given campaign is in play."},
                "unexplained_amount": _MONEY,
            },
        },
        "campaigns": _rows(
            {
                "campaign": {"type": "string"},
                "name": {"type": "string"},
                "draft": {"type": "boolean", "description": "One of those given."},
                "activations_before": _COUNT,
                "discount_before": _MONEY,
                "activations": _COUNT,
                "discount": _MONEY,
                "difference": _MONEY | {"description": "Below zero for what the drafts take away from it."},
                "changes": _rows(
                    {
                        "reason": {
                            "type": "string",
                            "description": "`less`, `more`, `added`, `gone`, or the code of why it does not activate.",
                        },
                        "by": {
                            "type": "string",
                            "description": "The given campaign that is given in its place.",
                        },
                        "sales": _COUNT,
                        "difference": _MONEY,
                    }
                )
                | {
                    "description": "Of campaigns beside those given: why they give something else in the sales reached."
                },
                "cashback": _MONEY,
                "vouchers": _MONEY,
                "codes": _COUNT,
                "gifts": _COUNT,
                "refused": _COUNT,
                "not_concerned": _COUNT,
            }
        ),
        "stores": _rows({"store": {"type": "string"}, "name": {"type": "string"}} | _SUMS),
        "days": _rows({"day": _DATE} | _SUMS),
        "products": _rows(
            {"sku": {"type": "string"}, "units": {"type": "string"}, "sales": _COUNT, "discount": _MONEY}
        ),
        "refusals": _rows(
            {
                "campaign": {"type": "string"},
                "reason": {"type": "string"},
                "sales": _COUNT,
                "alone": _COUNT | {"description": "Sales for which it is the only reason."},
                "unit": {"type": "string"},
                "average_missing": {"type": ["string", "null"]},
                "near": _rows({"percent": _COUNT, "sales": _COUNT})
                | {"description": "Of those, how many fall short by at most so many percent."},
            }
        ),
    },
}
BACKTEST: Json = {
    "type": "object",
    "description": "A question to the recorded sales, and its report once `job.state` is finished.",
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "from": _DATE,
        "until": _DATE,
        "requested_by": {"type": ["string", "null"]},
        "requested_at": {"type": "string", "format": "date-time"},
        "job": JOB,
        "report": REPORT,
    },
}
EXAMPLES: dict[str, Json] = {
    "A campaign that is not saved yet, over a month": {
        "name": "Inverno 10% in junho",
        "from": "2026-06-01",
        "until": "2026-06-30",
        "stores": ["grouping:sul"],
        "live": True,
        "campaigns": [
            {
                "code": "INVERNO10",
                "name": "Inverno 10%",
                "minimum_amount": "150.00",
                "benefits": [{"kind": "item_percent", "percent": "10.00"}],
            }
        ],
    },
    "A campaign that ran, as it ran": {
        "from": "2026-06-01",
        "until": "2026-06-30",
        "live": True,
        "saved": ["LEVE3PAGUE2"],
    },
}
