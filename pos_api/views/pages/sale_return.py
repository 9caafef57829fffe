"""The page on which a manager takes units of a sale back."""

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from loyalty.views.filters import last_day
from pos_api.forms.sale_return import SaleReturnForm
from pos_api.problems import Conflict, Invalid, NotFound
from pos_api.services.returns import return_in_back_office
from retail import formats
from retail.models import Sale, SaleLine, SaleState
from retail.selectors.company import company_zone
from retail.views.forms import FormPage, FormSection

RETURNABLE = (SaleState.COMMITTED, SaleState.PARTIALLY_RETURNED)
REFUSALS = {
    "more_than_sold": _("Some of these units came back meanwhile. Look at the sale again."),
    "sale_cancelled": _("The sale was cancelled."),
    "return_conflict": _("This return was recorded with other units."),
    "value_spent": _("What the sale had earned was spent already, and its program then refuses a return."),
}


class SaleReturnCreate(FormPage):
    """Say how many units of each line come back; what they are worth follows from the sale."""

    permission_required = ("retail.view_sale", "retail.change_sale")
    form_class = SaleReturnForm
    title = _("Take units back")
    subtitle = _("The point of sale is not told. The money is given back at the till.")
    submit_label = _("Take back")
    success_message = ""
    instance: Sale
    note: dict[str, Any] | None = None

    def get_instance(self) -> Sale:
        sale = get_object_or_404(Sale.objects.defer("request", "response"), pk=self.kwargs["pk"])
        self.lines = list(SaleLine.objects.filter(sale=sale).select_related("product").order_by("line"))
        return sale

    @property
    def sections(self) -> list[FormSection]:  # type: ignore[override]
        text = _("What was discounted, earned or used with them is given back in proportion.")
        names = [f"{SaleReturnForm.name_of(line)}:3" for line in self.lines]
        return [
            FormSection(title=_("What comes back"), text=text, fields=names),
            FormSection(title=_("What the customer gets"), fields=["refund_as"]),
        ]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.instance.state not in RETURNABLE:
            return HttpResponseRedirect(self.back_url())
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = super().post(request, *args, **kwargs)
        return answer if self.note is None else self.show_note(self.note)

    def show_note(self, note: dict[str, Any]) -> HttpResponse:
        """Show the code of a credit note, in this answer alone: it is kept nowhere, so no other page could."""
        context = {
            "trail": self.trail(),
            "note": note,
            "amount": Decimal(note["amount"]),
            "last_day": last_day(parse_datetime(note["expires_at"] or ""), company_zone()),
            "store": self.instance.store,
            "back_url": self.back_url(),
        }
        shown = render(self.request, "pos_api/credit_note.html", context)
        shown["Cache-Control"] = "no-store"
        return shown

    def get_form(self, **data: Any) -> SaleReturnForm:
        return SaleReturnForm(lines=self.lines, **data)

    def save(self, form: SaleReturnForm) -> str | None:
        user = self.request.user
        assert user.pk is not None  # noqa: S101 - the page asks for permissions
        try:
            returned = return_in_back_office(
                sale_id=self.instance.pk, document=form.document(), actor_id=user.pk, now=timezone.now()
            )
        except NotFound as error:
            raise Http404 from error
        except Conflict as refusal:
            form.add_error(None, REFUSALS.get(refusal.code, refusal.detail))
            return None
        except Invalid as refusal:
            for wrong in refusal.errors:
                form.add_error("refund_as" if wrong.path == "refund_as" else None, wrong.message)
            return None
        self.note = returned.body["refund"].get("credit_note")
        if self.note is not None:
            return self.back_url()
        amount = formats.money(returned.body["refund"]["amount"])
        messages.success(self.request, _now("Recorded. To give back: %(amount)s.") % {"amount": amount})
        return self.back_url()

    def back_url(self) -> str:
        return reverse("pos_api:sale_detail", args=[self.instance.pk])

    def trail(self) -> list[tuple[Any, str]]:
        return [
            (_("Sales"), reverse("pos_api:sale_list")),
            (self.instance.ticket, self.back_url()),
        ]
