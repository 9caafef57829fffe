"""What the catalogue's resources have in common: lists with filters, saving one object or a list of rows."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, TypeVar, cast

from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpResponse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from pos_api.authentication import TerminalCaller
from pos_api.bulk import check_rows, upsert_answer
from pos_api.decoding import MAX_BULK_BODY
from pos_api.errors import field_problems
from pos_api.fields import UNCLEAN
from pos_api.openapi import PAGE_PARAMETERS, query
from pos_api.pagination import paginated
from pos_api.problems import BadRequest, FieldProblem, Invalid, NotFound, invalid_field
from pos_api.views.base import HasPermissions, SharedView, answer, read_json
from retail.moments import can_be_stored, is_too_far
from retail.rows import FieldRefused, RowResult, read_text

Represent = Callable[[Any], dict[str, Any]]
Filter = Callable[[QuerySet[Any], str], QuerySet[Any]]
Found = TypeVar("Found", bound=Model)
Json = dict[str, Any]

MAX_QUERY = 200


class TerminalMay(BasePermission):
    """A terminal, for the methods that the view opens to terminals."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return terminal_or_none(request) is not None and request.method in view.terminal_methods  # type: ignore[attr-defined]


class CounterView(SharedView):
    """Called by people, and for some methods by terminals too: ``terminal_methods`` names those."""

    permission_classes = [TerminalMay | HasPermissions]
    terminal_methods: ClassVar[tuple[str, ...]] = ()


def terminal_or_none(request: Request) -> TerminalCaller | None:
    """Return the terminal that calls; None when a person does."""
    caller: Any = request.user
    return caller if isinstance(caller, TerminalCaller) else None


def user_of(request: Request) -> User:
    """Return the person who calls."""
    return cast(User, request.user)


# --- Saving ------------------------------------------------------------------------------------


def save_answer(
    request: Request,
    upsert: Callable[[Sequence[Any]], list[RowResult]],
    represent: Represent,
    identify: Represent,
) -> HttpResponse:
    """Save the body's one object, answering it, or its list of rows, answering one result per row."""
    raw = read_json(request, MAX_BULK_BODY)
    if isinstance(raw, dict):
        return saved(upsert([raw])[0], represent)
    return upsert_answer(upsert(check_rows(raw)), identify)


def saved(result: RowResult, represent: Represent) -> HttpResponse:
    """Answer with the object that was saved: 201 when it is new. Raises Invalid with the row's errors."""
    if result.errors:
        raise Invalid(errors=field_problems(result.errors))
    return answer(represent(result.instance), status=201 if result.status == "created" else 200)


def refuse_unknown_fields(raw: Mapping[str, Any], known: Collection[str]) -> None:
    """Raise Invalid for the members of a body that there are not."""
    message = _("There is no such field.")
    errors = [
        FieldProblem(UNCLEAN.sub("?", name[:64]), "unknown_field", message)
        for name in raw
        if name not in known
    ]
    if errors:
        raise Invalid(errors=errors)


def read_own_text(raw: Mapping[str, Any], name: str, max_length: int) -> str:
    """Return a text of a body without outer spaces, empty when it is absent. Raises Invalid."""
    try:
        return read_text(raw.get(name, ""), max_length)
    except FieldRefused as refused:
        raise invalid_field(name, refused.code, refused.message) from refused


def read_changes(request: Request, identity: Mapping[str, Any]) -> Json:
    """Return the body of a change together with the identity that the address gave.

    Raises Invalid when the body is no object or names another identity.
    """
    raw = read_json(request)
    if not isinstance(raw, dict):
        raise Invalid(errors=[FieldProblem("", "type", _("This must be an object."))])
    for name, value in identity.items():
        if raw.get(name, value) != value:
            message = _("This cannot be changed; it is part of the address.")
            raise Invalid(errors=[FieldProblem(name, "immutable", message)])
    return {**raw, **identity}


def find_or_404(queryset: QuerySet[Found], **lookup: Any) -> Found:
    """Return the one object of the address. Raises NotFound."""
    if any("\x00" in str(value) for value in lookup.values()):
        raise NotFound
    found = queryset.filter(**lookup).first()
    if found is None:
        raise NotFound
    return found


# --- Lists -------------------------------------------------------------------------------------


class Listing:
    """How a resource is listed: its filters by query parameter, its orders, and how a row is represented."""

    def __init__(
        self,
        *,
        filters: Mapping[str, tuple[str, Filter]],
        orders: Mapping[str, tuple[str, ...]],
        order: str,
    ) -> None:
        self.filters = filters
        self.orders = orders
        self.order = order

    def page(
        self,
        request: Request,
        queryset: QuerySet[Any],
        represent: Represent,
        complete: Callable[[list[Any]], list[Any]] = list,
    ) -> HttpResponse:
        """Answer one page, its rows completed as in `paginated`. Raises BadRequest for a wrong value."""
        order = request.query_params.get("ordering", self.order)
        if order not in self.orders:
            raise BadRequest(_("ordering must be one of: %(orders)s.") % {"orders": ", ".join(self.orders)})
        for name, text in request.query_params.dict().items():
            if name in self.filters:
                if len(text) > MAX_QUERY:
                    raise BadRequest(_("%(name)s is too long.") % {"name": name})
                queryset = self.filters[name][1](queryset, text)
        return paginated(request, queryset, represent, ordering=self.orders[order], complete=complete)

    def parameters(self) -> tuple[Json, ...]:
        """Return the description of the query parameters for the OpenAPI document."""
        ordering = {"type": "string", "enum": list(self.orders), "default": self.order}
        return (
            *(query(name, description) for name, (description, _apply) in self.filters.items()),
            query("ordering", "The order of the list.", ordering),
            *PAGE_PARAMETERS,
        )


def by(lookup: str) -> Filter:
    """Return a filter by one text column."""
    return lambda queryset, text: queryset.filter(**{lookup: text})


def by_flag(lookup: str) -> Filter:
    """Return a filter by true or false."""

    return lambda queryset, text: queryset.filter(**{lookup: read_flag(lookup, text)})


def read_flag(name: str, text: str) -> bool:
    """Return what a parameter of an address says: true or false. Raises BadRequest for anything else."""
    if text not in ("true", "false"):
        raise BadRequest(_("%(name)s must be true or false.") % {"name": name})
    return text == "true"


def updated_since(queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Keep what changed at or after a moment: what a system asks for that keeps a copy."""
    return queryset.filter(updated_at__gte=read_moment("updated_since", text))


class MomentTooFar(BadRequest):
    """It is a moment, but one that the database cannot keep."""


def read_moment(name: str, text: str) -> datetime:
    """Return a text as a moment. Raises BadRequest without an offset, MomentTooFar for one that cannot be stored."""
    try:
        # A plus sign that was not escaped arrives as a space.
        moment = parse_datetime(text.replace(" ", "+"))
    except ValueError:
        moment = None
    if moment is not None and moment.tzinfo is not None and is_too_far(moment):
        raise MomentTooFar(_("%(name)s is too far from now.") % {"name": name})
    if moment is None or moment.tzinfo is None or not can_be_stored(moment):
        example = {"name": name, "example": "2026-11-22T10:00:00-03:00"}
        raise BadRequest(_("%(name)s must be a moment such as %(example)s.") % example)
    return moment


SINCE = ("Only what changed at or after this moment (RFC 3339).", updated_since)
