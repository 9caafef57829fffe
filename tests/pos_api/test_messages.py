"""The outbox over the managers' API: what became of messages, and nothing of what they say."""

from datetime import timedelta

import pytest

from tests.builders import NOON
from tests.messaging.builders import build_mailing, build_message
from tests.pos_api.manager import Manager

pytestmark = pytest.mark.django_db


@pytest.fixture
def api():
    manager = Manager.sign_in("messaging.view_message")

    def call(path=""):
        answer = manager.send("GET", f"messages/{path}", None)
        return answer.status_code, answer.json()

    return call


def ids(body):
    return [row["id"] for row in body["results"]]


def test_say_what_became_of_each(api):
    message = build_message(state="suppressed", reason="no_consent", closed_at=NOON)

    status, body = api(f"{message.uuid}/")

    assert status == 200
    assert (body["state"], body["reason"], body["customer"]) == (
        "suppressed",
        "no_consent",
        message.customer_id,
    )
    assert body["reason_text"]
    assert body["store"] == message.store.code


def test_tell_neither_texts_nor_addresses(api):
    build_message(state="sent", sent_at=NOON, to="+5511987654321", text="Oi, Ana", subject="Oi")

    body = str(api()[1])

    assert "987654321" not in body
    assert "Oi" not in body


def test_are_narrowed(api):
    old = build_message(planned_at=NOON - timedelta(days=3), state="failed", reason="refused")
    new = build_message()
    mailing = build_mailing()
    mailed = build_message(occasion="mailing", occasion_key="mailing:1", mailing=mailing)

    assert ids(api("?occasion=mailing")[1]) == [str(mailed.uuid)]
    assert ids(api(f"?mailing={mailing.pk}")[1]) == [str(mailed.uuid)]
    assert ids(api("?reason=refused&state=failed")[1]) == [str(old.uuid)]
    assert ids(api(f"?customer={new.customer_id}")[1]) == [str(new.uuid)]
    assert str(old.uuid) not in ids(api("?planned_since=2026-11-19T00:00:00Z")[1])
    assert ids(api("?ordering=planned_at")[1])[0] == str(old.uuid)


@pytest.mark.parametrize("query", ["?customer=x", "?mailing=", "?planned_since=yesterday", "?to=1"])
def test_refuse_what_is_no_filter(api, query):
    assert api(query)[0] == 400


def test_there_is_no_other(api):
    assert api("00000000-0000-0000-0000-000000000000/")[0] == 404
