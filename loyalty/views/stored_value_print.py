"""Stored values on paper: cards, slips for the foot of a receipt, sheets of vouchers.

Only what was generated and not closed yet can be printed: nobody can read a code whose nonce is gone.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.auth.mixins import PermissionRequiredMixin
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from loyalty.models import StoredValue
from loyalty.selectors.stored_values import Held, held
from loyalty.services.stored_values import codes_again
from loyalty.views.filters import last_day
from retail import formats, money
from retail.models import Company
from retail.selectors.company import company_zone

FORMS = {"card": _("Cards"), "slip": _("Slips"), "sheet": _("Sheet")}
MOST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """One stored value as paper shows it."""

    name: str
    worth: str
    code: str
    until: date | None
    holder: str
    stores: str
    minimum: str


class StoredValuePrint(PermissionRequiredMixin, TemplateView):
    """The values of `?values=1,2,3`, as `?form=card|slip|sheet`."""

    permission_required = "loyalty.issue_storedvalue"
    template_name = "loyalty/stored_value_print.html"

    def dispatch(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(*args, **kwargs)
        # Whoever opens the browser after it was printed finds no codes in it.
        response["Cache-Control"] = "no-store"
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        wanted = self._wanted()
        printed, closed = printable(wanted)
        form = self.request.GET.get("form", "")
        chosen = form if form in FORMS else "card" if len(printed) == 1 else "sheet"
        return super().get_context_data(**kwargs) | {
            "company": Company.objects.values_list("name", flat=True).get(),
            "printed": printed,
            "closed": closed,
            "form": chosen,
            "forms": [{"name": name, "label": label, "is_chosen": name == chosen} for name, label in FORMS.items()],
        }  # fmt: skip

    def _wanted(self) -> list[StoredValue]:
        ids = [int(word) for word in self.request.GET.get("values", "").split(",") if _is_id(word)]
        values = StoredValue.objects.select_related("type", "account", "customer")
        return list(values.filter(pk__in=ids[:MOST]).order_by("pk"))


def _is_id(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= 18


def printable(values: list[StoredValue]) -> tuple[list[Printed], int]:
    """Return what can be printed, and how many of the values cannot, because their codes were closed."""
    zone, now = company_zone(), timezone.now()
    codes = codes_again([value.pk for value in values])
    open_ones = [one for one in held(values, at=now) if one.stored.pk in codes]
    printed = [
        _printed(
            one,
            codes[one.stored.pk],
            last_day(one.balance.next_expiry, zone),
        )
        for one in open_ones
    ]
    return printed, len(values) - len(printed)


def _printed(one: Held, code: str, until: date | None) -> Printed:
    stored, least = one.stored, one.stored.type.minimum_purchase
    worth = (
        formats.percent(stored.percent)
        if stored.percent is not None
        else formats.money(money.to_decimal(one.balance.available + one.balance.pending))
    )
    return Printed(
        name=stored.type.name,
        worth=worth,
        code=code,
        until=until,
        holder=stored.customer.name if stored.customer else "",
        stores=", ".join(stored.store_codes or stored.type.store_codes),
        minimum="" if least is None else formats.money(least),
    )
