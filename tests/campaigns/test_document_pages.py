"""The pages of associations and price markdowns, as a manager uses them."""

import io
from decimal import Decimal

import pytest
from django.test import Client
from openpyxl import load_workbook

from campaigns.models import Association, Markdown, MarkdownItem
from tests.builders import (
    build_association,
    build_campaign,
    build_markdown,
    build_product,
    build_user,
)

pytestmark = pytest.mark.django_db

ACTIONS = ("view", "add", "change", "delete", "publish")


@pytest.fixture
def manager():
    client = Client(headers={"Accept-Language": "en"})
    permissions = [
        f"campaigns.{a}_{kind}" for a in ACTIONS for kind in ("association", "markdown", "campaign")
    ]
    client.force_login(build_user(permissions=permissions))
    return client


def text(response):
    content = b"".join(response) if response.streaming else response.content
    return content.decode()


def posted(fields):
    return {f"document-{name}": value for name, value in fields.items()}


class TestAssociationForm:
    def test_keeps_campaigns_in_the_order_in_which_they_were_given(self, manager):
        for code in ("A", "B"):
            build_campaign(code=code)

        response = manager.post(
            "/associations/new/",
            posted({"name": "O melhor", "campaigns": "B\nA", "criterion": "lowest", "compete_on": "line"}),
        )

        association = Association.objects.get()
        assert response.headers["Location"] == f"/association/{association.code}/"
        assert association.code == "O-MELHOR"
        assert association.document["campaigns"] == ["B", "A"]
        assert (association.document["criterion"], association.document["compete_on"]) == ("lowest", "line")

    def test_shows_what_is_wrong_beside_its_field_with_all_that_was_typed(self, manager):
        build_campaign(code="A")

        response = manager.post(
            "/associations/new/", posted({"name": "Dois", "campaigns": "A\nNADA", "criterion": "first"})
        )

        assert response.status_code == 422
        assert "There is no campaign with this code." in text(response)
        assert "NADA" in text(response)
        assert Association.objects.count() == 0

    def test_needs_a_name_and_a_criterion(self, manager):
        response = manager.post("/associations/new/", posted({"campaigns": "A"}))

        assert response.status_code == 422
        assert "Enter a name." in text(response)

    def test_names_every_wrong_field_at_once_with_a_link_to_it(self, manager):
        response = manager.post(
            "/associations/new/", posted({"name": " ", "campaigns": "A\nNADA", "criterion": "best"})
        )

        page = text(response)
        assert "Not saved: 3 things need a look." in page
        for anchor, label in (("name", "Name"), ("campaigns", "Campaigns"), ("criterion", "Grants")):
            assert f'<a href="#id_document-{anchor}" data-problem>{label}</a>' in page
            assert f'id="id_document-{anchor}"' in page

    def test_does_not_overwrite_what_somebody_else_saved(self, manager):
        association = build_association()
        fields = {"name": "X", "campaigns": "\n".join(association.document["campaigns"]), "criterion": "all",
                  "compete_on": "basket"}  # fmt: skip

        response = manager.post(f"/association/{association.code}/edit/", posted(fields) | {"_version": "7"})

        assert response.status_code == 422
        assert "Not saved: another version was stored" in text(response)
        labels = [change["label"] for change in response.context["overtaken"].changes]
        assert labels == ["Name", "Grants"]

    def test_saves_over_what_is_stored_once_its_differences_were_shown(self, manager):
        association, markdown = build_association(), build_markdown()
        codes = "\n".join(association.document["campaigns"])
        for noun, document, fields in (
            (
                "association",
                association,
                {"campaigns": codes, "criterion": "highest", "compete_on": "basket"},
            ),
            ("markdown", markdown, {"by": "sku", "customers": "all", "include_covered": "on"}),
        ):
            url = f"/{noun}/{document.code}/edit/"
            typed = posted(fields) | {"document-name": "Minha", "_version": "7"}

            overtaken = manager.post(url, typed).context["overtaken"]
            response = manager.post(url, typed | {"_over": str(overtaken.version)})

            assert response.status_code == 302, noun
            document.refresh_from_db()
            assert (document.name, document.version) == ("Minha", overtaken.version + 1)
            again = manager.post(url, typed | {"document-name": "Outra"}).context["overtaken"]
            assert again.by_reader
            assert [change["new"] for change in again.changes] == ["Outra"]

    def test_explains_each_criterion_in_plain_words(self, manager):
        page = text(manager.get("/associations/new/"))

        assert "of those that apply, the one worth most to the customer" in page
        assert page.count('type="radio"') == 6


class TestAssociationPages:
    def test_show_campaigns_in_order_and_which_is_granted(self, manager):
        build_campaign(code="A", name="Alfa", priority=3)
        build_campaign(code="B", name="Beta", publish=True)
        association = build_association(campaigns=["B", "A"], publish=True)

        page = text(manager.get(f"/association/{association.code}/"))

        table = page.split("<table")[1]
        assert table.index("Beta") < table.index("Alfa")
        assert "the one worth most to the customer" in page

    def test_campaign_says_in_which_associations_it_is(self, manager):
        association = build_association(name="Grupo do inverno")

        page = text(manager.get(f"/campaign/{association.document['campaigns'][0]}/"))

        assert "Grupo do inverno" in page

    @pytest.mark.parametrize(
        ("build", "page"),
        [
            (build_association, "association"),
            (build_markdown, "markdown"),
            (build_campaign, "campaign"),
        ],
    )
    def test_publishing_what_is_live_says_that_nothing_changed(self, manager, build, page):
        document = build()
        url = f"/{page}/{document.code}/publish/"

        first = text(manager.post(url, follow=True))
        again = text(manager.post(url, follow=True))

        assert "Published as revision 1." in first
        assert "Exactly this was published already." in again
        assert "Published as revision" not in again
        assert document.revisions.count() == 1

    def test_publish_pause_resume_and_go_back(self, manager):
        association = build_association(name="Um")
        url = f"/association/{association.code}/"

        def status():
            association.refresh_from_db()
            return association.status, association.live_revision.number

        manager.post(f"{url}publish/", {"comment": "Estreia"})
        published = status()
        manager.post(f"{url}pause/")
        paused = status()
        manager.post(f"{url}resume/")
        resumed = status()
        document = association.document | {"name": "Dois"}
        manager.post(f"{url}edit/", posted({**document, "campaigns": "\n".join(document["campaigns"])}))
        manager.post(f"{url}publish/")
        manager.post(f"{url}roll-back/", {"revision": "1"})

        assert (published, paused, resumed) == (("published", 1), ("paused", 1), ("published", 1))
        assert status() == ("published", 3)
        assert association.document["name"] == "Um"
        history = text(manager.get(f"{url}history/"))
        assert "Estreia" in history
        assert "Dois" in history

    def test_a_refusal_comes_back_as_a_message(self, manager):
        association = build_association()

        page = manager.post(f"/association/{association.code}/pause/", follow=True)

        assert "Only what is live can be paused." in text(page)

    def test_a_draft_can_be_deleted(self, manager):
        association = build_association()

        manager.post(f"/association/{association.code}/delete/")

        assert Association.objects.count() == 0

    def test_the_list_is_exported(self, manager):
        association = build_association(name="Grupo")

        file = text(manager.get("/associations/?export=csv"))

        assert "Grupo" in file
        assert ", ".join(association.document["campaigns"]) in file

    def test_buttons_need_their_permissions(self):
        association = build_association()
        client = Client()
        client.force_login(build_user(permissions=["campaigns.view_association"]))

        page = text(client.get(f"/association/{association.code}/"))

        for act in ("publish", "pause", "resume", "roll-back", "delete"):
            assert f"/association/{association.code}/{act}/" not in page
            assert client.post(f"/association/{association.code}/{act}/").status_code == 403


class TestMarkdownForm:
    def test_keeps_bounds_and_leads_to_the_products(self, manager):
        response = manager.post(
            "/markdowns/new/",
            posted(
                {
                    "name": "Liquida verão",
                    "by": "all",
                    "stores": "0012\ngrouping:sul",
                    "customers": "loyalty",
                    "include_covered": "on",
                    "price_min": "1,234.50",
                    "minimum_quantity": "2",
                    "schedule-_on": "on",
                    "schedule-weekdays": ["6", "7"],
                }
            ),
        )

        markdown = Markdown.objects.get()
        assert response.headers["Location"] == "/markdown/LIQUIDA-VERAO/products/"
        assert markdown.document["stores"] == ["0012", "grouping:sul"]
        assert (markdown.document["price_min"], markdown.document["minimum_quantity"]) == ("1234.50", "2")
        assert markdown.document["schedule"]["weekdays"] == [6, 7]
        assert (markdown.document["by"], markdown.document["customers"]) == ("all", "loyalty")

    def test_names_the_wrong_bound(self, manager):
        response = manager.post(
            "/markdowns/new/",
            posted({"name": "X", "by": "sku", "customers": "all", "price_min": "10", "price_max": "9"}),
        )

        assert response.status_code == 422
        assert "Must not be below the lower bound." in text(response)

    def test_says_in_one_round_what_cannot_be_read_and_what_does_not_fit_together(self, manager):
        response = manager.post(
            "/markdowns/new/",
            posted(
                {
                    "name": "",
                    "code": "a b",
                    "by": "colour",
                    "customers": "all",
                    "starts_at": "2026-12-02T00:00",
                    "ends_at": "2026-12-01T00:00",
                    "price_min": "ten",
                    "minimum_quantity": "5",
                    "maximum_quantity": "2",
                }
            ),
        )

        said = {complaint.anchor for complaint in response.context["form"].complaints()}
        names = ("name", "code", "by", "ends_at", "price_min", "maximum_quantity")
        assert said == {f"id_document-{name}" for name in names}

    def test_changes_the_header_and_not_the_products(self, manager):
        markdown = build_markdown()

        manager.post(
            f"/markdown/{markdown.code}/edit/",
            posted({"name": "Outro", "by": "code", "customers": "all"}) | {"_version": "1"},
        )

        markdown.refresh_from_db()
        assert (markdown.name, markdown.document["by"], markdown.item_count) == ("Outro", "code", 1)


class TestMarkdownProducts:
    def test_adds_reprices_and_removes(self, manager):
        build_product(sku="SKU-A", name="Camisa", price=Decimal("50.00"))
        markdown = build_markdown(items=[{"value": "SKU-B", "price": "9.90"}])
        url = f"/markdown/{markdown.code}/products/"

        manager.post(url, {"add": "1", "value": "SKU-A", "price": "39.90"})
        manager.post(
            url,
            {
                "save": "1",
                "value": ["SKU-A", "SKU-B"],
                "price-0": "35.50",
                "percent-1": "10",
            },
        )
        rows = {item.value: (item.price, item.percent) for item in MarkdownItem.objects.all()}
        manager.post(url, {"remove": "SKU-B", "value": ["SKU-A", "SKU-B"]})

        assert rows == {"SKU-A": (Decimal("35.50"), None), "SKU-B": (None, Decimal("10.0000"))}
        assert list(MarkdownItem.objects.values_list("value", flat=True)) == ["SKU-A"]
        page = text(manager.get(url))
        assert "Camisa" in page
        assert "35.50" in page

    def test_shows_what_is_wrong_with_what_was_typed(self, manager):
        build_product(sku="B")
        markdown = build_markdown(items=[{"value": "A", "price": "9.90"}])
        url = f"/markdown/{markdown.code}/products/"

        added = manager.post(url, {"add": "1", "value": "B"})
        unreadable = manager.post(url, {"add": "1", "value": "B", "price": "dez"})
        saved = manager.post(url, {"save": "1", "value": ["A"], "price-0": "1.999", "percent-0": ""})

        assert "Give either a price or a percentage." in text(added)
        assert "Enter a number" in text(unreadable)
        assert "exact to the cent" in text(saved)
        assert "1.999" in text(saved)
        assert {response.status_code for response in (added, unreadable, saved)} == {422}

    def test_are_added_from_the_catalogue_only(self, manager):
        markdown = build_markdown(items=[{"value": "A", "price": "9.90"}])

        response = manager.post(
            f"/markdown/{markdown.code}/products/", {"add": "1", "value": "MEIA", "price": "1"}
        )

        assert response.status_code == 422
        assert "The catalogue has no product “MEIA”" in text(response)
        assert list(MarkdownItem.objects.values_list("value", flat=True)) == ["A"]

    def test_are_searched_by_name_sku_and_code(self, manager):
        build_product(sku="SKU-A", name="Camisa azul")
        markdown = build_markdown(items=[{"value": "SKU-A", "price": "1"}, {"value": "ZZZ", "price": "2"}])

        by_name = text(manager.get(f"/markdown/{markdown.code}/products/?q=azul"))
        by_code = text(manager.get(f"/markdown/{markdown.code}/products/?q=zz"))

        assert ("SKU-A" in by_name, "ZZZ" in by_name) == (True, False)
        assert ("SKU-A" in by_code, "ZZZ" in by_code) == (False, True)

    def test_are_exported_as_csv_and_spreadsheet(self, manager):
        build_product(sku="SKU-A", name="Camisa")
        markdown = build_markdown(items=[{"value": "SKU-A", "price": "9.90"}, {"value": "B", "percent": "5"}])
        url = f"/markdown/{markdown.code}/products/"

        lines = text(manager.get(f"{url}?export=csv")).splitlines()
        sheet = load_workbook(io.BytesIO(b"".join(manager.get(f"{url}?export=xlsx")))).worksheets[0]

        assert lines[1:] == ["B;;;5.0000", "SKU-A;Camisa;9.90;"]
        assert [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)] == ["B", "SKU-A"]

    def test_only_who_may_change_sees_inputs_and_may_post(self):
        markdown = build_markdown()
        client = Client()
        client.force_login(build_user(permissions=["campaigns.view_markdown"]))
        url = f"/markdown/{markdown.code}/products/"

        assert "price-0" not in text(client.get(url))
        assert client.post(url, {"add": "1", "value": "B", "price": "1"}).status_code == 403


class TestMarkdownPages:
    def test_say_when_where_for_whom_and_what(self, manager):
        markdown = build_markdown(
            customers="registered",
            price_min="10.00",
            minimum_quantity="2",
            include_covered=False,
            schedule={"weekdays": [6], "from": "14:00", "until": "18:00"},
            publish=True,
        )

        page = text(manager.get(f"/markdown/{markdown.code}/"))

        for sentence in (
            "For registered customers.",
            "Not on products that another active campaign names.",
            "Only products that cost at least",
            "From 2 units of them in the sale.",
            "Only on Saturday.",
            "From 14:00 to 18:00, local time.",
        ):
            assert sentence in page

    def test_publish_and_history_with_other_products(self, manager):
        build_product(sku="NOVO")
        markdown = build_markdown(publish=True)
        manager.post(f"/markdown/{markdown.code}/products/", {"add": "1", "value": "NOVO", "price": "1"})
        changed = text(manager.get(f"/markdown/{markdown.code}/"))
        manager.post(f"/markdown/{markdown.code}/publish/")

        history = text(manager.get(f"/markdown/{markdown.code}/history/"))

        assert "Products or prices differ from those that are live." in changed
        assert "Products and prices" in history
        markdown.refresh_from_db()
        assert markdown.live_revision.item_count == 2

    def test_one_without_products_says_so_instead_of_going_live(self, manager):
        markdown = build_markdown(items=[])

        page = manager.post(f"/markdown/{markdown.code}/publish/", follow=True)

        assert "It has no products yet." in text(page)
