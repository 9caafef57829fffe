from django.utils.functional import Promise

# What the database lets through: which occasions there are is declared in `messaging.occasions`, one file each.
OCCASION_CODE = r"^[a-z][a-z_]{1,19}$"


def occasion_choices() -> list[tuple[str, Promise | str]]:
    """Return (code, label) of every occasion."""
    # The files of occasions read models, so they are there only when somebody asks.
    from messaging.occasions import KINDS

    return [(kind.code, kind.label) for kind in KINDS.values()]
