"""Carts and what messages need from points of sale."""

from django.urls import URLPattern, path

from pos_api.views.carts import CartView
from pos_api.views.contact_policy import ContactPolicyHistoryView, ContactPolicyView

urlpatterns: list[URLPattern] = [
    path("company/contact-policy/", ContactPolicyView.as_view(), name="contact_policy"),
    path(
        "company/contact-policy/history/", ContactPolicyHistoryView.as_view(), name="contact_policy_history"
    ),
    path("carts/<str:cart>/", CartView.as_view(), name="cart"),
]
