"""Issuing rules: what the point of sale gives by itself. The list and the form."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from loyalty import issuing_sentences as sentences
from loyalty.forms.issuing_rule import RuleForm
from loyalty.issuing import MOST_TIERS
from loyalty.models import IssuingRule
from loyalty.services.issuing_rules import save_rule
from loyalty.services.issuing_terms import IssuingError, IssuingInvalid
from retail.forms.rows import ACTIVE_LABELS, ACTIVE_TONES
from retail.selectors.company import company_zone
from retail.typed import typed_number
from retail.views.access import acting_user
from retail.views.columns import Column
from retail.views.forms import FormPage, FormSection
from retail.views.lists import ListPage

TIER_FIELDS = tuple(
    f"tier_{row}_{name}:2" for row in range(1, MOST_TIERS + 1) for name in ("from", "amount", "percent")
)
GIVEN = FormSection(
    _("What is given"),
    (*TIER_FIELDS, "percent_means:4", "most:2"),
    _(
        "One line for a fixed amount or percentage; several for tiers, each from a higher turnover. The last one "
        "that is reached counts."
    ),
)
VALIDITY = FormSection(
    _("When and where it can be used"),
    ("valid_days:2", "usable_from_day:2", "usable_until_day:2", "usable_stores"),
)


class RuleList(ListPage):
    permission_required = "loyalty.view_issuingrule"
    model = IssuingRule
    title = _("Issuing rules")
    subtitle = _("Vouchers that the point of sale gives by itself.")
    columns = (
        Column(name="name", label=_("Name"), order_by="name", secondary=lambda rule: rule.code),
        Column(name="trigger", label=_("Given for"), value=sentences.occasion),
        Column(name="tiers", label=_("What is given"), value=sentences.worth),
        Column(
            name="stores",
            label=_("Stores"),
            value=lambda rule: sentences.stores(rule.store_codes),
            on_phone=False,
        ),
        Column(name="priority", label=_("Order"), kind="number", order_by="priority", on_phone=False),
        Column(
            name="is_active",
            label=_("State"),
            kind="badge",
            labels=ACTIVE_LABELS,
            tones=ACTIVE_TONES,
            order_by="is_active",
        ),
    )
    search_fields = ("name__unaccent__icontains", "code__icontains")
    search_placeholder = _("Name or code")
    default_order = "priority"
    export_name = "issuing-rules"
    create_url_name, create_permission = "loyalty:issuing_rule_create", "loyalty.add_issuingrule"
    create_label = _("New rule")
    empty_icon = "gift"
    empty_title = _("No rules yet")
    empty_text = _("Say for which purchases the till gives a voucher, and what it is worth.")

    def get_queryset(self) -> QuerySet[Any]:
        return IssuingRule.objects.select_related("type")

    def row_url(self, instance: IssuingRule) -> str:
        return rule_url(instance)


def rule_url(rule: IssuingRule) -> str:
    return reverse("loyalty:issuing_rule_form", args=[rule.code])


class RuleCreate(FormPage):
    permission_required: Any = "loyalty.add_issuingrule"
    form_class = RuleForm
    template_name = "loyalty/issuing_form.html"
    sections = (
        FormSection(_("Rule"), ("name:4", "code:2", "type:4", "priority:2", "is_active")),
        FormSection(
            _("When it gives something"),
            (
                "trigger:4",
                "window_days:2",
                "minimum_visits:3",
                "minimum_turnover:3",
                "once_in_window",
                "starts_day:3",
                "ends_day:3",
                "stores",
            ),
        ),
        GIVEN,
        VALIDITY,
    )
    title = _("New issuing rule")
    success_message = _("The rule was saved. Tills follow it from now on.")

    def get_form(self, **data: Any) -> Any:
        data.pop("files", None)
        return RuleForm(instance=self.instance, zone=company_zone(), **data)

    def extra_context(self) -> dict[str, Any]:
        sent = self.request.POST.get("_version", "")
        return {"version": sent or (self.instance.version if self.instance else "")}

    def save(self, form: Any) -> str | None:
        sent = self.request.POST.get("_version", "")
        try:
            save_rule(
                rule=self.instance,
                values=form.values(),
                user=acting_user(self.request),
                at=timezone.now(),
                version=typed_number(sent),
            )
        except IssuingInvalid as refusal:
            form.add_refusals(refusal.errors)
            return None
        except IssuingError as refusal:
            form.add_error(None, str(refusal))
            return None
        return self.back_url()

    def back_url(self) -> str:
        return reverse("loyalty:issuing_rule_list")

    def trail(self) -> list[tuple[Any, str]]:
        return [(_("Issuing rules"), self.back_url())]


class RuleEdit(RuleCreate):
    permission_required = "loyalty.change_issuingrule"
    title = _("Change the rule")

    def get_instance(self) -> IssuingRule:
        return get_object_or_404(IssuingRule.objects.select_related("type"), code=self.kwargs["code"])
