"""Pages of segments: the list, the builder that counts while it is filled in, and the customers of one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views import View

from customers import documents
from customers.forms.segment import act, draw, offered, read_document
from customers.models import Customer, Segment
from customers.phones import readable
from customers.segments.sentences import sentences
from customers.segments.statements import PATIENCE, TooSlow, customers_of, limited
from customers.segments.tree import Group, TreeInvalid, stored_tree
from customers.services.segment_groupings import GroupingRefused, make_grouping
from customers.services.segments import (
    SegmentChanged,
    SegmentInUse,
    SegmentInvalid,
    change_segment,
    count_segment,
    count_tree,
    create_segment,
    delete_segment,
)
from customers.tasks import wake_groupings
from retail import formats
from retail.models.search import Searchable
from retail.navigation import registered
from retail.rows import FieldError
from retail.selectors.company import company_zone
from retail.typed import typed_number
from retail.views.access import PageMixin, acting_user
from retail.views.columns import Column
from retail.views.lists import Action, ListPage

Json = dict[str, Any]
NEW: Json = {"all": [{"field": "", "operator": ""}]}
UNREADABLE = _("These conditions ask for something that is not there any more. Edit them.")


class SegmentList(ListPage):
    """All segments, with what they came to last."""

    model = Segment
    permission_required = "customers.view_segment"
    title = _("Segments")
    subtitle = _("Questions about customers. Campaigns, mailings and exports ask them anew each time.")
    columns = (
        Column(name="name", label=_("Name"), secondary=lambda segment: segment.code, order_by=Searchable("name")),
        Column(name="code", label=_("Code"), kind="code", on_page=False),
        Column(name="count", label=_("Customers"), kind="number", order_by="count"),
        Column(name="counted_at", label=_("Counted"), kind="moment", order_by="counted_at", on_phone=False),
        Column(name="updated_at", label=_("Changed"), kind="moment", order_by="updated_at", on_phone=False),
    )  # fmt: skip
    search_fields = ("code__istartswith", "name__unaccent__icontains")
    search_placeholder = _("Code or name of a segment")
    default_order = "name"
    export_name = "segments"
    create_url_name, create_permission = "customers:segment_create", "customers.add_segment"
    create_label = _("New segment")
    empty_icon = "filter"
    empty_title = _("No segments yet")
    empty_text = _(
        "Say whom you mean: who has not bought for 90 days, who spent 1,000 in a year, who lives nearby."
    )

    def row_url(self, instance: Segment) -> str:
        return reverse("customers:segment_detail", args=[instance.code])


class SegmentBuilder(PageMixin, View):
    """One page for creating and changing: parts are added and removed, then the whole is stored."""

    def get(self, request: HttpRequest, code: str = "") -> HttpResponse:
        segment = self.segment(code)
        if segment is None:
            return self.draw(None, {"name": "", "code": ""}, NEW)
        return self.draw(segment, {"name": segment.name, "code": segment.code}, segment.tree)

    def post(self, request: HttpRequest, code: str = "") -> HttpResponse:
        segment, document = self.segment(code), read_document(request.POST)
        typed = {name: request.POST.get(name, "").replace("\x00", "").strip() for name in ("name", "code")}
        action = request.POST.get("_action", "save")
        if action != "save":
            return self.draw(segment, typed, act(document, action))
        try:
            saved = self.save(segment, typed, document, timezone.now())
        except SegmentInvalid as invalid:
            return self.draw(segment, typed, document, invalid.errors, status=422)
        except SegmentChanged as refusal:
            return self.draw(
                segment, typed, document, [FieldError("", refusal.code, str(refusal))], status=409
            )
        messages.success(request, _now("The segment was saved."))
        return HttpResponseRedirect(reverse("customers:segment_detail", args=[saved.code]))

    def segment(self, code: str) -> Segment | None:
        return get_object_or_404(Segment, code=code) if code else None

    def save(
        self, segment: Segment | None, typed: Mapping[str, str], document: Json, at: datetime
    ) -> Segment:
        user = acting_user(self.request)
        if segment is None:
            return create_segment(name=typed["name"], code=typed["code"], tree=document, user=user, at=at)
        return change_segment(
            segment=segment,
            name=typed["name"],
            tree=document,
            revision=typed_number(self.request.POST.get("_revision", "")),
            user=user,
            at=at,
        )

    def draw(
        self,
        segment: Segment | None,
        typed: Mapping[str, str],
        document: Json,
        errors: list[FieldError] | None = None,
        *,
        status: int = 200,
    ) -> HttpResponse:
        errors = errors or []
        posted = self.request.POST.get("_revision", "")
        context = {
            "segment": segment,
            "typed": typed,
            "revision": posted or (segment.revision if segment else ""),
            "group": draw(document, errors),
            "offered": offered(),
            "wrong": len(errors),
            "wrong_fields": {error.path: error.message for error in errors if error.path in ("name", "code")},
            "wrong_whole": [error.message for error in errors if error.path == ""],
            "trail": [(_("Segments"), reverse("customers:segment_list"))],
        }
        response = render(self.request, "customers/segment_form.html", context, status=status)
        response["HX-Trigger"] = "segment-changed"
        return response


class SegmentCreate(SegmentBuilder):
    permission_required = "customers.add_segment"


class SegmentEdit(SegmentBuilder):
    permission_required = "customers.change_segment"


class SegmentCount(PageMixin, View):
    """How many customers the conditions mean that are on the page now: a part of the builder."""

    permission_required = "customers.view_segment"

    def post(self, request: HttpRequest) -> HttpResponse:
        context: Json = {"count": None, "incomplete": 0, "slow": False}
        try:
            context["count"] = count_tree(tree=read_document(request.POST), at=timezone.now())
        except TreeInvalid as invalid:
            context["incomplete"] = len(invalid.errors)
        except TooSlow:
            context["slow"] = True
        return render(request, "customers/segment_count.html", context)


class SegmentDetail(ListPage):
    """The customers of one segment, as it is answered now."""

    permission_required = ("customers.view_segment", "customers.view_customer")
    template_name = "customers/segment_detail.html"
    columns = (
        Column(
            name="name", label=_("Name"), value=str, order_by=Searchable("name"),
            secondary=lambda customer: documents.mask(customer.document) if customer.document else "",
        ),
        Column(name="phone", label=_("Phone"), value=lambda customer: readable(customer.phone)),
        Column(name="email", label=_("E-mail"), on_phone=False),
        Column(name="city", label=_("City"), order_by="city", on_phone=False),
        Column(name="metrics.turnover_total", label=_("Turnover in all"), kind="money"),
        Column(name="metrics.last_at", label=_("Last purchase"), kind="moment", on_phone=False),
    )  # fmt: skip
    search_placeholder = _("Name, CPF or CNPJ, phone, e-mail, card")
    default_order = "name"
    empty_icon = "filter"
    empty_title = _("Nobody fits")
    empty_text = _("Nobody meets these conditions now. Fewer or wider ones may find somebody.")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.segment = get_object_or_404(Segment, code=kwargs["code"])
        self.at, self.problem = timezone.now(), ""
        self.tree: Group | None = None
        self.sentences: list[tuple[int, str]] = []
        try:
            self.tree = stored_tree(self.segment.tree)
            self.sentences = sentences(self.tree)
            with limited(PATIENCE):
                return super().get(request, *args, **kwargs)
        except TreeInvalid:
            self.problem = str(UNREADABLE)
        except TooSlow as slow:
            self.problem = str(slow)
        self.tree = None
        return super().get(request, *args, **kwargs)

    @property
    def title(self) -> str:  # type: ignore[override]
        return self.segment.name

    @property
    def export_name(self) -> str:  # type: ignore[override]
        return self.segment.code

    def get_queryset(self) -> QuerySet[Customer]:
        if self.tree is None:
            return Customer.objects.none()
        return customers_of(self.tree, at=self.at, zone=company_zone()).select_related("metrics")

    def export(self, queryset: QuerySet[Any], kind: str) -> HttpResponse:
        """Personal data leaves by the logged way only."""
        return HttpResponseRedirect(reverse("customers:segment_detail", args=[self.segment.code]))

    def row_url(self, instance: Customer) -> str:
        return reverse("customers:customer_detail", args=[instance.pk])

    def get_actions(self) -> list[Action]:
        user, code = self.request.user, self.segment.code
        actions = [
            Action(action.label, reverse(action.url_name, args=[code]), action.icon)
            for action in registered("SEGMENT_ACTIONS")
            if user.has_perm(action.permission)
        ]
        if user.has_perm("customers.change_segment"):
            actions.append(
                Action(_("Edit"), reverse("customers:segment_edit", args=[code]), "edit", "primary")
            )
        return actions

    def extra_context(self) -> Json:
        return {
            "segment": self.segment,
            "trail": [(_("Segments"), reverse("customers:segment_list"))],
            "subtitle": self.segment.code,
            "sentences": self.sentences,
            "problem": self.problem,
            "groupings": list(self.segment.groupings.order_by("pk")),
            "revisions": list(self.segment.revisions.select_related("saved_by").order_by("-number")[:10]),
            "counted": formats.moment(self.segment.counted_at) if self.segment.counted_at else "",
        }


class SegmentActions(PageMixin, View):
    """What the buttons of a segment's page do."""

    def get_permission_required(self) -> Any:
        return {
            "count": ("customers.view_segment",),
            "grouping": ("customers.change_segment", "customers.add_customergrouping"),
            "delete": ("customers.delete_segment",),
        }[self.kwargs["action"]]

    def post(self, request: HttpRequest, code: str, action: str) -> HttpResponse:
        segment, at = get_object_or_404(Segment, code=code), timezone.now()
        back = reverse("customers:segment_detail", args=[code])
        try:
            if action == "count":
                count = count_segment(segment=segment, at=at)
                text = ngettext("%(count)s customer.", "%(count)s customers.", count)
                messages.success(request, text % {"count": formats.number(count)})
            elif action == "grouping":
                grouping = make_grouping(segment=segment)
                wake_groupings()
                text = _now("Campaigns can name the grouping “%(code)s”. Its members are being gathered.")
                messages.success(request, text % {"code": grouping.code})
            else:
                delete_segment(segment=segment)
                messages.success(request, _now("The segment was removed."))
                back = reverse("customers:segment_list")
        except TreeInvalid:
            messages.error(request, str(UNREADABLE))
        except (TooSlow, GroupingRefused) as refusal:
            messages.error(request, str(refusal))
        except SegmentInUse as refusal:
            text = _now("Customer groupings are of this segment: %(codes)s.")
            messages.error(request, text % {"codes": ", ".join(refusal.groupings)})
        return HttpResponseRedirect(back)
