"""Types of stored values: gift cards, e-purses, vouchers, credit notes."""

from typing import Any

from loyalty.models import StoredValueType
from loyalty.services.stored_value_types import COLUMNS, OWN_COLUMNS, upsert_stored_value_types
from pos_api.views.programs import LISTING, plain, resource
from pos_api.views.resources import Listing, by
from pos_api.views.stored_values import TAG
from retail.services.deletion import delete_unused

TYPE = {
    "code": "kdo",
    "name": "KDO",
    "kind": "e_purse",
    "fixed_load": "60.00",
    "fixed_price": "50.00",
    "ceiling": "150.00",
    "is_reloadable": True,
    "categories": ["calcas"],
    "groupings": [],
    "stores": [],
    "valid_days": 365,
}


def represent_type(kind: StoredValueType) -> dict[str, Any]:
    """Return a type by the names of its columns; categories and groupings are prefetched."""
    shown = {name: plain(getattr(kind, name)) for name in OWN_COLUMNS}
    shown["stores"] = list(kind.store_codes)
    shown["categories"] = sorted(category.code for category in kind.categories.all())
    shown["groupings"] = sorted(grouping.code for grouping in kind.groupings.all())
    return shown | {"version": kind.version, "updated_at": kind.updated_at}


StoredValueTypeListView, StoredValueTypeView = resource(
    noun="stored value type",
    identifier="stored_value_types",
    tag=TAG,
    queryset=lambda: StoredValueType.objects.prefetch_related("categories", "groupings"),
    columns=COLUMNS,
    upsert=upsert_stored_value_types,
    represent=represent_type,
    remove=lambda kind: delete_unused(instance=kind),
    example=TYPE,
    description=(
        "Types are recognised by `code`. Fields that are absent keep their value; `categories`, `groupings` and `stores`, when "
        "given, become the whole lists: it pays only products of any of these categories or groupings, in these stores. A new "
        "e-purse can be loaded again and holds at most 150.00 unless you say otherwise. What a type says holds for the values "
        "that exist already, too, but for `valid_days` and the amounts."
    ),
    removal="of which there are no values",
    in_use="There are values of it",
    listing=Listing(
        filters={**LISTING.filters, "kind": ("Exact kind.", by("kind"))},
        orders=LISTING.orders,
        order=LISTING.order,
    ),
)
