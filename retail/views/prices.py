"""Pages that change many prices: say what, look at old and new, confirm; and the history of what was changed."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views import View

from retail import formats
from retail.forms.price_change import ConfirmPricesForm, PriceFileForm, PriceRuleForm
from retail.models import PriceChange, PriceChangeLine, PriceField
from retail.services.price_rules import PriceRequestRefused, read_price_request
from retail.services.prices import (
    PriceOutcome,
    PriceResult,
    PricesChanged,
    TooManyProducts,
    change_prices,
    preview_prices,
)
from retail.views.access import PageMixin, acting_user
from retail.views.columns import Column
from retail.views.lists import Action, ListPage
from retail.views.timeline import person_name

_SHOWN = 200
WARNINGS = {
    "zero": _("Becomes free"),
    "below_cost": _("Below the cost"),
    "below_floor": _("Below the floor price"),
    "large_change": _("More than doubles or halves"),
}
FIELD_LABELS = dict(PriceField.choices)


class PriceChangePage(PageMixin, View):
    """GET shows the two forms; POST shows what would change; POST with `expected` writes exactly that.

    With `back` too, the forms come again as they were filled in.
    """

    permission_required = "retail.change_product"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._render(PriceRuleForm(), _file_form())

    def post(self, request: HttpRequest) -> HttpResponse:
        if "expected" in request.POST:
            return self._write(request)
        rule, file = PriceRuleForm(), _file_form()
        asked: PriceRuleForm | PriceFileForm
        if "from_file" in request.POST:
            asked = file = _file_form(data=request.POST, files=request.FILES)
        else:
            asked = rule = PriceRuleForm(data=request.POST)
        if not asked.is_valid():
            return self._render(rule, file, refused=asked, status=422)
        wanted = asked.cleaned_data["request"]
        try:
            outcome = preview_prices(request=read_price_request(wanted))
        except PriceRequestRefused as refusal:
            for error in refusal.errors:
                asked.add_error(_field_of(error.path, asked), error.message)
            return self._render(rule, file, refused=asked, status=422)
        except TooManyProducts as refusal:
            asked.add_error(None, str(refusal))
            return self._render(rule, file, refused=asked, status=422)
        typed = {name: str(text) for name, text in request.POST.items() if name in asked.fields}
        return self._look(outcome, wanted, typed)

    def _look(
        self, outcome: PriceOutcome, wanted: dict[str, Any], typed: dict[str, str], *, status: int = 200
    ) -> HttpResponse:
        context = _preview(outcome, wanted, typed)
        return render(self.request, "retail/price_change_preview.html", context, status=status)

    def _write(self, request: HttpRequest) -> HttpResponse:
        confirm = ConfirmPricesForm(data=request.POST)
        if not confirm.is_valid():
            messages.error(request, _now("Choose again what to change."))
            return HttpResponseRedirect(reverse("retail:price_change"))
        wanted, typed = confirm.cleaned_data["request"], confirm.cleaned_data["typed"]
        if "back" in request.POST:
            return self._again(wanted, typed)
        try:
            outcome = change_prices(
                request=read_price_request(wanted),
                user=acting_user(request),
                at=timezone.now(),
                expected=confirm.cleaned_data["expected"],
            )
        except PricesChanged as refusal:
            messages.warning(request, str(refusal))
            return self._look(refusal.outcome, wanted, typed, status=409)
        except (TooManyProducts, PriceRequestRefused) as refusal:
            messages.error(request, str(refusal) or _now("Choose again what to change."))
            return self._again(wanted, typed, status=422)
        if outcome.change is None:
            messages.info(request, _now("Nothing changed."))
            return HttpResponseRedirect(reverse("retail:price_change"))
        count = outcome.change.products
        text = ngettext(
            "The price of one product was changed.", "The prices of %(count)s products were changed.", count
        )
        messages.success(request, text % {"count": formats.number(count)})
        return HttpResponseRedirect(reverse("retail:price_change_detail", args=[outcome.change.pk]))

    def _again(self, wanted: dict[str, Any], typed: dict[str, str], *, status: int = 200) -> HttpResponse:
        if "prices" in wanted:
            return self._render(PriceRuleForm(), _file_form(initial=typed), status=status)
        return self._render(PriceRuleForm(data=typed), _file_form(), status=status)

    def _render(
        self,
        rule: PriceRuleForm,
        file: PriceFileForm,
        *,
        refused: PriceRuleForm | PriceFileForm | None = None,
        status: int = 200,
    ) -> HttpResponse:
        may_look_back = self.request.user.has_perm("retail.view_pricechange")
        context = {
            "rule": rule,
            "file": file,
            "form": refused or rule,
            "history_url": reverse("retail:price_change_list") if may_look_back else "",
        }
        return render(self.request, "retail/price_change_form.html", context, status=status)


def _file_form(**given: Any) -> PriceFileForm:
    return PriceFileForm(auto_id="file_%s", **given)


def _field_of(path: str, form: Any) -> str | None:
    name = path.rpartition(".")[2]
    name = {"percent": "number", "amount": "number", "value": "number"}.get(name, name)
    return name if name in form.fields else None


def _preview(outcome: PriceOutcome, wanted: dict[str, Any], typed: dict[str, str]) -> dict[str, Any]:
    counts = Counter(result.status for result in outcome.results)
    changed = [result for result in outcome.results if result.status == "changed"]
    warned = [result for result in changed if result.warnings]
    # What deserves a second look stands first.
    shown = (warned + [result for result in changed if not result.warnings])[:_SHOWN]
    failed = [result for result in outcome.results if result.errors]
    # Rows of a file are counted as its reader sees them, below a heading.
    first = 2 if "prices" in wanted else 1
    return {
        "counts": counts,
        "warned": len(warned),
        "lines": _lines(shown),
        "shown": len(shown),
        "errors": [
            (result.sku or "—", result.row + first, result.errors[0].message) for result in failed[:_SHOWN]
        ],
        "confirm": ConfirmPricesForm(
            initial={"request": wanted, "typed": typed, "expected": outcome.fingerprint}
        ),
    }


def _lines(results: Sequence[PriceResult]) -> list[dict[str, Any]]:
    """Return one line for each price of each product, as the preview draws it."""
    lines = []
    for result in results:
        for name, new in result.new.items():
            old = result.old[name]
            lines.append(
                {
                    "sku": result.sku,
                    "name": result.name,
                    "field": FIELD_LABELS[name],
                    "old": old,
                    "new": new,
                    "difference": None if old is None or new is None else new - old,
                    "warnings": [WARNINGS[code] for code in result.warnings_of(name)],
                }
            )
    return lines


def _who(change: PriceChange) -> str:
    return person_name(change.changed_by)


def kind_of(change: PriceChange) -> Promise | str:
    """Return what sort of act a change of prices was."""
    if "rule" in change.rule:
        return _("Rule for many products")
    return _("List of prices") if "list" in change.rule else _("Products saved")


class PriceChangeList(ListPage):
    """Every act by which prices changed, newest first."""

    model = PriceChange
    permission_required = "retail.view_pricechange"
    title = _("History of prices")
    subtitle = _("Who changed prices, when and why. Nothing here can be altered.")
    columns = (
        Column(name="changed_at", label=_("When"), kind="moment", order_by="changed_at"),
        Column(name="kind", label=_("What"), value=kind_of, secondary=lambda change: change.note),
        Column(name="changed_by", label=_("Who"), value=_who),
        Column(name="products", label=_("Products"), kind="number", order_by="products"),
    )
    default_order = "-changed_at"
    export_name = "price-changes"
    empty_icon = "history"
    empty_title = _("No price has changed yet")

    def get_queryset(self) -> QuerySet[PriceChange]:
        return PriceChange.objects.select_related("changed_by")

    def row_url(self, instance: PriceChange) -> str:
        return reverse("retail:price_change_detail", args=[instance.pk])

    def get_actions(self) -> list[Action]:
        if not self.request.user.has_perm("retail.change_product"):
            return []
        return [Action(_("Change prices"), reverse("retail:price_change"), "money", "primary")]

    def extra_context(self) -> dict[str, Any]:
        return {"trail": [(_("Products"), reverse("retail:product_list"))]}


class PriceChangeDetail(ListPage):
    """The prices that one act changed."""

    model = PriceChangeLine
    permission_required = "retail.view_pricechange"
    columns = (
        Column(name="sku", label=_("SKU"), order_by="sku"),
        Column(name="field", label=_("What"), labels=FIELD_LABELS),
        Column(name="old", label=_("Before"), kind="money"),
        Column(name="new", label=_("After"), kind="money", order_by="new"),
    )
    search_fields = ("sku__istartswith",)
    search_placeholder = _("SKU")
    default_order = "sku"
    export_name = "changed-prices"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        changes = PriceChange.objects.select_related("changed_by")
        self.change = get_object_or_404(changes, pk=self.kwargs["pk"])
        return super().get(request, *args, **kwargs)

    @property
    def title(self) -> Any:  # type: ignore[override]
        return kind_of(self.change)

    def get_queryset(self) -> QuerySet[PriceChangeLine]:
        return PriceChangeLine.objects.filter(change=self.change)

    def extra_context(self) -> dict[str, Any]:
        parts = [formats.moment(self.change.changed_at), _who(self.change), self.change.note]
        return {
            "subtitle": " · ".join(part for part in parts if part),
            "trail": [
                (_("Products"), reverse("retail:product_list")),
                (_("History of prices"), reverse("retail:price_change_list")),
            ],
        }
