"""Stored values that a basket presents: how their codes are looked up, and what of them the rules of redemption see.

Their codes are money. They go to the database as keyed hashes, and into what is stored of a sale masked: a sale that is
sent again brings them along, so that its answer can name them as the first one did.
"""

from collections.abc import Container, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from loyalty import stored_codes
from loyalty.selectors.stored_values import digest_of, known_codes
from loyalty.value import StoredValue, UnitLot, by_expiry
from pos_api.baskets import BasketDocument


class StoredRow(Struct, array_like=True, frozen=True, gc=False):
    """One stored value as the query reads it. `owner` is whose alone it is (0: nobody's yet), None: whoever presents it. `customer` is whose it is."""

    digest: str
    account: int
    kind: str
    percent: int | None
    minimum_purchase: int | None
    categories: tuple[str, ...]
    groupings: tuple[str, ...]
    stores: tuple[str, ...]
    owner: int | None
    is_open: bool
    lots: tuple[tuple[int, int, datetime, datetime | None], ...]
    customer: int | None = None


class Presented(Struct, frozen=True, kw_only=True):
    """What the query found of the codes that were presented, and until when the terminal may not try any."""

    locked_until: datetime | None = None
    values: tuple[StoredRow, ...] = ()
    # As in `pos_api.value.Value`.
    proof: tuple[int, str] | None = None


NOTHING_PRESENTED = Presented()
_DECODER = msgspec.json.Decoder(Presented)


def presented_codes(document: BasketDocument) -> list[str]:
    """Return the codes of the stored values that a basket presents, as they were typed."""
    redeem = document.redeem
    return [] if redeem is None else [str(one.code) for one in redeem.stored_values]


def digests(codes: Sequence[str]) -> list[str]:
    """Return the keyed hashes to look for; of a code that cannot be one, none."""
    return [digest_of(code) for code in codes if not stored_codes.is_mistyped(code)]


def read_presented(text: str | None) -> Presented:
    return NOTHING_PRESENTED if text is None else _DECODER.decode(text)


def stored_values(
    codes: Sequence[str], presented: Presented, *, store: str, customer_id: int | None
) -> tuple[StoredValue, ...]:
    """Return the values that can be used here and by this customer, under the codes that were presented."""
    by_digest = {row.digest: row for row in presented.values}
    found = []
    for code in codes:
        row = by_digest.get(digest_of(code)) if by_digest else None
        if row is not None and _is_usable(row, store, customer_id):
            found.append(_value(code, row))
    return tuple(found)


def _is_usable(row: StoredRow, store: str, customer_id: int | None) -> bool:
    return (
        row.is_open
        and bool(row.lots)
        and (not row.stores or store in row.stores)
        and row.owner in (None, customer_id)
    )


def _value(code: str, row: StoredRow) -> StoredValue:
    lots = [
        UnitLot(id=number, amount=left, available_from=start, expires_at=end)
        for number, left, start, end in row.lots
    ]
    return StoredValue(
        code=code,
        kind=row.kind,
        balance=0 if row.percent is not None else sum(lot.amount for lot in lots),
        lots=tuple(sorted(lots, key=by_expiry)),
        percent=row.percent,
        minimum_purchase=row.minimum_purchase,
        categories=frozenset(row.categories),
        groupings=frozenset(row.groupings),
        holder=row.account,
    )


# --- What is stored of them -------------------------------------------------------------------------


def mistaken_codes(document: BasketDocument, known: Container[str] = ()) -> list[str]:
    """Return the codes of stored values that somebody typed as promotional codes. Those that are `known` as such are not asked for."""
    return known_codes(code for code in map(str, document.promo_codes) if code not in known)


def masked_promo_codes(content: dict[str, Any], codes: Sequence[str]) -> dict[str, Any]:
    """Return a request's content without the codes that were typed as promotional codes by mistake."""
    masks = dict(zip(codes, masks_of(codes), strict=True))
    return content | {"promo_codes": [masks.get(code, code) for code in content["promo_codes"]]}


def masked_request(content: dict[str, Any]) -> dict[str, Any]:
    """Return a request's content as it may be stored."""
    redeem = content.get("redeem")
    if not redeem or not redeem.get("stored_values"):
        return content
    values = [one | {"code": stored_codes.masked(one["code"])} for one in redeem["stored_values"]]
    return content | {"redeem": redeem | {"stored_values": values}}


def hashed_request(content: dict[str, Any]) -> dict[str, Any]:
    """Return a request's content for its fingerprint, from which no code can be guessed."""
    redeem = content.get("redeem")
    if not redeem or not redeem.get("stored_values"):
        return content
    values = [one | {"code": digest_of(one["code"])} for one in redeem["stored_values"]]
    return content | {"redeem": redeem | {"stored_values": values}}


_LISTS = ("redeemed", "not_redeemed", "promo_codes")


def masked_answer(body: dict[str, Any], codes: Sequence[str]) -> dict[str, Any]:
    """Return an answer as it may be stored: each of the codes that were presented as its last four."""
    return _replaced(body, dict(zip(codes, masks_of(codes), strict=True)))


def answer_with_codes(body: dict[str, Any], codes: Sequence[str]) -> dict[str, Any]:
    """Return a stored answer as it was given to whoever presented these codes."""
    return _replaced(body, dict(zip(masks_of(codes), codes, strict=True)))


def masks_of(codes: Sequence[str]) -> list[str]:
    """Return the codes as they may be stored, told apart where the last four of one are those of another."""
    masks: list[str] = []
    for code in codes:
        mask = stored_codes.masked(code)
        same = sum(known.startswith(mask) for known in masks)
        masks.append(f"{mask} ({same + 1})" if same else mask)
    return masks


def _replaced(body: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    if not names:
        return body
    changed = {
        name: [one | {"code": names[one["code"]]} if one.get("code") in names else one for one in body[name]]
        for name in _LISTS
        if body.get(name)
    }
    return body | changed if changed else body
