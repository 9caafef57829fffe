"""The ways to fill a pool of promotional codes and to change its codes. What takes long is a job."""

import io
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views import View

from campaigns.forms.promo_codes import (
    ExtendForm,
    GenerateForm,
    ImportForm,
    MembersForm,
    PoolForm,
    TermsForm,
    WordForm,
)
from campaigns.models import ImportResult, Job, PromoCodeImport, PromoCodePool
from campaigns.services import promo_code_imports as imports
from campaigns.services import promo_code_jobs, promo_code_pools
from campaigns.services import promo_codes as services
from campaigns.services.promo_code_refusals import PromoCodeError
from campaigns.tasks import wake_jobs
from campaigns.views.jobs import show_job
from campaigns.views.promo_code_pools import PoolCreate, find_pool, pool_url
from retail import codes
from retail.views.access import PageMixin, acting_user
from retail.views.files import csv_response
from retail.views.forms import FormPage, FormSection

# Pages make so many while the manager waits; the job has a bar for more.
AT_ONCE = 1_000
SAMPLE = 20


class PoolPage(FormPage):
    """A form about one pool."""

    permission_required: Any = ("campaigns.change_promocodepool", "campaigns.add_promocode")

    def get_instance(self) -> PromoCodePool:
        return find_pool(self.kwargs["code"])

    def get_initial(self) -> dict[str, Any]:
        usual = services.pool_terms(self.instance, at=timezone.now())
        return {
            "max_uses": usual.max_uses,
            "max_uses_per_customer": usual.max_uses_per_customer,
            "expires_at": usual.expires_at.isoformat() if usual.expires_at else "",
        }

    def back_url(self) -> str:
        return pool_url(self.instance)

    def trail(self) -> list[tuple[Any, str]]:
        return [
            (_("Promotional codes"), reverse("campaigns:promo_code_pool_list")),
            (self.instance.name, self.back_url()),
        ]

    def save(self, form: Any) -> str | None:
        try:
            if isinstance(form, TermsForm):
                services.refuse_past_end(form.terms(), at=timezone.now())
            job = self.fill(form)
        except PromoCodeError as refusal:
            form.add_error(refusal.path if refusal.path in form.fields else None, str(refusal))
            return None
        if job is not None:
            wake_jobs()
        return self.back_url()

    def fill(self, form: Any) -> Job | None:
        """Call the service; return the job that does the rest. Raises PromoCodeError."""
        raise NotImplementedError


class PoolEdit(PoolPage):
    permission_required = "campaigns.change_promocodepool"
    form_class = PoolForm
    sections = PoolCreate.sections
    title = _("Change the pool")

    def get_form(self, **data: Any) -> Any:
        return PoolForm(initial=PoolForm.initial_of(self.instance), pool=self.instance, **data)

    def fill(self, form: Any) -> None:
        promo_code_pools.change_pool(
            pool=self.instance,
            settings=form.settings(),
            user=acting_user(self.request),
            at=timezone.now(),
        )


class Generate(PoolPage):
    form_class = GenerateForm
    sections = (
        FormSection(
            _("New codes"),
            ("count:3", "customer:3", "max_uses:3", "max_uses_per_customer:3", "starts_at:3", "expires_at:3"),
        ),
    )
    title = _("Generate codes")
    submit_label = _("Generate")
    success_message = ""

    def fill(self, form: Any) -> Job | None:
        data, at, user = form.cleaned_data, timezone.now(), self.request.user
        if data["count"] > AT_ONCE:
            return promo_code_jobs.request_generation(
                pool=self.instance,
                count=data["count"],
                terms=form.terms(),
                customer=data["customer"],
                user=user,  # type: ignore[arg-type]
                at=at,
            )
        made = services.generate_codes(
            pool=self.instance,
            count=data["count"],
            terms=form.terms(),
            customer=services.customer_named(data["customer"]),
            at=at,
        )
        text = ngettext("%(count)d code was made.", "%(count)d codes were made.", len(made))
        messages.success(self.request, text % {"count": len(made)})
        return None


class GenerateForMembers(PoolPage):
    permission_required = (
        "campaigns.change_promocodepool",
        "campaigns.add_promocode",
        "customers.view_customer",
    )
    form_class = MembersForm
    sections = (
        FormSection(
            _("One code for each customer"),
            ("grouping:4", "only_missing:2", "max_uses:2", "starts_at:2", "expires_at:2"),
        ),
    )
    title = _("A code for each customer")
    submit_label = _("Generate")
    success_message = ""

    def fill(self, form: Any) -> Job:
        return promo_code_jobs.request_generation_for_members(
            pool=self.instance,
            grouping=form.cleaned_data["grouping"].code,
            terms=form.terms(),
            only_missing=form.cleaned_data["only_missing"],
            user=acting_user(self.request),
            at=timezone.now(),
        )


class AddWord(PoolPage):
    form_class = WordForm
    sections = (
        FormSection(
            _("A word for everybody"),
            ("word:3", "max_uses:3", "max_uses_per_customer:3", "starts_at:3", "expires_at:3"),
        ),
    )
    title = _("Add a word")
    submit_label = _("Add")

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "max_uses": None}

    def fill(self, form: Any) -> None:
        services.add_word(
            pool=self.instance, word=form.cleaned_data["word"], terms=form.terms(), at=timezone.now()
        )


class Extend(PoolPage):
    permission_required = ("campaigns.change_promocodepool", "campaigns.change_promocode")
    form_class = ExtendForm
    sections = (
        FormSection(
            _("Validity of all codes"),
            ("expires_at",),
            _("Codes that keep the terms of their issue end with their campaign's own period all the same."),
        ),
    )
    title = _("Change the validity")
    submit_label = _("Change")
    success_message = ""

    def fill(self, form: Any) -> Job:
        return promo_code_jobs.request_extension(
            pool=self.instance,
            expires_at=form.moment(),
            user=acting_user(self.request),
            at=timezone.now(),
        )


class Import(PoolPage):
    """Take a file: it is checked first, and nothing is added before somebody has seen what would become of it."""

    form_class = ImportForm
    sections = (
        FormSection(_("Codes"), ("file", "text"), _("Good lines are kept whatever the others hold.")),
        FormSection(
            _("What holds for them"),
            ("max_uses:3", "max_uses_per_customer:3", "starts_at:3", "expires_at:3"),
        ),
    )
    title = _("Import codes")
    submit_label = _("Check the file")
    success_message = ""
    template_name = "campaigns/promo_code_import.html"

    def save(self, form: Any) -> str | None:
        file = form.cleaned_data["file"]
        if file:
            file.seek(0)
        pasted = io.BytesIO(form.cleaned_data["text"].encode())
        try:
            services.refuse_past_end(form.terms(), at=timezone.now())
            source, job = imports.receive_file(
                pool=self.instance,
                name=file.name if file else "",
                file=file or pasted,
                terms=form.terms(),
                user=acting_user(self.request),
                at=timezone.now(),
            )
        except PromoCodeError as refusal:
            form.add_error(refusal.path if refusal.path in form.fields else None, str(refusal))
            return None
        if job is None:
            messages.info(self.request, _("The pool has seen this file before. This is what became of it."))
        else:
            wake_jobs()
        return reverse("campaigns:promo_code_imported", args=[self.instance.code, source.pk])


class Imported(PageMixin, View):
    """What would become, or became, of a file. POST adds its good lines, or forgets it."""

    permission_required = ("campaigns.change_promocodepool", "campaigns.add_promocode")

    def get(self, request: HttpRequest, code: str, pk: int) -> HttpResponse:
        pool, source = self.find(code, pk)
        job = Job.objects.filter(arguments__import=source.pk, arguments__pool=code).order_by("-pk").first()
        refused = source.rows.exclude(result=ImportResult.GOOD).order_by("line")
        labels = dict(ImportResult.choices)
        context = {
            "pool": pool,
            "source": source,
            "job": show_job(job, request.user) if job else None,
            "counts": [
                (labels.get(result, result), count) for result, count in sorted(source.counts.items())
            ],
            "good": source.counts.get(ImportResult.GOOD, 0),
            "is_checked": source.checked_at is not None,
            "may_decide": source.imported_at is None and not (job and job.is_active),
            "sample": source.rows.filter(result=ImportResult.GOOD).order_by("line")[:SAMPLE],
            "refused": refused[:SAMPLE],
            "back_url": pool_url(pool),
            "trail": [
                (_("Promotional codes"), reverse("campaigns:promo_code_pool_list")),
                (pool.name, pool_url(pool)),
            ],
        }
        return render(request, "campaigns/promo_code_imported.html", context)

    def post(self, request: HttpRequest, code: str, pk: int) -> HttpResponse:
        pool, source = self.find(code, pk)
        try:
            if request.POST.get("what") == "forget":
                imports.forget_import(source=source)
                return HttpResponseRedirect(pool_url(pool))
            imports.request_import(source=source, user=acting_user(request), at=timezone.now())
        except PromoCodeError as refusal:
            messages.error(request, str(refusal))
        else:
            wake_jobs()
        return HttpResponseRedirect(request.path)

    def find(self, code: str, pk: int) -> tuple[PromoCodePool, PromoCodeImport]:
        pool = find_pool(code)
        source = pool.imports.filter(pk=pk).first()
        if source is None:
            raise Http404
        return pool, source


class ImportRefused(PageMixin, View):
    """The lines of an import that were refused, as a file."""

    permission_required = ("campaigns.change_promocodepool", "campaigns.add_promocode")

    def get(self, request: HttpRequest, code: str, pk: int) -> HttpResponseBase:
        source = find_pool(code).imports.filter(pk=pk).first()
        if source is None:
            raise Http404
        labels = dict(ImportResult.choices)
        headings = [str(title) for title in (_("Line"), _("Code"), _("Customer"), _("Result"))]
        refused = (
            [row.line, row.code, row.owner, labels.get(row.result, row.result)]
            for rows in imports.refused_rows(source)
            for row in rows
        )
        return csv_response(f"{code}-{pk}", headings, refused)


class Switch(PageMixin, View):
    """Close a code, or open it again."""

    permission_required = "campaigns.change_promocode"

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        pool = find_pool(code)
        word = request.POST.get("word", "").replace("\x00", "")
        if not pool.codes.filter(code=codes.normalize(word)).exists():
            raise Http404
        services.set_code_active(code=word, active=request.POST.get("active") == "1")
        messages.success(request, _("Saved."))
        return HttpResponseRedirect(pool_url(pool))
