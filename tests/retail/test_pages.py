"""Pages of stores, products, categories and groupings: what forms do, what lists find, what files hold."""

import io
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from retail.models import Category, PriceChange, Product, Store, StoreGrouping, Terminal
from tests import builders

STORE = {
    "code": "017",
    "name": "Aurora Savassi",
    "time_zone": "America/Sao_Paulo",
    "totals_mode": "strict",
    "offline_redeem_limit": "0",
    "is_active": "on",
}
PRODUCT = {"sku": "CAM-1", "name": "Camiseta", "price": "49.90", "discountable": "on", "is_active": "on"}


class TestStores:
    def test_are_created_and_shown(self, client):
        answer = client.post("/stores/new/", STORE, follow=True)

        assert Store.objects.get(code="017").name == "Aurora Savassi"
        assert "Aurora Savassi" in answer.content.decode()

    def test_are_not_overwritten_by_a_new_one_with_the_same_code(self, client):
        builders.build_store(code="017", name="Aurora Paulista")

        answer = client.post("/stores/new/", STORE)

        assert answer.status_code == 422
        assert Store.objects.get(code="017").name == "Aurora Paulista"
        assert 'value="Aurora Savassi"' in answer.content.decode()

    def test_keep_their_code_when_they_are_edited(self, client):
        store = builders.build_store(code="017")

        client.post(f"/stores/{store.pk}/edit/", STORE | {"code": "018", "name": "Outra"})

        store.refresh_from_db()
        assert (store.code, store.name) == ("017", "Outra")

    def test_are_found_without_accents_and_by_code(self, client):
        builders.build_store(code="A1", name="São José")
        builders.build_store(code="A2", name="Curitiba")

        for words in ("sao jose", "A1"):
            text = client.get("/stores/", {"q": words}).content.decode()
            assert "São José" in text
            assert "Curitiba" not in text

    def test_say_when_nothing_matches(self, client):
        builders.build_store()

        assert "Nothing matches" in client.get("/stores/?q=nenhuma").content.decode()


class TestTerminals:
    def test_are_added_to_a_store(self, client):
        store = builders.build_store()

        client.post(
            f"/stores/{store.pk}/terminals/new/", {"code": "07", "name": "Caixa 7", "is_active": "on"}
        )

        assert Terminal.objects.get(store=store).code == "07"

    def test_have_their_code_once_per_store(self, client):
        terminal = builders.build_terminal(code="07")

        answer = client.post(f"/stores/{terminal.store.pk}/terminals/new/", {"code": "07", "is_active": "on"})

        assert answer.status_code == 422
        assert "This store has a terminal with this code already." in answer.content.decode()


class TestProducts:
    def test_are_created_with_a_brazilian_price(self, client):
        client.cookies["django_language"] = "pt-br"

        client.post("/products/new/", PRODUCT | {"price": "1.249,90"})

        assert Product.objects.get(sku="CAM-1").price == Decimal("1249.90")

    @pytest.mark.parametrize("price", ["", "-1", "12.345", "abc", "1e9", "NaN", "9" * 20])
    def test_refuse_a_wrong_price_and_keep_the_rest(self, client, price):
        answer = client.post("/products/new/", PRODUCT | {"price": price})

        assert answer.status_code == 422
        assert 'value="Camiseta"' in answer.content.decode()
        assert 'href="#id_price"' in answer.content.decode()
        assert not Product.objects.exists()

    def test_name_the_field_that_the_service_refuses(self, client):
        answer = client.post("/products/new/", PRODUCT | {"sku": "CAM\u200b1"})

        assert answer.status_code == 422
        assert 'href="#id_sku"' in answer.content.decode()

    def test_are_listed_under_every_category_above_them(self, client):
        clothes = builders.build_category(name="Roupas")
        shirts = builders.build_category(name="Camisetas", parent=clothes)
        builders.build_product(name="Camiseta azul", category=shirts)
        builders.build_product(name="Panela")

        text = client.get("/products/", {"category": clothes.pk}).content.decode()

        assert "Camiseta azul" in text
        assert "Panela" not in text

    def test_are_ordered_by_the_column_that_was_clicked(self, client):
        builders.build_product(name="Barata", price=Decimal("1.00"))
        builders.build_product(name="Cara", price=Decimal("9.00"))

        text = client.get("/products/?order=-price").content.decode()

        assert text.index("Cara") < text.index("Barata")
        assert 'aria-sort="descending"' in text


class TestCategories:
    def test_move_with_everything_below(self, client):
        clothes, home = builders.build_category(code="roupas"), builders.build_category(code="casa")
        shirts = builders.build_category(code="camisetas", parent=clothes)

        client.post(f"/categories/{clothes.pk}/edit/", {"name": "Roupas", "parent": home.pk})

        assert Category.objects.get(pk=shirts.pk).path == ["casa", "roupas", "camisetas"]

    def test_are_not_put_below_themselves(self, client):
        clothes = builders.build_category(code="roupas")
        shirts = builders.build_category(code="camisetas", parent=clothes)

        answer = client.post(f"/categories/{clothes.pk}/edit/", {"name": "Roupas", "parent": shirts.pk})

        assert answer.status_code == 422
        assert 'href="#id_parent"' in answer.content.decode()


class TestGroupings:
    def test_are_created_empty(self, client):
        answer = client.post("/groupings/stores/new/", {"code": "sul", "name": "Sul"}, follow=True)

        assert StoreGrouping.objects.get(code="sul").name == "Sul"
        assert "No members yet" in answer.content.decode()

    def test_are_not_overwritten_by_a_new_one_with_the_same_code(self, client):
        builders.build_store_grouping(code="sul", name="Sul")

        answer = client.post("/groupings/stores/new/", {"code": "sul", "name": "Norte"})

        assert answer.status_code == 422
        assert StoreGrouping.objects.get(code="sul").name == "Sul"

    def test_take_a_pasted_list_and_tell_what_is_unknown(self, client):
        grouping = builders.build_product_grouping()
        known = [builders.build_product(sku=sku) for sku in ("A-1", "A-2", "A-3")]

        answer = client.post(
            f"/groupings/products/{grouping.pk}/members/",
            {"entries": "A-1\nA-2; A-3,A-1\tX-9", "name": "sku", "add": "1"},
        )

        assert set(grouping.products.all()) == set(known)
        assert "X-9" in answer.content.decode()

    def test_quote_an_entry_that_cannot_be_one(self, client):
        grouping = builders.build_product_grouping()

        answer = client.post(
            f"/groupings/products/{grouping.pk}/members/",
            {"entries": f"{'A' * 65}\nB\u200bC", "name": "sku", "add": "1"},
        )

        assert [text.partition(": ")[0] for text in answer.context["refused"]] == [f"“{'A' * 32}…”", "“B?C”"]

    def test_take_the_first_column_of_a_file(self, client):
        grouping = builders.build_product_grouping()
        builders.build_product(sku="7891000100103")
        book = Workbook()
        book.active.append([7891000100103, "Camiseta"])
        content = io.BytesIO()
        book.save(content)
        file = SimpleUploadedFile("lista.xlsx", content.getvalue())

        client.post(f"/groupings/products/{grouping.pk}/members/", {"file": file, "name": "sku", "add": "1"})

        assert grouping.products.get().sku == "7891000100103"

    def test_read_the_column_that_the_heading_of_a_file_names(self, client):
        wanted = builders.build_product(sku="S-1", code="MOLETOM")
        other = builders.build_product(sku="S-2")
        grouping = builders.build_product_grouping(products=[other])
        file = SimpleUploadedFile("lista.csv", "Nome;Código do produto\nMoletom;MOLETOM\n".encode())

        client.post(f"/groupings/products/{grouping.pk}/members/", {"file": file, "replace": "1"})

        assert list(grouping.products.all()) == [wanted]

    def test_keep_their_members_when_a_file_that_should_replace_them_names_none(self, client):
        product = builders.build_product(sku="A-1")
        grouping = builders.build_product_grouping(products=[product])
        file = SimpleUploadedFile("lista.csv", b"Moletom;A-1\nMeia;A-2\n")

        answer = client.post(f"/groupings/products/{grouping.pk}/members/", {"file": file, "replace": "1"})

        assert answer.status_code == 422
        assert "Moletom" in answer.content.decode()
        assert list(grouping.products.all()) == [product]

    def test_hold_their_members_in_a_file(self, client):
        grouping = builders.build_product_grouping(products=[builders.build_product(sku="S-1")])

        exported = client.get(f"/groupings/products/{grouping.pk}/?export=csv")

        assert "S-1" in b"".join(exported.streaming_content).decode()

    def test_get_a_code_from_their_name(self, client):
        client.post("/groupings/stores/new/", {"name": "Região Sul"})

        assert StoreGrouping.objects.get().code == "regiao-sul"

    def test_remove_what_is_named(self, client):
        product = builders.build_product(sku="A-1")
        grouping = builders.build_product_grouping(products=[product])

        client.post(
            f"/groupings/products/{grouping.pk}/members/", {"entries": "A-1", "name": "sku", "remove": "1"}
        )

        assert not grouping.products.exists()

    def test_ask_for_a_list(self, client):
        grouping = builders.build_product_grouping()

        assert client.post(f"/groupings/products/{grouping.pk}/members/", {"add": "1"}).status_code == 422


def rendered(form):
    """Return what a browser sends back of a form that it was shown."""
    return {field.html_name: field.value() for field in form}


class TestPriceChange:
    """Say what, look at old and new, confirm."""

    def test_shows_old_and_new_before_anything_is_written_and_then_writes_exactly_that(self, client):
        product = builders.build_product(sku="A-1", name="Camiseta azul", price=Decimal("49.90"))

        page = client.post(
            "/products/prices/",
            {"everything": "on", "field": "price", "way": "percent", "number": "-10%", "ending": "99"},
        )
        confirm = rendered(page.context["confirm"])

        assert "Camiseta azul" in page.content.decode()
        assert Product.objects.get().price == Decimal("49.90")

        answer = client.post("/products/prices/", confirm, follow=True)

        assert Product.objects.get(pk=product.pk).price == Decimal("44.99")
        assert "A-1" in answer.content.decode()
        assert PriceChange.objects.get().changed_by.username == "marina"

    def test_writes_nothing_when_prices_have_changed_since_the_preview(self, client):
        builders.build_product(price=Decimal("10.00"))
        page = client.post(
            "/products/prices/", {"everything": "on", "field": "price", "way": "amount", "number": "1,50"}
        )
        Product.objects.update(price=Decimal("20.00"))

        again = client.post("/products/prices/", rendered(page.context["confirm"]))

        assert Product.objects.get().price == Decimal("20.00")
        # What would be written now is shown at once: nothing has to be filled in again.
        assert again.status_code == 409
        assert "Prices have changed since the preview" in again.content.decode()
        assert [(line["old"], line["new"]) for line in again.context["lines"]] == [
            (Decimal("20.00"), Decimal("21.50"))
        ]
        client.post("/products/prices/", rendered(again.context["confirm"]))
        assert Product.objects.get().price == Decimal("21.50")

    def test_keeps_a_file_when_prices_have_changed_since_the_preview(self, client):
        builders.build_product(sku="A-1", price=Decimal("10.00"))
        file = SimpleUploadedFile("precos.csv", "SKU;Preço\nA-1;19,00\n".encode())
        page = client.post("/products/prices/", {"from_file": "1", "file": file, "note": "Tabela nova"})
        Product.objects.update(price=Decimal("20.00"))

        again = client.post("/products/prices/", rendered(page.context["confirm"]))
        client.post("/products/prices/", rendered(again.context["confirm"]))

        assert Product.objects.get().price == Decimal("19.00")
        assert PriceChange.objects.get().note == "Tabela nova"

    def test_goes_back_to_what_was_typed(self, client):
        category = builders.build_category()
        builders.build_product(category=category, price=Decimal("10.00"))
        typed = {
            "category": str(category.pk),
            "price_max": "99.50",
            "field": "cost",
            "way": "amount",
            "number": "1,50",
            "note": "Frete",
        }
        page = client.post("/products/prices/", typed)
        confirm = rendered(page.context["confirm"])

        form = client.post("/products/prices/", confirm | {"back": "1"}).context["rule"]

        assert {name: form[name].value() for name in typed} == typed
        assert not form.errors

    def test_keeps_what_was_typed_when_the_selection_cannot_be_read_any_more(self, client):
        category = builders.build_category()
        page = client.post(
            "/products/prices/",
            {"category": category.pk, "field": "price", "way": "amount", "number": "1,50", "note": "Frete"},
        )
        category.delete()

        refused = client.post("/products/prices/", rendered(page.context["confirm"]))

        assert refused.status_code == 422
        assert refused.context["rule"]["note"].value() == "Frete"
        assert "category" in refused.context["rule"].errors

    @pytest.mark.parametrize("typed", ["[1]", '{"note": ["x"]}', "{"])
    def test_refuses_what_it_did_not_send(self, client, typed):
        sent = {"request": "{}", "expected": "x", "typed": typed, "back": "1"}

        assert client.post("/products/prices/", sent).status_code == 302

    def test_reads_a_file_as_people_write_it(self, client):
        builders.build_product(sku="A-1", price=Decimal("10.00"))
        content = "SKU;Preço;Custo\nA-1;1.234,50;999,90\nX-9;1,00;\n".encode()
        file = SimpleUploadedFile("precos.csv", content)

        page = client.post("/products/prices/", {"from_file": "1", "file": file})
        client.post("/products/prices/", rendered(page.context["confirm"]))

        product = Product.objects.get()
        assert (product.price, product.cost) == (Decimal("1234.50"), Decimal("999.90"))
        assert [(sku, row) for sku, row, _message in page.context["errors"]] == [("X-9", 3)]

    def test_warns_beside_the_value_that_it_is_about(self, client):
        builders.build_product(sku="A-1", price=Decimal("50.00"), cost=Decimal("25.00"))
        file = SimpleUploadedFile("precos.csv", "SKU;Preço;Custo\nA-1;19,00;20,00\n".encode())

        page = client.post("/products/prices/", {"from_file": "1", "file": file})

        assert {line["new"]: [str(one) for one in line["warnings"]] for line in page.context["lines"]} == {
            Decimal("19.00"): ["Below the cost", "More than doubles or halves"],
            Decimal("20.00"): [],
        }

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"number": "10"}, None),
            ({"everything": "on", "number": "muito"}, "number"),
            ({"everything": "on", "number": "-200"}, "number"),
            ({"everything": "on", "number": ""}, "number"),
        ],
    )
    def test_says_what_is_missing(self, client, values, field):
        page = client.post("/products/prices/", {"field": "price", "way": "percent"} | values)

        assert page.status_code == 422
        errors = page.context["form"].errors
        assert (field or "__all__") in errors
