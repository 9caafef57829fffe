"""What tills send about stored values."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from pos_api.baskets import CustomerReference
from pos_api.decoding import Decoder
from pos_api.fields import Cents, Identifier, ShortText, Word

_REFERENCE = Meta(
    description="Your own id of it, unique for the terminal: sent again, nothing is done twice. Idempotency-Key does the same."
)


class SellDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """A gift card or an e-purse that is sold. Give `type`, or `kind` for the usual type of it."""

    kind: Literal["gift_card", "e_purse"] | None = None
    type: Annotated[Identifier, Meta(description="Code of the type.")] | None = None
    amount: (
        Annotated[Cents, Meta(description="What it will hold; not with a type of a fixed value.")] | None
    ) = None
    price: Annotated[Cents, Meta(description="What is paid for it; without it the amount.")] | None = None
    code: Annotated[Word, Meta(description="Your own code; without it one is generated.")] | None = None
    customer: CustomerReference | None = None
    reference: Annotated[Identifier, _REFERENCE] | None = None


class LoadDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """What is put into an e-purse."""

    amount: Annotated[Cents, Meta(description="Not with a type of a fixed value.")] | None = None
    price: Annotated[Cents, Meta(description="What is paid for it; without it the amount.")] | None = None
    reference: Annotated[Identifier, _REFERENCE] | None = None


class TakeBackDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """Why a stored value that nobody has used is taken back."""

    reason: ShortText


SELL_DECODER: Decoder[SellDocument] = Decoder(SellDocument)
LOAD_DECODER: Decoder[LoadDocument] = Decoder(LoadDocument)
TAKE_BACK_DECODER: Decoder[TakeBackDocument] = Decoder(TakeBackDocument)
