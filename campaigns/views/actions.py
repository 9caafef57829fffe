"""What managers do to a campaign as a whole. Each action is one service; a refusal comes back as a message."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from campaigns import references, selectors
from campaigns.engine.document import decode_campaign
from campaigns.services import campaigns as services
from campaigns.summary import summarize
from campaigns.views.check import check_context
from campaigns.views.detail import described_changes, find_campaign, head
from retail.views.access import PageMixin


class CampaignAction(PageMixin, View):
    """One POST, one service; then back to the campaign, or to where the service leads."""

    permission_required = "campaigns.publish_campaign"

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        target = reverse("campaigns:campaign_detail", args=[find_campaign(code).code])
        try:
            target = self.act(code, cast(User, request.user), timezone.now()) or target
        except services.CampaignError as refusal:
            messages.error(request, str(refusal))
        return HttpResponseRedirect(target)

    def act(self, code: str, user: User, at: Any) -> str | None:
        raise NotImplementedError


class Publish(CampaignAction):
    """The review: what it will do, what to look at twice, what changes; then the confirmation."""

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        campaign = find_campaign(code)
        live = campaign.live_revision
        context = {
            **head(campaign, "campaign_publish"),
            "summary": summarize(
                decode_campaign(campaign.document),
                at=timezone.now(),
                names=references.names_in(campaign.document),
            ),
            "changes": described_changes(live.document, campaign.document) if live else [],
            **check_context(decode_campaign(campaign.document), at=timezone.now(), is_stored=True),
        }
        return render(request, "campaigns/campaign_publish.html", context)

    def act(self, code: str, user: User, at: Any) -> None:
        version = self.request.POST.get("version", "")
        publication = services.publish_campaign(
            code=code,
            version=int(version) if version.isdecimal() and len(version) < 10 else None,
            comment=self.request.POST.get("comment", "").replace("\x00", "")[:240],
            user=user,
            at=at,
        )
        if publication.changed:
            text = _("Published as revision %(number)s. Tills follow it from now on.")
            messages.success(self.request, text % {"number": publication.revision.number})
        else:
            messages.info(self.request, _("Exactly this was published already."))


class Pause(CampaignAction):
    def act(self, code: str, user: User, at: Any) -> None:
        services.pause_campaign(code=code, user=user, at=at)
        messages.success(self.request, _("Paused. Tills no longer apply it."))


class Resume(CampaignAction):
    def act(self, code: str, user: User, at: Any) -> None:
        services.resume_campaign(code=code, user=user, at=at)
        messages.success(self.request, _("Running again."))


class RollBack(CampaignAction):
    def act(self, code: str, user: User, at: Any) -> None:
        number = self.request.POST.get("revision", "")
        publication = services.roll_back_campaign(
            code=code, number=int(number) if number.isdecimal() and len(number) < 10 else 0, user=user, at=at
        )
        text = _("Published again as revision %(number)s.") % {"number": publication.revision.number}
        messages.success(self.request, text)


class Duplicate(CampaignAction):
    permission_required = "campaigns.add_campaign"

    def act(self, code: str, user: User, at: Any) -> str:
        original = find_campaign(code)
        copy = services.duplicate_campaign(
            code=code,
            new_code=selectors.free_campaign_code(code),
            new_name=(_("%(name)s (copy)") % {"name": original.document["name"][:140]}),
            user=user,
            at=at,
        )
        messages.success(self.request, _("Duplicated as a draft."))
        return reverse("campaigns:campaign_form", args=[copy.code])


class Delete(CampaignAction):
    permission_required = "campaigns.delete_campaign"

    def act(self, code: str, user: User, at: Any) -> str:
        services.delete_campaign(code=code)
        messages.success(self.request, _("Deleted."))
        return reverse("campaigns:campaign_list")
