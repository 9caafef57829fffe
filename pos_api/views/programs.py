"""Points programs and stamp plans."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from loyalty.models import PointsProgram, StampPlan
from loyalty.services import programs as points_programs
from loyalty.services import stamp_plans
from loyalty.services.levels import levels_of
from loyalty.services.program_removal import remove_program
from loyalty.services.program_tiers import tiers_of
from pos_api.openapi import ROW_RESULTS, operation, page_of, rows_of
from pos_api.views.base import ManagerView, answer, no_content
from pos_api.views.resources import (
    SINCE,
    Listing,
    by,
    by_flag,
    find_or_404,
    read_changes,
    save_answer,
    saved,
)
from retail.rows import Column, RowResult, schema_of
from retail.services.deletion import delete_unused

PROGRAM = {
    "code": "pontos",
    "name": "Clube Aurora",
    "points": "1.00",
    "per_amount": "10.00",
    "earns_on_discounted": True,
    "point_value": "0.50",
    "redeem_step": "10.00",
    "pending_days": 0,
    "valid_days": None,
    "clawback": "charge_back",
    "levels": [
        {"name": "Nível 1", "points": "10.00", "gifts": [{"sku": "CANECA"}]},
        {"name": "Nível 2", "points": "20.00", "gifts": []},
    ],
    "tier_basis": "spend",
    "tier_period_months": 12,
    "tier_downgrade": "at_period_end",
    "tiers": [
        {"code": "prata", "name": "Prata", "threshold": "500.00"},
        {"code": "ouro", "name": "Ouro", "threshold": "2000.00"},
    ],
}
PLAN = {
    "code": "dez-pizzas",
    "name": "A décima é nossa",
    "category": "pizzas",
    "orders": 10,
    "reward": "product",
    "reward_product": "PIZZA-M",
    "reward_percent": "100.00",
}


def plain(value: Any) -> Any:
    """Return a column's value as JSON writes it: amounts are texts."""
    return str(value) if isinstance(value, Decimal) else value


def represent_program(program: PointsProgram) -> dict[str, Any]:
    """Return a program by the names of its columns, with its levels, their gifts and its tiers."""
    shown = {name: plain(getattr(program, name)) for name in points_programs.PROGRAM_COLUMNS}
    shown["levels"] = [
        {
            "number": number,
            "name": level.name,
            "points": str(level.points),
            "gifts": [{"sku": gift.sku, "picture_url": gift.picture_url} for gift in level.gifts],
        }
        for number, level in enumerate(levels_of(program), 1)
    ]
    shown["tiers"] = [
        {"number": number, "code": tier.code, "name": tier.name, "threshold": str(tier.threshold)}
        for number, tier in enumerate(tiers_of(program), 1)
    ]
    return shown | {"version": program.version, "updated_at": program.updated_at}


def represent_plan(plan: StampPlan) -> dict[str, Any]:
    """Return a stamp plan by the names of its columns."""
    shown = {name: plain(getattr(plan, name)) for name in stamp_plans.COLUMNS}
    shown["category"] = None if plan.category is None else plan.category.code
    shown["reward_product"] = None if plan.reward_product is None else plan.reward_product.sku
    return shown | {"version": plan.version, "updated_at": plan.updated_at}


def identify(instance: Any) -> dict[str, Any]:
    return {"code": instance.code}


def _search(queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
    return queryset.filter(name__icontains=text.strip()) | queryset.filter(code=text.strip())


LISTING = Listing(
    filters={
        "q": ("Exact code, or a part of the name.", _search),
        "code": ("Exact code.", by("code")),
        "is_active": ("`true` or `false`.", by_flag("is_active")),
        "updated_since": SINCE,
    },
    orders={"code": ("code", "pk"), "name": ("name", "pk"), "updated_at": ("updated_at", "pk")},
    order="code",
)
_SHOWN = {"version": {"type": "integer"}, "updated_at": {"type": "string", "format": "date-time"}}


def resource(
    *,
    noun: str,
    identifier: str,
    tag: str,
    queryset: Callable[[], QuerySet[Any]],
    columns: Mapping[str, Column],
    upsert: Callable[..., list[RowResult]],
    represent: Callable[[Any], dict[str, Any]],
    remove: Callable[[Any], None],
    example: dict[str, Any],
    description: str,
    removal: str = "that nobody has taken part in",
    in_use: str = "Customers have accounts in it",
    listing: Listing = LISTING,
) -> tuple[type[APIView], type[APIView]]:
    """Return the views of the list and of one object, for a kind of program that is saved by its code."""
    model = queryset().model._meta
    may = {
        action: f"{model.app_label}.{action}_{model.model_name}"
        for action in ("view", "add", "change", "delete")
    }
    row = schema_of(columns, required=["code"])
    shown = {"type": "object", "properties": {**row["properties"], **_SHOWN}}

    class ListView(ManagerView):
        permissions = {"GET": (may["view"],), "POST": (may["add"], may["change"])}

        @operation(
            id=f"{identifier}_list",
            tag=tag,
            summary=f"List {noun}s",
            responses={200: page_of(shown)},
            parameters=listing.parameters(),
        )
        def get(self, request: Request) -> HttpResponse:
            return listing.page(request, queryset(), represent)

        @operation(
            id=f"{identifier}_save",
            tag=tag,
            summary=f"Create or change one {noun} or many",
            description=description,
            request=rows_of(row),
            responses={200: {"anyOf": [shown, ROW_RESULTS]}, 201: shown},
            examples={f"A {noun}": example},
        )
        def post(self, request: Request) -> HttpResponse:
            return save_answer(request, lambda rows: upsert(rows=rows), self._represent_saved, identify)

        def _represent_saved(self, instance: Any) -> dict[str, Any]:
            return represent(queryset().get(pk=instance.pk))

    class OneView(ManagerView):
        permissions = {
            "GET": (may["view"],),
            "PUT": (may["add"], may["change"]),
            "PATCH": (may["change"],),
            "DELETE": (may["delete"],),
        }

        @operation(id=f"{identifier}_get", tag=tag, summary=f"Read a {noun}", responses={200: shown})
        def get(self, request: Request, code: str) -> HttpResponse:
            return answer(represent(find_or_404(queryset(), code=code)))

        @operation(
            id=f"{identifier}_replace",
            tag=tag,
            summary=f"Create or replace a {noun}",
            request=schema_of(columns, required=_needed(columns)),
            responses={200: shown, 201: shown},
            examples={f"A {noun}": example},
        )
        def put(self, request: Request, code: str) -> HttpResponse:
            changes = read_changes(request, {"code": code})
            return saved(upsert(rows=[changes], replace=True)[0], self._represent_saved)

        @operation(
            id=f"{identifier}_change",
            tag=tag,
            summary=f"Change a {noun}",
            request=schema_of(columns, required=[]),
            responses={200: shown},
            examples={"End it": {"is_active": False}},
        )
        def patch(self, request: Request, code: str) -> HttpResponse:
            find_or_404(queryset(), code=code)
            return saved(upsert(rows=[read_changes(request, {"code": code})])[0], self._represent_saved)

        @operation(
            id=f"{identifier}_delete",
            tag=tag,
            summary=f"Remove a {noun} {removal}",
            responses={204: None},
            problems={409: f"{in_use} (`in_use`); set `is_active` to false instead."},
        )
        def delete(self, request: Request, code: str) -> HttpResponse:
            remove(find_or_404(queryset(), code=code))
            return no_content()

        def _represent_saved(self, instance: Any) -> dict[str, Any]:
            return represent(queryset().get(pk=instance.pk))

    return ListView, OneView


def _needed(columns: Mapping[str, Column]) -> Sequence[str]:
    full = schema_of(columns)["required"]
    return [name for name in full if name != "code"]


ProgramListView, ProgramView = resource(
    noun="points program",
    identifier="programs",
    tag="Loyalty",
    queryset=lambda: PointsProgram.objects.all(),
    columns=points_programs.COLUMNS,
    upsert=points_programs.upsert_programs,
    represent=represent_program,
    remove=remove_program,
    example=PROGRAM,
    description=(
        "Programs are recognised by `code`. Fields that are absent keep their value; `levels`, when given, becomes the "
        "whole list, lowest first. A level can be removed once its gifts are detached and every customer has fewer points "
        "than level 1 needs (`level_has_gifts`, `points_reach_level`). `tiers`, likewise the whole list, are recognised by "
        "their `code`; one program at most has `sets_customer_level`."
    ),
)
StampPlanListView, StampPlanView = resource(
    noun="stamp plan",
    identifier="stamp_plans",
    tag="Loyalty",
    queryset=lambda: StampPlan.objects.select_related("category", "reward_product"),
    columns=stamp_plans.COLUMNS,
    upsert=stamp_plans.upsert_stamp_plans,
    represent=represent_plan,
    remove=lambda plan: delete_unused(instance=plan),
    example=PLAN,
    description="Plans are recognised by `code`. Fields that are absent keep their value.",
)
