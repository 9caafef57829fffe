"""Stores, terminals and their keys, products, categories, groupings."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
