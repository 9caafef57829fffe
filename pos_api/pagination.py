"""Lists are read page by page: ``limit`` (1 to 100) and an opaque ``cursor``."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from pos_api.problems import BadRequest
from pos_api.views.base import answer

PAGE = 50
MAX_PAGE = 100


class Pages(CursorPagination):
    """DRF's cursors, with the limits checked instead of bent."""

    page_size = PAGE
    max_page_size = MAX_PAGE
    page_size_query_param = "limit"
    cursor_query_param = "cursor"

    def __init__(self, ordering: tuple[str, ...]) -> None:
        self.keys = ordering

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> tuple[str, ...]:
        return self.keys

    def get_page_size(self, request: Request) -> int:
        text = request.query_params.get("limit", str(PAGE))
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= MAX_PAGE):
            raise BadRequest(_("limit must be a number from 1 to %(limit)d.") % {"limit": MAX_PAGE})
        return int(text)

    def decode_cursor(self, request: Request) -> Cursor | None:
        try:
            cursor = super().decode_cursor(request)
        except Exception as error:
            raise BadRequest(_("This cursor is not one of ours.")) from error
        if cursor is not None and cursor.position is not None and "\x00" in str(cursor.position):
            raise BadRequest(_("This cursor is not one of ours."))
        return cursor


def paginated(
    request: Request,
    queryset: QuerySet[Any],
    represent: Callable[[Any], dict[str, Any]],
    *,
    ordering: tuple[str, ...] = ("pk",),
    complete: Callable[[list[Any]], list[Any]] = list,
    carried: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Answer one page of ``queryset``: ``{"next", "previous", "results"}``.

    ``complete`` adds to the rows of the page what their query could not say.
    ``ordering`` must end with a unique field, so that no row falls between two pages. ``carried`` are query parameters
    that the first page decided and the others repeat.
    """

    def onward(link: str | None) -> str | None:
        for name, value in (carried or {}).items():
            link = replace_query_param(link, name, value) if link else link
        return link

    pages = Pages(ordering)
    try:
        rows: list[Model] = pages.paginate_queryset(queryset, request) or []
    except (ValueError, TypeError) as error:  # a cursor whose position does not fit the column
        raise BadRequest(_("This cursor is not one of ours.")) from error
    return answer(
        {
            "next": onward(pages.get_next_link()),
            "previous": onward(pages.get_previous_link()),
            "results": [represent(row) for row in complete(rows)],
        }
    )
