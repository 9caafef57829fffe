"""Stored values on paper: cards, slips for the foot of a receipt, sheets of vouchers.

Only what was generated and not closed yet can be printed: nobody can read a code whose nonce is gone.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from loyalty.models import IssuingRun, StoredValue
from loyalty.selectors.stored_values import Held, held
from loyalty.services.printed_codes import codes_to_print
from loyalty.views.filters import last_day
from retail import formats, money
from retail.models import Company
from retail.selectors.company import company_zone
from retail.typed import typed_key
from retail.views.access import PageMixin, acting_user

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


class StoredValuePrint(PageMixin, TemplateView):
    """The values of `?values=1,2,3`, or a part of those of an issuing run (`?run=7&page=2`), as `?form=card|slip|sheet`."""

    template_name = "loyalty/stored_value_print.html"

    def get_permission_required(self) -> Any:
        wanted = ("loyalty.issue_storedvalue",)
        return (*wanted, "loyalty.view_issuingrun") if "run" in self.request.GET else wanted

    def dispatch(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(*args, **kwargs)
        # Whoever opens the browser after it was printed finds no codes in it.
        response["Cache-Control"] = "no-store"
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        at, zone, run = timezone.now(), company_zone(), self._run()
        page = Paginator(self._wanted(run), MOST).get_page(self.request.GET.get("page"))
        values = list(page.object_list)
        codes = codes_to_print(values, user=acting_user(self.request), at=at, run=run)
        printed = [
            _printed(one, codes[one.stored.pk], last_day(one.balance.next_expiry, zone))
            for one in held([value for value in values if value.pk in codes], at=at)
        ]
        form = self.request.GET.get("form", "")
        chosen = form if form in FORMS else "card" if len(printed) == 1 else "sheet"
        return super().get_context_data(**kwargs) | {
            "company": Company.objects.values_list("name", flat=True).get(),
            "printed": printed,
            "closed": len(values) - len(printed),
            "form": chosen,
            "forms": [{"name": name, "label": label, "is_chosen": name == chosen} for name, label in FORMS.items()],
            "page": page,
            "page_numbers": list(page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)),
        }  # fmt: skip

    def _run(self) -> IssuingRun | None:
        asked = self.request.GET.get("run")
        if asked is None:
            return None
        key = typed_key(asked)
        if key is None:
            raise Http404
        return get_object_or_404(IssuingRun, pk=key)

    def _wanted(self, run: IssuingRun | None) -> QuerySet[StoredValue]:
        values = StoredValue.objects.select_related("type", "account", "customer").order_by("pk")
        if run is not None:
            return values.filter(grant__run=run)
        ids = [typed_key(word) for word in self.request.GET.get("values", "").split(",")]
        return values.filter(pk__in=[pk for pk in ids if pk is not None][:MOST])


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
