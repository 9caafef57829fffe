"""Pools of promotional codes: the list, one pool with its codes and its history, opening, closing, exporting, deleting."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views import View

from campaigns import selectors
from campaigns.forms.promo_codes import PoolForm
from campaigns.models import CodeState, Job, PromoCode, PromoCodePool, PromoCodePoolEvent
from campaigns.services import promo_code_files as files
from campaigns.services import promo_code_pools as services
from campaigns.services.promo_code_refusals import PromoCodeError
from campaigns.views.jobs import show_jobs
from retail import codes, formats
from retail.typed import typed_key
from retail.views.access import PageMixin, acting_user
from retail.views.columns import Column
from retail.views.files import csv_response
from retail.views.forms import FormPage, FormSection
from retail.views.lists import ListPage
from retail.views.timeline import TimelineEvent, event_at

PAGE = 25
TONES = {
    CodeState.USABLE: "success",
    CodeState.USED: "",
    CodeState.EXPIRED: "warning",
    CodeState.NOT_YET: "info",
    CodeState.CLOSED: "danger",
    CodeState.POOL_CLOSED: "danger",
}


def find_pool(code: str) -> PromoCodePool:
    """Return a pool with `use_count`. Raises Http404."""
    pool = selectors.promo_code_pools().filter(code=code).first()
    if pool is None:
        raise Http404
    return pool


def pool_url(pool: PromoCodePool) -> str:
    return reverse("campaigns:promo_code_pool_detail", args=[pool.code])


class PoolList(ListPage):
    permission_required = "campaigns.view_promocodepool"
    model = PromoCodePool
    title = _("Promotional codes")
    subtitle = _("Pools of codes; any code of a pool opens the pool's campaign.")
    columns = (
        Column(name="name", label=_("Pool"), order_by="name", secondary=lambda pool: pool.code),
        Column(name="code", label=_("Code"), on_page=False),
        Column(name="campaign.name", label=_("Campaign"), order_by="campaign__name"),
        Column(
            name="is_active",
            label=_("State"),
            kind="badge",
            labels={True: _("Open"), False: _("Closed")},
            tones={True: "success", False: "danger"},
            order_by="is_active",
        ),
        Column(name="code_count", label=_("Codes"), kind="number", order_by="code_count"),
        Column(name="use_count", label=_("Uses"), kind="number"),
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

    def search(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Pools by name; a whole code finds its pool too, whatever the number of codes."""
        found = super().search(queryset, text)
        if not text:
            return found
        owner = PromoCode.objects.filter(code=codes.normalize(text)).values_list("pool_id", flat=True).first()
        return found if owner is None else found | queryset.filter(pk=owner)

    def row_url(self, instance: PromoCodePool) -> str:
        return pool_url(instance)


class PoolCreate(FormPage):
    permission_required = "campaigns.add_promocodepool"
    form_class = PoolForm
    sections = (
        FormSection(_("Pool"), ("name:4", "code:2", "campaign", "terms")),
        FormSection(
            _("How its codes look"),
            ("prefix:3", "length:3", "alphabet", "has_check_symbol:3", "for_automations:3"),
        ),
        FormSection(
            _("What new codes get"),
            ("max_uses:3", "max_uses_per_customer:3", "valid_days:3", "expires_at:3"),
            _("Where nothing else is said. The earlier of two ends counts. Each code keeps its own."),
        ),
    )
    title = _("New pool")

    def get_initial(self) -> dict[str, Any]:
        return {"campaign": self.request.GET.get("campaign", "")}

    def save(self, form: Any) -> str | None:
        try:
            pool = services.create_pool(
                code=form.cleaned_data["code"],
                settings=form.settings(),
                user=acting_user(self.request),
                at=timezone.now(),
            )
        except PromoCodeError as refusal:
            form.add_error(refusal.path if refusal.path in form.fields else None, str(refusal))
            return None
        return pool_url(pool)

    def back_url(self) -> str:
        return reverse("campaigns:promo_code_pool_list")

    def trail(self) -> list[tuple[Any, str]]:
        return [(_("Promotional codes"), reverse("campaigns:promo_code_pool_list"))]


class PoolDetail(PageMixin, View):
    """One pool: what is being done to it, its codes from the newest, and its history.

    The codes are read from where the last page ended (`from`), never counted: the millionth page is as quick as the first.
    """

    permission_required = "campaigns.view_promocodepool"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        pool, at = find_pool(code), timezone.now()
        text = codes.normalize(request.GET.get("q", "")[:64])
        state = request.GET.get("state", "")
        rows, following = self.rows(request, pool, text, state, at)
        jobs = Job.objects.filter(kind__contains="promo_code", arguments__pool=pool.code).order_by("-pk")[:10]
        shown = show_jobs(list(jobs), request.user)
        context = {
            "pool": pool,
            "opens_nothing": pool.campaign is not None and not selectors.opens_its_campaign(pool),
            "query": text,
            "state": state,
            "states": [
                (value, label) for value, label in CodeState.choices if value != CodeState.POOL_CLOSED
            ],
            "rows": rows,
            "following": following,
            "is_first": not request.GET.get("from"),
            "jobs": [one for one in shown if one.job.is_active] or shown[:1],
            "events": _events(pool),
            "waiting_imports": list(
                pool.imports.filter(checked_at__isnull=False, imported_at__isnull=True).order_by("-pk")[:5]
            ),
            "trail": [(_("Promotional codes"), reverse("campaigns:promo_code_pool_list"))],
        }
        return render(request, "campaigns/promo_code_pool_detail.html", context)

    def rows(
        self, request: HttpRequest, pool: PromoCodePool, text: str, state: str, at: Any
    ) -> tuple[list[Any], str]:
        """Return one page of codes with state and tone, and where the next one begins."""
        found = selectors.codes_in_state(pool.codes.select_related("customer", "revision"), state, at=at)
        begin = request.GET.get("from", "")[:64]
        if text:
            found = found.filter(code__startswith=text).order_by("code")
            if begin:
                found = found.filter(code__gte=begin)
        else:
            found = found.order_by("-pk")
            if (first := typed_key(begin)) is not None:
                found = found.filter(pk__lte=first)
        page = list(found[: PAGE + 1])
        following = ""
        if len(page) > PAGE:
            following = page[PAGE].code if text else str(page[PAGE].pk)
        rows = []
        for one in page[:PAGE]:
            shown = one.state(at=at, pool=pool)
            rows.append((one, shown.label, TONES[shown]))
        return rows, following


def _events(pool: PromoCodePool) -> list[TimelineEvent]:
    sentences: dict[str, Any] = {
        "created": _now("Pool made"),
        "changed": _now("Pool changed"),
        "closed": _now("All codes closed"),
        "opened": _now("Pool opened again"),
        "generated": _now("%(count)s codes asked for"),
        "generated_for": _now("One code for each of %(members)s customers asked for"),
        "imported": _now("File imported"),
        "exported": _now("Codes exported"),
        "extended": _now("Validity changed"),
    }
    events = []
    rows: QuerySet[PromoCodePoolEvent] = pool.events.select_related("user").order_by("-at", "-pk")
    for event in rows[:12]:
        details = {
            name: formats.number(value) if isinstance(value, int) else value
            for name, value in event.details.items()
        }
        events.append(
            event_at(
                event.at,
                sentences.get(event.action, event.action) % details,
                text=event.user.get_username() if event.user else "",
            )
        )
    return events


class Export(PageMixin, View):
    permission_required = "campaigns.view_promocodepool"

    def get(self, request: HttpRequest, code: str) -> HttpResponseBase:
        pool, at = find_pool(code), timezone.now()
        services.record_event(pool, "exported", user=acting_user(request), at=at)
        sees_customers = request.user.has_perm("customers.view_customer")
        found = files.exported_codes(pool, with_documents=sees_customers, at=at)
        headings = [
            *(_now("Code"), _now("Only for"), _now("State")),
            *(_now("Uses allowed"), _now("Uses allowed to one customer"), _now("Uses")),
            *(_now("Valid from"), _now("Valid until"), _now("Created")),
        ]
        return csv_response(pool.code, headings, (_row(code) for codes in found for code in codes))


def _row(code: files.ExportedCode) -> list[Any]:
    moments = (code.starts_at, code.expires_at, code.created_at)
    return [
        *(code.code, code.customer, code.state.label),
        *(code.max_uses, code.max_uses_per_customer, code.used),
        *(moment and formats.in_zone(moment) for moment in moments),
    ]


class SwitchPool(PageMixin, View):
    """Close every code of a pool at once, or open the pool again."""

    permission_required = "campaigns.change_promocodepool"

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        pool = find_pool(code)
        is_open = request.POST.get("open") == "1"
        services.set_pool_open(pool=pool, is_open=is_open, user=acting_user(request), at=timezone.now())
        messages.success(
            request, _("The pool is open again.") if is_open else _("All codes of the pool are closed.")
        )
        return HttpResponseRedirect(pool_url(pool))


class Delete(PageMixin, View):
    permission_required = "campaigns.delete_promocodepool"

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        pool = find_pool(code)
        try:
            services.delete_pool(pool=pool)
        except PromoCodeError as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(pool_url(pool))
        messages.success(request, _("Deleted."))
        return HttpResponseRedirect(reverse("campaigns:promo_code_pool_list"))
