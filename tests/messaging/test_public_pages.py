"""Public pages of messages for whoever has a broken link."""

import pytest
from django.test import Client

from tests.messaging.builders import build_company, build_message

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("page", ["unsubscribe", "c", "p", "l", "receipt"])
def test_a_broken_link_is_answered_in_the_company_s_name(client, page):
    build_company(name="Lojas Aurora")

    answer = client.get(f"/{page}/nothing/", headers={"Accept-Language": "en"})

    assert answer.status_code == 404
    assert "Lojas Aurora" in answer.content.decode()
    assert "Back to the overview" not in answer.content.decode()
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("page", ["unsubscribe", "c", "p", "receipt"])
def test_forms_need_no_cookie(page):
    """Their people come from a message, and mail programs post on one click."""
    build_message()

    answer = Client(enforce_csrf_checks=True).post(f"/{page}/nothing/")

    assert answer.status_code in (404, 405)
