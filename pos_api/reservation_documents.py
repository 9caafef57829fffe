"""What tills send to keep codes and value for a basket."""

from typing import Annotated

from django.utils.translation import gettext as _
from msgspec import Meta, Struct

from pos_api.baskets import BasketDocument, CustomerReference, PresentedValue, RedeemDocument, repeated_values
from pos_api.decoding import Decoder
from pos_api.fields import Identifier, Wanted, Word
from pos_api.problems import FieldProblem

MOST_MINUTES = 24 * 60


class KeptValue(Struct, forbid_unknown_fields=True, kw_only=True):
    """What is kept of value. `max` is all that can be used now; a gift card and a voucher in percent are kept whole."""

    cashback: Annotated[Wanted, Meta(description="Money.")] | None = None
    points: Annotated[dict[Identifier, Wanted], Meta(max_length=20, description="Points by program.")] = {}
    stored_values: Annotated[list[PresentedValue], Meta(max_length=20)] = []


class ReservationDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """Codes and value to keep for one sale. `promo_codes` and `redeem` read as in the basket."""

    customer: CustomerReference | None = None
    promo_codes: Annotated[list[Word], Meta(max_length=20)] = []
    redeem: KeptValue | None = None
    minutes: (
        Annotated[int, Meta(ge=1, le=MOST_MINUTES, description="Without it the company's setting, 15.")]
        | None
    ) = None
    reference: (
        Annotated[
            Identifier,
            Meta(description="Your own id of it, unique for the terminal. Idempotency-Key does the same."),
        ]
        | None
    ) = None

    def basket(self) -> BasketDocument:
        """Return a basket without lines that asks for what is to be kept."""
        asked = self.redeem
        redeem = None
        if asked is not None:
            redeem = RedeemDocument(
                cashback=asked.cashback, points=asked.points, stored_values=asked.stored_values
            )
        return BasketDocument(lines=[], customer=self.customer, promo_codes=self.promo_codes, redeem=redeem)


def _check(document: ReservationDocument) -> list[FieldProblem]:
    errors = []
    asked = document.redeem
    holdings = asked is not None and (asked.cashback is not None or bool(asked.points))
    if not (document.promo_codes or holdings or (asked is not None and asked.stored_values)):
        errors.append(FieldProblem("redeem", "required", _("Say what is to be kept.")))
    if document.customer is not None and document.customer.key() is None:
        message = _("Give a document, card, code, phone or email, or leave the customer out.")
        errors.append(FieldProblem("customer", "required", message))
    if holdings and document.customer is None:
        message = _("Points and cashback belong to a customer: say to whom.")
        errors.append(FieldProblem("customer", "required", message))
    if asked is not None:
        errors += repeated_values(asked.stored_values)
    return errors


RESERVATION_DECODER: Decoder[ReservationDocument] = Decoder(ReservationDocument, _check)
