"""One stored value: what it is and holds, all that happened to it, and what a manager may do with it."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, cast
from uuid import uuid4

from django.contrib import messages
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views import View

from customers.models import Customer
from loyalty.amounts import worth_text
from loyalty.forms.customer_choice import reference_to
from loyalty.forms.stored_value import AdjustForm, AssignForm, ChangeForm, IssueForm, ReplaceForm
from loyalty.forms.stored_value_type import KIND_LABEL
from loyalty.models import AdjustmentRequest, Entry, EntryKind, StoredValue, StoredValueEvent
from loyalty.selectors.stored_value_records import Happening, StoredValueState, history, records
from loyalty.selectors.stored_values import can_be_read, held
from loyalty.services.refusals import InsufficientValue, LedgerError
from loyalty.services.second_person import adjust_stored_value_or_ask, issue_or_ask, void_or_ask
from loyalty.services.stored_value_by_hand import Issue
from loyalty.services.stored_value_states import assign, block, replace_code, unblock
from loyalty.stored_codes import MASK, written
from loyalty.views.adjustment import tell
from loyalty.views.filters import end_of, last_day, last_day_of
from loyalty.views.statement import KIND_TONES, why
from loyalty.views.stored_values import STATE_TONES, value_url
from retail import formats, money
from retail.models import Store
from retail.selectors.company import company_zone
from retail.typed import typed_key
from retail.views.access import PageMixin, acting_user
from retail.views.forms import FormPage, FormSection

WHY = FormSection(_("Why"), ("reason",))
TRAIL = (_("Stored values"), "loyalty:stored_value_list")


class StoredValueDetail(PageMixin, View):
    permission_required = "loyalty.view_storedvalue"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return render_value(request, pk)


def render_value(request: HttpRequest, pk: int, *, code: str = "") -> HttpResponse:
    """Draw a stored value's page; `code` is a new code, on the only page that shows it."""
    at, zone = timezone.now(), company_zone()
    stored: Any = get_object_or_404(records(at=at), pk=pk)
    [one] = held([stored], at=at)
    stores = Store.objects.filter(code__in=stored.store_codes or stored.type.store_codes).order_by("name")
    happened = history(stored)
    paid = [one.price for one in happened if one.price is not None]
    may_open_sales = request.user.has_perm("retail.view_sale")
    context = {
        "stored": stored,
        "title": f"{stored.type.name} {MASK}{one.last4}",
        "code": written(code) if code else "",
        "state": StoredValueState(stored.state).label,
        "tone": STATE_TONES.get(StoredValueState(stored.state), ""),
        "worth": worth_text(one),
        "can_be_used": stored.state == StoredValueState.USABLE,
        "is_voided": stored.state == StoredValueState.VOIDED,
        "is_blocked": stored.state == StoredValueState.BLOCKED,
        "facts": [
            (KIND_LABEL, stored.type.get_kind_display()),
            (_("Until"), _day(last_day(one.balance.next_expiry, zone))),
            (_("Stores"), ", ".join(store.name for store in stores) or _now("Every store")),
            (_("Price that was paid"), formats.money(sum(paid, Decimal(0))) if paid else ""),
            (_("Made"), formats.moment(stored.created_at, zone)),
            (_("Store that made it"), stored.store.name if stored.store else ""),
            (_("Given by"), stored.actor.get_username() if stored.actor else ""),
            (_("Why it is blocked"), stored.blocked_reason),
        ],
        "rows": [_row(happening, zone) for happening in happened],
        "zone": zone,
        "may_open_sales": may_open_sales,
        "can_print": request.user.has_perm("loyalty.issue_storedvalue") and can_be_read(stored),
        "trail": [(TRAIL[0], reverse(TRAIL[1]))],
    }
    response = render(request, "loyalty/stored_value_detail.html", context)
    if code:
        # Neither a proxy nor the browser's history keeps a page that shows a secret.
        response["Cache-Control"] = "no-store"
    return response


def _day(day: Any) -> str:
    return formats.day(day) if day else ""


def _row(one: Happening, zone: Any) -> dict[str, Any]:
    """Return a line of the statement: when, what, why, until when, by whom, how much, and what was left."""
    if one.event is not None:
        event = one.event
        return {
            "at": event.created_at,
            "zone": zone,
            "what": event.get_kind_display(),
            "tone": "danger" if event.kind in _ENDING else "",
            "why": event.reason,
            "who": event.customer or "",
            "by": event.actor.get_username() if event.actor else "",
        }
    entry = cast(Entry, one.entry)
    return {
        "at": entry.occurred_at,
        "zone": entry.sale.store.zone if entry.sale else zone,
        "what": entry.get_kind_display(),
        "tone": KIND_TONES.get(EntryKind(entry.kind), ""),
        "why": why(entry),
        "sale": entry.sale,
        "by": entry.actor.get_username() if entry.actor else "",
        "until": last_day_of(entry.lot, zone) if entry.amount > 0 else None,
        "amount": entry.amount,
        "balance": one.balance,
        "price": "" if one.price is None else formats.money(one.price),
        "account": entry.account,
    }


_ENDING = (StoredValueEvent.Kind.BLOCKED, StoredValueEvent.Kind.VOIDED)


class _Action(FormPage):
    """A form about one stored value, which leads back to its page."""

    template_name = "loyalty/stored_value_form.html"
    form_class: ClassVar[type[BaseForm]] = ChangeForm
    success_message = ""
    sections: ClassVar[Sequence[FormSection]] = (WHY,)
    done_message: Any = ""

    def get_instance(self) -> StoredValue:
        return get_object_or_404(
            StoredValue.objects.select_related("type", "account", "customer"), pk=self.kwargs["pk"]
        )

    @property
    def actor_id(self) -> int:
        return acting_user(self.request).pk

    def back_url(self) -> str:
        return value_url(self.instance)

    def trail(self) -> list[tuple[Any, str]]:
        return [(TRAIL[0], reverse(TRAIL[1])), (str(self.instance.type.name), self.back_url())]

    def save(self, form: Any) -> str | None:
        try:
            with transaction.atomic():
                done = self.act(form, timezone.now())
        except LedgerError as refused:
            add_refusal(form, refused)
            return None
        if isinstance(done, AdjustmentRequest):
            tell(self.request, done)
        else:
            messages.success(self.request, str(self.done_message))
        return self.back_url()

    def act(self, form: Any, at: datetime) -> Any:
        raise NotImplementedError


def add_refusal(form: Any, refused: LedgerError) -> None:
    """Show what a service refused beside the field that it names, or above the form."""
    field = "amount" if isinstance(refused, InsufficientValue) else getattr(refused, "field", "")
    form.add_error(field if field in form.fields else None, str(refused))


class Block(_Action):
    permission_required = ("loyalty.view_storedvalue", "loyalty.block_storedvalue")
    title = _("Block it?")
    subtitle = _("Nobody can use it until it is unblocked.")
    submit_label = _("Block")
    done_message = _("It is blocked.")

    def act(self, form: Any, at: datetime) -> None:
        block(self.instance, reason=form.cleaned_data["reason"], at=at, actor_id=self.actor_id)


class Unblock(_Action):
    permission_required = ("loyalty.view_storedvalue", "loyalty.block_storedvalue")
    title = _("Unblock it?")
    subtitle = _("Whoever has its code can use it again.")
    submit_label = _("Unblock")
    done_message = _("It can be used again.")

    def act(self, form: Any, at: datetime) -> None:
        unblock(self.instance, reason=form.cleaned_data["reason"], at=at, actor_id=self.actor_id)


class Void(_Action):
    permission_required = (
        "loyalty.view_storedvalue",
        "loyalty.block_storedvalue",
        "loyalty.adjust_account",
    )
    title = _("Take it back for good?")
    subtitle = _("For one that was made by mistake and of which nothing was used. This cannot be undone.")
    submit_label = _("Void")
    done_message = _("It was taken back and ended.")

    def act(self, form: Any, at: datetime) -> Any:
        return void_or_ask(self.instance, reason=form.cleaned_data["reason"], at=at, actor_id=self.actor_id)


class Assign(_Action):
    permission_required = (
        "loyalty.view_storedvalue",
        "customers.view_customer",
        "loyalty.block_storedvalue",
    )
    form_class = AssignForm
    title = _("To whom does it belong?")
    subtitle = _("With a customer it is found again when the card is lost.")
    submit_label = _("Save")
    done_message = _("Saved.")
    sections = (FormSection(_("Customer"), ("customer",)), WHY)

    def get_initial(self) -> dict[str, Any]:
        customer_id = self.instance.customer_id
        return {"customer": reference_to(customer_id) if customer_id else ""}

    def act(self, form: Any, at: datetime) -> None:
        customer = form.cleaned_data["customer"]
        assign(
            self.instance,
            customer_id=customer.pk if customer else None,
            reason=form.cleaned_data["reason"],
            at=at,
            actor_id=self.actor_id,
        )


class Adjust(_Action):
    permission_required = ("loyalty.view_storedvalue", "loyalty.adjust_account")
    form_class = AdjustForm
    title = _("Add or take value")
    submit_label = _("Post")
    done_message = _("Posted.")
    sections = (FormSection(_("What"), ("direction:3", "amount:3", "expires_on:3")), WHY)

    def get_form(self, **data: Any) -> AdjustForm:
        return AdjustForm(initial={"operation": uuid4()}, today=_today(), **data)

    def act(self, form: Any, at: datetime) -> Any:
        values = form.cleaned_data
        return adjust_stored_value_or_ask(
            self.instance,
            amount=form.signed,
            reason=values["reason"],
            actor_id=self.actor_id,
            operation=str(values["operation"]),
            at=at,
            expires_at=_end(values["expires_on"]) if form.signed > 0 else None,
        )


class Replace(_Action):
    """A lost card: the old code ends, and the new one is shown on the page that answers, once."""

    permission_required = ("loyalty.view_storedvalue", "loyalty.block_storedvalue")
    form_class = ReplaceForm
    title = _("Replace the lost card?")
    subtitle = _(
        "The old code ends at once. What it held is at the new code, which is shown once, on the next page: "
        "have the new card or the printer at hand."
    )
    submit_label = _("Replace")
    sections = (FormSection(_("New card"), ("code",)), WHY)

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        form = self.get_form(data=request.POST)
        if form.is_valid():
            try:
                with transaction.atomic():
                    code = replace_code(
                        self.instance,
                        reason=form.cleaned_data["reason"],
                        code=form.cleaned_data["code"],
                        at=timezone.now(),
                        actor_id=self.actor_id,
                    )
            except LedgerError as refused:
                add_refusal(form, refused)
            else:
                return render_value(request, self.instance.pk, code=code)
        return self.render(form)


class IssueByHand(FormPage):
    """Give a customer a stored value. Its code is shown on the page that answers, once."""

    permission_required = (
        "loyalty.view_storedvalue",
        "customers.view_customer",
        "loyalty.issue_storedvalue",
    )
    template_name = "loyalty/stored_value_form.html"
    form_class = IssueForm
    title = _("Give a customer a stored value")
    subtitle = _("Its code is shown once, on the next page.")
    submit_label = _("Give")
    sections = (
        FormSection(_("To whom"), ("customer",)),
        FormSection(_("What"), ("type", "amount:3", "percent:3", "expires_on:3", "stores")),
        WHY,
    )

    def get_form(self, **data: Any) -> IssueForm:
        customer = typed_key(self.request.GET.get("customer", ""))
        initial = {"operation": uuid4(), "customer": "" if customer is None else reference_to(customer)}
        return IssueForm(initial=initial, today=_today(), **data)

    def back_url(self) -> str:
        return reverse("loyalty:stored_value_list")

    def trail(self) -> list[tuple[Any, str]]:
        return [(TRAIL[0], reverse(TRAIL[1]))]

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        form = self.get_form(data=request.POST)
        if form.is_valid():
            values = form.cleaned_data
            customer: Customer = values["customer"]
            try:
                issued, asked = issue_or_ask(
                    Issue(
                        type=values["type"],
                        customer_id=customer.pk,
                        operation=str(values["operation"]),
                        reason=values["reason"],
                        amount=None if values["amount"] is None else money.from_decimal(values["amount"]),
                        percent=values["percent"],
                        expires_at=_end(values["expires_on"]),
                        store_codes=values["stores"],
                    ),
                    actor_id=acting_user(request).pk,
                    at=timezone.now(),
                )
            except LedgerError as refused:
                add_refusal(form, refused)
            else:
                if asked is not None:
                    tell(request, asked)
                return render_value(request, issued.stored.pk, code=issued.code)
        return self.render(form)


def _today() -> Any:
    return timezone.localdate(timezone=company_zone())


def _end(day: Any) -> datetime | None:
    return end_of(day, company_zone()) if day else None
