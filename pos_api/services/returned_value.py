"""What a return does to value: gives back what the sale had spent, takes back what it had earned.

Everything that is due is a function of what came back so far; what was done before is noted with the sale
(`Sale.shares`), and a return does the difference. So every order and split of returns ends in the same balances
(docs/algorithms/returns.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from campaigns.engine.evaluation import Evaluation
from campaigns.engine.redemption_body import points_number
from campaigns.services.release import Lines
from loyalty.models import MONEY_KINDS, Account, AccountKind
from loyalty.returns import units_after_returns
from loyalty.selectors.policies import return_policies
from loyalty.services import returns as ledger
from loyalty.services.ledger import AccountKey, account_key, lock_all_accounts, open_accounts
from loyalty.services.on_credit import give_back_owed, written_off
from loyalty.services.refusals import ReturnBlocked
from pos_api.models import ExceptionKind, Resolution, SaleException
from pos_api.problems import Conflict
from retail import money
from retail.models import Sale

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a sale is taken back.

    `lines` is the state that the step leads to; `part` the cents (given back, of) by which values follow what is kept
    where it was evaluated again (`kept`, None when nothing is kept); `everything` undoes also what belongs to no unit.
    """

    lines: Lines
    part: tuple[int, int] | None = None
    kept: Evaluation | None = None
    everything: bool = False

    @property
    def is_whole(self) -> bool:
        return self.everything or all(came >= sold for sold, came in self.lines.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What one step moved, as the answer says it. `restored_cents` is not money to give back, nor is `withheld`."""

    restored_cents: int = 0
    withheld: int = 0
    restored: list[Json] = field(default_factory=list)
    taken_back: list[Json] = field(default_factory=list)
    owed: list[Json] = field(default_factory=list)


def value_of(sale: Sale) -> Json | None:
    """Return what the sale did to value, None when it did nothing."""
    return (sale.shares or {}).get("value")


def carried(sale: Sale) -> dict[int, list[int]]:
    """Return by line the cents that each value paid of its worth: they come back as value, not as money."""
    found: dict[int, list[int]] = {}
    for spent in (value_of(sale) or {}).get("spent", ()):
        for line, (amount, _units) in spent["lines"].items():
            found.setdefault(int(line), []).append(amount)
    return found


def restored_cents(sale: Sale, progress: Progress) -> int:
    """Return the cents of value that are due back in the state of `progress`."""
    spent = (value_of(sale) or {}).get("spent", ())
    return sum(_due_back(one, progress)[0] for one in spent if one["target"] == "sale")


def restored_before(sale: Sale) -> int:
    """Return the cents of value that earlier returns gave back."""
    spent = (value_of(sale) or {}).get("spent", ())
    return sum(one.get("back", 0) for one in spent if one["target"] == "sale")


def rewards_kept(sale: Sale) -> list[Json]:
    """Return the rewards that belong to no line: a gift that went home, a delivery that took place."""
    spent = (value_of(sale) or {}).get("spent", ())
    return [
        {"kind": "reward", "program": one["program"]}
        for one in spent
        if one["kind"] == "reward" and not one["lines"]
    ]


def move_value(
    sale: Sale, progress: Progress, *, refund: int, cause: str, occurred_at: datetime, at: datetime
) -> Moved:
    """Post what a step gives back and takes back; `refund` is the money from which may be withheld.

    Notes in the sale's shares what is done by now. Raises a 409 problem when a program refuses it because what the sale
    had earned was spent.
    """
    value = value_of(sale)
    if value is None:
        return Moved()
    held = [one["holder"] for one in (*value["spent"], *value["earned"]) if "holder" in one]
    accounts = lock_all_accounts([] if sale.customer_id is None else [sale.customer_id], held)
    gives, asked, cents = _gives(value["spent"], progress)
    restored = ledger.restore(
        [give for gives_of in gives for give in gives_of],
        cause=cause,
        sale_id=sale.pk,
        occurred_at=occurred_at,
        at=at,
    )
    owed_before, undone = _undo_credit(sale, value.get("on_credit", ()), progress, accounts)
    own = (
        open_accounts(sale.customer_id, owed_before, at=at)
        if owed_before and sale.customer_id is not None
        else {}
    )
    give_back_owed(
        [(own[key], amount) for key, amount in owed_before.items()],
        cause=cause,
        sale_id=sale.pk,
        occurred_at=occurred_at,
        at=at,
    )
    try:
        taken = ledger.withdraw(
            _takes(value["earned"], progress), cause=cause, sale_id=sale.pk, occurred_at=occurred_at, at=at
        )
    except ReturnBlocked as blocked:
        raise _spent_already(blocked) from blocked
    withheld, owed = _withheld(taken, refund, cause=cause, sale=sale, at=at)
    expired = {one.lot_id: one.amount for one in restored if one.kept_expired}
    return Moved(
        restored_cents=cents,
        withheld=withheld,
        restored=[
            body | _expired(body, gives_of, expired)
            for body, gives_of in zip(asked, gives, strict=True)
            if body
        ]
        + undone,
        taken_back=[_of_account(one.account, one.taken) for one in taken if one.taken],
        owed=[_of_account(account, amount) for account, amount in owed if amount],
    )


# --- What was spent --------------------------------------------------------------------------------


def _gives(spent: Sequence[Json], progress: Progress) -> tuple[list[list[tuple[int, int]]], list[Json], int]:
    """Return for each value that was spent what its lots get back now, how the answer says it, and the cents of all."""
    gives, bodies, cents = [], [], 0
    for one in spent:
        amount, units = _due_back(one, progress)
        more, more_units = amount - one.get("back", 0), units - one.get("back_units", 0)
        one["back"], one["back_units"] = amount, units
        moved = _fill(one["takes"], amount if one["units"] is None else units, one.get("given", 0))
        one["given"] = one.get("given", 0) + sum(part for _lot, part in moved)
        if progress.is_whole and not one.get("forfeits_given"):
            # What was lost beside the redemption had only been lost to this sale.
            one["forfeits_given"] = True
            moved += [(lot, part) for lot, part in one["forfeits"]]
        gives.append(moved)
        bodies.append(_restored_body(one, more, more_units) if moved else {})
        cents += more if one["target"] == "sale" else 0
    return gives, bodies, cents


def _due_back(one: Json, progress: Progress) -> tuple[int, int]:
    """Return the cents and the units of one value that are due back by now, never less than before."""
    whole_units = one["units"] or 0
    if progress.everything or (one.get("whole") and progress.is_whole):
        return one["amount"], whole_units
    if progress.part is not None and one["lines"]:
        given, whole = progress.part
        amount, units = one["amount"] * given // whole, whole_units * given // whole
    else:
        shares = [(progress.lines[int(line)], share) for line, share in one["lines"].items()]
        amount = sum(money.share_after_returns(share[0], *line) for line, share in shares)
        units = sum(units_after_returns(share[1], *line) for line, share in shares)
    if one.get("whole"):
        # A use is not divided: it comes back with the last unit.
        units = 0
    return max(amount, one.get("back", 0)), max(units, one.get("back_units", 0))


def _fill(takes: Sequence[Sequence[int]], due: int, given: int) -> list[tuple[int, int]]:
    """Return what each lot gets so that `due` of the takes is given back, in their order; `given` was before."""
    moved, start = [], 0
    for lot, taken in takes:
        low, high = max(start, given), min(start + taken, due)
        if high > low:
            moved.append((lot, high - low))
        start += taken
    return moved


def _restored_body(one: Json, amount: int, units: int) -> Json:
    body: Json = {"kind": one["kind"], "amount": money.text(amount)}
    if one["units"] is not None:
        body |= {one["unit"]: points_number(units)}
        if one["program"]:
            body["program"] = one["program"]
    if one["code"]:
        body["code"] = one["code"]
    return body


def _expired(body: Json, gives: Sequence[tuple[int, int]], expired: Mapping[int, int]) -> Json:
    """Return the part that came back after its last day and stays expired."""
    lost = sum(part for lot, part in gives if lot in expired)
    if not lost:
        return {}
    in_units = "program" in body or "uses" in body
    return {"expired": points_number(lost) if in_units else money.text(lost)}


def _undo_credit(
    sale: Sale, on_credit: Sequence[Json], progress: Progress, accounts: Sequence[Account]
) -> tuple[dict[AccountKey, int], list[Json]]:
    """Return by unit what comes back now of what an offline sale redeemed beyond the balance, and how answers say it.

    The sale names accounts of its own time, which may be of a record that was merged since. What the company let the
    customer off is nobody's to have back; what he paid otherwise is.
    """
    if not on_credit:
        return {}, []
    let_off = written_off(sale.pk)
    keys = {account.pk: account_key(account) for account in accounts}
    shorts = SaleException.objects.filter(sale=sale, kind=ExceptionKind.VALUE_SHORT)
    paid = set(shorts.filter(resolution=Resolution.COLLECTED).values_list("subject", flat=True))
    gives: dict[AccountKey, int] = {}
    bodies = []
    for one in on_credit:
        key = keys[one["account"]]
        in_units = one["units"] is not None
        whole = one["units"] if in_units else one["amount"]
        came = Progress(lines=progress.lines, part=progress.part, everything=progress.is_whole)
        one["back"], one["back_units"] = _due_back(one, came)
        due = one["back_units"] if in_units else one["back"]
        if (one["program"] or "cashback") not in paid:
            due = min(due, whole - let_off.get(key, 0))
        before = one.get("given", 0)
        if due > before:
            one["given"] = due
            gives[key] = due - before
            amount = one["amount"] * due // whole - one["amount"] * before // whole
            bodies.append(_restored_body(one, amount, due - before))
    return gives, bodies


# --- What was earned -------------------------------------------------------------------------------


def _takes(earned: Sequence[Json], progress: Progress) -> list[ledger.Withdrawal]:
    found = []
    left = None if progress.part is None else _still_earned(progress.kept)
    for one in earned:
        before = one.get("back", 0)
        due = max(before, _due_from(one, progress, left))
        one["back"] = due
        if due > before:
            found.append(ledger.Withdrawal(lot_id=one["lot"], amount=due - before, before=before))
    return found


def _due_from(one: Json, progress: Progress, left: Mapping[tuple[str, str], int] | None) -> int:
    """Return how much of one lot the sale has lost by now. A stamp is lost with the last of its products."""
    if progress.is_whole:
        return int(one["amount"])
    lines = [(progress.lines[int(line)], part) for line, part in one["lines"].items()]
    if one["whole"]:
        return int(one["amount"]) if all(came >= sold for (sold, came), _part in lines) else 0
    if "holder" in one and progress.part is not None:
        # A voucher that was handed out is not priced again: it follows the money.
        given, whole = progress.part
        return int(one["amount"]) * given // whole
    if left is not None:
        return max(0, int(one["amount"]) - left.get((one["kind"], one["code"]), 0))
    after = units_after_returns if one["kind"] == AccountKind.POINTS else money.share_after_returns
    return sum(after(part, sold, came) for (sold, came), part in lines)


def _still_earned(kept: Evaluation | None) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for share in () if kept is None else kept.earned_shares:
        key = share.kind, share.code
        found[key] = found.get(key, 0) + sum(amount for _line, amount in share.lines)
    return found


def _withheld(
    taken: Sequence[ledger.TakenBack], refund: int, *, cause: str, sale: Sale, at: datetime
) -> tuple[int, list[tuple[Account, int]]]:
    """Return what is withheld from the money, and what accounts owe: by their policy, or because the money is too little."""
    withheld, owed, short = 0, [], []
    for one in taken:
        part = min(one.charge, refund - withheld)
        withheld += part
        rest = one.charge - part
        if rest:
            short.append((one.account, rest))
        elif one.owed:
            owed.append((one.account, one.owed))
    if short:
        policies = return_policies(account for account, _rest in short)
        debts = []
        for account, rest in short:
            units = money.divide(rest * 100, policies[account.pk].point_value or 100)
            debts.append((account, units))
        ledger.owe(debts, cause=cause, sale_id=sale.pk, at=at)
        owed += debts
    return withheld, owed


def _spent_already(blocked: ReturnBlocked) -> Conflict:
    return Conflict(
        str(blocked),
        code="value_spent",
        extra={"spent": [_of_account(account, amount) for account, amount in blocked.missing]},
    )


def _of_account(account: Account, amount: int) -> Json:
    if account.kind in MONEY_KINDS:
        return {"kind": account.kind, "amount": money.text(amount)}
    if account.kind == AccountKind.RATE_VOUCHER:
        return {"kind": "voucher", "uses": points_number(amount)}
    if account.kind == AccountKind.POINTS and account.program is not None:
        return {"kind": "points", "program": account.program.code, "points": points_number(amount)}
    return {
        "kind": "stamps",
        "plan": account.plan.code if account.plan else "",
        "stamps": points_number(amount),
    }
