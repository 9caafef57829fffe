"""Adding and taking value by hand, and letting a customer off a debt: said on one page, confirmed on the next."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from loyalty.amounts import account_name, amount_text, hundredths_text
from loyalty.forms.adjustment import AdjustmentForm, ReasonForm
from loyalty.forms.units import unit_key
from loyalty.models import AdjustmentRequest, Receivable
from loyalty.selectors.balances import Balance, balances
from loyalty.services.ledger import account_key
from loyalty.services.refusals import (
    AlreadyPosted,
    AlreadySettled,
    AmountInvalid,
    InsufficientValue,
    LedgerError,
    StampsAreWhole,
)
from loyalty.services.second_person import adjust_or_ask, write_off_or_ask
from loyalty.views.filters import end_of
from retail import formats
from retail.selectors.company import company_zone
from retail.views.access import acting_user
from retail.views.forms import FormPage, FormSection


class _OfCustomer(FormPage):
    """A form about one customer's value, which leads back to the statement."""

    permission_required = ("customers.view_customer", "loyalty.view_account", "loyalty.adjust_account")

    def get_instance(self) -> Customer:
        return get_object_or_404(Customer, pk=self.kwargs["pk"])

    @property
    def actor_id(self) -> int:
        return acting_user(self.request).pk

    def back_url(self) -> str:
        return reverse("loyalty:statement", args=[self.instance.pk])

    def trail(self) -> list[tuple[Any, str]]:
        return [(_("Customers"), reverse("customers:customer_list")), (str(self.instance), self.back_url())]


class Adjustment(_OfCustomer):
    """Add or take value. What was typed is shown with what it does, and posted once it is confirmed."""

    form_class = AdjustmentForm
    title = _("Add or take value")
    subtitle = _("Nothing is changed before you confirm it on the next page.")
    submit_label = _("Continue")
    success_message = ""
    sections = (
        FormSection(_("What"), ("unit:6", "direction:3", "amount:3", "expires_on:3")),
        FormSection(_("Why"), ("reason",)),
    )

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        form = self.get_form(data=request.POST)
        if not form.is_valid() or "change" in request.POST:
            return self.render(form)
        if "confirmed" in request.POST:
            return super().post(request)
        return self._confirm(form)

    def get_form(self, **data: Any) -> AdjustmentForm:
        return AdjustmentForm(
            initial=self.get_initial(), today=timezone.localdate(timezone=company_zone()), **data
        )

    def get_initial(self) -> dict[str, Any]:
        return {"operation": uuid4()}

    def save(self, form: Any) -> str | None:
        values = form.cleaned_data
        day = values["expires_on"]
        try:
            done = adjust_or_ask(
                customer_id=self.instance.pk,
                key=unit_key(values["unit"]),
                amount=form.signed,
                reason=values["reason"],
                actor_id=self.actor_id,
                operation=str(values["operation"]),
                at=timezone.now(),
                expires_at=end_of(day, company_zone()) if day and form.signed > 0 else None,
            )
        except AlreadyPosted:
            messages.info(self.request, _now("This was posted already; it counts once."))
        except LedgerError as refused:
            form.add_error(_field_of(refused), str(refused))
            return None
        else:
            tell(self.request, done)
        return self.back_url()

    def _confirm(self, form: AdjustmentForm) -> HttpResponse:
        at = timezone.now()
        unit = form.cleaned_data["unit"]
        kind, _pk = unit_key(unit)
        before, after, settles = self._foresee(form, at)
        if after < 0:
            left = hundredths_text(kind, before)
            form.add_error("amount", _now("There is no more than %(left)s.") % {"left": left})
            return self.render(form)
        day = form.cleaned_data["expires_on"] if form.signed > 0 else None
        amount = hundredths_text(kind, form.signed)
        facts = [
            (_("Customer"), str(self.instance)),
            (_("Account"), dict(form.fields["unit"].choices)[unit]),  # type: ignore[attr-defined]
            (_("Amount"), f"+{amount}" if form.signed > 0 else amount),
            (_("Pays a debt"), hundredths_text(kind, settles) if settles else ""),
            (_("Can be used until"), formats.day(day) if day else ""),
            (_("Balance before"), hundredths_text(kind, before)),
            (_("Balance after"), hundredths_text(kind, after)),
            (_("Reason"), form.cleaned_data["reason"]),
        ]
        context = {
            "title": _("Post this?"),
            "trail": self.trail(),
            "facts": [(label, value) for label, value in facts if value],
            "form": form,
        }
        return render(self.request, "loyalty/adjustment_confirm.html", context)

    def _foresee(self, form: AdjustmentForm, at: datetime) -> tuple[int, int, int]:
        """Return what is there before and after, pending included, and what of an addition pays a debt."""
        held = self._balance(unit_key(form.cleaned_data["unit"]), at)
        before = held.available + held.pending if held else 0
        settles = min(held.owed, max(form.signed, 0)) if held else 0
        return before, before + form.signed - settles, settles

    def _balance(self, key: tuple[str, int | None], at: datetime) -> Balance | None:
        return next(
            (one for one in balances(self.instance.pk, at=at) if account_key(one.account) == key), None
        )


def _field_of(refused: LedgerError) -> str | None:
    return "amount" if isinstance(refused, AmountInvalid | InsufficientValue | StampsAreWhole) else None


def tell(request: HttpRequest, done: Any) -> None:
    """Say that something was posted, that it waits for a second person, or what that person decided."""
    if not isinstance(done, AdjustmentRequest):
        messages.success(request, _now("Posted."))
    elif done.state == AdjustmentRequest.State.REQUESTED:
        messages.warning(request, _now("It is above the limit: somebody else has to approve it."))
    else:
        messages.info(request, done.get_state_display())


class WriteOff(_OfCustomer):
    """Let a customer off what is left of a debt."""

    form_class = ReasonForm
    title = _("Write off this debt?")
    submit_label = _("Write off")
    success_message = ""
    sections = (FormSection(_("Why"), ("reason",)),)

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if self.has_permission():
            self.debt = get_object_or_404(
                Receivable.objects.select_related("account__program", "account__plan"),
                pk=kwargs["debt"],
                account__customer=self.instance,
            )
            if not self.debt.left and request.method == "GET":
                raise Http404

    def get_title(self) -> Any:
        owed = amount_text(self.debt.account.kind, self.debt.left)
        return _now("Write off %(amount)s of %(account)s?") % {
            "amount": owed,
            "account": account_name(self.debt.account),
        }

    def save(self, form: Any) -> str:
        try:
            done = write_off_or_ask(
                receivable_id=self.debt.pk,
                reason=form.cleaned_data["reason"],
                actor_id=self.actor_id,
                at=timezone.now(),
            )
        except AlreadySettled as settled:
            messages.info(self.request, str(settled))
        else:
            if isinstance(done, AdjustmentRequest):
                tell(self.request, done)
            else:
                messages.success(self.request, _now("The debt was written off."))
        return self.back_url()
