"""A person's own matters: name, language, theme, password."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import get_user_model, update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views import View

from config.context_processors import THEMES
from retail.views.access import PageMixin, acting_user
from retail.views.forms import FormPage, FormSection

_YEAR = 365 * 24 * 60 * 60


class ProfileForm(forms.ModelForm):
    class Meta:
        model = get_user_model()
        fields = ["first_name", "last_name", "email"]
        help_texts = {"email": _("Where this installation writes to you.")}


class Profile(FormPage):
    """Name and address of the reader, beside the switches for language and theme."""

    form_class = ProfileForm
    template_name = "config/profile.html"
    title = _("Profile")
    sections = (
        FormSection(
            _("You"), ("first_name:3", "last_name:3", "email"), _("How others see who changed what.")
        ),
    )

    def get_form(self, **data: Any) -> ProfileForm:
        return ProfileForm(instance=self.request.user, **({"data": data["data"]} if data else {}))

    def save(self, form: ProfileForm) -> str:
        form.save()
        return reverse("config:profile")

    def back_url(self) -> str:
        return reverse("config:dashboard")


class PasswordChange(FormPage):
    """A new password, after the old one; other sessions of the same person end."""

    title = _("Change the password")
    success_message = _("The password was changed.")
    submit_label = _("Change the password")
    sections = (FormSection(_("Password"), ("old_password", "new_password1", "new_password2")),)

    def get_form(self, **data: Any) -> PasswordChangeForm:
        return PasswordChangeForm(acting_user(self.request), **({"data": data["data"]} if data else {}))

    def save(self, form: PasswordChangeForm) -> str:
        form.save()
        update_session_auth_hash(self.request, form.user)
        return reverse("config:profile")

    def back_url(self) -> str:
        return reverse("config:profile")

    def trail(self) -> list[tuple[Any, str]]:
        return [(_("Profile"), reverse("config:profile"))]


class Theme(PageMixin, View):
    """Remember light, dark or automatic in a cookie; static/js/fiel.js writes the same one without the trip."""

    def post(self, request: HttpRequest) -> HttpResponse:
        theme = request.POST.get("theme", "")
        if theme not in THEMES:
            return HttpResponseBadRequest()
        target = request.POST.get("next", "")
        if not url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure()):
            target = reverse("config:profile")
        response = HttpResponseRedirect(target)
        response.set_cookie(
            "fiel_theme", theme, max_age=_YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
        )
        return response
