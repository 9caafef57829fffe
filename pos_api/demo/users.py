"""The demonstration's users, one for each role."""

import secrets

from django.contrib.auth import hashers
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q

WORDS = [
    "girassol",
    "jabuti",
    "mandacaru",
    "pitanga",
    "tucano",
    "quintal",
    "caju",
    "buriti",
    "jangada",
    "cuica",
    "rede",
    "mirante",
]

_MODELS = ("retail", "customers", "campaigns", "messaging", "loyalty")
_READ = Q(codename__startswith="view_")
# What each role may do, in words that the permissions of Django's models understand.
ROLES: dict[str, Q] = {
    "Gerência": Q(content_type__app_label__in=_MODELS)
    | Q(content_type__model__in=("terminalkey", "saleexception")),
    "Marketing": Q(content_type__app_label__in=("campaigns", "messaging"))
    & ~Q(codename__startswith="publish_")
    & ~Q(codename__startswith="approve_")
    | Q(content_type__app_label__in=_MODELS) & _READ
    | Q(content_type__model="segment") & ~Q(codename="export_documents"),
    "Atendimento": Q(content_type__app_label="customers")
    & (
        _READ
        | Q(
            codename__in=(
                "add_customer",
                "change_customer",
                "add_consent",
                "add_appointment",
                "change_appointment",
            )
        )
    )
    | Q(content_type__app_label="retail") & _READ,
    "Auditoria": (Q(content_type__app_label__in=_MODELS) | Q(content_type__model="saleexception")) & _READ,
}
# username, first name, role; the first is a superuser
USERS = [
    ("admin", "Administração", None),
    ("gerente", "Gisele", "Gerência"),
    ("marketing", "Marcos", "Marketing"),
    ("atendimento", "Aline", "Atendimento"),
]


def create_roles() -> None:
    """Make the groups of the roles, with the permissions that exist now."""
    for name, permissions in ROLES.items():
        group, _created = Group.objects.get_or_create(name=name)
        group.permissions.set(Permission.objects.filter(permissions))


def create_users(password: str | None) -> list[str]:
    """Make the users that do not exist yet; return the names of those whose password was set.

    All get the same password. Without one, those who exist keep theirs and new ones cannot sign in.
    """
    # Hashing is slow on purpose; once is enough for one password.
    encoded = hashers.make_password(password)
    changed = []
    for name, first_name, role in USERS:
        user = User.objects.filter(username=name).first()
        if user is not None and password is None:
            continue
        if user is None:
            user = User(username=name, first_name=first_name, is_staff=True, is_superuser=role is None)
        user.password = encoded
        user.save()
        changed.append(name)
        if role is not None:
            user.groups.add(Group.objects.get(name=role))
    return changed


def invent_password() -> str:
    """Return a password that can be read aloud: three words and a number."""
    words = [secrets.choice(WORDS) for _place in range(3)]
    return "-".join([*words, f"{secrets.randbelow(10_000):04d}"])
