"""The keys of a terminal: issued, rotated and revoked by managers. A secret is shown once, when it is made."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from msgspec import Meta, Struct
from rest_framework.request import Request

from pos_api.decoding import Decoder
from pos_api.fields import Moment
from pos_api.models import TerminalKey
from pos_api.openapi import operation
from pos_api.problems import Conflict, invalid_field
from pos_api.services.credentials import issue_terminal_key, revoke_terminal_key, rotate_terminal_key
from pos_api.views.base import Body, ManagerView, answer, no_content
from pos_api.views.resources import find_or_404
from retail.models import Terminal

TAG = "Stores"
MAX_GRACE_HOURS = 24 * 30
EXAMPLE = {"name": "Caixa 1", "test": False, "expires_at": None}
ISSUED_EXAMPLE = {
    "key_id": "4f9k2m7xq1",
    "name": "Caixa 1",
    "test": False,
    "created_at": "2026-11-22T13:00:00Z",
    "expires_at": None,
    "revoked_at": None,
    "last_used_at": None,
    "key": "fiel_live_4f9k2m7xq1.…",
}


class NewKey(Struct, forbid_unknown_fields=True):
    """What a new key is called, and until when it works. A test key's sales count like all others; its carts lead to no message."""

    name: Annotated[str, Meta(max_length=80)] = ""
    test: bool = False
    expires_at: Moment | None = None


class Rotation(Struct, forbid_unknown_fields=True):
    """For how many hours the old key goes on working beside the new one."""

    grace_hours: Annotated[int, Meta(ge=0, le=MAX_GRACE_HOURS)] = 24


class ShownKey(Struct):
    """A key as lists show it: everything but its secret."""

    key_id: str
    name: str
    test: bool
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class IssuedKey(ShownKey):
    """A key that was just made, with its secret: it is never shown again."""

    key: str


class Keys(Struct):
    results: list[ShownKey]


NEW_KEY: Body[NewKey] = Body(Decoder(NewKey))
ROTATION: Body[Rotation] = Body(Decoder(Rotation))


def _facts(key: TerminalKey) -> dict[str, Any]:
    return {
        "key_id": key.key_id,
        "name": key.name,
        "test": key.is_test,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
    }


class TerminalKeyListView(ManagerView):
    permissions = {"GET": ("pos_api.view_terminalkey",), "POST": ("pos_api.add_terminalkey",)}

    @operation(id="terminal_keys_list", tag=TAG, summary="List the keys of a terminal", responses={200: Keys})
    def get(self, request: Request, pk: int) -> HttpResponse:
        terminal = find_or_404(Terminal.objects.all(), pk=pk)
        keys = terminal.keys.order_by("-created_at", "-pk")
        return answer(Keys([ShownKey(**_facts(key)) for key in keys]))

    @operation(
        id="terminal_keys_issue",
        tag=TAG,
        summary="Issue a key",
        description="The answer shows the key; nobody can show it again.",
        request=NewKey,
        responses={201: IssuedKey},
        examples={"A key": EXAMPLE},
        answer=ISSUED_EXAMPLE,
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        terminal = find_or_404(Terminal.objects.all(), pk=pk)
        wanted = NEW_KEY.read(request)
        at = timezone.now()
        if wanted.expires_at is not None and wanted.expires_at <= at:
            raise invalid_field("expires_at", "range", _("This lies in the past."))
        key, credential = issue_terminal_key(
            terminal=terminal,
            at=at,
            created_by=request.user,
            name=wanted.name,
            is_test=wanted.test,
            expires_at=wanted.expires_at,
        )
        return answer(IssuedKey(**_facts(key), key=credential), status=201)


class TerminalKeyView(ManagerView):
    permissions = {"GET": ("pos_api.view_terminalkey",), "DELETE": ("pos_api.delete_terminalkey",)}

    @operation(id="terminal_keys_get", tag=TAG, summary="Read a key's facts", responses={200: ShownKey})
    def get(self, request: Request, pk: int, key_id: str) -> HttpResponse:
        return answer(ShownKey(**_facts(find_key(pk, key_id))))

    @operation(
        id="terminal_keys_revoke",
        tag=TAG,
        summary="Revoke a key",
        description="It stops working within 30 seconds; it stays in the list. Revoking it again changes nothing.",
        responses={204: None},
    )
    def delete(self, request: Request, pk: int, key_id: str) -> HttpResponse:
        revoke_terminal_key(key=find_key(pk, key_id), at=timezone.now())
        return no_content()


class TerminalKeyRotationView(ManagerView):
    permissions = {"POST": ("pos_api.add_terminalkey", "pos_api.change_terminalkey")}

    @operation(
        id="terminal_keys_rotate",
        tag=TAG,
        summary="Replace a key",
        description="Makes a second key; the old one goes on working for `grace_hours`.",
        request=Rotation,
        responses={201: IssuedKey},
        examples={"A day for both": {"grace_hours": 24}},
        answer=ISSUED_EXAMPLE,
        problems={409: "The key is revoked (`key_revoked`)."},
    )
    def post(self, request: Request, pk: int, key_id: str) -> HttpResponse:
        old = find_key(pk, key_id)
        wanted = ROTATION.read(request)
        if old.revoked_at is not None:
            raise Conflict(_("This key is revoked."), code="key_revoked")
        key, credential = rotate_terminal_key(
            key=old, at=timezone.now(), grace=timedelta(hours=wanted.grace_hours), rotated_by=request.user
        )
        return answer(IssuedKey(**_facts(key), key=credential), status=201)


def find_key(terminal: int, key_id: str) -> TerminalKey:
    return find_or_404(TerminalKey.objects.all(), terminal=terminal, key_id=key_id)
