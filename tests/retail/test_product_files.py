"""Product lists as files: export, import with a preview, files that are not what they say."""

import csv
import io
import json
import zipfile
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import Workbook, load_workbook

from retail.models import Product
from tests import builders


def rows_of(answer) -> list[list[str]]:
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text), delimiter=";"))


class TestFiles:
    def test_hold_what_the_filters_let_through(self, client):
        builders.build_store(code="A1", name="São José")
        builders.build_store(code="A2", name="Curitiba")

        rows = rows_of(client.get("/stores/?q=curitiba&export=csv"))

        assert [row[1] for row in rows[1:]] == ["A2"]

    def test_open_in_a_brazilian_excel(self, client):
        client.cookies["django_language"] = "pt-br"
        builders.build_product(price=Decimal("1249.90"))

        answer = client.get("/products/?export=csv")
        content = b"".join(answer.streaming_content)

        assert content.startswith(b"\xef\xbb\xbf")
        assert b";1249,90;" in content
        assert answer["Content-Disposition"] == 'attachment; filename="products.csv"'

    def test_never_run_what_somebody_wrote_into_a_name(self, client):
        for name in (
            "=HYPERLINK(1)",
            "+1",
            "-1",
            "@SUM(A1)",
            "\tx",
            "\nx",
            "＝1+1",
            "＋1",
            "－1",
            "＠SUM(A1)",
        ):
            builders.build_product(name=name)

        names = [row[0] for row in rows_of(client.get("/products/?export=csv"))[1:]]
        book = load_workbook(io.BytesIO(b"".join(client.get("/products/?export=xlsx").streaming_content)))

        assert all(name.startswith("'") for name in names)
        assert all(cell.data_type != "f" for row in book.active.iter_rows() for cell in row)

    def test_keep_numbers_and_moments_as_such(self, client):
        builders.build_product(price=Decimal("1249.90"))

        answer = client.get("/products/?export=xlsx")
        sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
        values = {str(cell.value): sheet.cell(2, cell.column).value for cell in sheet[1]}

        assert values["Price"] == 1249.9
        assert values["Changed"].year >= 2026

    def test_are_not_begun_when_there_is_too_much(self, client, monkeypatch):
        monkeypatch.setattr("retail.views.lists.MAX_EXPORT", 1)
        builders.build_product()
        builders.build_product()

        answer = client.get("/products/?export=csv&q=camiseta")

        assert answer["Location"] == "/products/?q=camiseta"


def damaged_workbook() -> bytes:
    """Return an XLSX file whose sheet breaks off in the middle of its XML."""
    book, whole, damaged = Workbook(), io.BytesIO(), io.BytesIO()
    book.active.append(["SKU"])
    book.save(whole)
    with zipfile.ZipFile(whole) as good, zipfile.ZipFile(damaged, "w") as bad:
        for name in good.namelist():
            content = good.read(name)
            bad.writestr(name, content[:-20] if "sheet1" in name else content)
    return damaged.getvalue()


def upload(client: Client, content: str | bytes, name: str = "produtos.csv"):
    data = content.encode() if isinstance(content, str) else content
    return client.post("/products/import/", {"file": SimpleUploadedFile(name, data)})


class TestProductImport:
    def test_shows_what_would_happen_and_writes_nothing(self, client):
        builders.build_product(sku="A-1", name="Meia", price=Decimal("10.00"))

        answer = upload(client, "SKU;Nome;Preço\nA-1;Meia;12,90\nA-2;Camiseta;1.049,90\nA-3;Calça;abc\n")

        counts = answer.context["counts"]
        assert (counts["created"], counts["updated"], counts["error"]) == (1, 1, 1)
        assert [(line, sku, field) for line, sku, field, _text in answer.context["errors"]] == [
            (4, "A-3", "Price")
        ]
        assert Product.objects.get().price == Decimal("10.00")

    def test_writes_what_was_confirmed(self, client):
        answer = upload(client, "SKU;Nome;Preço\nA-2;Camiseta;1.049,90\n")

        client.post("/products/import/", {"rows": answer.context["confirm"].initial["rows"]})

        assert Product.objects.get(sku="A-2").price == Decimal("1049.90")

    def test_reads_spreadsheets(self, client):
        book = Workbook()
        book.active.append(["SKU", "Nome", "Preço", "EAN", "Ativo", "NCM"])
        book.active.append(["A-2", "Camiseta", 49.9, 7891000100103, "não", "6109.10.00"])
        content = io.BytesIO()
        book.save(content)

        answer = upload(client, content.getvalue(), "produtos.xlsx")

        assert json.loads(answer.context["confirm"].initial["rows"]) == [
            {
                "sku": "A-2",
                "name": "Camiseta",
                "price": "49.9",
                "barcode": "7891000100103",
                "is_active": False,
                "ncm": "61091000",
            }
        ]

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            ("", "empty"),
            ("SKU;Nome\n", "row of headings"),
            ("Nome;Preço\nMeia;1,00\n", "No column is called SKU"),
            ("SKU;EAN;GTIN\nA;1;2\n", "Two columns mean the same"),
            (b"PK\x03\x04 this is no workbook", "neither a CSV nor an XLSX"),
            (damaged_workbook(), "neither a CSV nor an XLSX"),
            (b"\x00\x01\x02", "neither a CSV nor an XLSX"),
        ],
    )
    def test_refuses_files_that_it_cannot_read_and_says_why(self, client, content, why):
        answer = upload(client, content)

        assert answer.status_code == 422
        assert why in answer.content.decode()

    @pytest.mark.parametrize("rows", ["", "{}", "no json", "[1, 2]"])
    def test_survives_a_confirmation_that_was_tampered_with(self, client, rows):
        answer = client.post("/products/import/", {"rows": rows})

        assert answer.status_code == 302
        assert not Product.objects.exists()
