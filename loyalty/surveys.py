"""The address of the survey of one purchase: signed, so that knowing a sale's id is not enough to answer for it."""

from uuid import UUID

from django.core import signing
from django.urls import reverse

from retail.models import Sale

_SALT = "loyalty.survey"


def survey_path(sale: Sale) -> str:
    """Return where a customer answers the survey of a purchase."""
    return reverse("loyalty:survey", args=[signing.dumps(sale.uuid.hex, salt=_SALT)])


def sale_of(token: str) -> UUID | None:
    """Return the id of the sale that an address is about; None when it is not one of ours."""
    try:
        return UUID(signing.loads(token, salt=_SALT))
    except (signing.BadSignature, ValueError):
        return None
