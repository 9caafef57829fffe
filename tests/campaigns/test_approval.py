"""Approval by a second person: who may do what, what it is about, and what a revision keeps of it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client

from campaigns.models import Association, Campaign, Markdown, Review
from campaigns.services import approval, associations, campaigns, markdowns, publication
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
    approval.submit(Campaign, code=campaign.code, comment="please", user=author, at=NOON)
    return campaign


class TestApproval:
    def test_opens_publishing_and_stays_with_the_revision(self, author: Any, reader: Any) -> None:
        campaign = submitted(author)

        approval.approve(Campaign, code=campaign.code, user=reader, at=NOON)
        revision = campaigns.publish_campaign(code=campaign.code, user=author, at=NOON).revision

        assert (revision.submitted_by, revision.approved_by, revision.approved_at) == (author, reader, NOON)

    def test_is_asked_for_before_publishing(self, author: Any, reader: Any) -> None:
        campaign = builders.build_campaign()

        for step in (None, "submitted"):
            if step:
                approval.submit(Campaign, code=campaign.code, user=author, at=NOON)
            with pytest.raises(publication.ApprovalRequired):
                campaigns.publish_campaign(code=campaign.code, user=reader, at=NOON)

    def test_is_given_by_somebody_else(self, author: Any) -> None:
        campaign = submitted(author)

        for decide in (approval.approve, approval.reject):
            with pytest.raises(approval.SecondPersonNeeded):
                decide(Campaign, code=campaign.code, comment="mine", user=author, at=NOON)

    def test_is_for_one_version(self, author: Any, reader: Any) -> None:
        campaign = submitted(author)
        approval.approve(Campaign, code=campaign.code, user=reader, at=NOON)

        campaigns.save_campaign(
            code=campaign.code,
            document=campaign.document | {"name": "Outra"},
            version=None,
            user=author,
            at=NOON,
        )

        with pytest.raises(publication.ApprovalRequired):
            campaigns.publish_campaign(code=campaign.code, user=author, at=NOON)
        with pytest.raises(approval.NotSubmitted):
            approval.approve(Campaign, code=campaign.code, user=reader, at=NOON)
        approval.submit(Campaign, code=campaign.code, user=author, at=NOON)
        assert Review.objects.of(campaign).count() == 2

    def test_may_be_refused_with_a_comment_and_asked_for_again(self, author: Any, reader: Any) -> None:
        campaign = submitted(author)

        with pytest.raises(approval.CommentRequired):
            approval.reject(Campaign, code=campaign.code, comment=" ", user=reader, at=NOON)
        approval.reject(Campaign, code=campaign.code, comment="too much", user=reader, at=NOON)
        with pytest.raises(publication.ApprovalRequired):
            campaigns.publish_campaign(code=campaign.code, user=reader, at=NOON)
        approval.submit(Campaign, code=campaign.code, user=author, at=NOON)

        states = Review.objects.of(campaign).order_by("pk").values_list("state", flat=True)
        assert list(states) == ["rejected", "requested"]

    def test_is_asked_for_once(self, author: Any) -> None:
        campaign = submitted(author)

        with pytest.raises(approval.AlreadySubmitted):
            approval.submit(Campaign, code=campaign.code, user=author, at=NOON)

    def test_is_not_needed_for_what_is_live(self, author: Any, reader: Any) -> None:
        campaign = submitted(author)
        approval.approve(Campaign, code=campaign.code, user=reader, at=NOON)
        campaigns.publish_campaign(code=campaign.code, user=author, at=NOON)

        assert not campaigns.publish_campaign(code=campaign.code, user=author, at=NOON).changed
        with pytest.raises(approval.NothingToApprove):
            approval.submit(Campaign, code=campaign.code, user=author, at=NOON)

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
        approval.submit(Campaign, code=campaign.code, user=author, at=NOON)
        approval.approve(Campaign, code=campaign.code, user=reader, at=NOON)
        campaigns.publish_campaign(code=campaign.code, user=author, at=NOON)

        again = campaigns.roll_back_campaign(code=campaign.code, number=2, user=author, at=NOON)

        assert again.revision.approved_by == reader
        with pytest.raises(publication.ApprovalRequired):
            campaigns.roll_back_campaign(code=campaign.code, number=1, user=author, at=NOON)

    def test_goes_with_a_draft_that_is_deleted(self, author: Any) -> None:
        campaign = submitted(author)

        campaigns.delete_campaign(code=campaign.code)

        assert not Review.objects.exists()

    def test_is_guarded_by_the_database(self, author: Any, reader: Any) -> None:
        campaign = submitted(author)
        again = {
            "kind": "campaign",
            "code": campaign.code,
            "version": 1,
            "requested_by": author,
            "requested_at": NOON,
        }

        for wrong in (
            lambda: Review.objects.create(**again),
            lambda: Review.objects.update(state="approved", decided_by=author, decided_at=NOON),
            lambda: Review.objects.update(state="approved"),
            lambda: Review.objects.update(state="magic"),
            lambda: Review.objects.update(kind="policy"),
            lambda: Review.objects.update(code=""),
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                wrong()


OTHER_KINDS = [
    (Association, builders.build_association, associations.publish_association),
    (Markdown, builders.build_markdown, markdowns.publish_markdown),
]


@pytest.mark.parametrize(("model", "build", "publish"), OTHER_KINDS)
class TestOtherDocuments:
    """Associations and markdowns go by the same reviews as campaigns."""

    def test_are_published_with_the_approval_of_a_second_person(
        self, model: Any, build: Any, publish: Any, author: Any, reader: Any
    ) -> None:
        code = build().code

        with pytest.raises(publication.ApprovalRequired):
            publish(code=code, user=reader, at=NOON)
        approval.submit(model, code=code, version=1, user=author, at=NOON)
        with pytest.raises(approval.SecondPersonNeeded):
            approval.approve(model, code=code, user=author, at=NOON)
        approval.approve(model, code=code, user=reader, at=NOON)
        revision = publish(code=code, user=author, at=NOON).live_revision

        assert (revision.submitted_by, revision.approved_by, revision.approved_at) == (author, reader, NOON)
        with pytest.raises(approval.NothingToApprove):
            approval.submit(model, code=code, user=author, at=NOON)

    def test_refuse_a_version_that_is_no_longer_stored(
        self, model: Any, build: Any, publish: Any, author: Any, reader: Any
    ) -> None:
        code = build().code
        approval.submit(model, code=code, user=author, at=NOON)
        approval.approve(model, code=code, user=reader, at=NOON)
        model.objects.update(version=2)

        for step in (publish, lambda **asked: approval.submit(model, **asked)):
            with pytest.raises(publication.VersionConflict) as refusal:
                step(code=code, version=1, user=author, at=NOON)
            assert refusal.value.extra == {"version": 2}
        with pytest.raises(publication.ApprovalRequired):
            publish(code=code, version=2, user=author, at=NOON)

    def test_leave_no_approval_to_a_new_draft_with_the_code_of_a_deleted_one(
        self, model: Any, build: Any, publish: Any, author: Any, reader: Any
    ) -> None:
        code = build().code
        approval.submit(model, code=code, user=author, at=NOON)
        approval.approve(model, code=code, user=reader, at=NOON)

        publication.delete(model, code=code)
        build(code=code)

        with pytest.raises(publication.ApprovalRequired):
            publish(code=code, user=author, at=NOON)

    def test_are_approved_and_published_over_the_api(
        self, model: Any, build: Any, publish: Any, author: Any, reader: Any, client: Client
    ) -> None:
        code, noun = build().code, model._meta.model_name
        User.objects.update(is_superuser=True)

        def call(user: Any, action: str, body: Any) -> Any:
            client.force_login(user)
            return client.post(f"/api/v1/{noun}s/{code}/{action}/", body, content_type="application/json")

        steps = [
            call(author, "submit", {"comment": "please"}),
            call(reader, "approve", {"version": 1}),
            call(author, "publish", {"version": 7}),
            call(author, "publish", {"version": "1"}),
            call(author, "publish", {"version": 1, "comment": "As agreed"}),
        ]

        assert [step.status_code for step in steps] == [201, 200, 409, 422, 200]
        assert steps[0].json()[noun] == code
        assert (steps[2].json()["code"], steps[2].json()["version"]) == ("version_conflict", 1)
        assert steps[3].json()["errors"][0]["path"] == "version"
        revision = client.get(f"/api/v1/{noun}s/{code}/revisions/").json()["results"][0]
        assert (revision["approved_by"], revision["comment"]) == ("leitor", "As agreed")
        assert client.get(f"/api/v1/{noun}s/{code}/reviews/").json()["results"][0]["state"] == "approved"

    def test_are_approved_and_published_on_their_page(
        self, model: Any, build: Any, publish: Any, author: Any, reader: Any, client: Client
    ) -> None:
        client.cookies["django_language"] = "en"
        User.objects.update(is_superuser=True)
        document = build()
        url = f"/{model._meta.model_name}/{document.code}"

        client.force_login(author)
        asked = client.get(f"{url}/publish/").content.decode()
        client.post(f"{url}/submit/", {"version": "1"})
        client.force_login(reader)
        overtaken = client.post(f"{url}/approve/", {"version": "9"}, follow=True).content.decode()
        client.post(f"{url}/approve/", {"version": "1"})
        client.post(f"{url}/publish/", {"version": "1"})
        history = client.get(f"{url}/history/").content.decode()

        assert "Ask for approval" in asked
        assert "Somebody else changed this meanwhile." in overtaken
        assert model.objects.get().live_revision is not None
        assert "approved by Leo" in history


class TestOverview:
    def test_tells_who_may_approve_what_waits_for_them(
        self, author: Any, reader: Any, client: Client
    ) -> None:
        client.cookies["django_language"] = "en"
        campaign = submitted(author, name="Inverno")
        markdown = builders.build_markdown(name="Remarcação de verão")
        approval.submit(Markdown, code=markdown.code, user=author, at=NOON)
        changed = submitted(author, name="Mudou")
        Campaign.objects.filter(pk=changed.pk).update(version=2)

        def overview(user: Any, *permissions: str) -> str:
            user = builders.build_user(permissions=permissions) if user is None else user
            client.force_login(user)
            return client.get("/").content.decode()

        User.objects.filter(pk=author.pk).update(is_superuser=True)
        both = overview(None, "campaigns.approve_campaign", "campaigns.approve_markdown")
        campaigns_only = overview(None, "campaigns.approve_campaign")

        assert "Waiting for your approval: 2" in both
        assert f"/campaign/{campaign.code}/publish/" in both
        assert "Remarcação de verão" in both
        assert "Mudou" not in both
        assert "Waiting for your approval: 1" in campaigns_only
        assert "Waiting for your approval" not in overview(author)
        assert "Waiting for your approval" not in overview(reader)


class TestApi:
    def test_submits_approves_and_publishes(self, author: Any, reader: Any, client: Client) -> None:
        campaign = builders.build_campaign()
        address = f"/api/v1/campaigns/{campaign.code}/"

        def call(user: Any, action: str, body: Any) -> Any:
            client.force_login(user)
            return client.post(f"{address}{action}/", body, content_type="application/json")

        User.objects.update(is_superuser=True)
        author.refresh_from_db()
        steps = [
            call(author, "submit", {"comment": "please", "version": 1}),
            call(author, "approve", {}),
            call(reader, "reject", {}),
            call(reader, "reject", {"comment": "more", "colour": "red"}),
            call(reader, "approve", {}),
            call(author, "publish", {}),
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
