"""What stands on the receipt of a sale."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from customers.models import Customer
from messaging.addresses import address_hash
from messaging.models import Channel, Suppression, SuppressionReason
from messaging.selectors.contacts import Recipient
from messaging.selectors.purchases import occasion_key
from retail.models import Payment, Sale, SaleLine

# So many receipts of one sale may be asked for: a till is no way to write to strangers.
MOST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A sale with its lines and payments. `balances` are those of the customer when it was recorded, as it was answered."""

    sale: Sale
    lines: list[SaleLine]
    payments: list[Payment]
    balances: list[dict[str, Any]]

    @property
    def saved(self) -> Decimal:
        """What campaigns and markdowns took off, the delivery's part included."""
        return self.sale.markdown + self.sale.discount + self.sale.delivery_discount


def receipt_of(sale: Sale) -> Receipt:
    """Return the receipt of a sale whose store is loaded, in two queries."""
    answer = sale.response if isinstance(sale.response, dict) else {}
    return Receipt(
        sale=sale,
        lines=list(SaleLine.objects.filter(sale=sale).select_related("product").order_by("line")),
        payments=list(Payment.objects.filter(sale=sale).order_by("pk")),
        balances=[balance for balance in answer.get("balances", ()) if isinstance(balance, dict)],
    )


def find_receipt(key: str | int) -> Receipt | None:
    """Return the receipt of a sale by its key; None when there is no such sale."""
    sales = Sale.objects.real().select_related("store", "customer")
    sale = sales.defer("request", "shares").filter(pk=key).first()
    return receipt_of(sale) if sale else None


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
