"""Signing in and out. django-axes counts failures and locks out (settings AXES_*)."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views import View


class SignIn(LoginView):
    """Ask for user name and password; who is signed in already goes on."""

    template_name = "config/sign_in.html"
    authentication_form = AuthenticationForm
    redirect_authenticated_user = True


class SignOut(LogoutView):
    """End the session (POST) and show the sign-in."""


class AdminSignIn(View):
    """Lead the admin's visitors to the one sign-in. Who is signed in already lacks the right, not the password."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))


def locked_out(request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
    """Answer somebody who failed too often: the same page, saying how long to wait. settings.AXES_LOCKOUT_CALLABLE."""
    context = {"form": AuthenticationForm(request), "locked_out": True}
    return render(request, "config/sign_in.html", context, status=429)
