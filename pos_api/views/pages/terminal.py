"""Pages of terminals and their keys. A key is shown once, in the answer that makes it, and never stored."""

from typing import Any

import django_filters
from django.contrib import messages
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views import View

from pos_api.forms.terminal_key import KeyForm, RotationForm
from pos_api.models import TerminalKey
from pos_api.services.credentials import issue_terminal_key, revoke_terminal_key, rotate_terminal_key
from retail.forms.rows import ACTIVE_LABELS, ACTIVE_TONES
from retail.models import Store, Terminal
from retail.views.access import PageMixin
from retail.views.columns import Column
from retail.views.lists import ListPage


class TerminalFilters(django_filters.FilterSet):
    store = django_filters.ModelChoiceFilter(
        label=_("Store"), queryset=Store.objects.order_by("name", "pk"), empty_label=_("Every store")
    )
    is_active = django_filters.ChoiceFilter(
        label=_("State"),
        choices=[("True", _("Active")), ("False", _("Inactive"))],
        empty_label=_("Every state"),
    )

    class Meta:
        model = Terminal
        fields = ["store", "is_active"]


class TerminalList(ListPage):
    """All terminals of all stores, with their keys counted and when one was last used."""

    model = Terminal
    permission_required = ("retail.view_terminal", "pos_api.view_terminalkey")
    title = _("Terminals and keys")
    subtitle = _("Every till, tablet and online checkout calls the API with a key of its own.")
    columns = (
        Column(name="code", label=_("Terminal"), value=lambda terminal: " · ".join(part for part in (terminal.code, terminal.name) if part), order_by="code"),
        Column(name="store.name", label=_("Store"), order_by="store__name"),
        Column(name="keys", label=_("Valid keys"), kind="number", value=lambda terminal: terminal.valid_keys),
        Column(name="used", label=_("Last used"), kind="moment", value=lambda terminal: terminal.used_at, order_by="used_at"),
        Column(name="is_active", label=_("State"), kind="badge", labels=ACTIVE_LABELS, tones=ACTIVE_TONES),
    )  # fmt: skip
    filterset_class = TerminalFilters
    search_fields = ("code__istartswith", "name__unaccent__icontains", "store__name__unaccent__icontains")
    search_placeholder = _("Terminal or store")
    default_order = "store.name"
    export_name = "terminals"
    empty_icon = "terminal"
    empty_title = _("No terminals yet")
    empty_text = _("Terminals are added on the page of their store.")

    def get_queryset(self) -> QuerySet[Terminal]:
        return Terminal.objects.select_related("store").annotate(
            valid_keys=Count("keys", filter=_valid("keys__")), used_at=Max("keys__last_used_at")
        )

    def row_url(self, instance: Terminal) -> str:
        return reverse("pos_api:terminal_detail", args=[instance.pk])


def _valid(prefix: str) -> Q:
    not_expired = Q(**{f"{prefix}expires_at__isnull": True}) | Q(
        **{f"{prefix}expires_at__gt": timezone.now()}
    )
    return Q(**{f"{prefix}revoked_at__isnull": True}) & not_expired


class TerminalDetail(PageMixin, View):
    """One terminal with its keys, and the way to new ones."""

    permission_required = ("retail.view_terminal", "pos_api.view_terminalkey")

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return render_terminal(request, pk)


class KeyIssue(PageMixin, View):
    """Make a key and show it, once."""

    permission_required = "pos_api.add_terminalkey"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return HttpResponseRedirect(reverse("pos_api:terminal_detail", args=[pk]))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        terminal = get_object_or_404(Terminal, pk=pk)
        form = KeyForm(data=request.POST)
        if not form.is_valid():
            return render_terminal(request, pk, key_form=form, status=422)
        _key, credential = issue_terminal_key(
            terminal=terminal,
            at=timezone.now(),
            created_by=request.user,
            name=form.cleaned_data["name"],
            is_test=form.cleaned_data["is_test"],
            expires_at=form.cleaned_data["last_day"],
        )
        return render_terminal(request, pk, credential=credential)


class KeyRotate(PageMixin, View):
    """Make a successor of a key and show it, once; the old one works a while longer."""

    permission_required = "pos_api.add_terminalkey"

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        key = get_object_or_404(TerminalKey, pk=pk, revoked_at__isnull=True)
        form = RotationForm(data=request.POST)
        if not form.is_valid():
            messages.error(request, _now("Choose how long the old key goes on working."))
            return HttpResponseRedirect(reverse("pos_api:terminal_detail", args=[key.terminal_id]))
        _key, credential = rotate_terminal_key(
            key=key, at=timezone.now(), grace=form.cleaned_data["grace"], rotated_by=request.user
        )
        return render_terminal(request, key.terminal_id, credential=credential)


class KeyRevoke(PageMixin, View):
    """Make a key useless within 30 seconds."""

    permission_required = "pos_api.change_terminalkey"

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        key = get_object_or_404(TerminalKey, pk=pk)
        if revoke_terminal_key(key=key, at=timezone.now()):
            messages.success(request, _now("The key was revoked. It stops working within 30 seconds."))
        else:
            messages.info(request, _now("The key had been revoked before."))
        return HttpResponseRedirect(reverse("pos_api:terminal_detail", args=[key.terminal_id]))


def render_terminal(
    request: HttpRequest, pk: int, *, credential: str = "", key_form: KeyForm | None = None, status: int = 200
) -> HttpResponse:
    """Draw a terminal's page; `credential` is the only time that a new key is seen."""
    terminal = get_object_or_404(Terminal.objects.select_related("store"), pk=pk)
    now = timezone.now()
    keys: list[Any] = list(
        TerminalKey.objects.filter(terminal=terminal)
        .select_related("created_by")
        .order_by("-created_at", "-pk")
    )
    for key in keys:
        key.state = _state(key, now)
        # Each dialog has fields of its own, with names of their own in the page.
        key.rotation = RotationForm(auto_id=f"id_{key.key_id}_%s")
    context = {
        "terminal": terminal,
        "store": terminal.store,
        "keys": keys,
        "credential": credential,
        "key_form": key_form or KeyForm(),
    }
    response = render(request, "pos_api/terminal_detail.html", context, status=status)
    # Neither a proxy nor the browser's history keeps a page that may show a secret.
    response["Cache-Control"] = "no-store"
    return response


def _state(key: TerminalKey, now: Any) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= now else "valid"
