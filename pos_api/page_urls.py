"""Back-office pages of what points of sale do: sales, terminals and their keys. The API itself: pos_api/urls/."""

from django.urls import path

from pos_api.views.pages import (
    customer_duplicates,
    customer_merge,
    sale,
    sale_exception,
    sale_receipt,
    sale_return,
    terminal,
)

app_name = "pos_api"

urlpatterns = [
    path("sales/", sale.SaleList.as_view(), name="sale_list"),
    path("sales/<int:pk>/", sale.SaleDetail.as_view(), name="sale_detail"),
    path("sales/<int:pk>/cancel/", sale.SaleCancel.as_view(), name="sale_cancel"),
    path("sales/<int:pk>/return/", sale_return.SaleReturnCreate.as_view(), name="sale_return"),
    path("sales/<int:pk>/receipt/", sale_receipt.SaleReceiptSend.as_view(), name="sale_receipt"),
    path("sales/exceptions/", sale_exception.SaleExceptionList.as_view(), name="sale_exception_list"),
    path("sales/exceptions/<int:pk>/", sale_exception.SaleExceptionSettle.as_view(), name="sale_exception"),
    path("customers/merges/", customer_merge.CustomerMergeList.as_view(), name="customer_merge_list"),
    path(
        "customers/duplicates/",
        customer_duplicates.CustomerDuplicates.as_view(),
        name="customer_duplicates",
    ),
    path(
        "customers/merges/<int:pk>/",
        customer_merge.CustomerMergeDetail.as_view(),
        name="customer_merge_detail",
    ),
    path("customers/<int:pk>/merge/", customer_merge.CustomerMergeSearch.as_view(), name="customer_merge"),
    path(
        "customers/<int:pk>/merge/<int:other>/",
        customer_merge.CustomerMergePreview.as_view(),
        name="customer_merge_preview",
    ),
    path("terminals/", terminal.TerminalList.as_view(), name="terminal_list"),
    path("terminals/<int:pk>/", terminal.TerminalDetail.as_view(), name="terminal_detail"),
    path("terminals/<int:pk>/keys/", terminal.KeyIssue.as_view(), name="terminal_key_issue"),
    path("terminals/keys/<int:pk>/rotate/", terminal.KeyRotate.as_view(), name="terminal_key_rotate"),
    path("terminals/keys/<int:pk>/revoke/", terminal.KeyRevoke.as_view(), name="terminal_key_revoke"),
]
