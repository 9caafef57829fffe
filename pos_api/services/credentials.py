"""Issue, rotate and revoke the secrets with which terminals and people's programs call the API.

A secret is shown once, in the answer of the function that makes it; the database keeps HMAC-SHA256(secret, pepper). The
secret has 256 random bits, so a fast hash is the right one.
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from pos_api.models import TerminalKey, UserToken
from retail.models import Terminal

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
KEY_ID_LENGTH = 10


def hash_secret(secret: str) -> str:
    """Return what is stored of ``secret``."""
    return hmac.digest(settings.KEY_PEPPER.encode(), secret.encode(), hashlib.sha256).hex()


@transaction.atomic
def issue_terminal_key(
    *,
    terminal: Terminal,
    at: datetime,
    created_by: Any = None,
    name: str = "",
    is_test: bool = False,
    expires_at: datetime | None = None,
) -> tuple[TerminalKey, str]:
    """Make a key for ``terminal``; return it and the credential, which cannot be shown again."""
    secret = secrets.token_urlsafe(32)
    key = TerminalKey.objects.create(
        terminal=terminal,
        key_id=_new_key_id(),
        secret_hash=hash_secret(secret),
        is_test=is_test,
        name=name,
        created_at=at,
        created_by=created_by,
        expires_at=expires_at,
    )
    return key, f"fiel_{'test' if is_test else 'live'}_{key.key_id}.{secret}"


@transaction.atomic
def rotate_terminal_key(
    *, key: TerminalKey, at: datetime, grace: timedelta, rotated_by: Any = None
) -> tuple[TerminalKey, str]:
    """Make a second key for the terminal of ``key``; the old one goes on working for ``grace``."""
    old = TerminalKey.objects.select_for_update().get(pk=key.pk)
    ends_at = at + grace
    if old.expires_at is None or old.expires_at > ends_at:
        old.expires_at = ends_at
        old.save(update_fields=["expires_at"])
    return issue_terminal_key(
        terminal=old.terminal, at=at, created_by=rotated_by, name=old.name, is_test=old.is_test
    )


def revoke_terminal_key(*, key: TerminalKey, at: datetime) -> bool:
    """Make ``key`` useless within 30 seconds in every process. Returns False when it was revoked before."""
    return TerminalKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=at) == 1


@transaction.atomic
def issue_user_token(
    *, user: Any, at: datetime, name: str = "", expires_at: datetime | None = None
) -> tuple[UserToken, str]:
    """Make a token for ``user``; return it and the credential, which cannot be shown again."""
    secret = secrets.token_urlsafe(32)
    token = UserToken.objects.create(
        user=user,
        key_id=_new_key_id(),
        secret_hash=hash_secret(secret),
        name=name,
        created_at=at,
        expires_at=expires_at,
    )
    return token, f"fiel_user_{token.key_id}.{secret}"


def revoke_user_token(*, token: UserToken, at: datetime) -> bool:
    """Make ``token`` useless within 30 seconds. Returns False when it was revoked before."""
    return UserToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=at) == 1


def _new_key_id() -> str:
    return "".join(secrets.choice(_ALPHABET) for _place in range(KEY_ID_LENGTH))
