"""Campaigns, their categories, promotional code pools."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
