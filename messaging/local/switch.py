"""Whether the imitated providers are on: only in a demonstration, and never beside a real account."""

from django.conf import settings

EMAIL_BACKEND = "messaging.local.email.EmailBackend"


def is_imitated() -> bool:
    """Say whether this installation is a demonstration without an account at Twilio."""
    return bool(settings.DEMO and settings.TWILIO_ACCOUNT_SID in ("", settings.IMITATED_ACCOUNT))


def speaks_twilio() -> bool:
    """Say whether the imitation answers as Twilio: to the imitated account, and to nobody else."""
    return is_imitated() and settings.TWILIO_ACCOUNT_SID == settings.IMITATED_ACCOUNT


def real_accounts() -> list[str]:
    """Return the settings that would really write to people; a demonstration must have none."""
    found = []
    if settings.TWILIO_ACCOUNT_SID not in ("", settings.IMITATED_ACCOUNT):
        found.append("TWILIO_ACCOUNT_SID")
    if settings.TWILIO_ACCOUNT_SID == settings.IMITATED_ACCOUNT and "twilio.com" in settings.TWILIO_API_BASE:
        found.append("TWILIO_API_BASE")
    if settings.EMAIL_BACKEND != EMAIL_BACKEND:
        found.append("EMAIL_URL")
    return found
