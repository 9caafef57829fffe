"""What managers do on the pages of campaigns; who may open which page stands in tests/config/test_page_access.py."""

import pytest
from django.contrib.auth.models import User
from django.utils import translation

from campaigns.forms.document import CampaignForm
from campaigns.models import Campaign, CampaignStatus, PromoCode
from campaigns.selectors import current_plan_version
from campaigns.services.campaigns import pause_campaign, publish_campaign, save_campaign
from tests import builders
from tests.campaigns.test_forms import posted


@pytest.fixture
def page(client, db):
    client.force_login(User.objects.create_superuser("marina"))
    client.cookies["django_language"] = "en"
    return client


def fields(**document):
    """Return what the builder posts for a document."""
    with translation.override("en"):
        data = posted(CampaignForm(document=document))
    return {name: data.getlist(name) for name in data}


def one_benefit(**document):
    return {"benefits": [{"kind": "item_percent", "percent": "10.00"}]} | document


class TestBuilder:
    def test_stores_a_draft_and_leads_to_it(self, page):
        answer = page.post("/campaigns/new/advanced/", fields(**one_benefit(name="Verão 10%")))

        assert answer["Location"] == "/campaign/VERAO-10/"
        assert Campaign.objects.get().document["benefits"][0]["percent"] == "10.00"

    def test_leads_to_the_review_when_it_shall_be_published(self, page):
        data = fields(**one_benefit(name="Verão"))

        answer = page.post("/campaigns/new/advanced/", data | {"_action": "publish"})

        assert answer["Location"] == "/campaign/VERAO/publish/"
        assert Campaign.objects.get().status == CampaignStatus.DRAFT

    def test_says_what_is_wrong_beside_the_field_and_keeps_what_was_typed(self, page):
        data = fields(**one_benefit(name="Verão", description="Sol & mar"))

        answer = page.post(
            "/campaigns/new/advanced/", data | {"benefits-0-percent": "ten", "_step": "general"}
        )
        text = answer.content.decode()

        assert answer.status_code == 422
        assert "Enter a number, such as 12 or 12.50." in text
        assert 'value="ten"' in text
        assert "Sol &amp; mar" in text
        assert 'name="_step" value="benefits"' in text
        assert not Campaign.objects.exists()

    def test_names_every_wrong_field_with_the_way_to_it(self, page):
        document = one_benefit(
            name="Verão",
            conditions={"any": [{"kind": "product", "by": "sku", "values": ["A"]}, {"kind": "agenda"}]},
            limits=[{"scope": "total", "counts": "sale", "max": 3}],
        )
        data = fields(**document) | {
            "campaign-starts_at": "2026-12-02T00:00",
            "campaign-ends_at": "2026-12-01T00:00",
            "conditions-0-price_min": "cheap",
            "campaign-limits-0-max": "0",
            "benefits-0-percent": "150",
        }

        answer = page.post("/campaigns/new/advanced/", data)
        text = answer.content.decode()

        found = [(complaint.anchor, complaint.label) for complaint in answer.context["form"].complaints()]
        assert found == [
            ("id_campaign-ends_at", "Ends"),
            ("group-conditions", "Rules"),
            ("id_conditions-0-price_min", "Product › Price from"),
            ("id_campaign-limits-0-max", "Limits 1 › At most"),
            ("id_benefits-0-percent", "Percentage off products › Percentage"),
        ]
        assert answer.context["wrong"] == len(found)
        for anchor, label in found:
            assert f'<a href="#{anchor}" data-problem>{label}</a>' in text
            assert f'id="{anchor}"' in text

    def test_writes_bounds_as_the_reader_does(self, page):
        page.cookies["django_language"] = "pt-br"
        data = fields(**one_benefit(name="Verão")) | {
            "benefits-0-percent": "100,5",
            "campaign-priority": "999999",
        }

        text = page.post("/campaigns/new/advanced/", data).content.decode()

        assert "100.000" in text
        assert "100,000" not in text

    def test_adds_and_removes_parts_without_storing(self, page):
        data = fields(**one_benefit(name="Verão"))

        added = page.post("/campaigns/new/advanced/", data | {"_action": "add:conditions:payment"})
        removed = page.post("/campaigns/new/advanced/", data | {"_action": "remove:benefits-0"})

        assert 'name="conditions-0-_kind" value="payment"' in added.content.decode()
        assert "benefits-0-_kind" not in removed.content.decode()
        assert not Campaign.objects.exists()

    def test_refuses_to_overwrite_what_somebody_else_changed(self, page):
        campaign = builders.build_campaign(name="Inverno")
        data = fields(**campaign.document)
        page.post(f"/campaign/{campaign.code}/edit/", data | {"_version": "1", "campaign-name": "Frio"})

        answer = page.post(
            f"/campaign/{campaign.code}/edit/", data | {"_version": "1", "campaign-name": "Gelo"}
        )

        assert answer.status_code == 422
        text = answer.content.decode()
        assert "Not saved: you stored another version yourself" in text
        assert answer.context["overtaken"].changes == [{"label": "Name", "old": "Frio", "new": "Gelo"}]
        assert f'href="/campaign/{campaign.code}/edit/">' in text
        assert 'value="Gelo"' in text
        assert Campaign.objects.get().document["name"] == "Frio"

    def test_saves_over_the_version_that_was_shown_and_over_no_later_one(self, page):
        campaign = builders.build_campaign(name="Inverno")
        url, data = f"/campaign/{campaign.code}/edit/", fields(**campaign.document)
        page.post(url, data | {"_version": "1", "campaign-name": "Frio"})

        mine = data | {"_version": "1", "campaign-name": "Gelo"}
        shown = page.post(url, mine).context["overtaken"].version
        late = page.post(url, mine | {"_over": str(shown - 1)})
        saved = page.post(url, mine | {"_over": str(shown)})

        assert (late.status_code, saved.status_code) == (422, 302)
        assert Campaign.objects.get().document["name"] == "Gelo"

    def test_writes_only_what_was_changed_on_top_of_what_was_stored_meanwhile(self, page):
        stored = builders.build_campaign(
            name="Inverno", starts_at="2026-11-20T15:00:00+00:00", ends_at="2030-01-01T03:00:00+00:00"
        )
        url = f"/campaign/{stored.code}/edit/"
        opened = page.get(url)
        data = fields(**stored.document) | {"_version": "1", "_base": opened.context["base"]}
        others = {**stored.document, "name": "Frio", "priority": 7, "ends_at": "2029-01-01T03:00:00+00:00"}
        save_campaign(code=stored.code, document=others, version=1, user=None, at=builders.NOON)

        mine = data | {"campaign-name": "Gelo", "campaign-minimum_amount": "50", "_step": "general"}
        answer = page.post(url, mine)
        overtaken = answer.context["overtaken"]
        kept = {name: answer.context["form"].document()[name] for name in ("name", "priority", "ends_at")}
        again = data | {"_base": answer.context["base"], "_over": str(overtaken.version)}
        saved = page.post(url, again | fields(**answer.context["form"].document()))

        assert [(change["label"], change["old"], change["new"]) for change in overtaken.changes] == [
            ("Name", "Frio", "Gelo"),
            ("Minimum value", "—", "50.00"),
        ]
        assert overtaken.by_both == 1
        assert "One field was changed on both sides" in answer.content.decode()
        assert kept == {"name": "Gelo", "priority": 7, "ends_at": "2029-01-01T03:00:00+00:00"}
        assert saved.status_code == 302
        # The moments that nobody touched stay as they were stored, letter by letter.
        assert Campaign.objects.get().document == others | {"name": "Gelo", "minimum_amount": "50.00"}

    def test_saving_what_nobody_touched_changes_nothing(self, page):
        stored = builders.build_campaign(publish=True, starts_at="2026-11-20T15:00:00+00:00")
        url = f"/campaign/{stored.code}/edit/"
        data = fields(**stored.document) | {"_version": str(stored.version)}

        page.post(url, data | {"_base": page.get(url).context["base"]})

        campaign = Campaign.objects.with_changes_flag().get()
        assert not campaign.has_changes
        assert campaign.version == stored.version + 1

    def test_shows_moments_of_a_conflict_as_the_reader_writes_them(self, page):
        stored = builders.build_campaign(ends_at="2030-01-01T03:00:00+00:00")
        page.cookies["django_language"] = "pt-br"
        data = fields(**stored.document) | {"_version": "0", "campaign-ends_at": "2031-02-03T00:00"}

        answer = page.post(f"/campaign/{stored.code}/edit/", data)

        (change,) = answer.context["overtaken"].changes
        assert (change["old"], change["new"]) == ("01/01/2030 00:00", "03/02/2031 00:00")

    def test_takes_no_beginning_that_it_has_not_written_itself(self, page):
        stored = builders.build_campaign(name="Inverno")
        data = fields(**stored.document) | {"_version": "1", "_base": "eyJuYW1lIjoiWCJ9:forged"}

        page.post(f"/campaign/{stored.code}/edit/", data | {"campaign-name": "Gelo"})

        assert Campaign.objects.get().document["name"] == "Gelo"

    def test_names_whoever_changed_it_or_nobody(self, page):
        other = builders.build_user(first_name="Ana", last_name="Souza")
        campaign = builders.build_campaign(name="Inverno")
        data = fields(**campaign.document) | {"_version": "0", "campaign-name": "Gelo"}

        by_the_api = page.post(f"/campaign/{campaign.code}/edit/", data).content.decode()
        publish_campaign(code=campaign.code, user=None, at=builders.NOON)
        pause_campaign(code=campaign.code, user=other, at=builders.NOON)
        by_ana = page.post(f"/campaign/{campaign.code}/edit/", data).content.decode()

        assert "Not saved: another version was stored" in by_the_api
        assert "Not saved: Ana Souza stored another version" in by_ana

    def test_shows_a_stored_document_with_every_kind_of_part(self, page):
        campaign = builders.build_campaign(
            conditions={
                "any": [{"kind": "product", "by": "sku", "values": ["A-1"]}, {"kind": "first_purchase"}]
            },
            limits=[{"scope": "customer", "counts": "sale", "max": 2, "per": "month"}],
            benefits=[
                {"kind": "progressive", "tiers": [{"from": "2", "percent": "10"}]},
                {"kind": "item_percent", "percent": "5", "target": {"by": "sku", "values": ["B"]}},
            ],
        )

        text = page.get(f"/campaign/{campaign.code}/edit/").content.decode()

        for name in (
            "conditions-0-_kind",
            "campaign-limits-0-max",
            "benefits-0-tiers-0-from",
            "benefits-1-target-_on",
        ):
            assert f'name="{name}"' in text, name


class TestSummary:
    @pytest.mark.parametrize(
        ("language", "sentence"),
        [("en", "10% off each product"), ("pt-br", "10%")],
    )
    def test_follows_what_is_typed_in_the_readers_language(self, page, language, sentence):
        page.cookies["django_language"] = language

        text = page.post("/campaigns/summary/", fields(**one_benefit(name="Verão"))).content.decode()

        assert sentence in text

    def test_says_what_it_understands_of_an_unfinished_campaign(self, page):
        tree = {
            "all": [
                {"kind": "payment", "methods": ["pix"]},
                {"kind": "product", "by": "sku", "values": ["A"]},
            ]
        }
        data = fields(**one_benefit(conditions=tree, limits=[{"scope": "total", "max": 3}]))
        data |= {
            "campaign-minimum_amount": "?",
            "conditions-1-by": "",
            "campaign-limits-0-max": "",
            "benefits-0-percent": "900",
        }

        text = page.post("/campaigns/summary/", data).content.decode()

        assert "Paid with pix" in text
        assert "fields are still missing or cannot be read" in text

    def test_names_what_the_codes_stand_for(self, page):
        builders.build_category(code="coats", name="Casacos")
        builders.build_store_grouping(code="sul", name="Lojas do Sul")
        document = one_benefit(
            name="Frio",
            stores=["grouping:sul"],
            conditions={"kind": "product", "by": "category", "values": ["coats", "unknown"]},
        )

        text = page.post("/campaigns/summary/", fields(**document)).content.decode()

        assert "Category Casacos, unknown" in text
        assert "In these stores: grouping Lojas do Sul." in text

    def test_warns_of_what_a_manager_should_look_at_twice(self, page):
        campaign = builders.build_campaign(benefits=[{"kind": "order_percent", "percent": "100"}])

        text = page.get(f"/campaign/{campaign.code}/publish/").content.decode()

        for warning in ("It has no end", "It has no limit", "may leave for free", "It has no rules"):
            assert warning in text


class TestCheck:
    def test_shows_before_publishing_what_a_campaign_meets(self, page):
        builders.build_product(sku="CASACO", name="Casaco azul", price="100.00")
        builders.build_campaign(name="Viva", publish=True)
        campaign = builders.build_campaign(benefits=[{"kind": "item_percent", "percent": "50"}])

        answer = page.get(f"/campaign/{campaign.code}/publish/")
        text = answer.content.decode()
        tried = page.get(answer.context["worst_url"]).context["result"]

        assert "Viva is given beside it: 60% off together." in text
        assert "Casaco azul" in text
        assert tried["totals"]["net"] == 40

    def test_follows_the_builder(self, page):
        builders.build_campaign(name="Viva", publish=True)

        shown = page.post("/campaigns/check/", fields(**one_benefit(name="Verão"))).content.decode()
        unfinished = page.post("/campaigns/check/", {"campaign-name": ""})

        assert "Viva" in shown
        assert (unfinished.status_code, unfinished.content) == (200, b"")


class TestRecipes:
    @pytest.mark.parametrize(
        ("recipe", "typed"), [("above", {"amount": "20"}), ("gift", {"gifts": "BOTTON", "choose": "1"})]
    )
    def test_ask_for_what_the_document_could_do_without(self, page, recipe, typed):
        answer = page.post(f"/campaigns/new/{recipe}/", typed | {"name": "Sem valor mínimo"})

        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == ["minimum"]

    @pytest.mark.parametrize(
        ("recipe", "typed", "benefit"),
        [
            ("percent", {"percent": "10", "by": "category", "values": "coats"}, "item_percent"),
            ("take-pay", {"take": "3", "pay": "2", "by": "all"}, "multibuy"),
            ("second", {"percent": "50", "by": "sku", "values": "A\nB"}, "multibuy"),
            ("price", {"price": "9.90", "by": "sku", "values": "A"}, "item_final_price"),
            ("above", {"minimum": "200", "amount": "20"}, "order_amount"),
            ("gift", {"minimum": "100", "gifts": "BOTTON\nCANECA", "choose": "1"}, "gift"),
            ("birthday", {"percent": "15", "unit": "month"}, "order_percent"),
            ("payment", {"percent": "5", "methods": "pix"}, "order_percent"),
            ("first", {"percent": "10"}, "order_percent"),
        ],
    )
    def test_write_a_whole_campaign_from_a_few_fields(self, page, recipe, typed, benefit):
        answer = page.post(f"/campaigns/new/{recipe}/", typed | {"name": "Feita em um minuto"})

        assert answer.status_code == 302, answer.content.decode()
        assert Campaign.objects.get().benefit_kinds == [benefit]

    def test_take_the_next_free_code(self, page):
        for _time in range(2):
            page.post("/campaigns/new/first/", {"name": "Olá", "percent": "10"})

        assert sorted(Campaign.objects.values_list("code", flat=True)) == ["OLA", "OLA-2"]

    def test_make_the_pool_of_a_word(self, page):
        page.post(
            "/campaigns/new/code/", {"name": "Natal", "word": "natal10", "percent": "10", "per_customer": "1"}
        )

        assert PromoCode.objects.get().code == "NATAL10"
        assert Campaign.objects.get().pools.count() == 1

    def test_store_nothing_when_the_word_is_taken(self, page):
        pool = builders.build_promo_code_pool()
        PromoCode.objects.create(pool=pool, code="NATAL10")

        answer = page.post("/campaigns/new/code/", {"name": "Natal", "word": "natal10", "percent": "10"})

        assert answer.status_code == 422
        assert "This code exists already." in answer.content.decode()
        assert not Campaign.objects.exists()

    def test_the_last_day_is_included(self, page):
        days = {"first_day": "2026-12-01", "last_day": "2026-12-24"}
        page.post("/campaigns/new/first/", {"name": "Natal", "percent": "10"} | days)

        document = Campaign.objects.get().document
        assert document["starts_at"] == "2026-12-01T00:00:00-03:00"
        assert document["ends_at"] == "2026-12-25T00:00:00-03:00"

    def test_name_what_is_missing(self, page):
        answer = page.post("/campaigns/new/take-pay/", {"name": "", "take": "2", "pay": "3", "by": "sku"})
        form = answer.context["form"]

        assert answer.status_code == 422
        assert {"name", "pay", "values"} <= set(form.errors)


class TestActions:
    def test_publish_pause_resume_and_go_back(self, page):
        campaign = builders.build_campaign(name="Inverno")
        url = f"/campaign/{campaign.code}"
        page.post(f"{url}/publish/", {"version": "1", "comment": "first"})
        page.post(f"{url}/edit/", fields(**campaign.document | {"name": "Frio"}) | {"_version": "2"})
        page.post(f"{url}/publish/", {"version": "3"})
        page.post(f"{url}/pause/")
        assert Campaign.objects.get().status == CampaignStatus.PAUSED
        page.post(f"{url}/resume/")
        page.post(f"{url}/roll-back/", {"revision": "1"})

        history = page.get(f"{url}/history/").content.decode()

        assert Campaign.objects.get().live_revision.number == 3
        assert "Back to revision 1" in history
        assert 'class="change-old">Frio<' in history
        assert current_plan_version() == 5

    def test_refusals_come_back_as_a_message(self, page):
        campaign = builders.build_campaign(publish=True)

        answer = page.post(f"/campaign/{campaign.code}/delete/", follow=True)

        assert "Pause it instead." in answer.content.decode()
        assert Campaign.objects.exists()

    def test_duplicate_opens_the_copy(self, page):
        campaign = builders.build_campaign(code="INVERNO", publish=True)

        answer = page.post(f"/campaign/{campaign.code}/duplicate/")

        assert answer["Location"] == "/campaign/INVERNO-2/edit/"

    def test_delete_a_draft(self, page):
        campaign = builders.build_campaign()

        page.post(f"/campaign/{campaign.code}/delete/")

        assert not Campaign.objects.exists()


class TestChoices:
    def test_find_products_stores_and_words(self, page):
        builders.build_product(sku="BOTA-38", name="Bota de couro")
        store = builders.build_store(code="0012", name="Paulista")
        builders.build_store_grouping(code="sul", stores=[store])

        def found(kind, text):
            return page.get("/campaigns/choices/", {"kind": kind, "q": text}).content.decode()

        assert 'data-value="BOTA-38"' in found("sku", "couro")
        assert 'data-value="0012"' in found("store", "pauli")
        assert 'data-value="grouping:sul"' in found("store", "sul")
        assert 'data-value="pix"' in found("payment_method", "pi")
        assert "data-value" not in found("nonsense", "a")
