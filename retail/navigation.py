"""The entries of the back-office's navigation.

Each package lists its own in `<package>/navigation.py`, as `ENTRIES`; config gathers them. Nobody edits the
base template to add a page.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A titled part of the navigation. Lower `order` comes first; an empty title shows none."""

    code: str
    title: Promise | str
    order: int


OVERVIEW = Section(code="overview", title="", order=0)
PROMOTIONS = Section(code="promotions", title=_("Promotions"), order=10)
RELATIONSHIP = Section(code="relationship", title=_("Customers"), order=20)
SALES = Section(code="sales", title=_("Sales"), order=30)
CATALOGUE = Section(code="catalogue", title=_("Catalogue"), order=40)
INSTALLATION = Section(code="installation", title=_("Stores and access"), order=50)


@dataclass(frozen=True, slots=True, kw_only=True)
class NavigationEntry:
    """One link of the sidebar.

    `url_name` takes no arguments. The entry is shown to who has `permission` (empty: everybody signed in), and
    is current while the path starts with its own address or with that of one of `also`.
    """

    section: Section
    label: Promise | str
    url_name: str
    icon: str
    order: int = 50
    permission: str = ""
    also: Sequence[str] = ()
    external: bool = False


ENTRIES: list[NavigationEntry] = []
