"""What becomes of two records of one person themselves: their fields, groupings and consents.

The record that is kept keeps what it says; where it says nothing, the other's word fills the gap. These run inside the
transaction of the merge or of its undoing, which holds the locks of both (`loyalty` moves value, `pos_api` the rest).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy

from customers.models import Consent, Customer
from customers.selectors import standing_consents
from retail.models import Store

# Unique: a record gives them away, or keeps them and leads to the one that stands.
IDENTITIES = ("document", "code", "card")
ADDRESS = ("street", "number", "complement", "district", "city", "state", "postal_code")
PLAIN = ("name", "email", "phone", "birth_date", "sex", "remark", "home_store")
Json = dict[str, Any]


class MergeRefused(Exception):
    """Two records cannot be made one, or two again. `code` is stable; the message is for people."""

    code = "merge_refused"
    message = gettext_lazy("These records cannot be merged.")

    def __init__(self) -> None:
        super().__init__(str(self.message))


class SameRecord(MergeRefused):
    code = "same_record"
    message = gettext_lazy("A record cannot be merged into itself.")


class DocumentsDiffer(MergeRefused):
    code = "different_documents"
    message = gettext_lazy(
        "They have different CPF or CNPJ, so they are two persons. If one was mistyped, correct it first."
    )


class AlreadyMerged(MergeRefused):
    """One of the two is no record of its own any more. `customer` is that one, `into` the one that stands."""

    code = "already_merged"
    message = gettext_lazy("This record was merged into another one.")

    def __init__(self, customer: Customer) -> None:
        super().__init__()
        self.customer, self.into = customer.pk, customer.merged_into_id
        self.extra = {"customer": self.customer, "into": self.into}


@dataclass(frozen=True, slots=True)
class FieldOutcome:
    """What a field says in both records, and what it will say. `source` is kept, absorbed, or equal."""

    name: str
    kept: Any
    absorbed: Any
    source: str

    @property
    def value(self) -> Any:
        return self.absorbed if self.source == "absorbed" else self.kept


def refuse_unlike(kept: Customer, absorbed: Customer) -> None:
    """Raise the MergeRefused that says why these two cannot be one, if any."""
    if kept.pk == absorbed.pk:
        raise SameRecord
    for one in (kept, absorbed):
        if one.merged_into_id is not None:
            raise AlreadyMerged(one)
    if kept.document and absorbed.document and kept.document != absorbed.document:
        raise DocumentsDiffer


def field_outcomes(kept: Customer, absorbed: Customer) -> list[FieldOutcome]:
    """Return what each field of either record says and which word will stand. An address stays whole."""
    outcomes = [_outcome(name, kept, absorbed) for name in (*IDENTITIES, *PLAIN)]
    has_address = any(getattr(kept, name) for name in ADDRESS)
    for name in ADDRESS:
        one = _outcome(name, kept, absorbed)
        if has_address and one.source == "absorbed":
            one = FieldOutcome(name, one.kept, one.absorbed, "kept")
        outcomes.append(one)
    return [one for one in outcomes if one.kept or one.absorbed]


def _outcome(name: str, kept: Customer, absorbed: Customer) -> FieldOutcome:
    ours, theirs = getattr(kept, name), getattr(absorbed, name)
    if ours in (None, "") and theirs not in (None, ""):
        return FieldOutcome(name, ours, theirs, "absorbed")
    return FieldOutcome(name, ours, theirs, "equal" if ours == theirs else "kept")


def absorb_record(kept: Customer, absorbed: Customer, *, actor: User) -> Json:
    """Let one record go into another: fields, groupings, consents; return what was done, for `release_record`.

    Records that had been merged into the absorbed one lead to the kept one from now on.
    """
    taken = [one for one in field_outcomes(kept, absorbed) if one.source == "absorbed"]
    done: Json = {
        "was_active": absorbed.is_active,
        "fields": {one.name: plain(one.absorbed) for one in taken},
        "redirected": list(Customer.objects.filter(merged_into=absorbed).values_list("pk", flat=True)),
    }
    for one in taken:
        if one.name in IDENTITIES:
            setattr(absorbed, one.name, None)
    absorbed.is_active, absorbed.merged_into = False, kept
    absorbed.save()
    for one in taken:
        setattr(kept, one.name, one.absorbed)
    kept.save()
    Customer.objects.filter(pk__in=done["redirected"]).update(merged_into=kept)
    theirs = list(absorbed.groupings.order_by("pk").values_list("pk", flat=True))
    ours = set(kept.groupings.values_list("pk", flat=True))
    done["groupings"] = {"theirs": theirs, "added": [pk for pk in theirs if pk not in ours]}
    absorbed.groupings.clear()
    kept.groupings.add(*done["groupings"]["added"])
    done["consents"] = _copy_consents(kept, absorbed, actor)
    return done


def newer_answers(kept: Customer, absorbed: Customer) -> dict[tuple[str, str], tuple[datetime, int, bool]]:
    """Return by purpose and channel the standing answers of the absorbed record that are later than the kept one's."""
    standing = standing_consents([kept.pk, absorbed.pk])
    ours, theirs = standing[kept.pk].answers, standing[absorbed.pk].answers
    return {key: answer for key, answer in theirs.items() if key not in ours or ours[key][0] < answer[0]}


def _copy_consents(kept: Customer, absorbed: Customer, actor: User) -> list[Json]:
    """Add to the kept record the answers that the person gave later on the other; return them with what stood before."""
    newer = newer_answers(kept, absorbed)
    ours = standing_consents([kept.pk])[kept.pk].answers
    rows = Consent.objects.in_bulk([pk for _given_at, pk, _granted in newer.values()])
    copied = []
    for (purpose, channel), (given_at, pk, granted) in sorted(newer.items()):
        row = rows[pk]
        copy = Consent.objects.create(
            customer=kept,
            purpose=purpose,
            channel=channel,
            granted=granted,
            text=row.text,
            text_version=row.text_version,
            text_digest=row.text_digest,
            source="merge",
            store_id=row.store_id,
            operator=row.operator,
            recorded_by=actor,
            given_at=given_at,
        )
        before = ours.get((purpose, channel))
        copied.append({"id": copy.pk, "before": None if before is None else before[2]})
    return copied


def release_record(
    kept: Customer, absorbed: Customer, done: Mapping[str, Any], *, actor: User, at: datetime
) -> None:
    """Make the absorbed record one of its own again, and take back from the kept one what it still has of it."""
    for name, said in done["fields"].items():
        if plain(getattr(kept, name)) != said:
            continue
        setattr(kept, name, None if name in IDENTITIES or name in _NULL else "")
        if name in IDENTITIES:
            setattr(absorbed, name, said)
    kept.save()
    absorbed.is_active, absorbed.merged_into = done["was_active"], None
    absorbed.save()
    Customer.objects.filter(pk__in=done["redirected"], merged_into=kept).update(merged_into=absorbed)
    absorbed.groupings.add(*_present(absorbed, done["groupings"]["theirs"]))
    kept.groupings.remove(*done["groupings"]["added"])
    _answer_as_before(kept, done["consents"], actor, at)


_NULL = ("birth_date", "home_store")


def _present(customer: Customer, groupings: list[int]) -> list[int]:
    """Return those groupings that have not been removed meanwhile."""
    model = customer.groupings.model
    return list(model._default_manager.filter(pk__in=groupings).values_list("pk", flat=True))


def _answer_as_before(kept: Customer, copied: list[Json], actor: User, at: datetime) -> None:
    """Take back the answers that came from the other record and still stand. Whoever had given none has agreed to nothing."""
    standing = standing_consents([kept.pk])[kept.pk].answers
    rows = Consent.objects.in_bulk([one["id"] for one in copied])
    for one in copied:
        row = rows[one["id"]]
        before = bool(one["before"])
        if standing[row.purpose, row.channel][1] == row.pk and before != row.granted:
            Consent.objects.create(
                customer=kept,
                purpose=row.purpose,
                channel=row.channel,
                granted=before,
                source="merge_undone",
                recorded_by=actor,
                given_at=at,
            )


def plain(value: Any) -> Any:
    """Return a field's value as the record of a merge keeps it."""
    if isinstance(value, Store):
        return value.code
    return value.isoformat() if isinstance(value, date) else value
