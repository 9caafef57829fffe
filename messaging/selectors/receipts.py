"""What stands on the receipt of a sale."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from customers.models import Customer
from loyalty.models import PointsProgram
from messaging.addresses import address_hash
from messaging.models import Channel, Suppression, SuppressionReason
from messaging.selectors.contacts import Recipient
from messaging.selectors.purchases import occasion_key
from retail.models import Payment, Sale, SaleLine

# So many receipts of one sale may be asked for: a till is no way to write to strangers.
MOST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A sale with its lines and payments. `balances` are those of the customer when it was recorded, as it was answered; `name` is their program's."""

    sale: Sale
    lines: list[SaleLine]
    payments: list[Payment]
    balances: list[dict[str, Any]]

    @property
    def saved(self) -> Decimal:
        """What campaigns and markdowns took off, the delivery's part included."""
        return self.sale.markdown + self.sale.discount + self.sale.delivery_discount


def receipt_of(sale: Sale) -> Receipt:
    """Return the receipt of a sale whose store is loaded, in two queries, and one more where its customer has points."""
    return receipts_of([sale])[sale.pk]


def receipts_of(sales: Collection[Sale]) -> dict[int, Receipt]:
    """Return the receipts of sales whose stores are loaded, by key, in two queries, and one more where customers have points."""
    lines, payments = defaultdict(list), defaultdict(list)
    for line in SaleLine.objects.filter(sale__in=sales).select_related("product").order_by("line"):
        lines[line.sale_id].append(line)
    for payment in Payment.objects.filter(sale__in=sales).order_by("pk"):
        payments[payment.sale_id].append(payment)
    balances = _balances_of(sales)
    return {
        sale.pk: Receipt(
            sale=sale,
            lines=lines[sale.pk],
            payments=payments[sale.pk],
            balances=balances[sale.pk],
        )
        for sale in sales
    }


def _balances_of(sales: Collection[Sale]) -> dict[int, list[dict[str, Any]]]:
    """Return the balances that each sale was answered with, with the names of their programs."""
    found = {
        sale.pk: [one for one in _answer(sale).get("balances", ()) if isinstance(one, dict)] for sale in sales
    }
    codes = {one["program"] for balances in found.values() for one in balances if one.get("program")}
    programs = PointsProgram.objects.filter(code__in=codes) if codes else PointsProgram.objects.none()
    names = dict(programs.values_list("code", "name"))
    return {
        key: [one | {"name": names.get(str(one.get("program")), "")} for one in balances]
        for key, balances in found.items()
    }


def _answer(sale: Sale) -> dict[str, Any]:
    return sale.response if isinstance(sale.response, dict) else {}


def find_receipt(key: str | int) -> Receipt | None:
    """Return the receipt of a sale by its key; None when there is no such sale."""
    return find_receipts([int(key)]).get(int(key))


def find_receipts(keys: Collection[int]) -> dict[int, Receipt]:
    """Return the receipts of sales by their keys, in three queries, and one more where customers have points."""
    sales = Sale.objects.real().select_related("store", "customer").defer("request", "shares")
    return receipts_of(list(sales.filter(pk__in=keys)))


def receipt_keys(sale: Sale) -> list[str]:
    """Return the occasion keys of the receipts that a sale can have, in order."""
    first = occasion_key(sale)
    return [first, *(f"{first}:{number}" for number in range(2, MOST + 1))]


def bounced_channels(email: str, phone: str) -> set[str]:
    """Return the channels on which an address is known not to exist."""
    hashes = {
        address_hash(channel, address): channel.value
        for channel in Channel
        if (address := email if channel == Channel.EMAIL else phone)
    }
    rows = Suppression.objects.filter(
        address_hash__in=list(hashes), reason=SuppressionReason.BOUNCED, lifted_at__isnull=True
    )
    return {hashes[found] for found in rows.values_list("address_hash", flat=True)}


def address_recipient(
    channel: str, address: str, *, person: str, customer: Customer | None, language: str
) -> Recipient:
    """Return the recipient for an address that was told for one receipt, whoever else has it."""
    is_email = channel == Channel.EMAIL
    return Recipient(
        customer_id=customer.pk if customer else None,
        person=person,
        name=customer.name if customer else "",
        language=(customer.language if customer else "") or language,
        email=address if is_email else "",
        phone="" if is_email else address,
    )
