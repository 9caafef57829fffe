"""System checks of an installation. `manage.py check --database default` and `migrate` run those of the database."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, connections

from config.local.programs import MINIMUM_MAJOR
from messaging.local.switch import EMAIL_BACKEND, real_accounts


@register(Tags.database)
def check_database(databases: Sequence[str] | None, **_kwargs: Any) -> list[CheckMessage]:
    """A committed sale survives a crash of the database server, and the server speaks our SQL."""
    problems: list[CheckMessage] = []
    for alias in databases or ():
        try:
            with connections[alias].cursor() as cursor:
                cursor.execute(
                    "SELECT current_setting('server_version_num')::int, "
                    "current_setting('synchronous_commit'), current_setting('fsync')"
                )
                version, synchronous_commit, fsync = cursor.fetchone()
        except DatabaseError as problem:
            return [
                Error(f"The database does not answer: {problem}", hint="Check DATABASE_URL.", id="fiel.E001")
            ]
        if version < MINIMUM_MAJOR * 10_000:
            problems.append(Error(f"PostgreSQL {MINIMUM_MAJOR} or newer is needed.", id="fiel.E002"))
        if settings.PRODUCTION and ("off" in (synchronous_commit, fsync)):
            problems.append(
                Error(
                    "The database confirms sales that a crash would lose.",
                    hint="Set synchronous_commit and fsync to on in postgresql.conf.",
                    id="fiel.E003",
                )
            )
    return problems


@register(Tags.security, deploy=True)
def check_demo(app_configs: Any, **_kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Sample data, with its published passwords, has no place on a server."""
    if settings.DEMO:
        return [Warning("FIEL_DEMO is on in production.", hint="Set FIEL_DEMO=0.", id="fiel.W001")]
    return []


@register(Tags.security, deploy=True)
def check_public_url(app_configs: Any, **_kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Links in messages and webhook signatures are made of PUBLIC_URL."""
    if not settings.PUBLIC_URL.startswith("https://") or "localhost" in settings.PUBLIC_URL:
        return [Warning("PUBLIC_URL is not a public https address.", hint="Set PUBLIC_URL.", id="fiel.W002")]
    return []


@register(Tags.security)
def check_imitation(app_configs: Any, **_kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """The imitated providers never run beside real accounts, and nothing but a demonstration talks to an imitation."""
    problems: list[CheckMessage] = []
    if settings.DEMO and (found := real_accounts()):
        problems.append(
            Error(
                f"FIEL_DEMO is on, and {', '.join(found)} would really write to people.",
                hint="Set FIEL_DEMO=0, or unset the providers.",
                id="fiel.E004",
            )
        )
    if not settings.DEMO and settings.TWILIO_ACCOUNT_SID == settings.IMITATED_ACCOUNT:
        problems.append(
            Error(
                "TWILIO_ACCOUNT_SID is the account of the imitation, which runs in a demonstration only.",
                hint="Set your own account, or FIEL_DEMO=1.",
                id="fiel.E005",
            )
        )
    if not settings.DEMO and settings.EMAIL_BACKEND == EMAIL_BACKEND:
        problems.append(
            Error(
                "E-mails go to the inbox of a demonstration, and nobody gets them.",
                hint="Set EMAIL_URL to a real provider, or FIEL_DEMO=1.",
                id="fiel.E006",
            )
        )
    account = settings.TWILIO_ACCOUNT_SID
    if not settings.DEMO and settings.TWILIO_API_BASE and account != settings.IMITATED_ACCOUNT:
        problems.append(
            Error(
                "TWILIO_API_BASE is set: messages go to an imitation of Twilio, and nobody gets them.",
                hint="Unset TWILIO_API_BASE.",
                id="fiel.E007",
            )
        )
    return problems
