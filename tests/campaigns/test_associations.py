from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, transaction

from campaigns import loader
from campaigns.engine.fields import DocumentError
from campaigns.models import Association, AssociationRevision, PlanChange
from campaigns.selectors import current_plan_version
from campaigns.services import associations, campaigns, publication
from tests.builders import build_campaign

AT = datetime(2026, 11, 22, 10, 30, 15, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _campaigns():
    for code in ("A", "B", "C"):
        build_campaign(code=code)


def document(**fields):
    return {"code": "MELHOR", "name": "O melhor", "criterion": "highest", "campaigns": ["A", "B"]} | fields


def create(**fields):
    return associations.create_association(document=document(**fields), user=None, at=AT)


def publish():
    return associations.publish_association(code="MELHOR", user=None, at=AT)


def plan():
    return loader.plan_for(current_plan_version())


class TestCreate:
    def test_stores_a_draft_with_every_default_spelled_out(self):
        assert create().document == {
            "code": "MELHOR",
            "name": "O melhor",
            "criterion": "highest",
            "compete_on": "basket",
            "campaigns": ["A", "B"],
        }
        assert current_plan_version() == 0

    @pytest.mark.parametrize(
        ("fields", "path", "code"),
        [
            ({"campaigns": ["A"]}, "campaigns", "too_few"),
            ({"campaigns": ["A", "X"]}, "campaigns.1", "unknown"),
            ({"campaigns": ["A", "A"]}, "campaigns", "repeated"),
            ({"campaigns": "A"}, "campaigns", "invalid_type"),
            ({"criterion": "best"}, "criterion", "invalid_choice"),
            ({"compete_on": None}, "compete_on", "null"),
            ({"code": "a b"}, "code", "invalid_code"),
        ],
    )
    def test_names_each_wrong_field(self, fields, path, code):
        with pytest.raises(DocumentError) as refusal:
            create(**fields)

        assert (path, code) in {(error["path"], error["code"]) for error in refusal.value.errors}

    def test_refuses_a_code_that_exists(self):
        create()

        with pytest.raises(publication.CodeTaken):
            create()


class TestMembers:
    def test_a_campaign_is_not_deleted_while_an_association_has_it(self):
        create()

        with pytest.raises(campaigns.InAssociation) as refusal:
            campaigns.delete_campaign(code="A")
        campaigns.delete_campaign(code="C")

        assert refusal.value.extra["associations"] == ["MELHOR"]


class TestSave:
    def test_changes_the_working_copy_and_not_what_is_live(self):
        create()
        publish()

        associations.save_association(code="MELHOR", document=document(criterion="lowest"), user=None, at=AT)

        assert plan().associations["MELHOR"].criterion == "highest"

    def test_stops_lost_updates_and_other_codes(self):
        create()

        with pytest.raises(publication.VersionConflict):
            associations.save_association(code="MELHOR", document=document(), version=9, user=None, at=AT)
        with pytest.raises(publication.CodeFixed):
            associations.save_association(code="MELHOR", document=document(code="X"), user=None, at=AT)


class TestPublish:
    def test_takes_the_next_plan_version_and_is_compiled(self):
        create()

        publish()

        assert PlanChange.objects.values_list("version", "kind", "code", "action").get() == (
            1,
            "association",
            "MELHOR",
            "published",
        )
        assert plan().associations["MELHOR"].campaigns == ("A", "B")
        assert plan().associated == {"A": ("MELHOR",), "B": ("MELHOR",)}

    def test_pause_and_resume_are_steps_of_the_plan(self):
        create()
        publish()

        publication.pause(Association, code="MELHOR", user=None, at=AT)
        paused = plan()
        publication.resume(Association, code="MELHOR", user=None, at=AT)

        assert (paused.associations, paused.associated) == ({}, {})
        assert set(plan().associations) == {"MELHOR"}
        assert [change.action for change in PlanChange.objects.order_by("version")] == [
            "published",
            "paused",
            "resumed",
        ]
        with pytest.raises(publication.NotPaused):
            publication.resume(Association, code="MELHOR", user=None, at=AT)

    def test_rolls_back_to_an_earlier_revision(self):
        create()
        publish()
        associations.save_association(
            code="MELHOR", document=document(campaigns=["B", "C"]), user=None, at=AT, publish=True
        )

        associations.roll_back_association(code="MELHOR", number=1, user=None, at=AT)

        assert plan().associations["MELHOR"].campaigns == ("A", "B")
        assert loader.plan_for(2).associations["MELHOR"].campaigns == ("B", "C")
        with pytest.raises(publication.RevisionUnknown):
            associations.roll_back_association(code="MELHOR", number=9, user=None, at=AT)

    def test_a_revision_is_never_changed_or_deleted(self):
        create()
        publish()
        revision = AssociationRevision.objects.get()

        for act in (revision.delete, revision.save):
            with pytest.raises(DatabaseError), transaction.atomic():
                act()
