"""Texts of consent, and the proof of what a customer answered."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views import View

from customers.forms.consent_text import ConsentTextForm
from customers.models import ConsentChannel, ConsentText, Customer, Purpose
from customers.services.consent_proofs import HEADINGS, proof_of, proof_rows
from customers.services.consent_texts import ConsentTextRefused, write_consent_text
from retail.forms.rows import add_row_errors
from retail.views.access import PageMixin, acting_user
from retail.views.columns import Column
from retail.views.files import csv_response
from retail.views.forms import FormPage, FormSection
from retail.views.lists import ListPage


class ConsentTextList(ListPage):
    """Every version of every text, the newest first."""

    model = ConsentText
    permission_required = "customers.view_consenttext"
    title = _("Consent texts")
    subtitle = _("What people are shown when they are asked. Each answer names the version that was shown.")
    columns = (
        Column(name="version", label=_("Version"), kind="code", secondary=lambda text: text.text[:120], order_by="version"),
        Column(name="purpose", label=_("What for"), labels=dict(Purpose.choices), order_by="purpose"),
        Column(name="channel", label=_("By which channel"), labels=dict(ConsentChannel.choices), on_phone=False),
        Column(name="language", label=_("Language"), labels=dict(settings.LANGUAGES), on_phone=False),
        Column(name="written_at", label=_("Written"), kind="moment", order_by="written_at"),
        Column(name="written_by.username", label=_("By"), on_phone=False),
        Column(name="digest", label=_("Digest"), kind="code", on_page=False),
        Column(name="text", label=_("Text"), on_page=False),
    )  # fmt: skip
    search_fields = ("version__icontains", "text__icontains")
    search_placeholder = _("Version or words of a text")
    default_order = "-written_at"
    export_name = "consent-texts"
    create_url_name, create_permission = "customers:consent_text_create", "customers.add_consenttext"
    create_label = _("New version")
    empty_icon = "consent"
    empty_title = _("No consent texts yet")
    empty_text = _("Write what people agree to: for each purpose, and for a channel where it differs.")

    def get_queryset(self) -> QuerySet[Any]:
        return ConsentText.objects.select_related("written_by")


class ConsentTextCreate(FormPage):
    """One more version of a text."""

    permission_required = "customers.add_consenttext"
    form_class = ConsentTextForm
    title = _("New version of a consent text")
    success_message = _("The version is shown from now on.")
    sections = (FormSection(_("Text"), ("purpose:2", "channel:2", "language:2", "text:6")),)

    def get_initial(self) -> dict[str, Any]:
        return {"purpose": Purpose.MARKETING, "language": settings.LANGUAGE_CODE}

    def save(self, form: Any) -> str | None:
        try:
            write_consent_text(**form.cleaned_data, by=acting_user(self.request), at=timezone.now())
        except ConsentTextRefused as refusal:
            add_row_errors(form, refusal.errors)
            return None
        return self.back_url()

    def back_url(self) -> str:
        return reverse("customers:consent_text_list")

    def trail(self) -> list[tuple[Any, str]]:
        return [(_("Consent texts"), self.back_url())]


class CustomerConsentProof(PageMixin, View):
    """The proof as a file: `json`, else `csv`."""

    permission_required = ("customers.view_customer", "customers.view_consent")

    def get(self, request: HttpRequest, pk: int, kind: str) -> HttpResponseBase:
        document = proof_of(get_object_or_404(Customer, pk=pk), at=timezone.now())
        name = f"consents-{pk}"
        if kind == "csv":
            return csv_response(name, HEADINGS, proof_rows(document))
        answer = JsonResponse(document, json_dumps_params={"ensure_ascii": False, "indent": 2})
        answer["Content-Disposition"] = f'attachment; filename="{name}.json"'
        return answer
