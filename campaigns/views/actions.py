"""What managers do to a campaign as a whole. Each action is one service; a refusal comes back as a message."""

from typing import Any

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
from campaigns.services.publication import PublicationError
from campaigns.summary import summarize
from campaigns.views.approval import approval_context, posted_comment, posted_version
from campaigns.views.check import check_context
from campaigns.views.detail import described_changes, find_campaign, head
from retail import formats
from retail.views.access import PageMixin, acting_user

PUBLISH = "campaigns.publish_campaign"


class CampaignAction(PageMixin, View):
    """One POST, one service; then back to the campaign, or to where the service leads."""

    permission_required = PUBLISH

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        target = reverse("campaigns:campaign_detail", args=[find_campaign(code).code])
        try:
            target = self.act(code, acting_user(request), timezone.now()) or target
        except PublicationError as refusal:
            messages.error(request, str(refusal))
        return HttpResponseRedirect(target)

    def act(self, code: str, user: User, at: Any) -> str | None:
        raise NotImplementedError


class Publish(CampaignAction):
    """The review: what it will do, what to look at twice, what changes; then the approval or the confirmation."""

    def get_permission_required(self) -> Any:
        return ("campaigns.view_campaign",) if self.request.method in ("GET", "HEAD") else (PUBLISH,)

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        campaign = find_campaign(code)
        live, at = campaign.live_revision, timezone.now()
        read = decode_campaign(campaign.document)
        context = {
            **head(campaign, "campaign_publish"),
            "summary": summarize(read, at=at, names=references.names_in(campaign.document)),
            "changes": described_changes(live.document, campaign.document) if live else [],
            "starts_later": read.starts_at if read.starts_at is not None and read.starts_at > at else None,
            **check_context(read, user=request.user, at=at, is_stored=True),
            **approval_context(request.user, campaign),
        }
        return render(request, "campaigns/campaign_publish.html", context)

    def act(self, code: str, user: User, at: Any) -> None:
        publication = services.publish_campaign(
            code=code,
            version=posted_version(self.request),
            comment=posted_comment(self.request),
            user=user,
            at=at,
        )
        starts_at = publication.campaign.starts_at
        if not publication.changed:
            messages.info(self.request, _("Exactly this was published already."))
        elif starts_at is not None and starts_at > at:
            text = _("Scheduled as revision %(number)s. Tills follow it from %(moment)s.")
            values = {"number": publication.revision.number, "moment": formats.moment(starts_at)}
            messages.success(self.request, text % values)
        else:
            text = _("Published as revision %(number)s. Tills follow it from now on.")
            messages.success(self.request, text % {"number": publication.revision.number})


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
