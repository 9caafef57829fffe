"""What returns and cancellations give back: uses of limits, budgets and codes, in the windows in which they were counted.

Each call works from the state that it leads to, never from the step: whatever the order and the split of returns, the
same units back leave the same uses. Called in the caller's transaction under the lock of the sale's row; codes are
locked before counters, each by id (docs/algorithms/returns.md).
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from msgspec import Struct

from campaigns.engine import evaluation as engine
from campaigns.models import Activation, Campaign, LineAdjustment
from campaigns.services.promo_code_earnings import withdraw_issued
from loyalty.models import VipCard
from retail import money
from retail.models import Sale

Lines = Mapping[int, tuple[Decimal, Decimal]]  # by line number: what was sold, what came back of it so far


class Released(Struct, frozen=True, kw_only=True):
    """What one step took back: the discount of each campaign in cents, and what could not be undone."""

    discounts: tuple[tuple[str, int], ...] = ()
    not_undone: tuple[dict[str, Any], ...] = ()


def release(
    *, sale: Sale, lines: Lines, at: datetime, kept: Mapping[str, engine.Activation] | None = None
) -> Released:
    """Give back what the returned units had used. `lines` is the state after the return.

    Items are given back unit by unit, money in proportion to the deals; a use of the sale and a code only when no
    discounted line of the activation remains. `kept` are the activations of what is kept, evaluated again, by campaign:
    what they no longer use is given back instead.
    """
    rows = list(Activation.objects.filter(sale=sale).order_by("pk"))
    standing = [row for row in rows if row.reversed_at is None]
    if not standing:
        return Released()
    campaigns: dict[int | None, str] = dict(
        Campaign.objects.filter(activations__in=standing).values_list("pk", "code")
    )
    cards = [row.vip_card_id for row in standing if row.vip_card_id is not None]
    if cards:
        # At most one: it stands in the sale under its own code.
        campaigns[None] = VipCard.objects.values_list("code", flat=True).get(pk__in=cards)
    everything = all(returned >= sold for sold, returned in lines.values())
    discounted = {} if everything else _discounted_lines(standing)
    changed, whole, discounts, amounts = [], [], [], dict[int, Decimal]()
    for row in standing:
        campaign = campaigns[row.campaign_id]
        again = None if kept is None else kept.get(campaign)
        is_whole = everything or (
            again is None if kept is not None else _came_back(discounted.get(row.pk, ()), lines)
        )
        before = row.undone
        row.undone = max(before, row.discount if is_whole else _undone(row, lines, again))
        given = _release_uses(row, lines, again, is_whole=is_whole)
        if is_whole:
            row.reversed_at = at
            whole.append(row)
        for counter, amount in given.items():
            amounts[counter] = amounts.get(counter, Decimal(0)) + amount
        if is_whole or given or row.undone != before:
            changed.append(row)
            discounts.append((campaign, money.from_decimal(row.undone - before)))
    still_used = {pk for row in rows if row.reversed_at is None for pk in _codes_of(row)}
    used_codes = _give_codes_back(whole, still_used, campaigns)
    if amounts:
        _lower_counters(amounts)
    if changed:
        Activation.objects.bulk_update(changed, ["undone", "consumption", "reversed_at"])
    return Released(discounts=tuple(discounts), not_undone=(*used_codes, *_gifts(whole, campaigns)))


def _discounted_lines(rows: Sequence[Activation]) -> dict[int, list[int]]:
    """Return by activation the numbers of the lines that it took something off."""
    found: dict[int, list[int]] = {}
    taken = LineAdjustment.objects.filter(activation__in=[row.pk for row in rows], amount__gt=0)
    for activation, line in taken.values_list("activation_id", "sale_line__line"):
        found.setdefault(activation, []).append(line)
    return found


def _came_back(numbers: Sequence[int], lines: Lines) -> bool:
    """Say whether nothing is left of some lines. A campaign that discounted none ends with the whole sale only."""
    return bool(numbers) and all(lines[number][1] >= lines[number][0] for number in numbers)


def _undone(row: Activation, lines: Lines, again: engine.Activation | None) -> Decimal:
    """Return how much of an activation's discount the returned units had carried."""
    discount = money.from_decimal(row.discount)
    if again is not None:
        return money.to_decimal(max(0, discount - again.discount))
    shares = [
        money.share_after_returns(money.parse(part["amount"]), *lines[part["line"]]) for part in row.deal
    ]
    return money.to_decimal(min(discount, sum(shares)))


def _release_uses(
    row: Activation, lines: Lines, again: engine.Activation | None, *, is_whole: bool
) -> dict[int, Decimal]:
    """Note in the activation's consumption what is released by now; return what that adds, by counter."""
    added: dict[int, Decimal] = {}
    for use in row.consumption:
        if not use.get("returns"):
            continue
        counted, before = Decimal(use["amount"]), Decimal(use.get("released", 0))
        free = counted if is_whole else min(counted, _free(use, row, lines, again))
        if free > before:
            use["released"] = str(free)
            added[use["counter"]] = free - before
    return added


def _free(use: Mapping[str, Any], row: Activation, lines: Lines, again: engine.Activation | None) -> Decimal:
    """Return how much of one use the returned units had taken; nothing for a use of the sale as a whole."""
    if use.get("counts") == "money":
        return row.undone
    if again is not None:
        left = [one.amount for one in again.consumption if one.counts == "item"]
        return Decimal(use["amount"]) - max(left) if use.get("counts") == "item" and left else Decimal(0)
    counted = [(int(line), count) for line, count in use.get("items", {}).items()]
    return Decimal(sum([money.share_after_returns(count, *lines[line]) for line, count in counted]))


# --- Codes -----------------------------------------------------------------------------------------


def _codes_of(row: Activation) -> dict[int, str | None]:
    """Return the codes that opened an activation, with whom each counts where it limits every customer."""
    return {use["promo_code"]: use.get("customer") for use in row.consumption if "promo_code" in use}


_LOCK_CODES = """
SELECT id, code, used, issued_by_id FROM campaigns_promocode WHERE id = ANY(%s) OR issued_by_id = ANY(%s)
ORDER BY id FOR NO KEY UPDATE
"""


def _give_codes_back(
    whole: Sequence[Activation], still_used: AbstractSet[int], campaigns: Mapping[int | None, str]
) -> list[dict[str, Any]]:
    """Arm the codes again that only these activations used, close the unused ones that they issued.

    A code that opened several campaigns is armed when none of them is left. Returns the issued codes that were used.
    """
    if not whole:
        return []
    used = {pk: whom for row in whole for pk, whom in _codes_of(row).items() if pk not in still_used}
    issuers = {row.pk: campaigns[row.campaign_id] for row in whole}
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_CODES, [list(used), list(issuers)])
        issued = [row for row in cursor.fetchall() if row[3] in issuers]
        if used:
            cursor.execute(
                "UPDATE campaigns_promocode SET used = used - 1 WHERE id = ANY(%s) AND used > 0", [list(used)]
            )
        personal = {pk: whom for pk, whom in used.items() if whom is not None}
        if personal:
            cursor.execute(
                """
                UPDATE campaigns_promocodeuse u SET used = u.used - 1
                FROM unnest(%s::bigint[], %s::text[]) AS w(id, customer_key)
                WHERE u.promo_code_id = w.id AND u.customer_key = w.customer_key AND u.used > 0
                """,
                [list(personal), list(personal.values())],
            )
    withdraw_issued([pk for pk, _code, uses, _issuer in issued if not uses])
    return [
        {"kind": "code", "campaign": issuers[issuer], "code": code}
        for _pk, code, uses, issuer in issued
        if uses
    ]


def _gifts(whole: Sequence[Activation], campaigns: Mapping[int | None, str]) -> list[dict[str, Any]]:
    """Return the gifts that went home with activations of which nothing is left."""
    return [
        {
            "kind": "gift",
            "campaign": campaigns[row.campaign_id],
            "sku": gift["sku"],
            "quantity": gift["quantity"],
        }
        for row in whole
        for gift in row.gifts
    ]


# --- Counters --------------------------------------------------------------------------------------


def _lower_counters(amounts: Mapping[int, Decimal]) -> None:
    ids = sorted(amounts)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH locked AS (
                SELECT c.id, w.amount
                FROM campaigns_campaigncounter c
                JOIN unnest(%s::bigint[], %s::numeric[]) AS w(id, amount) USING (id)
                ORDER BY c.id
                FOR NO KEY UPDATE OF c
            )
            UPDATE campaigns_campaigncounter c SET used = c.used - locked.amount
            FROM locked WHERE c.id = locked.id
            """,
            [ids, [amounts[pk] for pk in ids]],
        )
