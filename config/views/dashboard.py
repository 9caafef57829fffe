"""The first page: how the chain does, and what needs attention."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import View

from retail.views.access import PageMixin


class Dashboard(PageMixin, View):
    """Show sales, discounts, campaigns, messages and the installation's health."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "config/dashboard.html", {})
