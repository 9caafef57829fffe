"""Approval by a second person: who may do what, what it is about, and what a revision keeps of it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client

from campaigns.models import Campaign, CampaignReview
from campaigns.services import approval, campaigns
from retail.models import Company
from tests import builders
from tests.builders import NOON


@pytest.fixture
def author(db: None) -> Any:
    Company.objects.update(approval_required=True)
    return builders.build_user(username="autora", first_name="Ana")


@pytest.fixture
def reader(db: None) -> Any:
    return builders.build_user(username="leitor", first_name="Leo")


def submitted(author: Any, **document: Any) -> Campaign:
    campaign = builders.build_campaign(**document)
    approval.submit_campaign(code=campaign.code, comment="please", user=author, at=NOON)
    return campaign


class TestApproval:
    def test_opens_publishing_and_stays_with_the_revision(self, author: Any, reader: Any) -> None:
        campaign = submitted(author)

        approval.approve_campaign(code=campaign.code, user=reader, at=NOON)
        revision = campaigns.publish_campaign(code=campaign.code, user=author, at=NOON).revision

        assert (revision.submitted_by, revision.approved_by, revision.approved_at) == (author, reader, NOON)

    def test_is_asked_for_before_publishing(self, author: Any, reader: Any) -> None:
        campaign = builders.build_campaign()

        for step in (None, "submitted"):
            if step:
                approval.submit_campaign(code=campaign.code, user=author, at=NOON)
            with pytest.raises(campaigns.ApprovalRequired):
                campaigns.publish_campaign(code=campaign.code, user=reader, at=NOON)

    def test_is_given_by_somebody_else(self, author: Any) -> None:
        campaign = submitted(author)

        for decide in (approval.approve_campaign, approval.reject_campaign):
            with pytest.raises(approval.SecondPersonNeeded):
                decide(code=campaign.code, comment="mine", user=author, at=NOON)

    def test_is_for_one_version(self, author: Any, reader: Any) -> None:
        campaign = submitted(author)
        approval.approve_campaign(code=campaign.code, user=reader, at=NOON)

        campaigns.save_campaign(
            code=campaign.code,
            document=campaign.document | {"name": "Outra"},
            version=None,
            user=author,
            at=NOON,
        )

        with pytest.raises(campaigns.ApprovalRequired):
            campaigns.publish_campaign(code=campaign.code, user=author, at=NOON)
        with pytest.raises(approval.NotSubmitted):
            approval.approve_campaign(code=campaign.code, user=reader, at=NOON)
        approval.submit_campaign(code=campaign.code, user=author, at=NOON)
        assert campaign.reviews.count() == 2

    def test_may_be_refused_with_a_comment_and_asked_for_again(self, author: Any, reader: Any) -> None:
        campaign = submitted(author)

        with pytest.raises(approval.CommentRequired):
            approval.reject_campaign(code=campaign.code, comment=" ", user=reader, at=NOON)
        approval.reject_campaign(code=campaign.code, comment="too much", user=reader, at=NOON)
        with pytest.raises(campaigns.ApprovalRequired):
            campaigns.publish_campaign(code=campaign.code, user=reader, at=NOON)
        approval.submit_campaign(code=campaign.code, user=author, at=NOON)

        states = campaign.reviews.order_by("pk").values_list("state", flat=True)
        assert list(states) == ["rejected", "requested"]

    def test_is_asked_for_once(self, author: Any) -> None:
        campaign = submitted(author)

        with pytest.raises(approval.AlreadySubmitted):
            approval.submit_campaign(code=campaign.code, user=author, at=NOON)

    def test_is_not_needed_for_what_is_live(self, author: Any, reader: Any) -> None:
        campaign = submitted(author)
        approval.approve_campaign(code=campaign.code, user=reader, at=NOON)
        campaigns.publish_campaign(code=campaign.code, user=author, at=NOON)

        assert not campaigns.publish_campaign(code=campaign.code, user=author, at=NOON).changed
        with pytest.raises(approval.NothingToApprove):
            approval.submit_campaign(code=campaign.code, user=author, at=NOON)

    def test_lets_go_back_to_what_was_approved(self, author: Any, reader: Any) -> None:
        Company.objects.update(approval_required=False)
        campaign = builders.build_campaign(publish=True)
        Company.objects.update(approval_required=True)
        changed = {
            "document": campaign.document | {"name": "Outra"},
            "version": None,
            "user": author,
            "at": NOON,
        }
        campaigns.save_campaign(code=campaign.code, **changed)
        approval.submit_campaign(code=campaign.code, user=author, at=NOON)
        approval.approve_campaign(code=campaign.code, user=reader, at=NOON)
        campaigns.publish_campaign(code=campaign.code, user=author, at=NOON)

        again = campaigns.roll_back_campaign(code=campaign.code, number=2, user=author, at=NOON)

        assert again.revision.approved_by == reader
        with pytest.raises(campaigns.ApprovalRequired):
            campaigns.roll_back_campaign(code=campaign.code, number=1, user=author, at=NOON)

    def test_goes_with_a_draft_that_is_deleted(self, author: Any) -> None:
        campaign = submitted(author)

        campaigns.delete_campaign(code=campaign.code)

        assert not CampaignReview.objects.exists()

    def test_is_guarded_by_the_database(self, author: Any, reader: Any) -> None:
        review = submitted(author).reviews.get()
        again = {"campaign": review.campaign, "version": 1, "requested_by": author, "requested_at": NOON}

        for wrong in (
            lambda: CampaignReview.objects.create(**again),
            lambda: CampaignReview.objects.update(state="approved", decided_by=author, decided_at=NOON),
            lambda: CampaignReview.objects.update(state="approved"),
            lambda: CampaignReview.objects.update(state="magic"),
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                wrong()


class TestApi:
    def test_submits_approves_and_publishes(self, author: Any, reader: Any, client: Client) -> None:
        campaign = builders.build_campaign()
        address = f"/api/v1/campaigns/{campaign.code}/"

        def call(user: Any, action: str, body: Any = None) -> Any:
            client.force_login(user)
            content = {"data": body, "content_type": "application/json"} if body is not None else {}
            return client.post(f"{address}{action}/", **content)

        User.objects.update(is_superuser=True)
        author.refresh_from_db()
        steps = [
            call(author, "submit", {"comment": "please", "version": 1}),
            call(author, "approve", {}),
            call(reader, "reject", {}),
            call(reader, "reject", {"comment": "more", "colour": "red"}),
            call(reader, "approve", {}),
            call(author, "publish"),
        ]

        assert [step.status_code for step in steps] == [201, 409, 422, 422, 200, 200]
        assert steps[1].json()["code"] == "second_person_needed"
        assert steps[4].json()["decided_by"] == "leitor"
        revision = client.get(f"{address}revisions/").json()["results"][0]
        assert (revision["submitted_by"], revision["approved_by"]) == ("autora", "leitor")
        assert client.get(f"{address}reviews/").json()["results"][0]["state"] == "approved"


class TestPages:
    def test_lead_from_the_request_to_the_publication(self, author: Any, reader: Any, client: Client) -> None:
        client.cookies["django_language"] = "en"
        User.objects.update(is_superuser=True)
        campaign = builders.build_campaign()
        url = f"/campaign/{campaign.code}"
        data = {"version": "1"}

        def page(user: Any) -> str:
            client.force_login(user)
            return client.get(f"{url}/publish/").content.decode()

        assert "Ask for approval" in page(author)
        assert ">Publish<" not in page(author)
        client.post(f"{url}/submit/", data | {"comment": "Black Friday"})
        assert "Waiting for approval" in page(author)
        assert ">Approve<" not in page(author).replace("</svg>", "")
        assert "Black Friday" in page(reader)
        client.post(f"{url}/send-back/", data)
        client.post(f"{url}/send-back/", data | {"comment": "less"})
        assert "“less”" in page(author)
        client.post(f"{url}/submit/", data)
        page(reader)
        client.post(f"{url}/approve/", data)
        client.post(f"{url}/publish/", data)
        history = client.get(f"{url}/history/").content.decode()

        assert Campaign.objects.get().live_revision is not None
        assert "approved by Leo" in history

    def test_say_when_a_campaign_is_scheduled(self, client: Client, db: None) -> None:
        client.force_login(User.objects.create_superuser("marina"))
        client.cookies["django_language"] = "en"
        campaign = builders.build_campaign(starts_at="2099-01-01T00:00:00-03:00")
        url = f"/campaign/{campaign.code}"

        before = client.get(f"{url}/publish/").content.decode()
        after = client.post(f"{url}/publish/", {"version": "1"}, follow=True).content.decode()

        assert "It will be scheduled: tills follow it from 1 Jan 2099, 00:00." in before
        assert "Tills follow it from 1 Jan 2099, 00:00." in after
