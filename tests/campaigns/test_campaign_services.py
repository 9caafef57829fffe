from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from campaigns.changes import document_changes
from campaigns.engine.fields import DocumentError
from campaigns.models import Campaign, CampaignStatus, PlanChange
from campaigns.selectors import current_plan_version, revision_history
from campaigns.services import campaigns as services
from campaigns.services import publication
from retail.models import Company

AT = datetime(2026, 11, 22, 10, 30, 15, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def document(code="INVERNO10", **fields):
    return {
        "code": code,
        "name": "Inverno 10%",
        "benefits": [{"kind": "item_percent", "percent": "10.00"}],
    } | fields


def create(code="INVERNO10", **fields):
    return services.create_campaign(document=document(code, **fields), user=None, at=AT)


def publish(code="INVERNO10", *, at=AT, **arguments):
    return services.publish_campaign(code=code, user=None, at=at, **arguments)


class TestCreate:
    def test_stores_a_draft_with_every_default_spelled_out(self):
        campaign = create()

        assert campaign.status == CampaignStatus.DRAFT
        assert campaign.document["exchange"] == "block"
        assert campaign.benefit_kinds == ["item_percent"]
        assert current_plan_version() == 0

    def test_refuses_a_code_that_exists(self):
        create()

        with pytest.raises(services.CampaignCodeTaken) as refusal:
            create()

        assert refusal.value.code == "code_taken"

    @pytest.mark.parametrize("code", sorted(services.RESERVED_CODES))
    def test_refuses_a_code_that_is_an_address_beside_those_of_campaigns(self, code):
        with pytest.raises(services.CampaignCodeReserved) as refusal:
            create(code)

        assert (refusal.value.code, refusal.value.field) == ("reserved", "code")
        assert f"“{code}”" in str(refusal.value)
        assert create(code.upper()).code == code.upper()

    def test_names_each_wrong_field(self):
        with pytest.raises(DocumentError) as refusal:
            create(priority=-1, exchange="maybe")

        assert {error["path"] for error in refusal.value.errors} == {"priority", "exchange"}


class TestSave:
    def test_changes_the_working_copy_and_counts_the_version(self):
        create()

        saved = services.save_campaign(
            code="INVERNO10", document=document(name="Frio"), version=1, user=None, at=AT
        )

        assert (saved.version, saved.name) == (2, "Frio")

    def test_refuses_a_change_made_on_an_older_version(self):
        create()
        services.save_campaign(code="INVERNO10", document=document(name="Frio"), version=1, user=None, at=AT)

        with pytest.raises(publication.VersionConflict) as refusal:
            services.save_campaign(
                code="INVERNO10", document=document(name="Gelo"), version=1, user=None, at=AT
            )

        assert refusal.value.extra["version"] == 2
        assert Campaign.objects.get().name == "Frio"

    def test_refuses_another_code(self):
        create()

        with pytest.raises(services.CampaignCodeFixed):
            services.save_campaign(code="INVERNO10", document=document("OUTRO"), version=1, user=None, at=AT)

    def test_leaves_what_is_live_alone(self):
        create()
        publish()

        saved = services.save_campaign(
            code="INVERNO10", document=document(name="Frio", priority=7), version=2, user=None, at=AT
        )

        assert saved.document["name"] == "Frio"
        assert (saved.name, saved.priority) == ("Inverno 10%", 0)
        assert saved.live_revision.document["name"] == "Inverno 10%"
        assert Campaign.objects.with_changes_flag().get().has_changes is True


class TestPublish:
    def test_records_a_revision_and_the_next_plan_version(self):
        create()

        publication = publish(comment="first")

        assert publication.changed is True
        assert (publication.revision.number, publication.revision.comment) == (1, "first")
        assert publication.campaign.status == CampaignStatus.PUBLISHED
        assert current_plan_version() == 1

    def test_starts_now_when_the_document_says_nothing_and_keeps_that_start(self):
        create()
        publish()
        services.save_campaign(
            code="INVERNO10", document=document(name="Frio"), version=None, user=None, at=AT
        )

        later = publish(at=AT + timedelta(days=1))

        assert later.revision.document["starts_at"] == "2026-11-22T10:30:00+00:00"

    def test_says_that_nothing_changed_when_exactly_this_is_live(self):
        create()
        first = publish()

        again = publish()

        assert (again.changed, again.revision) == (False, first.revision)
        assert current_plan_version() == 1

    def test_refuses_when_the_company_asks_for_approval(self):
        create()
        Company.objects.update(approval_required=True)

        with pytest.raises(publication.ApprovalRequired) as refusal:
            publish()

        assert refusal.value.code == "approval_required"
        assert current_plan_version() == 0

    def test_a_revision_is_never_changed_or_deleted(self):
        create()
        revision = publish().revision

        for change in (lambda: revision.delete(), lambda: revision.save(update_fields=["comment"])):
            with pytest.raises(DatabaseError), transaction.atomic():
                change()


class TestPause:
    def test_takes_it_out_of_the_plan_and_resume_brings_the_same_revision_back(self):
        create()
        live = publish().revision

        services.pause_campaign(code="INVERNO10", user=None, at=AT)
        resumed = services.resume_campaign(code="INVERNO10", user=None, at=AT)

        assert resumed.live_revision == live
        changes = PlanChange.objects.order_by("version").values_list("version", "action", "campaign_revision")
        assert list(changes) == [(1, "published", live.pk), (2, "paused", None), (3, "resumed", live.pk)]

    def test_refuses_what_is_not_running(self):
        create()

        with pytest.raises(services.NotPublished):
            services.pause_campaign(code="INVERNO10", user=None, at=AT)
        with pytest.raises(services.NotPaused):
            services.resume_campaign(code="INVERNO10", user=None, at=AT)


class TestRollBack:
    def test_publishes_an_earlier_document_as_a_new_revision(self):
        create()
        first = publish().revision
        services.save_campaign(
            code="INVERNO10", document=document(name="Frio"), version=None, user=None, at=AT
        )
        publish()

        back = services.roll_back_campaign(code="INVERNO10", number=1, user=None, at=AT)

        assert back.revision.number == 3
        assert back.revision.document == first.document
        assert back.campaign.document == first.document
        assert back.campaign.name == "Inverno 10%"

    def test_refuses_a_revision_that_does_not_exist(self):
        create()
        publish()

        with pytest.raises(services.RevisionUnknown):
            services.roll_back_campaign(code="INVERNO10", number=2, user=None, at=AT)


class TestDelete:
    def test_deletes_a_draft(self):
        create()

        services.delete_campaign(code="INVERNO10")

        assert not Campaign.objects.exists()

    def test_keeps_what_was_ever_published(self):
        create()
        publish()
        services.pause_campaign(code="INVERNO10", user=None, at=AT)

        with pytest.raises(services.WasPublished):
            services.delete_campaign(code="INVERNO10")


class TestDuplicate:
    def test_makes_a_draft_with_the_same_rules(self):
        original = create(priority=3)
        publish()

        copy = services.duplicate_campaign(
            code="INVERNO10", new_code="INVERNO11", new_name="Inverno 11%", user=None, at=AT
        )

        assert copy.status == CampaignStatus.DRAFT
        assert copy.document["priority"] == 3
        assert copy.document["benefits"] == original.document["benefits"]


class TestHistory:
    def test_names_each_changed_field_with_its_old_and_new_value(self):
        create()
        publish()
        changed = document(
            name="Frio",
            benefits=[{"kind": "item_percent", "percent": "15.00"}],
            starts_at="2026-11-22T10:30:00+00:00",
        )
        services.save_campaign(code="INVERNO10", document=changed, version=None, user=None, at=AT)
        publish()

        newest, oldest = revision_history(Campaign.objects.get())

        assert [(change.path, change.old, change.new) for change in newest.changes] == [
            ("name", "Inverno 10%", "Frio"),
            ("benefits.0.percent", "10.00", "15.00"),
        ]
        assert oldest.changes == []

    def test_shows_a_replaced_benefit_as_a_whole(self):
        old = {"benefits": [{"kind": "item_percent", "percent": "10.00"}]}
        new = {"benefits": [{"kind": "order_amount", "amount": "5.00"}]}

        (change,) = document_changes(old, new)

        assert (change.path, change.old, change.new) == (
            "benefits.0",
            old["benefits"][0],
            new["benefits"][0],
        )
