"""Reads settings from the process environment: text in, typed values out, and errors that name the variable."""

import json
import os
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
LOCAL_ENVIRONMENT = Path(os.environ.get("FIEL_LOCAL", BASE_DIR / ".local")) / "environment.json"

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def read_local_environment() -> dict[str, str]:
    """Return what a running `make run` wrote for commands typed in another terminal; empty when nothing runs."""
    try:
        return dict(json.loads(LOCAL_ENVIRONMENT.read_text()))
    except (OSError, ValueError):
        return {}


class Environment:
    """Typed access to the environment. Real variables win over those of a running `make run`."""

    def __init__(self, values: dict[str, str] | None = None) -> None:
        if values is None:
            values = dict(os.environ)
            # A process that is told its database never mixes in another installation's secrets.
            if "DATABASE_URL" not in values:
                values = {**read_local_environment(), **values}
        self.values = values

    def text(self, name: str, default: str = "") -> str:
        return self.values.get(name, default).strip()

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.text(name, "1" if default else "0").lower()
        if value in _TRUE:
            return True
        if value in _FALSE:
            return False
        raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")

    def number(self, name: str, default: int) -> int:
        value = self.text(name, str(default))
        if not value.isascii() or not value.isdigit():
            raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.")
        return int(value)

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        value = self.text(name, default)
        if value not in choices:
            raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
        return value

    def words(self, name: str) -> list[str]:
        return [word.strip() for word in self.text(name).split(",") if word.strip()]

    def numbers(self, name: str) -> list[int]:
        words = self.words(name)
        if not all(word.isascii() and word.isdigit() for word in words):
            raise ImproperlyConfigured(f"{name} must be whole numbers with commas, not {self.text(name)!r}.")
        return [int(word) for word in words]

    def networks(self, name: str) -> list[IPv4Network | IPv6Network]:
        try:
            return [ip_network(word) for word in self.words(name)]
        except ValueError:
            raise ImproperlyConfigured(
                f"{name} must be networks such as 3.134.147.250/32, with commas, not {self.text(name)!r}."
            ) from None

    def with_prefix(self, prefix: str) -> dict[str, str]:
        """Return the variables that start with `prefix`, without it."""
        return {
            name.removeprefix(prefix): value for name, value in self.values.items() if name.startswith(prefix)
        }


def parse_database_url(url: str) -> dict[str, Any]:
    """Turn `postgresql://user:password@host:5432/name` into Django's form.

    A server on a Unix socket is `postgresql://user@/name?host=/folder/of/the/socket`; any other
    query parameter (sslmode, connect_timeout, ...) is handed to libpq.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise ImproperlyConfigured(
            "DATABASE_URL must start with postgresql:// (no other database is supported)."
        )
    options: dict[str, Any] = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise ImproperlyConfigured(
            "DATABASE_URL names no database: postgresql://user:password@host:5432/name."
        )
    host = options.pop("host", None) or unquote(parts.hostname or "")
    options.setdefault("connect_timeout", "5")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or options.pop("port", "")),
        "OPTIONS": options,
    }


def parse_redis_url(url: str) -> tuple[str, str]:
    """Return (Celery's broker URL, the cache's URL) for one server.

    Accepts redis://, rediss:// and unix:///path/redis.sock?db=0. Celery spells sockets in its own way;
    the cache uses the next database number, so that emptying the cache never empties the queue.
    """
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if parts.scheme == "unix":
        database = _database_number(query.get("db", "0"))
        return (
            f"redis+socket://{parts.path}?virtual_host={database}",
            f"unix://{parts.path}?db={database + 1}",
        )
    if parts.scheme in ("redis", "rediss"):
        database = _database_number(parts.path.strip("/") or "0")
        rest = f"?{parts.query}" if parts.query else ""
        server = f"{parts.scheme}://{parts.netloc}"
        return f"{server}/{database}{rest}", f"{server}/{database + 1}{rest}"
    raise ImproperlyConfigured("REDIS_URL must start with redis://, rediss:// or unix://.")


def parse_email_url(url: str) -> dict[str, Any]:
    """Return Django's e-mail settings for `console:`, `smtp://user:password@host:587`, `smtps://...` or `anymail:<provider>`."""
    parts = urlsplit(url)
    if parts.scheme == "console":
        # Anymail's own console keeps message ids and delivery states, as a real provider does.
        return {"EMAIL_BACKEND": "anymail.backends.console.EmailBackend"}
    if parts.scheme == "local":
        # The inbox of a demonstration (config.settings.DEMO).
        return {"EMAIL_BACKEND": "messaging.local.email.EmailBackend"}
    if parts.scheme == "anymail" and parts.path.isidentifier():
        return {"EMAIL_BACKEND": f"anymail.backends.{parts.path}.EmailBackend"}
    if parts.scheme in ("smtp", "smtps") and parts.hostname:
        implicit_tls = parts.scheme == "smtps"
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": parts.hostname,
            "EMAIL_PORT": parts.port or (465 if implicit_tls else 587),
            "EMAIL_HOST_USER": unquote(parts.username or ""),
            "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
            "EMAIL_USE_SSL": implicit_tls,
            "EMAIL_USE_TLS": not implicit_tls and parse_qs(parts.query).get("tls", ["1"])[-1] != "0",
        }
    raise ImproperlyConfigured(
        "EMAIL_URL must be console:, smtp://user:password@host:587, smtps://user:password@host or anymail:<provider>."
    )


def provider_of_email(backend: str) -> list[str]:
    """Return the provider of e-mail behind a backend of anymail, as its addresses name it; none behind any other."""
    parts = backend.split(".")
    return [parts[2]] if parts[:2] == ["anymail", "backends"] and parts[2] != "console" else []


def _database_number(value: str) -> int:
    if not value.isdigit():
        raise ImproperlyConfigured(f"REDIS_URL names database {value!r}; it must be a number.")
    return int(value)
