"""Carts and what messages need from points of sale."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
