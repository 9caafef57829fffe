"""Customers, their consents, look-up at the till."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
