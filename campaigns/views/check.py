"""What to look at twice before a campaign goes live, for the builder's last step and the review before publishing."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from campaigns.engine.campaign import Campaign
from campaigns.engine.fields import DocumentError
from campaigns.forms.document import CampaignForm
from campaigns.forms.simulator import packed
from campaigns.services.conflicts import check_campaign, conflict_text
from retail.views.access import PageMixin


class BuilderCheck(PageMixin, View):
    """The check of what is typed so far; nothing as long as it cannot be read."""

    permission_required = "campaigns.view_campaign"

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            campaign = CampaignForm(request.POST).campaign()
        except DocumentError:
            return HttpResponse()
        context = check_context(campaign, user=request.user, at=timezone.now(), is_stored=False)
        return render(request, "campaigns/parts/check.html", context)


def check_context(
    campaign: Campaign, *, user: User | AnonymousUser, at: datetime, is_stored: bool
) -> dict[str, Any]:
    """Return what parts/check.html shows; only a stored campaign can be tried in the simulator."""
    check = check_campaign(campaign, at=at, shows_codes=user.has_perm("campaigns.view_promocodepool"))
    address = packed(check.worst.scenario) if check.worst is not None and is_stored else None
    return {
        "check": check,
        "conflicts": [(conflict, conflict_text(conflict)) for conflict in check.conflicts],
        "worst_url": f"{reverse('campaigns:simulator')}?s={address}" if address else "",
    }
