"""The proof of what a customer agreed to and took back: every answer with its evidence, as a file for them or an authority."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from customers.documents import mask
from customers.models import Consent, Customer
from customers.services.consent_texts import digest_of

HEADINGS = (
    "id",
    "given_at",
    "purpose",
    "channel",
    "granted",
    "source",
    "store",
    "operator",
    "recorded_by",
    "text_version",
    "text_digest",
    "digest_matches",
    "text",
)


def proof_of(customer: Customer, *, at: datetime) -> dict[str, Any]:
    """Return all answers of a customer in the order in which they were recorded, as a document.

    ``digest_matches`` compares the stored text with the digest that was taken when the answer was recorded; null for
    answers without one.
    """
    return {
        "customer": {
            "id": customer.pk,
            "code": customer.code,
            "name": customer.name,
            "document": mask(customer.document) if customer.document else None,
        },
        "made_at": at.isoformat(),
        "answers": list(_answers(customer)),
    }


def proof_rows(document: dict[str, Any]) -> Iterator[list[Any]]:
    """Yield the answers of a proof as the rows of a table under HEADINGS."""
    for one in document["answers"]:
        yield [_cell(one[name]) for name in HEADINGS]


def _answers(customer: Customer) -> Iterator[dict[str, Any]]:
    rows = Consent.objects.filter(customer=customer).select_related("store", "recorded_by").order_by("pk")
    for row in rows:
        yield {
            "id": row.pk,
            "given_at": row.given_at.isoformat(),
            "purpose": row.purpose,
            "channel": row.channel,
            "granted": row.granted,
            "source": row.source,
            "store": row.store.code if row.store else None,
            "operator": row.operator,
            "recorded_by": row.recorded_by.get_username() if row.recorded_by else None,
            "text_version": row.text_version,
            "text_digest": row.text_digest,
            "digest_matches": digest_of(row.text) == row.text_digest if row.text_digest else None,
            "text": row.text,
        }


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value
