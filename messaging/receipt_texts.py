"""A receipt in words and numbers, in the active language: what its messages and its page show."""

from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from loyalty.models import AccountKind
from loyalty.sentences import points_text
from messaging.facts import NO_SALE, format_money, sale_words
from messaging.selectors.receipts import Receipt
from retail import formats
from retail.models import SaleLine

# What a receipt tells of: stamps and cards have places of their own.
_BALANCES = (AccountKind.CASHBACK, AccountKind.POINTS)

# The names that points of sale usually give; one of a chain's own is shown as it is.
_METHODS: dict[str, Promise | str] = {
    "pix": _("Pix"),
    "cash": _("Cash"),
    "credit": _("Credit card"),
    "credit_card": _("Credit card"),
    "debit": _("Debit card"),
    "debit_card": _("Debit card"),
    "gift_card": _("Gift card"),
    "voucher": _("Voucher"),
    "bank_slip": _("Bank slip"),
    "exchange": _("Exchange"),
}

# The variables of a sale that nobody knows.
NOTHING: dict[str, Any] = {
    "sale": NO_SALE,
    "receipt": {
        **dict.fromkeys(("link", "moment", "saved", "redeemed", "exchange", "delivery")),
        "lines": [],
        "payments": [],
        "balances": [],
    },
}


def written(receipt: Receipt, *, link: str) -> dict[str, Any]:
    """Return the variables `sale` and `receipt`; what is absent is None."""
    sale = receipt.sale
    return {
        "sale": sale_words(sale, total=sale.charged),
        "receipt": {
            "link": link,
            "moment": formats.moment(sale.occurred_at, sale.store.zone),
            "lines": [_line(line) for line in receipt.lines],
            "payments": [
                {
                    "method": str(_METHODS.get(payment.method, payment.method)),
                    "amount": format_money(payment.amount),
                }
                for payment in receipt.payments
            ],
            "balances": [
                _balance(balance)
                for balance in receipt.balances
                if balance.get("kind") in _BALANCES and _available(balance)
            ],
            "saved": _or_nothing(receipt.saved),
            "redeemed": _or_nothing(sale.redeemed),
            "exchange": _or_nothing(sale.exchange),
            "delivery": _or_nothing(sale.delivery_fee - sale.delivery_discount),
        },
    }


def _line(line: SaleLine) -> dict[str, str | None]:
    return {
        "name": line.product.name if line.product else line.sku,
        "quantity": formats.number(line.quantity),
        "price": format_money(line.unit_price),
        "discount": _or_nothing(line.markdown + line.discount),
        "total": format_money(line.net),
    }


def _available(balance: dict[str, Any]) -> Decimal:
    return Decimal(str(balance.get("available", 0)))


def _balance(balance: dict[str, Any]) -> dict[str, str]:
    kind = AccountKind(balance["kind"])
    available = _available(balance)
    if kind == AccountKind.POINTS:
        return {"name": str(balance.get("name") or kind.label), "amount": points_text(available)}
    return {"name": str(kind.label), "amount": format_money(available)}


def _or_nothing(amount: Decimal) -> str | None:
    return format_money(amount) if amount else None
