"""A markdown's products from a file: what the preview shows, and what is written."""

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from campaigns.models import MarkdownItem
from tests.builders import (
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


class TestMarkdownImport:
    def send(self, manager, markdown, content, **fields):
        file = SimpleUploadedFile("precos.csv", content.encode())
        return manager.post(f"/markdown/{markdown.code}/products/import/", {"file": file, **fields})

    def test_is_looked_at_first_and_then_taken(self, manager):
        build_product(sku="SKU-A", name="Camisa")
        markdown = build_markdown(items=[{"value": "SKU-A", "price": "9.90"}])
        url = f"/markdown/{markdown.code}/products/import/"

        preview = self.send(
            manager, markdown, "Produto;Preço;Desconto\nSKU-A;R$ 1.234,50;\nNOVO;;12,5%\nERRADO;x;\n"
        )
        untouched = list(MarkdownItem.objects.values_list("value", flat=True))
        confirm = preview.context["confirm"].initial
        manager.post(url, {"rows": confirm["rows"], "version": confirm["version"]})

        assert "ERRADO" in text(preview)
        assert "Must be an amount" in text(preview)
        assert untouched == ["SKU-A"]
        rows = {item.value: (item.price, item.percent) for item in MarkdownItem.objects.all()}
        assert rows == {"SKU-A": (Decimal("1234.50"), None), "NOVO": (None, Decimal("12.5000"))}

    def test_may_be_the_whole_list(self, manager):
        markdown = build_markdown(items=[{"value": "A", "price": "9.90"}])
        url = f"/markdown/{markdown.code}/products/import/"

        preview = self.send(manager, markdown, "sku,price\nB,1.50\n", whole="on")
        confirm = preview.context["confirm"].initial
        manager.post(url, {"rows": confirm["rows"], "version": confirm["version"], "whole": "True"})

        assert list(MarkdownItem.objects.values_list("value", flat=True)) == ["B"]

    def test_takes_its_own_export_again(self, manager):
        markdown = build_markdown(items=[{"value": "A", "price": "9.90"}, {"value": "B", "percent": "5"}])
        export = text(manager.get(f"/markdown/{markdown.code}/products/?export=csv"))

        preview = self.send(manager, markdown, export)

        assert preview.context["counts"].unchanged == 2

    def test_is_refused_when_somebody_changed_the_products_meanwhile(self, manager):
        markdown = build_markdown()
        url = f"/markdown/{markdown.code}/products/import/"

        page = manager.post(url, {"rows": '[{"value": "B", "price": "1"}]', "version": "9"}, follow=True)

        assert "Somebody else changed this meanwhile." in text(page)
        assert MarkdownItem.objects.count() == 1

    @pytest.mark.parametrize(
        ("content", "complaint"),
        [
            ("", "The submitted file is empty."),
            ("produto;preço\n", "at least one product"),
            ("nome;preço\nA;1\n", "No column is called product"),
            ("produto;cor\nA;azul\n", "No column is called price"),
            ("sku;produto;preço\nA;A;1\n", "Two columns mean the same"),
            ("\x00\x01", "neither a CSV nor an XLSX"),
        ],
    )
    def test_says_what_is_wrong_with_the_file(self, manager, content, complaint):
        response = self.send(manager, build_markdown(), content)

        assert response.status_code == 422
        assert complaint in text(response)

    @pytest.mark.parametrize("rows", ["", "x", "{}", "[1]", '[{"value": 1}]'])
    def test_survives_rows_that_nobody_looked_at(self, manager, rows):
        markdown = build_markdown()

        response = manager.post(f"/markdown/{markdown.code}/products/import/", {"rows": rows, "version": "1"})

        assert response.status_code == 302
        assert MarkdownItem.objects.count() == 1
