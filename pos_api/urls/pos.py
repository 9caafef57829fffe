"""Points of sale: baskets, sales, the terminal itself, simulations."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
