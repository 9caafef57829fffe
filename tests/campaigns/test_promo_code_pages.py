"""Pages of promo code pools."""

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from campaigns.models import PromoCode
from campaigns.services.jobs import run_due_jobs
from tests import builders


@pytest.fixture
def page(client, db):
    client.force_login(User.objects.create_superuser("marina"))
    client.cookies["django_language"] = "en"
    return client


class TestPromoCodes:
    def test_a_pool_is_made_filled_and_closed(self, page):
        campaign = builders.build_campaign()
        page.post(
            "/promo-codes/new/",
            {"name": "Natal", "code": "natal", "campaign": campaign.code},
        )
        page.post("/promo-codes/natal/generate/", {"count": "5", "max_uses": "1"})
        page.post("/promo-codes/natal/word/", {"word": "natal10"})
        file = SimpleUploadedFile("codes.csv", "código\nAMIGO1\nnatal10\n".encode("latin-1"))
        imported = page.post("/promo-codes/natal/import/", {"file": file, "max_uses": "1"})["Location"]
        run_due_jobs(clock=timezone.now)
        checked = page.get(imported).content.decode()
        page.post(imported, {"what": "add"})
        run_due_jobs(clock=timezone.now)
        page.post("/promo-codes/natal/switch/", {"word": "NATAL10", "active": "0"})

        assert PromoCode.objects.count() == 7
        assert "exists already" in checked
        assert "Add one code" in checked
        assert "Add one code" not in page.get(imported).content.decode()
        assert PromoCode.objects.get(code="NATAL10").is_active is False
        assert b"AMIGO1" in b"".join(page.get("/promo-codes/natal/export/").streaming_content)

    @pytest.mark.parametrize(
        ("address", "field", "value"),
        [
            ("new/", "expires_at", "9999-12-31T23:59"),
            ("new/", "expires_at", "0001-01-01T00:00"),
            ("new/", "max_uses", "2147483648"),
            ("new/", "max_uses_per_customer", "2147483648"),
            ("new/", "code", "new"),
            ("natal/generate/", "expires_at", "9999-12-31T23:59"),
            ("natal/generate/", "starts_at", "9999-12-31T23:59"),
            ("natal/generate/", "max_uses", "99999999999"),
            ("natal/word/", "max_uses_per_customer", "2147483648"),
            ("natal/import/", "max_uses", "2147483648"),
            ("natal/extend/", "expires_at", "9999-12-31T23:59"),
            ("natal/generate/", "expires_at", "2020-01-01T00:00"),
            ("natal/word/", "expires_at", "2020-01-01T00:00"),
            ("natal/import/", "expires_at", "2020-01-01T00:00"),
        ],
    )
    def test_what_cannot_be_kept_or_used_is_refused_at_its_field(self, page, address, field, value):
        page.post("/promo-codes/new/", {"name": "Natal", "code": "natal"})
        form = {"name": "Outro", "code": "outro", "count": "5", "word": "NATAL10", "text": "AMIGO1"}

        answer = page.post(f"/promo-codes/{address}", form | {field: value})

        assert answer.status_code == 422
        assert answer.context["form"].errors.keys() == {field}
        assert page.get("/promo-codes/").status_code == 200
        assert not PromoCode.objects.exists()

    @pytest.mark.parametrize(
        ("rule", "opens"),
        [
            (None, False),
            ({"kind": "promo_code"}, True),
            ({"kind": "promo_code", "pool": "natal"}, True),
            ({"kind": "promo_code", "pool": "pascoa"}, False),
            ({"any": [{"kind": "first_purchase"}, {"kind": "promo_code"}]}, True),
        ],
    )
    @pytest.mark.parametrize("publish", [True, False])
    def test_a_pool_says_when_its_campaign_does_not_ask_for_its_codes(self, page, rule, opens, publish):
        builders.build_promo_code_pool()
        campaign = builders.build_campaign(conditions=rule, publish=publish)

        page.post("/promo-codes/new/", {"name": "Natal", "code": "natal", "campaign": campaign.code})

        warned = "do not ask for a code of this pool" in page.get("/promo-codes/natal/").content.decode()
        assert warned is not opens

    def test_a_million_is_made_by_a_job_that_the_page_shows(self, page):
        pool = builders.build_promo_code_pool()

        page.post(f"/promo-codes/{pool.code}/generate/", {"count": "1000000", "max_uses": "1"})

        text = page.get(f"/promo-codes/{pool.code}/").content.decode()
        assert "of 1,000,000" in text
        assert not PromoCode.objects.exists()

    def test_a_pool_is_closed_and_opened(self, page):
        pool = builders.build_promo_code_pool(codes=1)

        page.post(f"/promo-codes/{pool.code}/open/", {"open": "0"})
        closed = page.get(f"/promo-codes/{pool.code}/").content.decode()
        page.post(f"/promo-codes/{pool.code}/open/", {"open": "1"})

        assert "Pool closed" in closed
        assert "Pool closed" not in page.get(f"/promo-codes/{pool.code}/").content.decode()

    def test_codes_are_read_page_by_page_without_counting_them(self, page, django_assert_num_queries):
        pool = builders.build_promo_code_pool(codes=60)
        seen, address, pages = [], f"/promo-codes/{pool.code}/", 0
        while address:
            answer = page.get(address)
            seen += [code.code for code, _state, _tone in answer.context["rows"]]
            following = answer.context["following"]
            address, pages = following and f"/promo-codes/{pool.code}/?from={following}", pages + 1

        assert pages == 3
        assert len(seen) == len(set(seen)) == 60

    def test_a_search_finds_codes_by_their_beginning_and_pools_by_a_whole_code(self, page):
        pool = builders.build_promo_code_pool(codes=60)
        builders.build_promo_code_pool(codes=1)
        code = pool.codes.order_by("code")[30].code

        found = page.get(f"/promo-codes/{pool.code}/", {"q": code[:9].lower()}).context["rows"]
        pools = page.get("/promo-codes/", {"q": code.lower()}).context["page"].object_list

        assert [row.code for row, _state, _tone in found] == [code]
        assert list(pools) == [pool]

    @pytest.mark.parametrize("state", ["usable", "used", "expired", "not_yet", "closed", "nonsense"])
    def test_lists_codes_in_one_state(self, page, state):
        pool = builders.build_promo_code_pool(codes=2)
        pool.codes.filter(pk=pool.codes.first().pk).update(used=1)

        rows = page.get(f"/promo-codes/{pool.code}/", {"state": state, "from": "x"}).context["rows"]

        assert len(rows) == {"usable": 1, "used": 1, "nonsense": 2}.get(state, 0)

    def test_wrong_input_is_named(self, page):
        builders.build_promo_code_pool()
        pool = PromoCode.objects.model.pool.field.related_model.objects.get()

        answers = [
            page.post("/promo-codes/new/", {"name": "X", "code": pool.code}),
            page.post(f"/promo-codes/{pool.code}/generate/", {"count": "1", "customer": "nobody"}),
            page.post(f"/promo-codes/{pool.code}/word/", {"word": "two words"}),
            page.post(f"/promo-codes/{pool.code}/import/", {"text": ""}),
            page.post(
                f"/promo-codes/{pool.code}/generate/",
                {"count": "1", "starts_at": "2026-02-01T00:00", "expires_at": "2026-01-01T00:00"},
            ),
        ]

        assert [answer.status_code for answer in answers] == [422] * 5
        assert [next(iter(answer.context["form"].errors)) for answer in answers] == [
            "code",
            "customer",
            "word",
            "text",
            "expires_at",
        ]
