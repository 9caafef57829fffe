"""What campaigns let segments ask for."""

from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from customers.segments.kinds import Amount, Code, named
from customers.segments.operators import BOUNDS, Sql
from customers.segments.registry import CAMPAIGNS, Asked, Field, Statement, totals, within

_MEASURES = {"times": "count(DISTINCT s.id)", "discount": "sum(a.discount - a.undone)"}


def _activated(asked: Asked, _statement: Statement) -> Sql:
    span = within("s.business_date", asked.span)
    narrowed = " AND a.campaign_id = ANY(ARRAY(SELECT id FROM campaigns_campaign WHERE code = ANY(%s)))"
    codes = (list(asked.of),) if asked.of else ()
    return Sql(
        f"SELECT s.customer_id, {_MEASURES[asked.measure]} AS value"  # noqa: S608
        " FROM campaigns_activation a JOIN retail_sale s ON s.id = a.sale_id"
        " WHERE a.campaign_id IS NOT NULL AND a.reversed_at IS NULL AND NOT s.is_test AND s.customer_id IS NOT NULL"
        f"{narrowed if codes else ''} AND {span.text} GROUP BY s.customer_id",
        (*codes, *span.params),
    )


FIELDS = [
    Field(
        code="campaign_activated",
        label=_("Benefited from a campaign"),
        group=CAMPAIGNS,
        is_profile=True,
        kind=Amount(operators={"is_set": _("did"), "is_empty": _("did not"), **named(*BOUNDS)}),
        sql=totals(_activated),
        subject=Code(lambda: Campaign),
        subject_label=_("Campaigns"),
        measures={"times": _("purchases"), "discount": _("discount")},
        period="days",
        note=_("In sales that stand; of any campaign when none is named."),
    ),
]
