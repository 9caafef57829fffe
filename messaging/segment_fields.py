"""What messages let segments ask for: who got, opened, clicked, and who had enough."""

from collections.abc import Callable
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from customers.segments.kinds import Amount, named
from customers.segments.operators import BOUNDS, Sql, all_of
from customers.segments.registry import MESSAGES, Asked, Field, Span, Statement, totals
from messaging.models import MessageState

_DAY = timedelta(days=1)
# What arrived, or is believed to have: it was accepted by the provider and nobody has said anything else.
_RECEIVED = [MessageState.SENT.value, MessageState.DELIVERED.value, MessageState.READ.value]


def _received(asked: Asked, statement: Statement) -> Sql:
    moments = _on_days("m.sent_at", asked.span, statement)
    return Sql(
        "SELECT m.customer_id, count(*) AS value FROM messaging_message m"  # noqa: S608
        f" WHERE m.customer_id IS NOT NULL AND m.state = ANY(%s) AND {moments.text} GROUP BY m.customer_id",
        (_RECEIVED, *moments.params),
    )


def _touched(kind: str) -> Callable[[Asked, Statement], Sql]:
    """Count the messages that a customer opened, or followed a link of."""

    def query(asked: Asked, statement: Statement) -> Sql:
        moments = _on_days("e.occurred_at", asked.span, statement)
        return Sql(
            "SELECT m.customer_id, count(DISTINCT m.id) AS value FROM messaging_messageevent e"  # noqa: S608
            " JOIN messaging_message m ON m.id = e.message_id"
            # Both are named, so that the partial index of the two is found.
            " WHERE e.kind IN ('opened', 'clicked') AND e.kind = %s AND m.customer_id IS NOT NULL"
            f" AND {moments.text} GROUP BY m.customer_id",
            (kind, *moments.params),
        )

    return query


def _unsubscribed(asked: Asked, statement: Statement) -> Sql:
    moments = _on_days("k.given_at", asked.span, statement)
    return Sql(
        "SELECT k.customer_id, count(*) AS value FROM customers_consent k"  # noqa: S608
        f" WHERE k.purpose = 'marketing' AND NOT k.granted AND {moments.text} GROUP BY k.customer_id",
        moments.params,
    )


def _on_days(expression: str, span: Span, statement: Statement) -> Sql:
    """Return the predicate that a moment lies on the days of a span, in the company's zone."""
    parts = [Sql(f"{expression} IS NOT NULL")]
    if span.starts is not None:
        parts.append(Sql(f"{expression} >= %s", (statement.midnight(span.starts),)))
    if span.until is not None:
        parts.append(Sql(f"{expression} < %s", (statement.midnight(span.until + _DAY),)))
    return all_of(parts)


_HOW_OFTEN = Amount(operators={"is_set": _("did"), "is_empty": _("did not"), **named(*BOUNDS)})
_TIMES = {"times": _("messages")}

FIELDS = [
    Field(
        code="message_received",
        label=_("Got a message"),
        group=MESSAGES,
        kind=_HOW_OFTEN,
        sql=totals(_received),
        measures=_TIMES,
        period="days",
        note=_("That a provider accepted, of any kind."),
    ),
    Field(
        code="message_opened",
        label=_("Opened a message"),
        group=MESSAGES,
        is_profile=True,
        kind=_HOW_OFTEN,
        sql=totals(_touched("opened")),
        measures=_TIMES,
        period="days",
        note=_("As far as it is counted: programs that open e-mails by themselves are left out."),
    ),
    Field(
        code="message_clicked",
        label=_("Followed a link of a message"),
        group=MESSAGES,
        is_profile=True,
        kind=_HOW_OFTEN,
        sql=totals(_touched("clicked")),
        measures=_TIMES,
        period="days",
        note=_("As far as clicks are counted: scanners are left out."),
    ),
    Field(
        code="unsubscribed",
        label=_("Stopped marketing"),
        group=MESSAGES,
        kind=_HOW_OFTEN,
        sql=totals(_unsubscribed),
        measures={"times": _("times")},
        period="days",
        note=_("Took consent to marketing back, for any channel, by any way."),
    ),
]
