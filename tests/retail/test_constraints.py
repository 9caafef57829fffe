"""Every named constraint of retail and customers, and what the database says to whoever tries to break it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from customers.models import (
    CategoryTotal,
    ConsentText,
    Customer,
    CustomerMetrics,
    SegmentExport,
    SegmentExportPart,
    SegmentRevision,
)
from retail.models import (
    Category,
    Company,
    ExchangedItem,
    Payment,
    PriceChange,
    PriceChangeLine,
    Product,
    Sale,
    SaleLine,
    SaleReturn,
    SaleReturnLine,
    Store,
)
from tests.builders import (
    NOON,
    build_appointment,
    build_category,
    build_consent,
    build_customer,
    build_customer_grouping,
    build_product,
    build_sale,
    build_segment,
    build_store,
    build_terminal,
    build_user,
)
from tests.constraints import named_constraints

pytestmark = pytest.mark.django_db


def _second_ticket():
    sale = build_sale(ticket="1")
    build_sale(ticket="1", terminal=sale.terminal)


def _second_line():
    SaleLine.objects.create(sale=build_sale(), line=1, sku="A", quantity=1, unit_price=1)


def _second_terminal():
    terminal = build_terminal()
    build_terminal(store=terminal.store, code=terminal.code)


def _consent_text(*, times=1, **values):
    def write():
        for place in range(times):
            row = {
                "purpose": "marketing",
                "language": "en",
                "number": 1,
                "text": "I agree.",
                "digest": "0" * 64,
            }
            ConsentText.objects.create(**row | {"version": f"v{place}", "written_at": NOON} | values)

    return write


def _own_parent():
    category = build_category()
    Category.objects.filter(pk=category.pk).update(parent=category)


def _update(build, **values):
    def attempt():
        instance = build()
        type(instance)._default_manager.filter(pk=instance.pk).update(**values)

    return attempt


def _line(**values):
    def attempt():
        SaleLine.objects.filter(sale=build_sale()).update(**values)

    return attempt


def _part(model, **values):
    return lambda: model.objects.create(sale=build_sale(), **values)


def _second_appointment(what):
    def attempt():
        first = build_appointment(seller="V1")
        same = {"customer": first.customer} if what == "customer" else {"seller": first.seller}
        build_appointment(store=first.store, **same)

    return attempt


def _return(**values):
    sale = build_sale()
    defaults = {"reference": "R-1", "fingerprint": "f", "returned_at": NOON}
    return SaleReturn.objects.create(sale=sale, **defaults | values)


def _second_return():
    first = _return()
    SaleReturn.objects.create(sale=first.sale, reference="R-1", fingerprint="f", returned_at=NOON)


def _returned_line(times=1, **values):
    def attempt():
        found = _return()
        line = found.sale.lines.get()
        for _number in range(times):
            SaleReturnLine.objects.create(sale_return=found, sale_line=line, **{"quantity": 1} | values)

    return attempt


def _metrics(**values):
    return lambda: CustomerMetrics.objects.create(
        customer=build_customer(), window_starts_at=NOON - timedelta(days=365), **values
    )


def _category_total(**values):
    row = {"category": "moda", "month": date(2026, 11, 1), "quantity": 1, "amount": 1}
    return lambda: CategoryTotal.objects.create(customer=build_customer(), **row | values)


def _second_revision():
    first = build_segment().revisions.get()
    SegmentRevision.objects.create(
        segment=first.segment, number=first.number, name="S", tree=first.tree, saved_at=NOON
    )


def _export(**values):
    row = {"segment_code": "s", "segment_name": "S", "tree": {"all": []}, "format": "csv"}
    return SegmentExport.objects.create(**row | {"requested_by": build_user(), "requested_at": NOON} | values)


def _second_part():
    export = _export()
    for _number in range(2):
        SegmentExportPart.objects.create(export=export, number=1, content=b"a")


def record(*, products=1, lines=()):
    change = PriceChange.objects.create(products=products, changed_at=NOON)
    for name in lines:
        PriceChangeLine.objects.create(change=change, sku="A", field=name, old=1, new=2)


ATTEMPTS = {
    "company_has_one_row": lambda: Company.objects.create(pk=2, name="Outra"),
    "company_cashback_policies_known": lambda: Company.objects.update(cashback_clawback="ignore"),
    "company_proof_in_range": lambda: Company.objects.update(proof_method="xyz"),
    "company_reservation_minutes_in_range": lambda: Company.objects.update(reservation_minutes=1441),
    "customer_merged_is_not_active": _update(build_customer, merged_into_id=F("id")),
    "company_adjustment_limit_not_negative": lambda: Company.objects.update(adjustment_limit=-1),
    "company_sms_sender_has_letters": lambda: Company.objects.update(sms_sender="12345"),
    "company_whatsapp_price_not_negative": lambda: Company.objects.update(whatsapp_price=-1),
    "category_not_its_own_parent": _own_parent,
    "product_sku_not_empty": lambda: build_product(sku=""),
    "product_price_not_negative": lambda: build_product(price=Decimal("-0.01")),
    "product_ncm_eight_digits": lambda: build_product(ncm="1234567x"),
    "price_change_of_some_product": lambda: record(products=0),
    "price_change_line_once": lambda: record(lines=("price", "price")),
    "price_change_line_field_known": lambda: record(lines=("weight",)),
    "appointment_status_known": lambda: build_appointment(status="perhaps", closed_at=NOON),
    "appointment_closed_has_its_moment": lambda: build_appointment(status="done"),
    "appointment_once_per_customer_and_moment": _second_appointment("customer"),
    "appointment_once_per_seller_and_moment": _second_appointment("seller"),
    "store_code_not_empty": lambda: build_store(code=""),
    "store_offline_limit_not_negative": lambda: build_store(offline_redeem_limit=-1),
    "store_totals_mode_known": lambda: build_store(totals_mode="maybe"),
    "terminal_code_once_per_store": _second_terminal,
    "terminal_code_not_empty": lambda: build_terminal(code=""),
    "sale_ticket_once_per_terminal_and_day": _second_ticket,
    "sale_state_known": lambda: build_sale(state="paid"),
    "sale_net_not_negative": _update(build_sale, net=-1, discount=51),
    "sale_refunded_not_negative": _update(build_sale, refunded=-1),
    "sale_totals_add_up": _update(build_sale, net=1),
    "sale_cancelled_has_its_moment": lambda: build_sale(state="cancelled"),
    "sale_line_once": _second_line,
    "sale_line_quantity_positive": _line(quantity=0),
    "sale_line_adds_up": _line(discount=1),
    "sale_line_net_not_negative": _line(net=-1, discount=51),
    "sale_line_returned_within_quantity": _line(returned=2),
    "sale_line_refundable_not_negative": _line(refundable=-1),
    "sale_return_once_per_reference": _second_return,
    "sale_return_not_negative": lambda: _return(amount=-1),
    "sale_return_line_once_per_line": _returned_line(times=2),
    "sale_return_line_quantity_positive": _returned_line(quantity=0),
    "sale_return_line_not_negative": _returned_line(value=-1),
    "exchanged_item_quantity_positive": _part(ExchangedItem, sku="A", quantity=0, unit_price=1),
    "payment_not_negative": _part(Payment, method="pix", amount=-1),
    "consent_purpose_known": lambda: build_consent(purpose="spam"),
    "consent_channel_known": lambda: build_consent(channel="fax"),
    "consent_text_once_per_number": _consent_text(times=2),
    "consent_text_purpose_known": _consent_text(purpose="spam"),
    "consent_text_channel_known": _consent_text(channel="fax"),
    "consent_text_says_something": _consent_text(text=""),
    "customer_document_normalised": lambda: build_customer(document="390.533.447-05"),
    "customer_phone_e164": lambda: build_customer(phone="11987654321"),
    "customer_code_not_empty": lambda: build_customer(code=""),
    "customer_card_not_empty": lambda: build_customer(card=""),
    "company_sms_segment_price_not_negative": lambda: Company.objects.update(sms_segment_price=-1),
    "customer_grouping_refreshed_has_its_segment": lambda: build_customer_grouping(refreshed_at=NOON),
    "customer_metrics_window_within_all": _metrics(turnover=1),
    "customer_metrics_oldest_is_in_window": _metrics(oldest_at=NOON),
    "customer_metrics_purchases_have_moments": _metrics(first_at=NOON),
    "category_total_of_something": _category_total(quantity=0),
    "category_total_of_a_whole_month": _category_total(month=date(2026, 11, 2)),
    "segment_count_has_its_moment": _update(build_segment, count=None, counted_at=NOON),
    "segment_revision_once": _second_revision,
    "segment_export_format_known": lambda: _export(format="doc"),
    "segment_export_finished_is_whole": lambda: _export(finished_at=NOON),
    "segment_export_part_once": _second_part,
}


def test_every_constraint_has_an_attempt():
    assert set(ATTEMPTS) == named_constraints("retail", "customers")


@pytest.mark.parametrize("name", ATTEMPTS)
def test_the_database_refuses(name):
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        ATTEMPTS[name]()


class TestUniqueFields:
    @pytest.mark.parametrize(
        ("build", "field", "value"),
        [
            (build_store, "code", "0001"),
            (build_category, "code", "moda"),
            (build_product, "sku", "A"),
            (build_customer, "document", "39053344705"),
            (build_customer, "code", "7"),
            (build_customer, "card", "7"),
            (build_sale, "fiscal_key", "3" * 44),
        ],
    )
    def test_one_value_stands_once(self, build, field, value):
        build(**{field: value})

        with pytest.raises(IntegrityError), transaction.atomic():
            build(**{field: value})

    def test_customers_without_identity_may_be_many(self):
        for _number in range(2):
            build_customer(document=None, code=None, card=None)

        assert Customer.objects.count() == 2

    def test_the_same_ticket_may_stand_on_two_days(self):
        sale = build_sale(ticket="1")

        build_sale(ticket="1", terminal=sale.terminal, business_date=date(2026, 11, 21))

        assert Sale.objects.count() == 2


class TestProtection:
    @pytest.mark.parametrize("name", ["store", "terminal", "customer"])
    def test_what_sold_is_never_removed(self, name):
        sale = build_sale(customer=build_customer())

        with pytest.raises(IntegrityError), transaction.atomic():
            getattr(sale, name).delete()

    def test_a_sale_outlives_its_product(self):
        product = build_product(sku="A")
        sale = build_sale(lines=[{"sku": "A", "product": product}])

        Product.objects.filter(pk=product.pk).delete()

        line = sale.lines.get()
        assert (line.sku, line.product) == ("A", None)

    def test_a_cancelled_sale_has_its_moment(self):
        sale = build_sale(state="cancelled", cancelled_at=NOON + timedelta(hours=1))

        assert Sale.objects.get(pk=sale.pk).cancelled_at > NOON
        assert Store.objects.filter(pk=sale.store_id).exists()
