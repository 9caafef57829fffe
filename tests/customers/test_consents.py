from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError

from customers.models import Consent
from customers.selectors import standing_consents
from customers.services.consents import ConsentRefused, record_consent
from tests.builders import NOON, build_consent, build_customer

pytestmark = pytest.mark.django_db


def standing(customer):
    return standing_consents([customer.pk])[customer.pk]


class TestAppendOnly:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE customers_consent SET granted = false",
            "DELETE FROM customers_consent",
            "TRUNCATE customers_consent CASCADE",
        ],
    )
    def test_the_database_refuses_every_change(self, statement):
        build_consent()
        # What waits for the end of the transaction would refuse TRUNCATE before our trigger can.
        connection.check_constraints()

        with (
            pytest.raises(DatabaseError, match="never changed"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

        assert Consent.objects.get().granted

    def test_a_customer_with_consents_cannot_be_removed(self):
        consent = build_consent()

        with pytest.raises(ProtectedError):
            consent.customer.delete()

        assert Consent.objects.get() == consent


class TestStandingConsents:
    def test_nothing_stands_that_was_never_asked(self):
        assert standing(build_customer()).get("marketing", "sms") is None

    def test_the_last_answer_stands(self):
        customer = build_customer()
        build_consent(customer=customer, granted=True)
        build_consent(customer=customer, granted=False, given_at=NOON + timedelta(hours=1))

        assert standing(customer).get("promotions") is False

    def test_an_answer_without_channel_answers_for_all_channels(self):
        customer = build_customer()
        build_consent(customer=customer, purpose="marketing", channel="", granted=True)

        assert standing(customer).granted("marketing", "sms")

    def test_an_answer_for_one_channel_says_nothing_about_others(self):
        customer = build_customer()
        build_consent(customer=customer, purpose="marketing", channel="sms", granted=True)

        assert not standing(customer).granted("marketing", "email")
        assert not standing(customer).granted("marketing")

    def test_a_later_answer_for_all_channels_replaces_an_earlier_one_for_one(self):
        customer = build_customer()
        build_consent(customer=customer, purpose="marketing", channel="sms", granted=True)
        build_consent(
            customer=customer, purpose="marketing", granted=False, given_at=NOON + timedelta(hours=1)
        )

        assert not standing(customer).granted("marketing", "sms")

    def test_an_old_answer_that_arrives_late_does_not_undo_a_newer_one(self):
        customer = build_customer()
        build_consent(customer=customer, granted=False, given_at=NOON)
        build_consent(customer=customer, granted=True, given_at=NOON - timedelta(days=900))

        assert not standing(customer).granted("promotions")

    def test_reads_many_customers_with_one_query(self, django_assert_num_queries):
        customers = [build_consent().customer for _number in range(5)]

        with django_assert_num_queries(1):
            found = standing_consents([customer.pk for customer in customers])

        assert all(found[customer.pk].granted("promotions") for customer in customers)


class TestRecordConsent:
    def test_appends_a_row_even_when_it_repeats_what_stands(self):
        customer = build_consent().customer

        record_consent(
            customer=customer, values={"purpose": "promotions", "granted": True}, source="till", at=NOON
        )

        assert Consent.objects.count() == 2

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ({}, [("purpose", "required"), ("granted", "required")]),
            ({"purpose": "promotions", "granted": "yes"}, [("granted", "type")]),
            ({"purpose": "promotions", "granted": True, "channel": "fax"}, [("channel", "choice")]),
            ({"purpose": "promotions", "granted": True, "given_at": "2026-11-20"}, [("given_at", "moment")]),
            (
                {"purpose": "promotions", "granted": True, "given_at": "2026-11-20T10:00:00"},
                [("given_at", "moment")],
            ),
            (
                {"purpose": "promotions", "granted": True, "given_at": "2027-11-20T10:00:00Z"},
                [("given_at", "range")],
            ),
            ({"purpose": "promotions", "granted": True, "source": "web"}, [("source", "unknown_field")]),
            ([], [("", "type")]),
        ],
    )
    def test_names_wrong_fields(self, values, expected):
        with pytest.raises(ConsentRefused) as refused:
            record_consent(customer=build_customer(), values=values, source="till", at=NOON)

        assert [(error.path, error.code) for error in refused.value.errors] == expected
