import csv
import hashlib
import io
import json
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from customers.models import ConsentText
from customers.selectors import current_texts
from customers.services.consent_proofs import proof_of
from customers.services.consent_texts import ConsentTextRefused, write_consent_text
from customers.services.consents import ConsentRefused, record_consent
from tests.builders import NOON, build_consent, build_customer, build_user

pytestmark = pytest.mark.django_db
TEXT = "Aceito receber ofertas por WhatsApp."


def write(**values):
    return write_consent_text(
        **{"purpose": "marketing", "channel": "", "language": "pt-br", "text": TEXT, "by": None, "at": NOON}
        | values
    )


def record(customer, **values):
    return record_consent(
        customer=customer,
        values={"purpose": "marketing", "granted": True} | values,
        source="till",
        at=NOON,
    )


class TestWriting:
    def test_each_text_is_a_version_of_its_own(self):
        first = write()
        second = write(text="Outro texto.", at=NOON + timedelta(days=1))

        assert (first.version, second.version) == ("marketing-pt-br-1", "marketing-pt-br-2")
        assert first.digest == hashlib.sha256(TEXT.encode()).hexdigest()
        assert current_texts(language="pt-br") == {("marketing", ""): second}

    def test_the_text_that_is_shown_already_is_no_new_version(self):
        assert write() == write(at=NOON + timedelta(days=1))

    def test_channels_and_languages_count_by_themselves(self):
        versions = [write().version, write(channel="sms").version, write(language="en").version]

        assert versions == ["marketing-pt-br-1", "marketing-sms-pt-br-1", "marketing-en-1"]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("purpose", "fun"),
            ("channel", "pigeon"),
            ("language", "xx"),
            ("text", "  "),
            ("text", "x" * 4001),
            ("text", "a\x07b"),
        ],
    )
    def test_refuses_what_makes_no_sense(self, name, value):
        with pytest.raises(ConsentTextRefused) as refused:
            write(**{name: value})

        assert [error.path for error in refused.value.errors] == [name]

    @pytest.mark.parametrize("statement", ["UPDATE {} SET text = 'x'", "DELETE FROM {}"])
    def test_the_database_refuses_every_change(self, statement):
        write()

        with (
            pytest.raises(DatabaseError, match="never changed"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement.format("customers_consenttext"))


class TestEvidence:
    def test_an_answer_that_names_a_version_gets_its_text(self):
        text = write()

        consent = record(build_customer(), text_version=text.version)

        assert (consent.text, consent.text_digest) == (TEXT, text.digest)

    def test_another_text_under_the_name_of_a_version_is_refused(self):
        text = write()

        with pytest.raises(ConsentRefused) as refused:
            record(build_customer(), text_version=text.version, text="Something else")

        assert [error.path for error in refused.value.errors] == ["text"]

    def test_a_text_of_several_lines_may_come_back_with_the_answer(self):
        text = write(text="Aceito.\r\n\r\nPosso sair.")

        consent = record(build_customer(), text_version=text.version, text="Aceito.\r\n\r\nPosso sair.\n")

        assert (consent.text, consent.text_digest) == ("Aceito.\n\nPosso sair.", text.digest)

    def test_a_version_of_another_system_keeps_the_text_that_came_with_it(self):
        consent = record(build_customer(), text_version="crm-2019", text="Sim")

        assert consent.text_digest == hashlib.sha256(b"Sim").hexdigest()

    def test_the_proof_has_every_answer_and_says_whether_texts_match(self):
        customer = build_customer(document="39053344705")
        record(customer, text="Sim")
        record(customer, granted=False)
        build_consent(customer=customer, text="Sim", text_digest="0" * 64)

        document = proof_of(customer, at=NOON)

        assert [one["digest_matches"] for one in document["answers"]] == [True, None, False]
        assert [one["granted"] for one in document["answers"]] == [True, False, True]
        assert "39053344705" not in json.dumps(document)


class TestPages:
    def test_the_proof_is_a_file_in_both_shapes(self, client):
        client.force_login(build_user(permissions=["customers.view_customer", "customers.view_consent"]))
        customer = build_customer()
        record(customer, text="=1+1")

        as_json = client.get(f"/customers/{customer.pk}/consents/proof.json")
        as_csv = client.get(f"/customers/{customer.pk}/consents/proof.csv")

        assert as_json.json()["answers"][0]["text"] == "=1+1"
        content = b"".join(as_csv.streaming_content).decode("utf-8-sig")
        heading, row = csv.reader(io.StringIO(content), delimiter=";")

        assert len(heading) == len(row)
        # A spreadsheet must not compute what somebody typed.
        assert not row[-1].startswith("=")

    def test_a_text_of_several_lines_is_typed_with_the_answer(self, client):
        client.force_login(
            build_user(
                permissions=["customers.view_customer", "customers.view_consent", "customers.add_consent"]
            )
        )
        customer = build_customer()

        client.post(
            f"/customers/{customer.pk}/consents/",
            {"purpose": "marketing", "channel": "", "granted": "yes", "text": "Sim.\r\nSempre."},
        )

        assert customer.consents.get().text == "Sim.\nSempre."

    def test_a_manager_writes_the_next_version(self, client):
        client.force_login(
            build_user(permissions=["customers.view_consenttext", "customers.add_consenttext"])
        )

        client.post(
            "/consent-texts/new/",
            {"purpose": "marketing", "channel": "", "language": "pt-br", "text": TEXT},
        )

        assert TEXT in client.get("/consent-texts/").content.decode()
        assert ConsentText.objects.get().written_by is not None
