"""Mailings over the managers' API."""

import pytest

from campaigns.services import jobs
from customers.models import Segment
from customers.services.segments import change_segment
from retail.models import Company
from tests.builders import NOON, build_sale, build_segment
from tests.messaging.builders import build_company, build_mailing, build_reachable_customer
from tests.pos_api.manager import Manager

pytestmark = pytest.mark.django_db
PERMISSIONS = [
    *(f"messaging.{action}_mailing" for action in ("view", "add", "change", "delete", "send", "approve")),
    "customers.view_customer",
]


@pytest.fixture
def api():
    build_company(sms_limit=150)
    manager = Manager.sign_in(*PERMISSIONS)

    def call(method, path, body=None):
        answer = manager.send(method.upper(), f"mailings/{path}", body)
        return answer.status_code, answer.json() if answer.content else None

    return call


def new(**values):
    return {"name": "Inverno", "texts": [{"channel": "sms", "text": "Chegaram os casacos!"}]} | values


def codes(body):
    return {error["path"]: error["code"] for error in body["errors"]}


class TestMailings:
    def test_go_from_the_draft_to_the_results(self, api):
        build_reachable_customer(city="Santos")
        status, made = api("post", "", new(segment=build_segment().code, holdout_percent="12.5"))
        assert (status, made["state"], made["holdout_percent"], made["version"]) == (201, "draft", "12.50", 1)
        path = f"{made['id']}/"
        assert api("get", f"{path}count/")[1]["people"] == 1

        assert api("post", f"{path}confirm/", {"version": 1})[1]["state"] == "freezing"
        jobs.run_due_jobs(clock=lambda: NOON)

        assert api("get", path)[1]["progress"]["people"] == 1
        assert api("post", f"{path}pause/")[1]["state"] == "paused"
        assert api("post", f"{path}resume/")[1]["state"] == "sending"
        assert api("post", f"{path}cancel/")[1]["state"] == "cancelled"
        assert api("get", f"{path}results/")[1]["written_to"]["revenue"] == "0.00"
        assert [row["id"] for row in api("get", "?state=cancelled")[1]["results"]] == [made["id"]]

    def test_are_written_anew_and_removed_while_they_are_drafts(self, api):
        segment = build_segment()
        made = api("post", "", new(segment=segment.code))[1]

        status, changed = api("put", f"{made['id']}/", new(name="Verão", segment=segment.code))
        assert (status, changed["name"], changed["version"]) == (200, "Verão", 2)
        assert api("delete", f"{made['id']}/")[0] == 204
        assert api("get", f"{made['id']}/")[0] == 404

    def test_are_not_written_over_what_somebody_else_saved(self, api):
        segment = build_segment()
        path = f"{api('post', '', new(segment=segment.code))[1]['id']}/"

        assert api("put", path, new(name="Verão", segment=segment.code, version=1))[0] == 200
        status, refused = api("put", path, new(name="Outono", segment=segment.code, version=1))

        assert (status, refused["code"]) == (409, "mailing_changed")
        assert api("get", path)[1]["name"] == "Verão"

    def test_are_counted_as_they_would_be_sent_now(self, api):
        build_reachable_customer(city="Santos")
        build_reachable_customer(city="Recife")
        segment = build_segment()
        path = f"{api('post', '', new(segment=segment.code))[1]['id']}/"
        change_segment(segment=segment, tree={"all": []}, user=None, at=NOON)

        assert api("get", f"{path}count/")[1]["people"] == 2
        api("post", f"{path}confirm/", {})
        jobs.run_due_jobs(clock=lambda: NOON)
        assert api("get", path)[1]["progress"]["people"] == 2

    def test_refuse_what_their_segment_cannot_answer_any_more(self, api):
        path = f"{api('post', '', new(segment=build_segment().code))[1]['id']}/"
        Segment.objects.update(tree={"all": [{"field": "gone", "operator": "eq", "value": "x"}]})

        status, body = api("get", f"{path}count/")
        assert (status, body["code"]) == (409, "segment_invalid")
        status, body = api("post", f"{path}confirm/", {})
        assert (status, codes(body)) == (422, {"segment": "segment_invalid"})

    def test_are_for_sales_or_for_one_customer(self, api):
        customer = build_reachable_customer()
        sale = build_sale(customer=customer)

        assert api("post", "", new(sales=[str(sale.uuid)]))[1]["audience"] == "sales"
        assert api("post", "", new(customer=customer.pk))[1]["customer"] == customer.pk

    @pytest.mark.parametrize(
        ("values", "path"),
        [
            ({}, "segment"),
            ({"segment": "ninguem"}, "segment"),
            ({"customer": 10**15}, "customer"),
            ({"customer": 10**15, "segment": "ninguem"}, "customer"),
            ({"sales": ["00000000-0000-4000-8000-000000000000"]}, "sales[0]"),
        ],
    )
    def test_name_what_is_wrong_with_the_audience(self, api, values, path):
        status, body = api("post", "", new(**values))

        assert status == 422
        assert path in codes(body)

    @pytest.mark.parametrize(
        ("values", "path"),
        [
            ({"texts": [{"channel": "sms", "text": "{{ customer.shoe }}"}]}, "texts.sms.text"),
            ({"texts": [{"channel": "whatsapp"}]}, "texts.whatsapp.template"),
            ({"texts": [{"channel": "sms", "text": "a"}, {"channel": "sms", "text": "b"}]}, "texts"),
        ],
    )
    def test_name_what_is_wrong_with_the_texts(self, api, values, path):
        status, body = api("post", "", new(segment=build_segment().code, **values))

        assert status == 422
        assert path in codes(body)

    @pytest.mark.parametrize(
        ("action", "code"),
        [("approve", "not_awaiting"), ("pause", "not_going"), ("resume", "not_paused")],
    )
    def test_refuse_what_does_not_fit_their_state(self, api, action, code):
        mailing = build_mailing()

        status, body = api("post", f"{mailing.pk}/{action}/", {} if action == "approve" else None)

        assert (status, body["code"]) == (409, code)

    def test_need_a_second_person_where_the_company_asks_for_one(self, api):
        made = api("post", "", new(segment=build_segment().code))[1]
        Company.objects.update(approval_required=True)

        assert api("post", f"{made['id']}/confirm/", {})[1]["state"] == "awaiting"
        status, body = api("post", f"{made['id']}/approve/", {})
        assert (status, body["code"]) == (409, "second_person_needed")
        assert api("post", f"{made['id']}/return/", {"comment": "Outro texto."})[1]["state"] == "draft"
