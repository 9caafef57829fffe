"""The pages of points programs as a manager uses them, without script: every button goes to the server and back."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from loyalty.models import LevelGift, PointsProgram
from loyalty.services.levels import levels_of
from loyalty.services.programs import upsert_programs
from tests.builders import build_account, build_credit, build_product, build_program, build_user

pytestmark = pytest.mark.django_db

FIELDS = {
    "name": "Clube Aurora",
    "code": "",
    "is_active": "on",
    "points": "1",
    "per_amount": "10,00",
    "earns_on_discounted": "on",
    "point_value": "",
    "redeem_step": "1",
    "pending_days": "",
    "valid_days": "",
    "clawback": "charge_back",
    "expired_restore": "keep_expired",
    "grace_days": "",
    "tier_basis": "spend",
    "tier_period_months": "12",
    "tier_downgrade": "at_period_end",
    "level-count": "0",
    "tier-count": "0",
}


def levels(*rows):
    """Levels as the form sends them: (points, SKUs of gifts)."""
    sent = {"level-count": str(len(rows))}
    for place, (points, skus) in enumerate(rows):
        sent |= {f"level-{place}-name": f"Nível {place + 1}", f"level-{place}-points": points}
        sent[f"level-{place}-gift-count"] = str(len(skus))
        for number, sku in enumerate(skus):
            sent |= {
                f"level-{place}-gift-{number}-sku": sku,
                f"level-{place}-gift-{number}-picture_url": "",
            }
    return sent


def tiers(*rows):
    """Tiers as the form sends them: (code, threshold)."""
    sent = {"tier-count": str(len(rows))}
    for place, (code, threshold) in enumerate(rows):
        sent |= {f"tier-{place}-code": code, f"tier-{place}-name": code, f"tier-{place}-threshold": threshold}
    return sent


@pytest.fixture
def manager():
    client = Client(headers={"accept-language": "pt-br"})
    client.force_login(User.objects.create_superuser("marina"))
    return client


def create(manager, **fields):
    return manager.post("/loyalty/programs/new/", {**FIELDS, **fields})


class TestForm:
    def test_creates_a_program_with_levels_and_gifts(self, manager):
        product = build_product()

        answer = create(manager, **levels(("10", [product.sku]), ("20", [])))

        program = PointsProgram.objects.get()
        assert answer["Location"] == "/loyalty/program/clube-aurora/"
        assert (program.points, program.per_amount, program.valid_days) == (1, 10, None)
        assert [(level.points, len(level.gifts)) for level in levels_of(program)] == [(10, 1), (20, 0)]

    def test_sorts_levels_by_their_points(self, manager):
        create(manager, **levels(("20", []), ("10", [])))

        assert [level.points for level in levels_of(PointsProgram.objects.get())] == [10, 20]

    def test_never_changes_a_program_that_has_the_code(self, manager):
        build_program(code="clube-aurora", name="Outro")

        answer = create(manager)

        assert answer.status_code == 422
        assert PointsProgram.objects.get().name == "Outro"

    def test_adds_and_removes_rows_and_keeps_what_was_typed(self, manager):
        product = build_product(name="Caneca azul", image_url="https://example.com/caneca.png")
        sent = {**FIELDS, **levels(("10", []))}

        with_level = manager.post("/loyalty/programs/new/", {**sent, "_action": "add:level"})
        with_gift = manager.post(
            "/loyalty/programs/new/", {**sent, "level-0-add": product.sku, "_action": "add:gift-0"}
        )
        without = manager.post("/loyalty/programs/new/", {**sent, "_action": "remove:level-0"})

        assert 'name="level-1-points"' in with_level.content.decode()
        assert "Clube Aurora" in with_level.content.decode()
        assert "Caneca azul" in with_gift.content.decode()
        assert "https://example.com/caneca.png" in with_gift.content.decode()
        assert "level-0-points" not in without.content.decode()
        assert not PointsProgram.objects.exists()

    def test_takes_a_gift_that_was_searched_and_not_added(self, manager):
        product = build_product()

        create(manager, **levels(("10", [])), **{"level-0-add": product.sku})

        assert LevelGift.objects.get().product == product

    def test_says_which_product_does_not_exist(self, manager):
        answer = create(manager, **levels(("10", [])), **{"level-0-add": "NADA"})

        assert answer.status_code == 422
        assert "NADA" in answer.content.decode()

    @pytest.mark.parametrize(
        ("sent", "field", "says"),
        [
            (levels(("0", [])), "level-0-points", "Must be more than 0."),
            (levels(("10", []), ("10", [])), "level-1-points", "Another level needs as many."),
            (tiers(("ouro", "0")), "tier-0-threshold", "Must be more than 0."),
            (tiers(("prata", "10"), ("ouro", "10")), "tier-1-threshold", "Another tier begins here."),
            (tiers(("ouro", "10"), ("ouro", "20")), "tier-1-code", "Another tier has this code."),
        ],
    )
    def test_marks_the_field_of_the_row_that_is_wrong(self, manager, sent, field, says):
        answer = manager.post("/loyalty/programs/new/", {**FIELDS, **sent}, headers={"accept-language": "en"})

        assert answer.status_code == 422
        page = answer.content.decode()
        _before, after = page.split(f'name="{field}"')
        assert says in after.split("<input")[0]
        assert "The lines marked below." in page
        assert "[0]" not in page
        assert not PointsProgram.objects.exists()

    def test_asks_for_no_code_when_the_name_is_missing(self, manager):
        page = create(manager, name="").content.decode()

        assert "Informe um código." not in page
        assert "As linhas marcadas abaixo." not in page

    @pytest.mark.parametrize(
        ("sent", "status"),
        [
            ({"points": "1", "per_amount": ""}, 422),
            ({"level-count": "1", "level-0-points": "x"}, 422),
            ({"level-count": "x", "tier-count": "99999999999999"}, 302),
            ({"tier-count": "1", "tier-0-code": "a b", "tier-0-name": "", "tier-0-threshold": "-1"}, 422),
            ({"_action": "remove:gift-7-9"}, 200),
            ({"_action": "add:nothing-1"}, 200),
            ({"_action": "\x00"}, 200),
            ({"name": "a\x00b"}, 422),
            ({"level-count": "1", "level-0-points": "10", "level-0-add": "\x00"}, 302),
            (
                {
                    "level-count": "1",
                    "level-0-points": "10",
                    "level-0-gift-count": "1",
                    "level-0-gift-0-sku": "NADA\x00",
                },
                422,
            ),
            ({"_action": "add:gift-0", "level-count": "1", "level-0-add": "\x00NADA"}, 200),
            ({"pending_days": "99999999999"}, 422),
        ],
    )
    def test_never_fails_whatever_is_sent(self, manager, sent, status):
        assert create(manager, **sent).status_code == status

    def test_refuses_to_write_over_what_somebody_else_changed(self, manager):
        program = build_program(code="p", name="Antes")
        upsert_programs(rows=[{"code": "p", "name": "Meanwhile"}])

        answer = manager.post("/loyalty/program/p/edit/", {**FIELDS, "name": "Depois", "_version": "1"})

        program.refresh_from_db()
        assert answer.status_code == 422
        assert program.name == "Meanwhile"

    def test_explains_why_a_level_stays(self, manager):
        product = build_product()
        create(manager, **levels(("10", []), ("20", [product.sku])))

        answer = manager.post(
            "/loyalty/program/clube-aurora/edit/", {**FIELDS, "_version": "1", **levels(("10", []))}
        )

        assert answer.status_code == 422
        assert len(levels_of(PointsProgram.objects.get())) == 2

    def test_removes_the_level_that_was_taken_out_of_the_middle(self, manager):
        product = build_product()
        create(manager, **levels(("10", []), ("20", []), ("30", [product.sku])))

        manager.post(
            "/loyalty/program/clube-aurora/edit/",
            {**FIELDS, "_version": "1", **levels(("10", []), ("30", [product.sku]))},
        )

        assert [level.points for level in levels_of(PointsProgram.objects.get())] == [10, 30]
        assert LevelGift.objects.get().level.points == 30

    def test_the_summary_follows_what_can_be_read(self, manager):
        answer = manager.post(
            "/loyalty/programs/summary/", {**FIELDS, "name": "", **levels(("10", []), ("", []))}
        )

        text = answer.content.decode()
        assert "R$\xa010,00" in text
        assert "Nível 1" in text
        assert "Nível 2" not in text


class TestDetail:
    def test_counts_each_customer_at_the_highest_level_reached(self, manager):
        create(manager, **levels(("10", []), ("20", [])))
        program = PointsProgram.objects.get()
        for points in (5, 10, 19, 20, 100):
            build_credit(build_account(program=program), points * 100)

        context = manager.get("/loyalty/program/clube-aurora/").context

        assert [one.customers for one in context["figures"].levels] == [2, 2]
        assert (context["figures"].below, context["figures"].available) == (1, 154)

    def test_a_program_in_which_customers_have_points_is_not_removed(self, manager):
        program = build_program(code="p")
        build_account(program=program)

        manager.post("/loyalty/program/p/delete/")

        assert PointsProgram.objects.exists()

    def test_one_that_nobody_takes_part_in_goes_with_its_gifts(self, manager):
        create(manager, **levels(("10", [build_product().sku])))

        manager.post("/loyalty/program/clube-aurora/delete/")

        assert not PointsProgram.objects.exists()


class TestProductPage:
    def test_makes_a_product_the_gift_of_levels(self, manager):
        product = build_product()
        create(manager, **levels(("10", []), ("20", [])))
        _first, second = PointsProgram.objects.get().levels.order_by("number")

        manager.post(f"/products/{product.pk}/loyalty/", {"levels": [str(second.pk)]})

        assert LevelGift.objects.get().level == second
        assert PointsProgram.objects.get().version == 2

        manager.post(f"/products/{product.pk}/loyalty/", {})

        assert not LevelGift.objects.exists()

    def test_whoever_may_only_look_changes_nothing(self):
        client = Client()
        client.force_login(build_user(permissions=("retail.view_product", "loyalty.view_pointsprogram")))
        product = build_product()

        assert client.get(f"/products/{product.pk}/loyalty/").status_code == 200
        assert client.post(f"/products/{product.pk}/loyalty/", {}).status_code == 403

    def test_the_tab_is_for_those_who_may_see_programs(self):
        client = Client()
        client.force_login(build_user(permissions=("retail.view_product",)))
        product = build_product()

        text = client.get(f"/products/{product.pk}/").content.decode()

        assert "/loyalty/" not in text


def test_pages_that_show_gifts_let_pictures_of_other_servers_in(manager):
    build_program(code="p")

    policy = manager.get("/loyalty/program/p/").headers["Content-Security-Policy"]

    assert "img-src 'self' data: https:" in policy
