"""The calculation policy: its examples tell the answers apart, its page and its address change it with care."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from campaigns.engine.policy import PRESETS, QUESTIONS
from campaigns.models import PlanChange
from campaigns.policy_guide import GUIDES, answers_of, explained, figures, preset_answers, stored_form
from campaigns.services.plan import change_policy
from retail.models import Company
from tests.builders import build_user
from tests.pos_api.manager import Manager
from tests.pos_api.till import Till, basket, line, publish

pytestmark = pytest.mark.django_db
HALVES = {"percent_base": "original"}


@pytest.fixture
def client(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("marina"))
    client.cookies["django_language"] = "en"
    return client


def form(**answers):
    return {"preset": "fiel", **preset_answers("fiel"), **answers}


class TestGuide:
    def test_explains_every_question_and_every_answer(self):
        assert set(GUIDES) == set(QUESTIONS)
        assert {name: set(guide.answers) for name, guide in GUIDES.items()} == {
            name: set(answers) for name, answers in QUESTIONS.items()
        }

    @pytest.mark.parametrize("question", list(QUESTIONS))
    def test_examples_tell_the_answers_apart(self, question):
        seen = [figures(question, answer) for answer in QUESTIONS[question]]

        assert len(set(seen)) == len(seen)

    def test_is_computed_by_the_engine(self):
        assert figures("percent_base", "running") == ("27.10",)
        assert figures("refund", "recalculate") == ("80.00",)
        assert figures("points_rounding", "fraction") == ("9.56",)

    @pytest.mark.parametrize("preset", list(PRESETS))
    def test_a_preset_alone_is_stored_by_its_name(self, preset):
        assert stored_form(preset, preset_answers(preset)) == ({} if preset == "fiel" else {"preset": preset})

    def test_only_what_differs_from_the_preset_is_stored(self):
        answers = preset_answers("odoo") | {"refund": "recalculate"}

        stored = stored_form("odoo", answers)

        assert stored == {"preset": "odoo", "refund": "recalculate"}
        assert answers_of(stored) == answers


class TestPage:
    def test_shows_what_is_in_force_and_what_differs(self, client):
        change_policy(policy={"rounding": "down"}, user=None, at=timezone.now())

        questions = {
            question.name: question for question in client.get("/calculation-policy/").context["questions"]
        }

        assert questions["rounding"].differs
        assert [choice.value for choice in questions["rounding"].choices if choice.present] == ["down"]
        assert not questions["refund"].differs

    def test_shows_a_presets_answers_without_saving_them(self, client):
        page = client.get("/calculation-policy/?preset=oscar")

        chosen = {question.name: next(choice.value for choice in question.choices if choice.chosen) for question in page.context["questions"]}  # fmt: skip
        assert chosen == preset_answers("oscar")
        assert page.context["unsaved"]
        assert Company.objects.get().policy == {}

    def test_asks_before_it_changes_anything(self, client):
        asked = client.post("/calculation-policy/", form(**HALVES))

        assert Company.objects.get().policy == {}
        assert [str(one.title) for one in asked.context["differences"]] == [str(GUIDES["percent_base"].title)]

        done = client.post("/calculation-policy/", form(**HALVES) | {"confirmed": "1"}, follow=True)

        assert Company.objects.get().policy == HALVES
        change = PlanChange.objects.get(action="policy")
        assert (change.policy, change.changed_by.username) == (HALVES, "marina")
        assert len(done.context["events"]) == 1

    def test_changes_nothing_without_a_difference_or_with_a_wrong_answer(self, client):
        client.post("/calculation-policy/", form())
        client.post("/calculation-policy/", form(rounding="sideways") | {"confirmed": "1"})

        assert not PlanChange.objects.filter(action="policy").exists()

    @pytest.mark.parametrize("field", ["line_cap", "sale_cap", "rounding"])
    def test_names_the_field_that_is_wrong_and_keeps_what_was_chosen(self, client, field):
        answers = form(**HALVES, line_cap="50,5", sale_cap="30") | {field: "meio"}

        page = client.post("/calculation-policy/", answers)

        assert page.status_code == 422
        assert [one.place.removeprefix("question-") for one in page.context["wrong"]] == [field]
        (percent_base,) = [one for one in page.context["questions"] if one.name == "percent_base"]
        assert [choice.value for choice in percent_base.choices if choice.chosen] == ["original"]
        typed = {name: value for name, _title, value, _wrong in page.context["caps"]}
        assert typed | {field: "meio"} == {"line_cap": "50.5", "sale_cap": "30"} | {field: "meio"}
        assert Company.objects.get().policy == {}

    def test_caps_what_all_campaigns_take_together(self, client):
        client.post("/calculation-policy/", form(sale_cap="half") | {"confirmed": "1"})
        assert Company.objects.get().policy == {}

        asked = client.post("/calculation-policy/", form(sale_cap="30,5"))
        client.post("/calculation-policy/", asked.context["answers"] | {"preset": "fiel", "confirmed": "1"})

        assert [(str(one.old), one.new) for one in asked.context["differences"]] == [("no cap", "30.5%")]
        assert Company.objects.get().policy == {"sale_cap": "30.5"}
        assert ("sale_cap", "30.5") in [
            (name, value)
            for name, _title, value, _wrong in client.get("/calculation-policy/").context["caps"]
        ]

    def test_is_changed_only_by_who_may_publish(self):
        reader = Client()
        reader.force_login(build_user(permissions=("retail.view_company", "retail.change_company")))

        assert reader.get("/calculation-policy/").status_code == 200
        assert reader.post("/calculation-policy/", form(**HALVES) | {"confirmed": "1"}).status_code == 403

    def test_switches_the_approval_by_a_second_person(self, client):
        client.post("/calculation-policy/approval/", {"approval_required": "on"})
        assert client.get("/calculation-policy/").context["approval_required"]
        again = client.post("/calculation-policy/approval/", {"approval_required": "on"}, follow=True)
        assert "Nothing changed." in again.content.decode()

        client.post("/calculation-policy/approval/", {})

        assert not Company.objects.get().approval_required
        assert [entry.user.username for entry in LogEntry.objects.all()] == ["marina", "marina"]

    def test_lets_nobody_switch_the_approval_who_may_not_change_the_company(self):
        reader = Client()
        reader.force_login(build_user(permissions=("retail.view_company", "campaigns.publish_campaign")))

        page = reader.get("/calculation-policy/").content.decode()
        answer = reader.post("/calculation-policy/approval/", {"approval_required": "on"})

        assert '<fieldset class="form-section" aria-labelledby="approval" disabled>' in page
        assert answer.status_code == 403
        assert not Company.objects.get().approval_required


class TestApi:
    @pytest.fixture
    def manager(self, db) -> Manager:
        return Manager.sign_in(is_superuser=True)

    def test_replaces_the_policy_and_the_next_basket_follows_it(self, manager):
        till = Till.open()
        publish("A", benefits=[{"kind": "item_percent", "percent": "10"}])
        publish("B", priority=1, benefits=[{"kind": "item_percent", "percent": "10"}])
        before = till.evaluate(basket(line())).json()["totals"]["discount"]

        answer = manager.send("PUT", "company/policy/", {"answers": HALVES})

        assert (answer.status_code, answer.json()["changed"]) == (200, True)
        assert answer.json()["differs"] == HALVES
        assert (before, till.evaluate(basket(line())).json()["totals"]["discount"]) == ("19.00", "20.00")
        assert manager.send("GET", "company/policy/").json()["answers"]["percent_base"] == "original"

        manager.send("PUT", "company/policy/", {"answers": {"sale_cap": "5.00"}})

        assert till.evaluate(basket(line())).json()["totals"]["discount"] == "5.00"

    def test_the_same_policy_again_spends_no_plan_version(self, manager):
        first = manager.send("PUT", "company/policy/", {"preset": "odoo"}).json()
        again = manager.send(
            "PUT", "company/policy/", {"preset": "odoo", "answers": {"rounding_point": "total"}}
        ).json()

        assert (first["changed"], again["changed"]) == (True, False)
        assert first["plan_version"] == again["plan_version"]

    def test_lists_who_changed_it(self, manager):
        manager.send("PUT", "company/policy/", {"preset": "odoo"})
        manager.send("PUT", "company/policy/", {})

        newest, older = manager.send("GET", "company/policy/history/").json()["results"]

        assert (newest["preset"], older["preset"]) == ("fiel", "odoo")
        assert newest["changed_by"] == manager.user.get_username()

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ([], [("", "type")]),
            ({"preset": "none"}, [("preset", "choice")]),
            ({"answers": {"sale_cap": "101"}}, [("answers.sale_cap", "percentage")]),
            ({"preset": ["fiel"]}, [("preset", "choice")]),
            ({"answers": []}, [("answers", "type")]),
            ({"answers": {"rounding": "up"}}, [("answers.rounding", "choice")]),
            ({"answers": {"colour": "blue"}}, [("answers.colour", "unknown_field")]),
            ({"rounding": "down"}, [("rounding", "unknown_field")]),
        ],
    )
    def test_names_what_is_wrong(self, manager, body, expected):
        answer = manager.send("PUT", "company/policy/", body)

        assert answer.status_code == 422
        assert [(error["path"], error["code"]) for error in answer.json()["errors"]] == expected


def test_every_question_is_shown_in_its_order():
    assert [one.name for one in explained()] == list(QUESTIONS)
