"""Worked examples of the OpenAPI document. A test sends the requests and compares the shape of the answers."""

from typing import Any

Json = dict[str, Any]

_LINE: Json = {"line": 1, "sku": "CAMISA-AZUL-M", "quantity": "2", "unit_price": "100.00"}

EVALUATE_EXAMPLES: dict[str, Json] = {
    "A known customer who pays by PIX": {
        "basket": "5b7c0a",
        "occurred_at": "2026-11-22T10:00:00-03:00",
        "customer": {"document": "390.533.447-05"},
        "lines": [_LINE],
        "exchange": [{"sku": "CAMISA-VERDE-P", "quantity": "1", "unit_price": "20.00"}],
        "promo_codes": ["BEMVINDO"],
        "payments": [{"method": "pix", "amount": "162.00"}],
    },
    "An anonymous basket": {"lines": [_LINE]},
}

EVALUATE_ANSWER: Json = {
    "plan_version": 42,
    "totals": {
        "gross": "200.00",
        "markdown": "0.00",
        "exchange": "20.00",
        "discount": "18.00",
        "redeemed": "0.00",
        "net": "162.00",
    },
    "delivery": {"fee": "0.00", "discount": "0.00", "net": "0.00"},
    "lines": [
        {
            "line": 1,
            "sku": "CAMISA-AZUL-M",
            "quantity": "2",
            "unit_price": "100.00",
            "gross": "200.00",
            "markdown": "0.00",
            "exchange_share": "20.00",
            "discount": "18.00",
            "net": "182.00",
            "adjustments": [{"campaign": "INVERNO10", "benefit": "item_percent", "amount": "18.00"}],
        }
    ],
    "activations": [
        {
            "campaign": "INVERNO10",
            "name": "Inverno 10%",
            "description": "10% de desconto na coleção de inverno",
            "discount": "18.00",
            "applications": 1,
        }
    ],
    "gifts": [],
    "earned": {"points": [], "cashback": [], "codes": [], "vouchers": []},
    "promo_codes": [{"code": "BEMVINDO", "status": "not_usable"}],
    "redeemed": [],
    "optional": [],
    "not_activated": [
        {
            "campaign": "ACIMA200",
            "name": "R$ 20 acima de R$ 200",
            "reason": "minimum_amount",
            "required": "200.00",
            "actual": "180.00",
            "missing": "20.00",
            "text": "R$ 20,00 more in these products",
        }
    ],
    "messages": ["10% de desconto na coleção de inverno"],
}

SALE_EXAMPLES: dict[str, Json] = {
    "A sale as it was evaluated": {
        "ticket": "000123",
        "occurred_at": "2026-11-22T10:01:30-03:00",
        "plan_version": 42,
        "total": "162.00",
        "customer": {"document": "390.533.447-05"},
        "lines": [_LINE],
        "exchange": [{"sku": "CAMISA-VERDE-P", "quantity": "1", "unit_price": "20.00"}],
        "payments": [{"method": "pix", "amount": "162.00"}],
    }
}

_SALE = "0b5f2f0e-6c1c-4f6a-9f43-0d8f7b1f2a10"

SALE_ANSWER: Json = EVALUATE_ANSWER | {
    "sale": _SALE,
    "state": "committed",
    "ticket": "000123",
    "business_date": "2026-11-22",
    "flags": [],
    "discrepancies": [],
}

CANCEL_ANSWER: Json = {
    "sale": _SALE,
    "state": "cancelled",
    "ticket": "000123",
    "business_date": "2026-11-22",
    "cancelled_at": "2026-11-22T13:20:00+00:00",
    "reversed": [{"campaign": "INVERNO10", "discount": "18.00"}],
    "refund": {"amount": "162.00", "withheld": "0.00"},
    "restored": [],
    "taken_back": [],
    "owed": [],
    "not_undone": [],
}

RETURN_EXAMPLES: dict[str, Json] = {
    "One of two units": {"return": "R-1", "lines": [{"line": 1, "quantity": "1"}]},
    "For a credit note": {
        "return": "R-1",
        "lines": [{"line": 1, "quantity": "1"}],
        "refund_as": "credit_note",
    },
}

RETURN_ANSWER: Json = {
    "sale": _SALE,
    "return": "R-1",
    "state": "partially_returned",
    "returned_at": "2026-11-24T18:02:11+00:00",
    "lines": [{"line": 1, "quantity": "1", "returned": "1", "value": "91.00"}],
    "refund": {"value": "91.00", "amount": "91.00", "withheld": "0.00"},
    "reversed": [{"campaign": "INVERNO10", "discount": "9.00"}],
    "restored": [],
    "taken_back": [],
    "owed": [],
    "not_undone": [],
}

STORED_SALE_ANSWER: Json = {
    "sale": _SALE,
    "state": "committed",
    "store": "0012",
    "terminal": "1",
    "ticket": "000123",
    "business_date": "2026-11-22",
    "occurred_at": "2026-11-22T13:01:30+00:00",
    "received_at": "2026-11-22T13:01:31+00:00",
    "cancelled_at": None,
    "fiscal_key": None,
    "operation": "sale",
    "customer": "***.533.447-**",
    "charged": "162.00",
    "payments": [{"method": "pix", "amount": "162.00"}],
    "is_test": False,
    "flags": [],
    "refunded": "0.00",
    "returns": [],
    "answer": SALE_ANSWER,
}

TERMINAL_ANSWER: Json = {
    "terminal": "1",
    "name": "Caixa 1",
    "test": False,
    "store": {
        "code": "0012",
        "name": "Loja Centro",
        "brand": "Fiel Modas",
        "time_zone": "America/Sao_Paulo",
        "online_shop": False,
        "totals_mode": "strict",
        "offline_redeem_limit": "0.00",
    },
    "receipt": {
        "header": ["Fiel Modas", "Loja Centro"],
        "footer": [],
        "shows_savings": True,
        "send": {"email": "offer", "sms": "never", "whatsapp": "always"},
        "operations": ["SAL", "RESA"],
    },
    "plan_version": 42,
    "time": "2026-11-22T10:00:00-03:00",
}

SIMULATION_EXAMPLES: dict[str, Json] = {
    "A campaign that is not saved yet": {
        "campaigns": [
            {
                "code": "INVERNO10",
                "name": "Inverno 10%",
                "benefits": [{"kind": "item_percent", "percent": "10.00"}],
            }
        ],
        "basket": {"lines": [_LINE]},
        "shopper": {"groupings": ["vip"], "birth_date": "1990-11-22"},
        "at": "2026-11-22T10:00:00-03:00",
    },
    "Cashback and points that pay, and what a return would give back": {
        "programs": [
            {
                "code": "pontos",
                "points": 1,
                "per_amount": "10.00",
                "point_value": "1.50",
                "redeem_step": 10,
                "levels": [{"points": 10, "gifts": ["CANECA"]}],
            }
        ],
        "basket": {
            "lines": [_LINE],
            "redeem": {
                "cashback": "max",
                "points": {"pontos": 20},
                "rewards": [{"program": "pontos", "sku": "CANECA"}],
            },
        },
        "shopper": {
            "balances": {
                "cashback": [{"amount": "30.00", "max_percent": "10", "remainder": "kept"}],
                "points": {"pontos": 120},
            }
        },
        "returns": [{"line": 1, "quantity": "1"}],
        "at": "2026-11-22T10:00:00-03:00",
    },
}
