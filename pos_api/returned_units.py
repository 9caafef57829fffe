"""The document of a return: how many units of which lines of a sale come back."""

from typing import Annotated, Literal

from django.utils.translation import gettext as _
from msgspec import Meta, Struct, field

from pos_api.baskets import MAX_LINES
from pos_api.decoding import Decoder
from pos_api.fields import Identifier, LineNumber, Quantity
from pos_api.problems import FieldProblem


class ReturnLine(Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """How many units of one line of the sale come back."""

    line: LineNumber
    quantity: Quantity


class ReturnDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """Units of a sale that come back, under the sender's own id of this return."""

    reference: Annotated[
        Identifier, Meta(description="Unique in the sale: sent again, it changes nothing.")
    ] = field(name="return")
    lines: Annotated[list[ReturnLine], Meta(min_length=1, max_length=MAX_LINES)]
    refund_as: Annotated[
        Literal["money", "credit_note"],
        Meta(
            description="What the customer gets for what was paid in money: money, or a credit note of that value."
        ),
    ] = "money"


def _check(document: ReturnDocument) -> list[FieldProblem]:
    seen: set[int] = set()
    errors = []
    for place, one in enumerate(document.lines):
        if one.line in seen:
            message = _("Another entry of this return has this line.")
            errors.append(FieldProblem(f"lines[{place}].line", "duplicate", message))
        seen.add(one.line)
    return errors


RETURN_DECODER: Decoder[ReturnDocument] = Decoder(ReturnDocument, _check)
