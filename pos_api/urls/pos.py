"""Points of sale: baskets, sales, the terminal itself, simulations."""

from django.urls import URLPattern, path

from pos_api.views.baskets import EvaluateView
from pos_api.views.receipts import SaleReceiptView
from pos_api.views.reservations import ReservationsView, ReservationView
from pos_api.views.sale_batches import SaleBatchView
from pos_api.views.sale_exceptions import SaleExceptionListView, SaleExceptionSettleView
from pos_api.views.sales import (
    CancelSaleView,
    CancelTicketView,
    QuoteReturnView,
    ReturnSaleView,
    SalesView,
    SaleView,
)
from pos_api.views.simulations import SimulationsView
from pos_api.views.stored_values import (
    LoadView,
    StoredValuesView,
    StoredValueView,
    TakeBackView,
    TypesSoldView,
)
from pos_api.views.terminal import TerminalView

urlpatterns: list[URLPattern] = [
    path("baskets/evaluate/", EvaluateView.as_view(), name="evaluate"),
    path("sales/", SalesView.as_view(), name="sales"),
    path("sales/cancel/", CancelTicketView.as_view(), name="cancel_ticket"),
    path("sales/batch/", SaleBatchView.as_view(), name="sale_batch"),
    path("sales/<str:sale>/", SaleView.as_view(), name="sale"),
    path("sales/<str:sale>/cancel/", CancelSaleView.as_view(), name="cancel_sale"),
    path("sales/<str:sale>/returns/", ReturnSaleView.as_view(), name="return_sale"),
    path("sales/<str:sale>/returns/quote/", QuoteReturnView.as_view(), name="quote_return"),
    path("sales/<str:sale>/receipt/", SaleReceiptView.as_view(), name="sale_receipt"),
    path("sale-exceptions/", SaleExceptionListView.as_view(), name="sale_exceptions"),
    path(
        "sale-exceptions/<int:pk>/settle/",
        SaleExceptionSettleView.as_view(),
        name="sale_exception_settlement",
    ),
    path("simulations/", SimulationsView.as_view(), name="simulations"),
    path("reservations/", ReservationsView.as_view(), name="reservations"),
    path("reservations/<str:reservation>/", ReservationView.as_view(), name="reservation"),
    path("stored-value-types/sold/", TypesSoldView.as_view(), name="stored_value_types_sold"),
    path("stored-values/", StoredValuesView.as_view(), name="stored_values"),
    path("stored-values/<str:code>/", StoredValueView.as_view(), name="stored_value"),
    path("stored-values/<str:code>/load/", LoadView.as_view(), name="load_stored_value"),
    path("stored-values/<str:code>/take-back/", TakeBackView.as_view(), name="take_back_stored_value"),
    path("terminal/", TerminalView.as_view(), name="terminal"),
]
