"""Stores, terminals and their keys, products, categories, groupings."""

from django.urls import URLPattern, path

from pos_api.views.categories import CategoryListView, CategoryView
from pos_api.views.groupings import GroupingListView, GroupingMembersView, GroupingView
from pos_api.views.prices import PricesView
from pos_api.views.products import ProductListView, ProductLookupView, ProductView
from pos_api.views.stores import StoreListView, StoreView
from pos_api.views.terminal_keys import TerminalKeyListView, TerminalKeyRotationView, TerminalKeyView
from pos_api.views.terminals import TerminalListView, TerminalView

urlpatterns: list[URLPattern] = [
    path("products/", ProductListView.as_view(), name="products"),
    path("products/lookup/", ProductLookupView.as_view(), name="product_lookup"),
    path("products/prices/", PricesView.as_view(), name="prices"),
    # SKUs of some systems contain slashes.
    path("products/<path:sku>/", ProductView.as_view(), name="product"),
    path("categories/", CategoryListView.as_view(), name="categories"),
    path("categories/<str:code>/", CategoryView.as_view(), name="category"),
    path("stores/", StoreListView.as_view(), name="stores"),
    path("stores/<str:code>/", StoreView.as_view(), name="store"),
    path("terminals/", TerminalListView.as_view(), name="terminals"),
    path("terminals/<int:pk>/", TerminalView.as_view(), name="terminal_detail"),
    path("terminals/<int:pk>/keys/", TerminalKeyListView.as_view(), name="terminal_keys"),
    path("terminals/<int:pk>/keys/<str:key_id>/", TerminalKeyView.as_view(), name="terminal_key"),
    path(
        "terminals/<int:pk>/keys/<str:key_id>/rotate/",
        TerminalKeyRotationView.as_view(),
        name="terminal_key_rotation",
    ),
    path("groupings/", GroupingListView.as_view(), name="groupings"),
    path("groupings/<str:name>/<str:code>/", GroupingView.as_view(), name="grouping"),
    path("groupings/<str:name>/<str:code>/members/", GroupingMembersView.as_view(), name="grouping_members"),
]
