"""The address of the survey of one purchase: signed, so that knowing a sale's id is not enough to answer for it."""

from datetime import datetime

from django.urls import reverse

from retail.models import Sale
from retail.selectors.sale_links import sale_of_token, sale_token

_PAGE = "survey"


def survey_path(sale: Sale) -> str:
    """Return where a customer answers the survey of a purchase."""
    return reverse("loyalty:survey", args=[sale_token(sale, page=_PAGE)])


def sale_of(token: str, *, at: datetime) -> Sale | None:
    """Return the sale that an address is about, with its store; None when it is not one of ours, or too old."""
    return sale_of_token(token, page=_PAGE, at=at)
