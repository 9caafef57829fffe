"""The versions of a text, compared."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views import View

from messaging.comparison import compare
from messaging.models import Template, TemplateRevision
from messaging.views.template import editor_url
from messaging.vocabulary import label_of
from retail import formats
from retail.views.access import PageMixin
from retail.views.timeline import person_name


class TemplateVersions(PageMixin, View):
    """The versions of a text, and what changed between two of them."""

    permission_required = "messaging.view_template"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        template = get_object_or_404(Template, pk=pk)
        revisions = list(template.revisions.select_related("saved_by").order_by("-number")[:100])
        new = _chosen(revisions, request.GET.get("new", ""), default=0)
        old = _chosen(revisions, request.GET.get("old", ""), default=1)
        context = {
            "template": template,
            "title": label_of(template),
            "trail": [
                (_("Templates"), reverse("messaging:named_template_list")),
                (label_of(template), editor_url(template)),
            ],
            "revisions": [
                (
                    revision,
                    person_name(revision.saved_by) or _now("Installation"),
                    formats.moment(revision.saved_at),
                )
                for revision in revisions
            ],
            "old": old,
            "new": new,
            "changes": _changes(old, new) if old and new and old != new else [],
        }
        return render(request, "messaging/template_versions.html", context)


def _chosen(revisions: list[TemplateRevision], number: str, *, default: int) -> TemplateRevision | None:
    named = next((revision for revision in revisions if str(revision.number) == number), None)
    return named or (revisions[default] if len(revisions) > default else None)


def _changes(old: TemplateRevision, new: TemplateRevision) -> list[tuple[Any, Any]]:
    parts = (
        ("subject", _("Subject")),
        ("text", _("Text")),
        ("html_format", _("Format")),
        ("html", _("HTML or MJML")),
    )
    compared = [(label, compare(getattr(old, field), getattr(new, field))) for field, label in parts]
    return [(label, lines) for label, lines in compared if lines]
