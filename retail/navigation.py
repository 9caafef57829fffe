"""The entries of the back-office's navigation.

Each package lists its own in `<package>/navigation.py`, as `ENTRIES`; config gathers them. Nobody edits the
base template to add a page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps
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
LOYALTY = Section(code="loyalty", title=_("Loyalty"), order=15)
RELATIONSHIP = Section(code="relationship", title=_("Customers"), order=20)
SALES = Section(code="sales", title=_("Sales"), order=30)
REPORTS = Section(code="reports", title=_("Reports"), order=35)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductTab:
    """A further view of one product, which a package above adds: PRODUCT_TABS in its `navigation.py`.

    `url_name` takes the product's primary key.
    """

    label: Promise | str
    url_name: str
    permission: str = ""


@cache
def registered(name: str) -> list[Any]:
    """Return what all packages list under `name` in their `navigation.py`, topmost package first."""
    found: list[Any] = []
    for app in apps.get_app_configs():
        if find_spec(f"{app.name}.navigation"):
            found.extend(getattr(import_module(f"{app.name}.navigation"), name, []))
    return found


ENTRIES = [
    NavigationEntry(
        section=CATALOGUE,
        label=_("Products"),
        url_name="retail:product_list",
        icon="product",
        order=10,
        permission="retail.view_product",
    ),
    NavigationEntry(
        section=CATALOGUE,
        label=_("Categories"),
        url_name="retail:category_list",
        icon="category",
        order=20,
        permission="retail.view_category",
    ),
    NavigationEntry(
        section=CATALOGUE,
        label=_("Groupings"),
        url_name="retail:product_grouping_list",
        icon="grouping",
        order=30,
        permission="retail.view_productgrouping",
        also=("retail:store_grouping_list",),
    ),
    NavigationEntry(
        section=LOYALTY,
        label=_("Redemption"),
        url_name="retail:redemption_settings",
        icon="lock",
        order=90,
        permission="retail.change_company",
    ),
    NavigationEntry(
        section=INSTALLATION,
        label=_("Stores"),
        url_name="retail:store_list",
        icon="store",
        order=10,
        permission="retail.view_store",
    ),
]
