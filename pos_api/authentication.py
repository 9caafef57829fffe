"""Who calls: a terminal by its key, a person's program by a token, a person by the session of the back-office.

A verified credential is remembered by its process for at most 30 seconds, together with the facts of its store, so that
a till's request needs no query of its own; within that time a revoked key stops working everywhere.
"""

import hashlib
import hmac
import re
import time
from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from msgspec import Struct
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from campaigns.engine.basket import Store as EngineStore
from pos_api.models import TerminalKey, UserToken
from pos_api.services.rate import count_failure
from retail import money

REMEMBERED_SECONDS = 30
REMEMBERED_CREDENTIALS = 10_000
LAST_USED_STEP = timedelta(minutes=10)

_TERMINAL_CREDENTIAL = re.compile(r"fiel_(live|test)_([0-9a-z]{8,16})\.([A-Za-z0-9_-]{20,100})", re.ASCII)
_USER_CREDENTIAL = re.compile(r"fiel_user_([0-9a-z]{8,16})\.([A-Za-z0-9_-]{20,100})", re.ASCII)


class TerminalCaller(Struct, frozen=True, kw_only=True):
    """The terminal that calls, with what evaluating needs to know of its store."""

    key_id: str
    is_test: bool
    terminal_id: int
    terminal_code: str
    terminal_name: str
    store_id: int
    store_name: str
    store_brand: str
    online_shop: bool
    accepts_other_totals: bool
    # Cents that a sale may redeem while the till is offline before a manager is told.
    offline_redeem_limit: int = 0
    store: EngineStore

    is_authenticated = True
    is_anonymous = False
    is_active = True

    @property
    def pk(self) -> str:
        return self.key_id

    def has_perm(self, _permission: str, _obj: Any = None) -> bool:
        """A terminal has none of the managers' permissions."""
        return False


Caller = TypeVar("Caller")


class _Remembered(Struct, Generic[Caller]):
    caller: Caller
    secret_hash: bytes
    until: float


class CredentialMemory(Generic[Caller]):
    """Credentials that this process has verified, with the hash of their secret and until when to believe it."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, _Remembered[Caller]] = OrderedDict()
        self._lock = Lock()

    def find(self, key_id: str) -> _Remembered[Caller] | None:
        entry = self._entries.get(key_id)
        return entry if entry is not None and entry.until > time.monotonic() else None

    def keep(self, key_id: str, caller: Caller, secret_hash: bytes, seconds: float) -> None:
        with self._lock:
            self._entries[key_id] = _Remembered(caller, secret_hash, time.monotonic() + seconds)
            while len(self._entries) > REMEMBERED_CREDENTIALS:
                self._entries.popitem(last=False)

    def clear(self) -> None:
        self._entries.clear()


terminals: CredentialMemory[TerminalCaller] = CredentialMemory()
users: CredentialMemory[Any] = CredentialMemory()


class TerminalAuthentication(BaseAuthentication):
    """``Authorization: Api-Key fiel_live_<id>.<secret>``"""

    def authenticate(self, request: Request) -> tuple[TerminalCaller, str] | None:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if header[:8].lower() != "api-key ":
            return None
        found = _TERMINAL_CREDENTIAL.fullmatch(header[8:].strip())
        if found is None:
            raise _refused(request)
        caller = _verified(found, terminals.find(found[2]) or _load_terminal(found[2], timezone.now()))
        if caller is None:
            raise _refused(request)
        return caller, caller.key_id

    def authenticate_header(self, request: Request) -> str:
        return 'Api-Key realm="Fiel"'


def known_terminal(header: str) -> TerminalCaller | None:
    """Return whose key an Authorization header carries, if this process has verified it lately. Asks no database."""
    found = _TERMINAL_CREDENTIAL.fullmatch(header[8:].strip()) if header[:8].lower() == "api-key " else None
    return None if found is None else _verified(found, terminals.find(found[2]))


def _verified(found: re.Match[str], known: _Remembered[TerminalCaller] | None) -> TerminalCaller | None:
    """Return the caller of a remembered key, if the credential that was sent is that key."""
    given = _digest(found[3])
    if known is None or not hmac.compare_digest(known.secret_hash, given):
        return None
    return known.caller if known.caller.is_test == (found[1] == "test") else None


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer fiel_user_<id>.<secret>``"""

    def authenticate(self, request: Request) -> tuple[Any, str] | None:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if header[:7].lower() != "bearer ":
            return None
        found = _USER_CREDENTIAL.fullmatch(header[7:].strip())
        if found is None:
            raise _refused(request)
        given = _digest(found[2])
        known = users.find(found[1])
        if known is None:
            known = _load_user(found[1], timezone.now())
        if known is None or not hmac.compare_digest(known.secret_hash, given):
            raise _refused(request)
        # A fresh object each time: Django keeps the permissions of a user on it.
        user = get_user_model().objects.filter(pk=known.caller, is_active=True).first()
        if user is None:
            raise _refused(request)
        return user, found[1]

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Fiel"'


class BackOfficeAuthentication(SessionAuthentication):
    """The session of the back-office; writing needs its CSRF token."""

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Fiel"'


def _refused(request: Request) -> AuthenticationFailed:
    """Return the refusal of a credential. Raises TooManyRequests where too many came from this address."""
    if settings.FAILED_AUTHENTICATIONS_PER_MINUTE:
        count_failure(
            request.META.get("REMOTE_ADDR", ""),
            limit=settings.FAILED_AUTHENTICATIONS_PER_MINUTE,
            at=time.time(),
        )
    return AuthenticationFailed(_("This key is unknown, expired or revoked."))


def _digest(secret: str) -> bytes:
    return hmac.digest(settings.KEY_PEPPER.encode(), secret.encode(), hashlib.sha256)


def _load_terminal(key_id: str, at: datetime) -> _Remembered[TerminalCaller] | None:
    key = (
        TerminalKey.objects.select_related("terminal__store")
        .annotate(
            store_groupings=ArrayAgg(
                "terminal__store__groupings__code",
                filter=Q(terminal__store__groupings__isnull=False),
                default=[],
            )
        )
        .filter(key_id=key_id, revoked_at__isnull=True)
        .filter(Q(expires_at__isnull=True) | Q(expires_at__gt=at))
        .filter(terminal__is_active=True, terminal__store__is_active=True)
        .first()
    )
    if key is None:
        return None
    if key.last_used_at is None or at - key.last_used_at > LAST_USED_STEP:
        TerminalKey.objects.filter(pk=key.pk).update(last_used_at=at)
    terminals.keep(key_id, _caller(key), bytes.fromhex(key.secret_hash), _seconds(key.expires_at, at))
    return terminals.find(key_id)


def _caller(key: Any) -> TerminalCaller:
    terminal, store = key.terminal, key.terminal.store
    return TerminalCaller(
        key_id=key.key_id,
        is_test=key.is_test,
        terminal_id=terminal.pk,
        terminal_code=terminal.code,
        terminal_name=terminal.name,
        store_id=store.pk,
        store_name=store.name,
        store_brand=store.brand,
        online_shop=store.online_shop,
        accepts_other_totals=store.totals_mode == "accept",
        offline_redeem_limit=money.from_decimal(store.offline_redeem_limit),
        store=EngineStore(
            code=store.code, groupings=frozenset(key.store_groupings), timezone=ZoneInfo(store.time_zone)
        ),
    )


def _load_user(key_id: str, at: datetime) -> _Remembered[Any] | None:
    token = (
        UserToken.objects.filter(key_id=key_id, revoked_at__isnull=True, user__is_active=True)
        .filter(Q(expires_at__isnull=True) | Q(expires_at__gt=at))
        .first()
    )
    if token is None:
        return None
    if token.last_used_at is None or at - token.last_used_at > LAST_USED_STEP:
        UserToken.objects.filter(pk=token.pk).update(last_used_at=at)
    users.keep(key_id, token.user_id, bytes.fromhex(token.secret_hash), _seconds(token.expires_at, at))
    return users.find(key_id)


def _seconds(expires_at: datetime | None, at: datetime) -> float:
    return (
        REMEMBERED_SECONDS
        if expires_at is None
        else min(REMEMBERED_SECONDS, (expires_at - at).total_seconds())
    )
