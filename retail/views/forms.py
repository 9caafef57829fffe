"""The form page: create or change one thing through a service; nothing that was typed is lost on an error."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.contrib import messages
from django.forms import BaseForm, BaseModelForm, BoundField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views import View

from retail.views.access import PageMixin


@dataclass(frozen=True, slots=True)
class FormSection:
    """A titled part of a form. Fields are names, or "name:3" for a width in sixths of the row."""

    title: Promise | str
    fields: Sequence[str]
    text: Promise | str = ""


@dataclass(frozen=True, slots=True)
class BoundSection:
    title: Promise | str
    text: Promise | str
    fields: list[tuple[BoundField, int]] = field(default_factory=list)


class FormPage(PageMixin, View):
    """A page with one form. Subclasses set the attributes and `save`; `instance` is None while creating.

    `save` calls one service and returns the address to go to. When the service refuses, it adds the
    errors to the form and returns None: the page comes back with all that was typed.
    """

    form_class: ClassVar[type[BaseForm]]
    sections: ClassVar[Sequence[FormSection]]
    title: ClassVar[Promise | str]
    subtitle: ClassVar[Promise | str] = ""
    submit_label: ClassVar[Promise | str] = _("Save")
    success_message: ClassVar[Promise | str] = _("Saved.")
    template_name: ClassVar[str] = "components/form_page.html"
    instance: Any = None

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if self.has_permission():
            self.instance = self.get_instance()

    def get(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        return self.render(self.get_form())

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        form = self.get_form(data=request.POST, files=request.FILES)
        if form.is_valid():
            target = self.save(form)
            if target is not None and not form.errors:
                if self.success_message:
                    messages.success(request, str(self.success_message))
                return HttpResponseRedirect(target)
        return self.render(form)

    def get_instance(self) -> Any:
        """Return what is changed, or None while creating. Raises Http404."""
        return None

    def get_form(self, **data: Any) -> Any:
        if issubclass(self.form_class, BaseModelForm):
            data["instance"] = self.instance
        return self.form_class(initial=self.get_initial(), **data)

    def get_initial(self) -> dict[str, Any]:
        """Return what the fields show at first, beyond what a model form reads from `instance`."""
        return {}

    def save(self, form: Any) -> str | None:
        """Call the service. Returns where to go, or None after adding errors to `form`."""
        raise NotImplementedError

    def back_url(self) -> str:
        raise NotImplementedError

    def get_title(self) -> Any:
        return self.title

    def trail(self) -> list[tuple[Any, str]]:
        """Return the way to this page: (label, url)."""
        return []

    def extra_context(self) -> dict[str, Any]:
        return {}

    def render(self, form: Any) -> HttpResponse:
        context = {
            "title": self.get_title(),
            "subtitle": self.subtitle,
            "trail": self.trail(),
            "form": form,
            "sections": bind_sections(self.sections, form),
            "back_url": self.back_url(),
            "submit_label": self.submit_label,
            "instance": self.instance,
            **self.extra_context(),
        }
        return render(self.request, self.template_name, context, status=422 if form.errors else 200)


def bind_sections(sections: Sequence[FormSection], form: Any) -> list[BoundSection]:
    """Return the sections with their fields; fields that a form does not have are left out."""
    bound = []
    for section in sections:
        part = BoundSection(section.title, section.text)
        for item in section.fields:
            name, _colon, span = item.partition(":")
            if name in form.fields:
                part.fields.append((form[name], int(span or 6)))
        if part.fields:
            bound.append(part)
    return bound
