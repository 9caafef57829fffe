"""Customers, their consents, look-up at the till."""

from django.urls import URLPattern, path

from pos_api.views.consents import ConsentListView, StandingConsentsView
from pos_api.views.customer_lookup import CustomerLookupView
from pos_api.views.customers import CustomerListView, CustomerView

urlpatterns: list[URLPattern] = [
    path("customers/", CustomerListView.as_view(), name="customers"),
    path("customers/lookup/", CustomerLookupView.as_view(), name="customer_lookup"),
    path("customers/<int:pk>/", CustomerView.as_view(), name="customer"),
    path("customers/<int:pk>/consents/", ConsentListView.as_view(), name="consents"),
    path("customers/<int:pk>/consents/standing/", StandingConsentsView.as_view(), name="standing_consents"),
]
