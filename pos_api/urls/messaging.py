"""Carts and what messages need from points of sale."""

from django.urls import URLPattern, path

from pos_api.views.carts import CartView

urlpatterns: list[URLPattern] = [
    path("carts/<str:cart>/", CartView.as_view(), name="cart"),
]
