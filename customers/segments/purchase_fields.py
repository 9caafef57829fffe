"""What a customer bought of: categories from their totals by month, products and stores from the sales themselves."""

from django.apps import apps
from django.utils.translation import gettext_lazy as _

from customers.segments.kinds import Amount, Code, named
from customers.segments.operators import BOUNDS, Sql
from customers.segments.registry import PURCHASES, Asked, Field, Statement, totals, within

_OPERATORS = {"is_set": _("bought"), "is_empty": _("did not buy"), **named(*BOUNDS)}
_MEASURES = {"quantity": _("units"), "amount": _("amount")}
_KINDS = {"quantity": Amount(places=3, operators=_OPERATORS)}
_STANDS = "NOT s.is_test AND s.state IN ('committed', 'partially_returned') AND s.customer_id IS NOT NULL"
_LINES = {
    "quantity": "sum(l.quantity - l.returned)",
    "amount": "sum(round(l.net * (l.quantity - l.returned) / l.quantity, 2))",
}


def _category(asked: Asked, _statement: Statement) -> Sql:
    span = within("b.month", asked.span)
    return Sql(
        f"SELECT b.customer_id, sum(b.{asked.measure}) AS value FROM customers_categorytotal b"  # noqa: S608
        # A category stands for all below it. One that was removed is still what sales say that they were of.
        " WHERE b.category = ANY(ARRAY(SELECT code FROM retail_category WHERE path && %s::varchar[]"
        f" UNION SELECT unnest(%s::varchar[]))) AND {span.text} GROUP BY b.customer_id",
        (list(asked.of), list(asked.of), *span.params),
    )


def _product(asked: Asked, _statement: Statement) -> Sql:
    span = within("s.business_date", asked.span)
    return Sql(
        f"SELECT s.customer_id, {_LINES[asked.measure]} AS value"  # noqa: S608
        " FROM retail_saleline l JOIN retail_sale s ON s.id = l.sale_id"
        f" WHERE l.sku = ANY(%s) AND l.returned < l.quantity AND {_STANDS} AND {span.text} GROUP BY s.customer_id",
        (list(asked.of), *span.params),
    )


_SALES = {"visits": "count(*)", "amount": "sum(s.net)"}


def _store(asked: Asked, _statement: Statement) -> Sql:
    span = within("s.business_date", asked.span)
    return Sql(
        f"SELECT s.customer_id, {_SALES[asked.measure]} AS value FROM retail_sale s"  # noqa: S608
        " WHERE s.store_id = ANY(ARRAY(SELECT id FROM retail_store WHERE code = ANY(%s)))"
        f" AND {_STANDS} AND {span.text} GROUP BY s.customer_id",
        (list(asked.of), *span.params),
    )


FIELDS = [
    Field(
        code="bought_category",
        label=_("Bought of a category"),
        group=PURCHASES,
        kind=Amount(operators=_OPERATORS),
        sql=totals(_category),
        subject=Code(lambda: apps.get_model("retail", "Category")),
        subject_label=_("Categories"),
        subject_required=True,
        measures=_MEASURES,
        kinds=_KINDS,
        period="months",
        is_profile=True,
        note=_("With all categories below. What came back does not count. Periods are whole months."),
    ),
    Field(
        code="bought_product",
        label=_("Bought a product"),
        group=PURCHASES,
        kind=Amount(operators=_OPERATORS),
        sql=totals(_product),
        subject=Code(lambda: apps.get_model("retail", "Product"), column="sku"),
        subject_label=_("SKUs"),
        subject_required=True,
        measures=_MEASURES,
        kinds=_KINDS,
        period="days",
        is_profile=True,
        note=_("Any of these. What came back does not count."),
    ),
    Field(
        code="bought_at_store",
        label=_("Bought at a store"),
        group=PURCHASES,
        kind=Amount(operators=_OPERATORS),
        sql=totals(_store),
        subject=Code(lambda: apps.get_model("retail", "Store")),
        subject_label=_("Stores"),
        subject_required=True,
        measures={"visits": _("purchases"), "amount": _("amount")},
        period="days",
        is_profile=True,
    ),
]
