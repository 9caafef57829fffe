"""What the pages of associations and markdowns have in common: head, history, form, and the acts of one button."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views import View

from campaigns.cautions import Caution
from campaigns.document_summary import described_changes
from campaigns.engine.fields import DocumentError
from campaigns.explanations import problem_text
from campaigns.forms.filters import STATUS_LABELS, STATUS_TONES
from campaigns.forms.published import PublishedForm
from campaigns.services import publication
from campaigns.views.approval import approval_context, posted_comment, posted_version, review_steps
from campaigns.views.overtaken import (
    Overtaken,
    begun_with,
    carried,
    changed_document,
    overtaken_by,
    typed_upon,
)
from retail.views.access import PageMixin, acting_user

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of document as its pages need it. `noun` begins the names of its addresses and permissions."""

    noun: str
    title: Promise | str
    model: Any
    found: Callable[[], Any]
    create: Callable[..., Any]
    save: Callable[..., Any]
    publish: Callable[..., Any]
    roll_back: Callable[..., Any]
    describe: Callable[[Any], list[tuple[str, list[str]]]]
    cautions: Callable[..., list[Caution]]
    read: Callable[[Json], Any]
    canonical: Callable[[Json], Json]
    tabs: tuple[tuple[Promise | str, str], ...]

    def permission(self, action: str) -> str:
        return f"campaigns.{action}_{self.noun}"

    def url(self, page: str, *args: Any) -> str:
        return reverse(f"campaigns:{self.noun}_{page}", args=args)

    def find(self, code: str) -> Any:
        """Return a document with `shown_status` and `has_changes`. Raises Http404."""
        document = self.found().filter(code=code).first()
        if document is None:
            raise Http404
        return document

    def head(self, request: HttpRequest, document: Any, current: str) -> Json:
        """Return what the head of every page of one document shows: name, state, what can be done, tabs."""

        def may(action: str) -> bool:
            return request.user.has_perm(self.permission(action))

        acts = {
            "edit_url": self.url("form", document.code) if may("change") else "",
            "publish_url": "",
            "pause_url": "",
            "resume_url": "",
            "delete_url": "",
        }
        can_be_reviewed = may("publish") or may("change") or may("approve")
        if can_be_reviewed and (document.status == "draft" or document.has_changes):
            acts["publish_url"] = self.url("publish", document.code)
        if may("publish"):
            if document.status == "published":
                acts["pause_url"] = self.url("pause", document.code)
            if document.status == "paused":
                acts["resume_url"] = self.url("resume", document.code)
        if may("delete") and document.live_revision_id is None:
            acts["delete_url"] = self.url("delete", document.code)
        return {
            "document": document,
            "status_label": STATUS_LABELS[document.shown_status],
            "status_tone": STATUS_TONES[document.shown_status],
            "trail": [(self.title, self.url("list"))],
            "tabs": [(label, self.url(page, document.code), page == current) for label, page in self.tabs],
            "may_publish": may("publish"),
            **acts,
        }


class DocumentPage(PageMixin, View):
    """A page of one document."""

    kind: ClassVar[Kind]

    def get_permission_required(self) -> Any:
        return (self.kind.permission("view"),)


class HistoryPage(DocumentPage):
    """What was published, newest first, with what each revision changed."""

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        document = self.kind.find(code)
        steps = []
        before = None
        for revision in document.revisions.select_related("published_by", "approved_by").order_by("number"):
            changes: list[dict[str, str]] = []
            if before is not None:
                changes = described_changes(before.document, revision.document)
                changes += self.other_changes(before, revision)
            steps.append(
                {
                    "revision": revision,
                    "changes": changes,
                    "is_live": revision.pk == document.live_revision_id,
                    "roll_back_url": self.kind.url("roll_back", code),
                }
            )
            before = revision
        context = {
            **self.kind.head(request, document, "history"),
            "steps": steps[::-1],
        }
        return render(request, "campaigns/document_history.html", context)

    def other_changes(self, before: Any, revision: Any) -> list[dict[str, str]]:
        """Return what changed beside the document."""
        return []


class FormPage(PageMixin, View):
    """Create or change one document; `code` of the address is the one that is changed."""

    kind: ClassVar[Kind]
    form_class: ClassVar[type[PublishedForm]]
    new_title: ClassVar[Promise | str]
    after_create: ClassVar[str] = "detail"
    overtaken: Overtaken | None = None

    def get_permission_required(self) -> Any:
        return (self.kind.permission("change" if "code" in self.kwargs else "add"),)

    def get(self, request: HttpRequest, code: str = "") -> HttpResponse:
        document = self.kind.find(code) if code else None
        stored = document.document if document else {"name": request.GET.get("name", "")[:160]}
        return self.draw(self.form_class(document=stored, fixed_code=code), document)

    def post(self, request: HttpRequest, code: str = "") -> HttpResponse:
        document = self.kind.find(code) if code else None
        form = self.form_class(request.POST, fixed_code=code)
        if form.is_valid(self.kind.read):
            try:
                saved = self.store(form.document(), document)
            except DocumentError as error:
                form.show(error.problems)
            except publication.VersionConflict:
                document = self.kind.find(code)
                self.overtaken = overtaken_by(
                    document,
                    self.kind.canonical(form.document()),
                    base=begun_with(request),
                    compare=described_changes,
                    reader=request.user,
                    reload_url=self.kind.url("form", code),
                )
                form = self.form_class(document=self.overtaken.document, fixed_code=code)
            except publication.CodeTaken as refusal:
                form.field_form("code").add_error("code", str(refusal))
            except publication.PublicationError as refusal:
                form.errors.append(str(refusal))
            else:
                messages.success(request, _("Saved. Nothing changes at the tills until it is published."))
                page = "detail" if code else self.after_create
                return HttpResponseRedirect(self.kind.url(page, saved.code))
        return self.draw(form, document, status=422)

    def store(self, typed: Json, stored: Any) -> Any:
        user, at = acting_user(self.request), timezone.now()
        if stored is None:
            return self.kind.create(document=typed, user=user, at=at)
        base, canonical = begun_with(self.request), self.kind.canonical(typed)
        return self.kind.save(
            code=stored.code,
            document=changed_document(stored.document, canonical, base),
            version=typed_upon(self.request),
            user=user,
            at=at,
        )

    def base(self, document: Any) -> str:
        """Return the document that the form begins with, as its page carries it."""
        posted = "" if self.overtaken is not None else self.request.POST.get("_base", "")
        return posted or (carried(document.document) if document is not None else "")

    def draw(self, form: PublishedForm, document: Any, status: int = 200) -> HttpResponse:
        trail = [(self.kind.title, self.kind.url("list"))]
        if document is not None:
            trail.append((document.name, self.kind.url("detail", document.code)))
        context = {
            "title": _("Edit %(name)s") % {"name": document.name} if document else self.new_title,
            "trail": trail,
            "form": form,
            "version": typed_upon(self.request) or (document.version if document else ""),
            "base": self.base(document),
            "overtaken": self.overtaken,
            "back_url": trail[-1][1],
        }
        return render(self.request, "campaigns/document_form.html", context, status=status)


class DocumentAct(PageMixin, View):
    """One POST, one service; then back to the document, or to where the act leads."""

    kind: Any = None
    action: ClassVar[str] = "publish"

    def get_permission_required(self) -> Any:
        return (self.kind.permission(self.action),)

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        self.kind.find(code)
        target = self.kind.url("detail", code)
        try:
            target = self.act(code, acting_user(request), timezone.now()) or target
        except publication.PublicationError as refusal:
            messages.error(request, str(refusal))
        except DocumentError as error:
            messages.error(request, " ".join(problem_text(problem) for problem in error.problems))
        return HttpResponseRedirect(target)

    def act(self, code: str, user: User, at: Any) -> str | None:
        raise NotImplementedError


class Publish(DocumentAct):
    """The review: what it will do and what changes; then the approval or the confirmation."""

    def get_permission_required(self) -> Any:
        return (self.kind.permission("view" if self.request.method in ("GET", "HEAD") else "publish"),)

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        document = self.kind.find(code)
        live = document.live_revision
        context = {
            **self.kind.head(request, document, "publish"),
            **approval_context(request.user, document),
            "described": self.kind.describe(document),
            "cautions": self.kind.cautions(document, at=timezone.now()),
            "changes": described_changes(live.document, document.document) if live else [],
        }
        return render(request, "campaigns/document_publish.html", context)

    def act(self, code: str, user: User, at: Any) -> None:
        before = self.kind.find(code).live_revision_id
        saved = self.kind.publish(
            code=code,
            version=posted_version(self.request),
            comment=posted_comment(self.request),
            user=user,
            at=at,
        )
        if saved.live_revision_id == before:
            messages.info(self.request, _("Exactly this was published already."))
            return
        text = _("Published as revision %(number)s. Tills follow it from now on.")
        messages.success(self.request, text % {"number": saved.live_revision.number})


class Pause(DocumentAct):
    def act(self, code: str, user: User, at: Any) -> None:
        publication.pause(self.kind.model, code=code, user=user, at=at)
        messages.success(self.request, _("Paused. Tills no longer apply it."))


class Resume(DocumentAct):
    def act(self, code: str, user: User, at: Any) -> None:
        publication.resume(self.kind.model, code=code, user=user, at=at)
        messages.success(self.request, _("Running again."))


class RollBack(DocumentAct):
    def act(self, code: str, user: User, at: Any) -> None:
        number = self.request.POST.get("revision", "")
        wanted = int(number) if number.isdecimal() and len(number) < 10 else 0
        saved = self.kind.roll_back(code=code, number=wanted, user=user, at=at)
        text = _("Published again as revision %(number)s.") % {"number": saved.live_revision.number}
        messages.success(self.request, text)


class Delete(DocumentAct):
    action = "delete"

    def act(self, code: str, user: User, at: Any) -> str:
        publication.delete(self.kind.model, code=code)
        messages.success(self.request, _("Deleted."))
        return self.kind.url("list")


def acts(kind: Kind) -> dict[str, Callable[..., HttpResponseBase]]:
    """Return the views of what one button does to a document, by the name of the address."""
    views = {"publish": Publish, "pause": Pause, "resume": Resume, "roll_back": RollBack, "delete": Delete}
    return {name: view.as_view(kind=kind) for name, view in views.items()} | review_steps(kind.model)
