"""Where one customer stands in the tiers of each program, and what is missing to stay and to rise."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from customers.models import Customer
from customers.views.customer import customer_tabs
from loyalty import sentences
from loyalty.selectors.tiers import TierProgress, tier_progress
from retail import formats, money
from retail.views.access import PageMixin


class CustomerTiers(PageMixin, View):
    permission_required = ("customers.view_customer", "loyalty.view_customertier")

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = get_object_or_404(Customer, pk=pk)
        context = {
            "customer": customer,
            "tabs": customer_tabs(request, customer, "loyalty:customer_tiers"),
            "programs": [_shown(progress) for progress in tier_progress(pk, at=timezone.now())],
        }
        return render(request, "loyalty/customer_tiers.html", context)


def _shown(progress: TierProgress) -> dict[str, Any]:
    """Return one program as the template draws it; amounts are written out."""

    def written(hundredths: int) -> str:
        return sentences.basis_text(progress.program, money.to_decimal(hundredths))

    facts = [
        (_("Counted now"), written(progress.counted)),
        (_("Since"), formats.moment(progress.since) if progress.since else ""),
    ]
    if progress.valid_until is not None:
        facts.append((_("Kept until"), formats.moment(progress.valid_until)))
    if progress.to_stay is not None:
        stays = written(progress.to_stay) if progress.to_stay else _("Nothing: it is kept")
        facts.append((_("Missing to stay"), stays))
    if progress.next_tier is not None and progress.to_next is not None:
        label = _("Missing for %(tier)s") % {"tier": progress.next_tier.name}
        facts.append((label, written(progress.to_next)))
    goal = money.from_decimal(progress.next_tier.threshold) if progress.next_tier else 0
    return {
        "program": progress.program,
        "tier": progress.tier,
        "facts": facts,
        "counted": progress.counted,
        "goal": goal,
    }
