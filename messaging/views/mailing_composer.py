"""What the pages of a mailing's composer share: the audience that an address names, the form, and the count."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views import View

from customers.models import Customer, Segment
from messaging.forms.mailing import MailingForm
from messaging.models import Audience, Channel, Mailing, MailingSale, MailingState
from messaging.presentation import price_text
from messaging.rendering import TemplateRefused
from messaging.selectors.audience import Nobody, Reach
from messaging.services.mailings import MOST_SALES, Draft, TextDraft, described, text_of
from messaging.services.template_previews import preview_template
from messaging.services.templates import TemplateInvalid
from messaging.vocabulary import vocabulary_of
from retail.models import Company, Sale
from retail.typed import typed_key
from retail.views.access import PageMixin

# To change a draft.
EDITOR_PERMISSIONS = ("messaging.change_mailing", "customers.view_customer")


class ComposerView(PageMixin, View):
    """What the pages of a composer share: the audience, which the address names, and the form."""

    def get_permission_required(self) -> Any:
        """Who may write a mailing may do everything of its composer; a stored one is for those who may change it."""
        is_stored = "pk" in self.kwargs or "mailing" in self.request.GET
        return EDITOR_PERMISSIONS if is_stored else ("messaging.add_mailing", "customers.view_customer")

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        # What PostgreSQL cannot hold names nothing: `dispatch` answers 404 for it.
        if self.has_permission() and not _holds_nul(request):
            self.mailing, self.sale_ids = self.find_audience(request)

    def find_audience(self, request: HttpRequest) -> tuple[Mailing, list[int]]:
        """Return the draft that the address names, or a new one for its segment, sales, sale or customer. Raises Http404."""
        asked = request.GET
        if key := self.kwargs.get("pk") or typed_key(asked.get("mailing", "")):
            found = Mailing.objects.select_related("segment", "sale", "customer").prefetch_related("texts")
            mailing = get_object_or_404(found, pk=key, state=MailingState.DRAFT)
            return mailing, list(
                MailingSale.objects.filter(mailing=mailing).values_list("sale_id", flat=True)
            )
        draft = Draft(name="", texts={Channel.EMAIL.value: TextDraft()})
        if "customer" in asked:
            customer = get_object_or_404(Customer, pk=typed_key(asked["customer"]))
            # Lists show it to who may not see customers.
            name = _now("To customer %(number)s") % {"number": customer.code or customer.pk}
            draft = Draft(name=name, texts=draft.texts, customer=customer)
        elif "sale" in asked:
            sale = get_object_or_404(
                Sale.objects.real().select_related("customer"), pk=typed_key(asked["sale"])
            )
            draft = Draft(name=sale.ticket, texts=draft.texts, sale=sale, customer=sale.customer)
        elif "sales" in asked:
            sale_ids = [key for text in asked.getlist("sales") if (key := typed_key(text))][:MOST_SALES]
            known = Sale.objects.real().filter(pk__in=sale_ids).values_list("pk", flat=True)
            return described(draft), list(known)
        else:
            code = asked.get("segment", "")
            segment = Segment.objects.filter(code=code).first() if code else None
            mailing = described(draft)
            mailing.audience, mailing.segment = Audience.SEGMENT, segment
            mailing.tree = segment.tree if segment else {"all": []}
            return mailing, []
        return described(draft), []

    def form(self, **options: Any) -> MailingForm:
        return MailingForm(audience=self.mailing.audience, applies_to=self.mailing.applies_to, **options)

    def typed(self, form: MailingForm) -> tuple[Mailing, Draft]:
        """Return what a valid form describes, unsaved."""
        audience = self.mailing.audience
        draft = form.draft(self.mailing, sale_ids=self.sale_ids)
        mailing = described(draft, self.mailing)
        # A draft without a segment looks like one to sales.
        mailing.audience = audience
        return mailing, draft

    def query(self) -> str:
        """Return the part of an address that names this audience again."""
        if self.mailing.pk:
            return f"mailing={self.mailing.pk}"
        return self.request.GET.urlencode()


def audience_words(mailing: Mailing, sales: int = 0, *, names_customers: bool = True) -> Any:
    """Say whom a mailing is for; a customer by name only to who may see customers."""
    if mailing.audience == Audience.SEGMENT:
        return mailing.segment_name or _("To everybody of a segment")
    if mailing.audience == Audience.SALES:
        return ngettext("The customers of %(number)s sale", "The customers of %(number)s sales", sales) % {
            "number": sales
        }
    if mailing.customer is not None:
        return str(mailing.customer) if names_customers else _("One customer")
    return _("Whoever bought with ticket %(ticket)s") % {
        "ticket": mailing.sale.ticket if mailing.sale else ""
    }


def _holds_nul(request: HttpRequest) -> bool:
    return any("\x00" in str(value) for value in request.GET.values())


# The others are counted.
_NAMED_SALES = 20
_WHY_NOBODY = {
    "no_customer": _("No customer, and no address was told"),
    "customer_inactive": _("Its customer is not active"),
}


def nobody_context(nobody: Sequence[Nobody]) -> dict[str, Any]:
    """Return what mailing_nobody.html draws: the chosen sales of which nobody is written to, and why."""
    return {
        "nobody": [(one.sale_id, one.ticket, _WHY_NOBODY[one.reason]) for one in nobody[:_NAMED_SALES]],
        "nobody_count": len(nobody),
        "nobody_more": max(0, len(nobody) - _NAMED_SALES),
    }


def count_context(
    mailing: Mailing, draft: Draft | None, reach: Reach, nobody: Sequence[Nobody]
) -> dict[str, Any]:
    """Return what the count draws: people by channel, sales without anybody, and what the text messages will cost."""
    cost = ""
    by_sms = reach.by_channel.get(Channel.SMS, 0)
    price = Company.objects.values_list("sms_segment_price", flat=True).first()
    if by_sms and price is not None and draft is not None:
        template = text_of(mailing, Channel.SMS, draft.texts[Channel.SMS]).as_template()
        try:
            found = preview_template(template, vocabulary_of(template).sample)
        except (TemplateInvalid, TemplateRefused):
            found = None
        if found is not None and found.size is not None:
            cost = price_text(price * found.size.segments * by_sms)
    return {
        "reach": reach,
        "by_channel": [(Channel(channel).label, count) for channel, count in reach.by_channel.items()],
        "cost": cost,
        **nobody_context(nobody),
    }
