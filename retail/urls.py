"""Pages of stores, terminals, products, categories and groupings."""

from django.urls import path

from retail.views import category, grouping, prices, product, product_import, redemption, store

app_name = "retail"

urlpatterns = [
    path("redemption/", redemption.RedemptionSettings.as_view(), name="redemption_settings"),
    path("stores/", store.StoreList.as_view(), name="store_list"),
    path("stores/new/", store.StoreCreate.as_view(), name="store_create"),
    path("stores/<int:pk>/", store.StoreDetail.as_view(), name="store_detail"),
    path("stores/<int:pk>/edit/", store.StoreEdit.as_view(), name="store_edit"),
    path("stores/<int:store>/terminals/new/", store.TerminalCreate.as_view(), name="terminal_create"),
    path("terminals/<int:pk>/edit/", store.TerminalEdit.as_view(), name="terminal_edit"),
    path("products/", product.ProductList.as_view(), name="product_list"),
    path("products/new/", product.ProductCreate.as_view(), name="product_create"),
    path("products/import/", product_import.ProductImport.as_view(), name="product_import"),
    path(
        "products/import/template/", product_import.ImportTemplate.as_view(), name="product_import_template"
    ),
    path("products/prices/", prices.PriceChangePage.as_view(), name="price_change"),
    path("products/prices/history/", prices.PriceChangeList.as_view(), name="price_change_list"),
    path("products/prices/history/<int:pk>/", prices.PriceChangeDetail.as_view(), name="price_change_detail"),
    path("products/<int:pk>/edit/", product.ProductEdit.as_view(), name="product_edit"),
    path("products/<int:pk>/", product.ProductDetail.as_view(), name="product_detail"),
    path("categories/", category.CategoryList.as_view(), name="category_list"),
    path("categories/new/", category.CategoryCreate.as_view(), name="category_create"),
    path("categories/<int:pk>/edit/", category.CategoryEdit.as_view(), name="category_edit"),
    path("groupings/products/", grouping.ProductGroupingList.as_view(), name="product_grouping_list"),
    path("groupings/products/new/", grouping.ProductGroupingCreate.as_view(), name="product_grouping_create"),
    path(
        "groupings/products/<int:pk>/",
        grouping.ProductGroupingDetail.as_view(),
        name="product_grouping_detail",
    ),
    path(
        "groupings/products/<int:pk>/edit/",
        grouping.ProductGroupingEdit.as_view(),
        name="product_grouping_edit",
    ),
    path(
        "groupings/products/<int:pk>/members/",
        grouping.ProductGroupingMembers.as_view(),
        name="product_grouping_members",
    ),
    path("groupings/stores/", grouping.StoreGroupingList.as_view(), name="store_grouping_list"),
    path("groupings/stores/new/", grouping.StoreGroupingCreate.as_view(), name="store_grouping_create"),
    path("groupings/stores/<int:pk>/", grouping.StoreGroupingDetail.as_view(), name="store_grouping_detail"),
    path("groupings/stores/<int:pk>/edit/", grouping.StoreGroupingEdit.as_view(), name="store_grouping_edit"),
    path(
        "groupings/stores/<int:pk>/members/",
        grouping.StoreGroupingMembers.as_view(),
        name="store_grouping_members",
    ),
]
