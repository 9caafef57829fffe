"""Pools of promotional codes: list, one pool with its codes, and the ways to fill it."""

from typing import Any, ClassVar

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views import View

from campaigns import codes, selectors
from campaigns.forms.promo_codes import GenerateForm, ImportForm, PoolForm, WordForm
from campaigns.models import PromoCode, PromoCodePool
from campaigns.services import promo_code_files as files
from campaigns.services import promo_codes as services
from retail.views.access import PageMixin
from retail.views.columns import Column
from retail.views.forms import FormPage, FormSection
from retail.views.lists import ListPage

RESULTS = {
    "created": _("created"),
    "repeated": _("twice in this list"),
    "invalid": _("not a code"),
    "taken": _("exists already"),
    "customer_unknown": _("unknown customer"),
}


def find_pool(code: str) -> PromoCodePool:
    """Return a pool with `code_count` and `use_count`. Raises Http404."""
    pool = selectors.promo_code_pools().filter(code=code).first()
    if pool is None:
        raise Http404
    return pool


class PoolList(ListPage):
    permission_required = "campaigns.view_promocodepool"
    model = PromoCodePool
    title = _("Promotional codes")
    subtitle = _("Pools of codes; any code of a pool opens the pool's campaign.")
    columns = (
        Column(name="name", label=_("Pool"), order_by="name", secondary=lambda pool: pool.code),
        Column(name="code", label=_("Code"), on_page=False),
        Column(name="campaign.name", label=_("Campaign"), order_by="campaign__name"),
        Column(name="code_count", label=_("Codes"), kind="number", order_by="code_count"),
        Column(name="use_count", label=_("Uses"), kind="number", order_by="use_count"),
        Column(name="created_at", label=_("Created"), kind="moment", order_by="created_at"),
    )
    search_fields = ("name__unaccent__icontains", "code__icontains", "campaign__name__unaccent__icontains")
    default_order = "-created_at"
    export_name = "promo-code-pools"
    create_url_name = "campaigns:promo_code_pool_create"
    create_label = _("New pool")
    create_permission = "campaigns.add_promocodepool"
    empty_icon = "code"
    empty_title = _("No promotional codes yet")
    empty_text = _(
        "Make a pool, then generate codes by the thousand, import a list, or add a word like NATAL10."
    )

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.promo_code_pools()

    def row_url(self, instance: PromoCodePool) -> str:
        return reverse("campaigns:promo_code_pool_detail", args=[instance.code])


class PoolCreate(FormPage):
    permission_required = "campaigns.add_promocodepool"
    form_class = PoolForm
    sections = (
        FormSection(_("Pool"), ("name:4", "code:2", "campaign")),
        FormSection(_("Its codes"), ("prefix:3", "for_automations")),
    )
    title = _("New pool")

    def get_initial(self) -> dict[str, Any]:
        return {"campaign": self.request.GET.get("campaign", "")}

    def save(self, form: Any) -> str | None:
        data = form.cleaned_data
        try:
            pool = services.create_pool(
                code=data["code"],
                name=data["name"],
                campaign=data["campaign"].code if data["campaign"] else None,
                prefix=data["prefix"],
                for_automations=data["for_automations"],
            )
        except services.PromoCodeError as refusal:
            form.add_error(refusal.path or None, str(refusal))
            return None
        return reverse("campaigns:promo_code_pool_detail", args=[pool.code])

    def back_url(self) -> str:
        return reverse("campaigns:promo_code_pool_list")

    def trail(self) -> list[tuple[Any, str]]:
        return [(_("Promotional codes"), reverse("campaigns:promo_code_pool_list"))]


class PoolPage(FormPage):
    """A form about one pool."""

    permission_required: Any = ("campaigns.change_promocodepool", "campaigns.add_promocode")

    def get_instance(self) -> PromoCodePool:
        return find_pool(self.kwargs["code"])

    def get_initial(self) -> dict[str, Any]:
        return {}

    def back_url(self) -> str:
        return reverse("campaigns:promo_code_pool_detail", args=[self.instance.code])

    def trail(self) -> list[tuple[Any, str]]:
        return [
            (_("Promotional codes"), reverse("campaigns:promo_code_pool_list")),
            (self.instance.name, self.back_url()),
        ]

    def save(self, form: Any) -> str | None:
        try:
            self.fill(form)
        except services.PromoCodeError as refusal:
            form.add_error(refusal.path if refusal.path in form.fields else None, str(refusal))
            return None
        return self.back_url()

    def fill(self, form: Any) -> None:
        """Call the service. Raises PromoCodeError."""
        raise NotImplementedError


class PoolEdit(PoolPage):
    permission_required = "campaigns.change_promocodepool"
    form_class = PoolForm
    sections = PoolCreate.sections
    title = _("Change the pool")

    def get_initial(self) -> dict[str, Any]:
        pool = self.instance
        return {
            "name": pool.name,
            "code": pool.code,
            "campaign": pool.campaign.code if pool.campaign else "",
            "prefix": pool.pattern,
            "for_automations": pool.for_automations,
        }

    def get_form(self, **data: Any) -> Any:
        return PoolForm(initial=self.get_initial(), pool=self.instance, **data)

    def fill(self, form: Any) -> None:
        data = form.cleaned_data
        services.change_pool(
            pool=self.instance,
            name=data["name"],
            campaign=data["campaign"].code if data["campaign"] else None,
            prefix=data["prefix"],
            for_automations=data["for_automations"],
        )


class Generate(PoolPage):
    form_class = GenerateForm
    sections = (
        FormSection(_("New codes"), ("count:3", "max_uses:3", "starts_at:3", "expires_at:3", "customer")),
    )
    title = _("Generate codes")
    submit_label = _("Generate")
    success_message = ""

    def fill(self, form: Any) -> None:
        data = form.cleaned_data
        made = services.generate_codes(
            pool=self.instance,
            count=data["count"],
            terms=form.terms(),
            customer=services.customer_named(data["customer"]),
        )
        text = ngettext("%(count)d code was made.", "%(count)d codes were made.", len(made))
        messages.success(self.request, text % {"count": len(made)})


class AddWord(PoolPage):
    form_class = WordForm
    sections = (
        FormSection(_("A word for everybody"), ("word:3", "max_uses:3", "starts_at:3", "expires_at:3")),
    )
    title = _("Add a word")
    submit_label = _("Add")

    def get_initial(self) -> dict[str, Any]:
        return {"max_uses": None}

    def fill(self, form: Any) -> None:
        services.add_word(pool=self.instance, word=form.cleaned_data["word"], terms=form.terms())


class Import(PoolPage):
    form_class = ImportForm
    sections = (
        FormSection(_("Codes"), ("file", "text"), _("Good lines are kept whatever the others hold.")),
        FormSection(_("What holds for them"), ("max_uses:2", "starts_at:2", "expires_at:2")),
    )
    title = _("Import codes")
    submit_label = _("Import")
    success_message = ""
    template_name = "campaigns/promo_code_import.html"
    results: ClassVar[list[Any]] = []

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        form = self.get_form(data=request.POST, files=request.FILES)
        if not form.is_valid():
            return self.render(form)
        try:
            lines = files.import_codes(pool=self.instance, text=form.cleaned_data["text"], terms=form.terms())
        except services.PromoCodeError as refusal:
            form.add_error(refusal.path if refusal.path in form.fields else None, str(refusal))
            return self.render(form)
        summary = files.import_summary(lines)
        context = {
            "pool": self.instance,
            "title": self.title,
            "trail": self.trail(),
            "back_url": self.back_url(),
            "summary": [(RESULTS[result], count) for result, count in summary.items()],
            "created": summary.get("created", 0),
            "refused": [
                {"line": line.line, "code": line.code, "result": RESULTS[line.result]}
                for line in lines
                if line.result != "created"
            ][:500],
        }
        return render(request, "campaigns/promo_code_imported.html", context)


class PoolDetail(PageMixin, View):
    """One pool and its codes."""

    permission_required = "campaigns.view_promocodepool"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        pool = find_pool(code)
        text = codes.normalize(request.GET.get("q", "").replace("\x00", "")[:64])
        rows = pool.codes.select_related("customer").order_by("-pk")
        if text:
            rows = rows.filter(code__contains=text)
        page = Paginator(rows, 25).get_page(request.GET.get("page"))
        at = timezone.now()
        context = {
            "pool": pool,
            "query": text,
            "page": page,
            "page_numbers": list(
                page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
            ),
            "rows": [(found, *_state(found, at)) for found in page.object_list],
            "trail": [(_("Promotional codes"), reverse("campaigns:promo_code_pool_list"))],
        }
        return render(request, "campaigns/promo_code_pool_detail.html", context)


def _state(code: PromoCode, at: Any) -> tuple[Any, str]:
    """Return a code's state and its tone."""
    if not code.is_active:
        return _("Closed"), "danger"
    if code.max_uses is not None and code.used >= code.max_uses:
        return _("Used"), ""
    if code.expires_at is not None and code.expires_at <= at:
        return _("Expired"), "warning"
    if code.starts_at is not None and code.starts_at > at:
        return _("Not yet valid"), "info"
    return _("Usable"), "success"


class Export(PageMixin, View):
    permission_required = "campaigns.view_promocodepool"

    def get(self, request: HttpRequest, code: str) -> StreamingHttpResponse:
        pool = find_pool(code)
        return StreamingHttpResponse(
            files.export_codes(pool),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{pool.code}.csv"'},
        )


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
        return HttpResponseRedirect(reverse("campaigns:promo_code_pool_detail", args=[code]))


class Delete(PageMixin, View):
    permission_required = "campaigns.delete_promocodepool"

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        pool = find_pool(code)
        try:
            services.delete_pool(pool=pool)
        except services.PromoCodeError as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(reverse("campaigns:promo_code_pool_detail", args=[code]))
        messages.success(request, _("Deleted."))
        return HttpResponseRedirect(reverse("campaigns:promo_code_pool_list"))
