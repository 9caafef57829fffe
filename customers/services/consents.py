"""Consents (LGPD): each answer of a customer is a row that is never changed; the last answer stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from customers.models import Consent, ConsentChannel, ConsentText, Customer, Purpose
from customers.selectors import standing_consents
from customers.services.consent_texts import LONGEST, digest_of
from retail.models import Store
from retail.rows import (
    MISSING,
    Choice,
    Column,
    FieldError,
    FieldRefused,
    Flag,
    Moment,
    Text,
    read_row,
    schema_of,
)

COLUMNS: dict[str, Column] = {
    "purpose": Choice(Purpose, default=MISSING),
    "channel": Choice(ConsentChannel, default=""),
    "granted": Flag(default=MISSING),
    "text": Text(LONGEST, line_breaks=True),
    "text_version": Text(40),
    "operator": Text(80),
    "given_at": Moment(),
}
_CLOCK_SKEW = timedelta(minutes=10)


class ConsentRefused(Exception):
    """An answer cannot be recorded; ``errors`` name the fields."""

    code = "invalid"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("")
        self.errors = tuple(errors)


@dataclass(frozen=True, slots=True)
class Answers:
    """A list of answers inside a customer's row."""

    default: Any = ()

    def read(self, value: Any) -> list[dict[str, Any]]:
        if not isinstance(value, list) or len(value) > 50:
            raise FieldRefused("type", _("This must be a list."))
        answers = []
        for place, raw in enumerate(value):
            values, errors = read_answer(raw)
            if errors:
                where = f"[{place}].{errors[0].path}" if errors[0].path else f"[{place}]"
                raise FieldRefused(errors[0].code, f"{where}: {errors[0].message}")
            answers.append(values)
        return answers

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": schema_of(COLUMNS), "maxItems": 50}


CONSENTS = Answers()


def read_answer(raw: Any) -> tuple[dict[str, Any], list[FieldError]]:
    """Read one answer as data; its values are complete when there are no errors."""
    row = read_row(0, raw, COLUMNS)
    if any(not error.path for error in row.errors):
        return {}, row.errors
    refused = {error.path for error in row.errors}
    for name, column in COLUMNS.items():
        if name in row.values or name in refused:
            continue
        if column.default is MISSING:
            row.refuse(name, "required", _("This is required."))
        else:
            row.values[name] = column.default
    return row.values, row.errors


@transaction.atomic
def record_consent(
    *,
    customer: Customer,
    values: Any,
    source: str,
    at: datetime,
    store: Store | None = None,
    recorded_by: User | None = None,
) -> Consent:
    """Append one answer, given as data, also when it repeats what stands: it is evidence of its own.

    What is answered for a record that was merged into another counts for that one. ``source`` says where it was given (till,
    web, import). An answer that names a version of ours gets its text. It takes the customer's row, which a sender shares
    while it decides on a message: what it takes back is seen, or the call had begun. Raises ConsentRefused.
    """
    answer, errors = read_answer(values)
    given_at = answer.get("given_at")
    if given_at is not None and given_at > at + _CLOCK_SKEW:
        errors.append(FieldError("given_at", "range", _("This lies in the future.")))
    if not errors:
        answer, errors = _with_texts([answer])[0]
    if errors:
        raise ConsentRefused(errors)
    owner = customer.merged_into or customer
    # Senders wait for it, and so does a sale of the same customer: some milliseconds.
    Customer.objects.select_for_update(no_key=True).values_list("pk", flat=True).get(pk=owner.pk)
    consent = Consent(
        customer=owner,
        source=source,
        store=store,
        recorded_by=recorded_by,
        **{**answer, "given_at": given_at or at},
    )
    consent.save(force_insert=True)
    return consent


def append_consents(
    *,
    answers: Mapping[Customer, Sequence[Mapping[str, Any]]],
    source: str,
    store: Store | None,
    recorded_by: User | None,
    at: datetime,
) -> set[int]:
    """Append the answers that differ from what stands, for many customers at once; return whose they were.

    Sending the same list again appends nothing. The caller holds the customers' locks.
    """
    if not any(answers.values()):
        return set()
    standing = standing_consents([customer.pk for customer in answers])
    differing = [
        (customer, answer)
        for customer, given in answers.items()
        for answer in given
        if standing[customer.pk].get(answer["purpose"], answer["channel"]) != answer["granted"]
    ]
    completed = _with_texts([answer for _customer, answer in differing])
    new = [
        Consent(
            customer=customer,
            source=source,
            store=store,
            recorded_by=recorded_by,
            **{**answer, "given_at": min(answer["given_at"] or at, at)},
        )
        for (customer, _given), (answer, _errors) in zip(differing, completed, strict=True)
    ]
    Consent.objects.bulk_create(new)
    return {consent.customer_id for consent in new}


def wrong_texts(answers: Sequence[Mapping[str, Any]]) -> list[list[FieldError]]:
    """Return what is wrong with the text of each answer, in one query: a version of ours has another one."""
    return [errors for _answer, errors in _with_texts(answers)]


def _with_texts(answers: Sequence[Mapping[str, Any]]) -> list[tuple[dict[str, Any], list[FieldError]]]:
    """Return the answers with the text of the version that they name and its digest, each with what is wrong with it.

    A version that is not ours (of a system that asked before) keeps the text that came with it.
    """
    named = {answer["text_version"] for answer in answers if answer["text_version"]}
    texts = ConsentText.objects.filter(version__in=named) if named else ()
    ours = {text.version: text for text in texts}
    completed: list[tuple[dict[str, Any], list[FieldError]]] = []
    for answer in answers:
        errors: list[FieldError] = []
        known = ours.get(answer["text_version"])
        text = answer["text"]
        if known is not None and not text:
            text = known.text
        elif known is not None and text != known.text:
            errors.append(FieldError("text", "differs", _("This version has another text.")))
        completed.append(({**answer, "text": text, "text_digest": digest_of(text)}, errors))
    return completed
