"""Points programs: the list, one program with its figures, the form, removing one."""

from decimal import Decimal
from typing import Any

from csp.decorators import csp_update
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views import View

from loyalty import sentences
from loyalty.forms.program import ProgramEditor
from loyalty.forms.terms import NEW
from loyalty.models import PointsProgram
from loyalty.selectors.programs import listed_programs, program_figures
from loyalty.selectors.tiers import ascending, standing_counts
from loyalty.services.program_removal import remove_program
from loyalty.services.programs import upsert_programs
from loyalty.views.pictures import SHOWS_PICTURES
from retail.forms.rows import ACTIVE_LABELS, ACTIVE_TONES, add_row_errors
from retail.services.deletion import InUse
from retail.typed import typed_number
from retail.views.access import PageMixin
from retail.views.columns import Column
from retail.views.lists import ListPage


class ProgramList(ListPage):
    model = PointsProgram
    permission_required = "loyalty.view_pointsprogram"
    title = _("Points programs")
    subtitle = _("Points for purchases, gifts for points, tiers for loyal customers.")
    columns = (
        Column(name="name", label=_("Name"), order_by="name", secondary=lambda program: program.code),
        Column(name="code", label=_("Code"), kind="code", on_page=False),
        Column(name="rule", label=_("Rule"), value=sentences.earning_rule),
        Column(name="level_count", label=_("Levels"), kind="number", order_by="level_count"),
        Column(name="gift_count", label=_("Gifts"), kind="number", order_by="gift_count", on_phone=False),
        Column(name="member_count", label=_("Customers"), kind="number", order_by="member_count"),
        Column(name="updated_at", label=_("Changed"), kind="moment", order_by="updated_at", on_phone=False),
        Column(name="is_active", label=_("State"), kind="badge", labels=ACTIVE_LABELS, tones=ACTIVE_TONES),
    )
    search_fields = ("name__unaccent__icontains", "code__icontains")
    search_placeholder = _("Name or code")
    default_order = "name"
    export_name = "points-programs"
    create_url_name, create_permission = "loyalty:program_create", "loyalty.add_pointsprogram"
    create_label = _("New program")
    empty_icon = "star"
    empty_title = _("No points program yet")
    empty_text = _("Say how many points a purchase gives, then which gifts customers may take for them.")

    def get_queryset(self) -> QuerySet[PointsProgram]:
        return listed_programs()

    def row_url(self, instance: PointsProgram) -> str:
        return program_url(instance)


def program_url(program: PointsProgram) -> str:
    return reverse("loyalty:program_detail", args=[program.code])


TRAIL: tuple[Any, str] = (_("Points programs"), "loyalty:program_list")


def trail(*more: tuple[Any, str]) -> list[tuple[Any, str]]:
    return [(TRAIL[0], reverse(TRAIL[1])), *more]


@method_decorator(csp_update(SHOWS_PICTURES), name="dispatch")
class ProgramDetail(PageMixin, View):
    """One program: its rule, its levels with gifts and who stands there, its tiers, what is outstanding."""

    permission_required = "loyalty.view_pointsprogram"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        program = get_object_or_404(PointsProgram.objects.prefetch_related("tiers"), code=code)
        figures = program_figures(program, at=timezone.now())
        standing = standing_counts(program)
        context = {
            "program": program,
            "rule": sentences.earning_rule(program),
            "figures": figures,
            "levels": [(one, sentences.points_text(one.level.points)) for one in figures.levels],
            "most": max([figures.below, *(level.customers for level in figures.levels), 1]),
            "tiers": [
                (tier, sentences.basis_text(program, tier.threshold), standing[tier.pk])
                for tier in ascending(program)
            ],
            "facts": [
                (_("Code"), program.code),
                (_("Discounted products earn"), _now("Yes") if program.earns_on_discounted else _now("No")),
                (_("Use and expiry"), "; ".join(sentences.terms_items(program))),
                (_("When it was spent before a return"), program.get_clawback_display()),
                (_("When it had expired before a return"), program.get_expired_restore_display()),
            ],
            "pays": _pays(program),
            "trail": trail(),
        }
        return render(request, "loyalty/program_detail.html", context)


def _pays(program: PointsProgram) -> str:
    parts = sentences.program_summary(program, [], [])
    return parts[-1].items[0] if program.point_value else _now("Points are for gifts only.")


@method_decorator(csp_update(SHOWS_PICTURES), name="dispatch")
class ProgramFormPage(PageMixin, View):
    """Create or change a program. Buttons named `_action` add and remove rows; `save` stores it all."""

    def get_permission_required(self) -> Any:
        return (f"loyalty.{'change' if 'code' in self.kwargs else 'add'}_pointsprogram",)

    def get(self, request: HttpRequest, code: str = "") -> HttpResponse:
        program = get_object_or_404(PointsProgram, code=code) if code else None
        return self.draw(ProgramEditor(program), program)

    def post(self, request: HttpRequest, code: str = "") -> HttpResponse:
        program = get_object_or_404(PointsProgram, code=code) if code else None
        action = request.POST.get("_action", "save")
        editor = ProgramEditor(program, request.POST, action)
        if action != "save":
            return self.draw(editor, program)
        if editor.is_valid():
            result = upsert_programs(rows=[editor.row()], version=self.version(program))[0]
            if result.instance is not None and not result.errors:
                messages.success(request, _now("The program was saved. Tills follow it from now on."))
                return HttpResponseRedirect(program_url(result.instance))
            add_row_errors(editor.form, result.errors)
            return self.draw(
                editor, program, any(one.code == "version_conflict" for one in result.errors), 422
            )
        if editor.refusal:
            editor.form.add_error(None, editor.refusal)
        return self.draw(editor, program, status=422)

    def version(self, program: PointsProgram | None) -> int:
        """Return the version that the form was drawn from."""
        version = typed_number(self.request.POST.get("_version", ""))
        return NEW if program is None or version is None else version

    def draw(
        self,
        editor: ProgramEditor,
        program: PointsProgram | None,
        overtaken: bool = False,
        status: int = 200,
    ) -> HttpResponse:
        context = {
            "editor": editor,
            "form": editor.form,
            "program": program,
            "version": self.request.POST.get("_version") or (program.version if program else ""),
            "overtaken": overtaken,
            "wrong_rows": status == 422 and editor.has_wrong_rows,
            "summary": summary_of(editor),
            "back_url": program_url(program) if program else reverse("loyalty:program_list"),
            "trail": trail(*([(program.name, program_url(program))] if program else [])),
        }
        return render(self.request, "loyalty/program_form.html", context, status=status)


class ProgramSummary(PageMixin, View):
    """What the program would do, as far as it is typed."""

    permission_required = "loyalty.view_pointsprogram"

    def post(self, request: HttpRequest) -> HttpResponse:
        summary = summary_of(ProgramEditor(None, request.POST, "summary"))
        return render(request, "loyalty/parts/summary.html", {"summary": summary})


def summary_of(editor: ProgramEditor) -> list[sentences.Part]:
    """Return the sentences of what is typed and can be read."""
    if editor.judges:
        editor.is_valid()
        typed = editor.form.cleaned_data
        levels = [
            (level.form.cleaned_data.get("name", ""), level.form.cleaned_data.get("points"), len(level.gifts))
            for level in editor.levels
        ]
        tiers = [(tier.cleaned_data.get("name"), tier.cleaned_data.get("threshold")) for tier in editor.tiers]
    elif editor.is_bound or editor.instance is None:
        return []
    else:
        typed = {name: getattr(editor.instance, name) for name in editor.form.fields}
        levels = [(level["name"], level["points"], len(level["gifts"])) for level in editor.typed_levels]
        tiers = [(tier["name"], tier["threshold"]) for tier in editor.typed_tiers]
    known = {name: value for name, value in typed.items() if value not in (None, "")}
    program = PointsProgram(**{name: value for name, value in known.items() if name in _SUMMARISED})
    whole: list[tuple[str, Decimal, int]] = [level for level in levels if level[1]]  # type: ignore[misc]
    return sentences.program_summary(
        program,
        sorted(whole, key=lambda level: level[1]),
        sorted(((name, least) for name, least in tiers if name and least), key=lambda tier: tier[1]),
    )


_SUMMARISED = frozenset(
    [
        "points",
        "per_amount",
        "earns_on_discounted",
        "point_value",
        "redeem_step",
        "pending_days",
        "valid_days",
        "tier_basis",
        "tier_downgrade",
    ]
)


class ProgramDelete(PageMixin, View):
    permission_required = "loyalty.delete_pointsprogram"

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        program = get_object_or_404(PointsProgram, code=code)
        try:
            remove_program(program)
        except InUse:
            messages.error(
                request,
                _now("Customers have points in it. Switch it off instead: nothing is earned any more."),
            )
            return HttpResponseRedirect(program_url(program))
        messages.success(request, _now("Deleted."))
        return HttpResponseRedirect(reverse("loyalty:program_list"))
