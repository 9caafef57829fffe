"""The list of birthdays: days of any year, one store or all, and the segment that is made of it."""

from datetime import UTC, date, datetime

import pytest
import time_machine

from customers.models import Segment
from tests.builders import build_customer, build_store, build_user

pytestmark = pytest.mark.django_db

# Noon of 21 December in São Paulo.
NOW = datetime(2026, 12, 21, 15, 0, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def manager(client, clock):
    client.force_login(build_user(is_superuser=True))
    client.cookies["django_language"] = "en"
    return client


def born(name, day, **values):
    return build_customer(name=name, birth_date=date.fromisoformat(day), **values)


@pytest.mark.usefixtures("clock")
class TestList:
    def page(self, client, query=""):
        return client.get(f"/customers/birthdays/{query}").content.decode()

    def test_shows_the_coming_week_by_itself_and_how_old_each_turns(self, manager):
        born("Ana Hoje", "1990-12-21")
        born("Rui Ultimo", "1980-12-27")
        born("Zoe Depois", "1990-12-28")

        page = self.page(manager)

        assert "Ana Hoje" in page
        assert "Rui Ultimo" in page
        assert "Zoe Depois" not in page
        assert ">36<" in page

    def test_goes_over_new_year_in_the_order_of_the_days(self, manager):
        born("Ana Janeiro", "1990-01-03")
        born("Rui Dezembro", "1980-12-30")

        page = self.page(manager, "?first=2026-12-25&last=2027-01-05")

        assert 0 < page.index("Rui Dezembro") < page.index("Ana Janeiro")

    def test_narrows_to_a_store(self, manager):
        home = build_store()
        born("Ana Loja", "1990-12-22", home_store=home)
        born("Rui Outra", "1990-12-22")

        page = self.page(manager, f"?store={home.pk}")

        assert "Ana Loja" in page
        assert "Rui Outra" not in page

    @pytest.mark.parametrize(
        "query", ["?first=never", "?first=2026-12-21&last=2026-12-20", "?last=2030-01-01"]
    )
    def test_shows_nobody_for_days_that_are_none(self, manager, query):
        born("Ana Hoje", "1990-12-21")

        assert "Ana Hoje" not in self.page(manager, query)

    def test_the_file_names_nobody(self, manager):
        customer = born("Ana Hoje", "1990-12-21", email="ana@example.com")

        content = b"".join(manager.get("/customers/birthdays/?export=csv").streaming_content).decode()

        assert "Ana" not in content
        assert "ana@example.com" not in content
        assert str(customer.pk) in content

    def test_is_for_those_who_see_customers(self, client):
        client.force_login(build_user())

        assert client.get("/customers/birthdays/").status_code == 403


@pytest.mark.usefixtures("clock")
class TestSegment:
    url = "/customers/birthdays/segment/"

    def test_keeps_the_people_as_a_segment_once(self, manager):
        home = build_store()
        asked = {"first": "2026-12-25", "last": "2027-01-05", "store": str(home.pk)}

        answers = [manager.post(self.url, asked) for _ in range(2)]

        segment = Segment.objects.get()
        assert {answer.url for answer in answers} == {f"/segments/{segment.code}/"}
        assert [one["value"] for one in segment.tree["all"]] == [["12-25", "01-05"], [home.code]]
        assert manager.get(answers[0].url).status_code == 200

    def test_a_segment_that_was_changed_is_not_taken_for_it(self, manager):
        asked = {"first": "2026-12-25", "last": "2026-12-26"}
        manager.post(self.url, asked)
        Segment.objects.update(tree={"all": []})

        answer = manager.post(self.url, asked, follow=True)

        assert "There is a segment with this code already." in answer.content.decode()

    def test_says_that_days_are_missing(self, manager):
        answer = manager.post(self.url, {"first": "x", "last": ""}, follow=True)

        assert "Say from which day until which" in answer.content.decode()
        assert not Segment.objects.exists()

    def test_asks_for_the_permission_to_make_segments(self, client):
        client.force_login(build_user(permissions=["customers.view_customer"]))

        assert client.post(self.url, {}).status_code == 403
        assert "birthdays/segment/" not in client.get("/customers/birthdays/").content.decode()
