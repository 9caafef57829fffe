"""A ledger in memory, small enough to be read: what the stateful machine holds the real one against.

Written from docs/algorithms/returns.md and docs/decisions/0080, with lists and loops, and without a line of the code that it
judges. Amounts are integer hundredths (cents, points, stamps).
"""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Sao_Paulo")
# Worth of one whole unit in cents; None: it pays for nothing.
WORTH = {"points": 10, "cashback": 100, "stamps": None}
CEILING = 150_00


def end_of_day(moment: datetime, days: int) -> datetime:
    """The first instant after the local day that lies `days` after the moment's."""
    day = moment.astimezone(ZONE).date() + timedelta(days=days + 1)
    return datetime.combine(day, time(), ZONE)


def part(amount: int, came: int, sold: int, *, whole_units: bool = False) -> int:
    """What of an amount belongs to `came` of `sold` units; whole points and stamps stay whole."""
    step = 100 if whole_units and amount % 100 == 0 else 1
    return amount // step * came // sold * step


@dataclass(eq=False)
class Lot:
    """`used` is what the customer had of it: redeemed and not given back, or gone for a debt."""

    number: int
    earned: int
    available_from: datetime
    expires_at: datetime | None
    sale: object = None
    waits: bool = False
    terms: str = ""
    remaining: int = 0
    used: int = 0
    grace: datetime | None = None

    def __post_init__(self) -> None:
        self.remaining = self.earned

    @property
    def end(self) -> datetime | None:
        return self.expires_at and max(self.expires_at, self.grace or self.expires_at)

    def is_alive(self, at: datetime) -> bool:
        return self.end is None or at < self.end

    def is_usable(self, at: datetime) -> bool:
        return self.is_alive(at) and self.available_from <= at and not self.waits


@dataclass(eq=False)
class Account:
    """One customer's points, cashback or stamps."""

    kind: str
    clawback: str
    grace_days: int
    lots: list[Lot] = field(default_factory=list)
    debts: list[int] = field(default_factory=list)

    def in_order(self, lots: list[Lot]) -> list[Lot]:
        return sorted(lots, key=lambda lot: (lot.end is None, lot.end and lot.end.timestamp(), lot.number))

    def usable(self, at: datetime, but_of: object = None) -> list[Lot]:
        found = [lot for lot in self.lots if lot.remaining and lot.is_usable(at)]
        return self.in_order([lot for lot in found if but_of is None or lot.sale is not but_of])

    def available(self, at: datetime) -> int:
        return sum(lot.remaining for lot in self.usable(at))

    def pending(self, at: datetime) -> int:
        return sum(lot.remaining for lot in self.lots if lot.is_alive(at) and not lot.is_usable(at))

    def add(self, lot: Lot) -> Lot:
        self.lots.append(lot)
        if not lot.waits:
            self.pay_debts(lot)
        return lot

    def pay_debts(self, lot: Lot) -> None:
        for place, debt in enumerate(self.debts):
            paid = min(debt, lot.remaining)
            self.debts[place] -= paid
            lot.remaining -= paid
            lot.used += paid

    def take(self, amount: int, lots: list[Lot], *, used: bool = True) -> list[tuple[Lot, int]]:
        """Take what the lots give in their order; return what each gave."""
        taken = []
        for lot in lots:
            given = min(amount, lot.remaining)
            if given:
                lot.remaining -= given
                lot.used += given if used else 0
                amount -= given
                taken.append((lot, given))
        return taken

    def give_back(self, lot: Lot, amount: int, at: datetime) -> None:
        lot.used -= amount
        if lot.is_alive(at):
            lot.remaining += amount
        elif self.grace_days:
            # What was left in it when it ended stays lost.
            lot.remaining = 0
            lot.grace = max(lot.grace or at, end_of_day(at, self.grace_days))
            lot.remaining += amount

    def lost(self, lot: Lot, before: int, now: int, at: datetime) -> int:
        """Take back `now` of what a lot earned; return what was spent and is nowhere to be had."""
        gone = min(now, lot.remaining)
        liable = max(0, lot.used - max(0, lot.earned - before - now)) - max(
            0, lot.used - max(0, lot.earned - before)
        )
        lot.remaining -= gone
        missing = min(liable, now - gone)
        covered = self.take(missing, self.usable(at, but_of=lot.sale))
        return missing - sum(given for _lot, given in covered)

    def expire(self, at: datetime) -> None:
        for lot in self.lots:
            if not lot.is_alive(at):
                lot.remaining = 0


@dataclass(eq=False)
class Stored:
    """A gift card, e-purse, voucher or credit note. `only`: the product that it pays, any when empty."""

    kind: str
    number: int
    code: str
    account: Account
    account_id: int
    percent: int = 0
    only: str = ""
    is_sold: bool = True
    is_blocked: bool = False
    is_over: bool = False
    old_codes: list[str] = field(default_factory=list)

    def is_usable(self, at: datetime) -> bool:
        return not self.is_blocked and self.account.available(at) > 0


@dataclass(eq=False)
class Spent:
    """One thing that a sale redeemed. `lines`: what each line carries of it, in cents and in units.

    What was lost beside it (`forfeits`) comes back when everything does, and so does what is `whole`: a use.
    """

    account: Account
    takes: list[tuple[Lot, int]]
    amount: int
    lines: dict[int, tuple[int, int]]
    in_units: bool
    kind: str = ""
    forfeits: list[tuple[Lot, int]] = field(default_factory=list)
    only: str = ""
    whole: bool = False
    back: int = 0
    given: int = 0


@dataclass(eq=False)
class Earned:
    """One lot that a sale made, and how its lines share it. A stamp is lost with the last line."""

    account: Account
    lot: Lot
    lines: dict[int, int]
    whole: bool = False
    back: int = 0


@dataclass(eq=False)
class Sale:
    """A sale as the model remembers it: by line the units that were sold, what they are worth, and what came back."""

    customer: int | None
    sold: dict[int, int]
    worth: dict[int, int]
    charged: int
    spent: list[Spent] = field(default_factory=list)
    earned: list[Earned] = field(default_factory=list)
    came: dict[int, int] = field(default_factory=dict)
    refunded: int = 0
    cancelled: bool = False

    @property
    def is_over(self) -> bool:
        return self.cancelled or self.came == self.sold

    def cash(self, line: int, came: int) -> int:
        carried = sum(one.lines.get(line, (0, 0))[0] for one in self.spent)
        return part(self.worth[line] - carried, came, self.sold[line])

    def step(self, came: dict[int, int], at: datetime, *, cancel: bool = False) -> tuple[int, int] | None:
        """Take the sale to a state; return the money to give back and what of it is withheld, None when refused.

        The caller keeps a copy: after None the model is spoilt.
        """
        if cancel:
            money = self.charged - self.refunded
        else:
            money = sum(self.cash(line, came[line]) - self.cash(line, self.came[line]) for line in came)
            self.refunded += money
        for one in self.spent:
            self._give_back(one, came, at, everything=cancel)
        charges, blocked = [], False
        missing: dict[Account, int] = {}
        for one in self.earned:
            due = self._due(one, came, everything=cancel)
            if due > one.back:
                short = one.account.lost(one.lot, one.back, due - one.back, at)
                missing[one.account] = missing.get(one.account, 0) + short
                one.back = due
        withheld = 0
        # Cashback first, then points, then stamps: the order in which the accounts were opened.
        for account, short in sorted(missing.items(), key=lambda one: one[0].kind):
            value = WORTH[account.kind]
            if not short:
                continue
            blocked = blocked or account.clawback == "block"
            if account.clawback == "debt" or value is None:
                account.debts.append(short)
                continue
            charges.append((account, short * value // 100, value))
        if blocked:
            return None
        for account, charge, value in charges:
            kept = min(charge, money - withheld)
            withheld += kept
            if charge > kept:
                account.debts.append((2 * (charge - kept) * 100 + value) // (2 * value))
        self.came, self.cancelled = dict(came), cancel
        return money - withheld, withheld

    def _give_back(self, one: Spent, came: dict[int, int], at: datetime, *, everything: bool) -> None:
        place = 1 if one.in_units else 0
        due = sum(
            part(share[place], came[line], self.sold[line], whole_units=one.in_units)
            for line, share in one.lines.items()
        )
        is_whole = everything or came == self.sold
        if everything or one.whole:
            due = sum(taken for _lot, taken in one.takes) if is_whole else 0
        start = 0
        for lot, taken in one.takes:
            low, high = max(start, one.given), min(start + taken, due)
            if high > low:
                one.account.give_back(lot, high - low, at)
            start += taken
        one.given = due
        if is_whole:
            for lot, lost in one.forfeits:
                one.account.give_back(lot, lost, at)
            one.forfeits = []

    def _due(self, one: Earned, came: dict[int, int], *, everything: bool) -> int:
        if everything or came == self.sold:
            return one.lot.earned
        if one.whole:
            return 0
        in_units = one.account.kind == "points"
        return sum(
            part(share, came[line], self.sold[line], whole_units=in_units)
            for line, share in one.lines.items()
        )
