"""A customer's value as the snapshot's query reads it, and as the engine and the rules of redemption take it.

Hundredths of money, points and stamps; percentages in millionths. Programs and plans are the active ones; lots are those
of which something is left and which have not expired, pending ones included.
"""

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from campaigns.engine import basket as engine
from loyalty.models import AccountKind, StampReward
from loyalty.value import Balances, CashbackLot, RewardOffer, UnitAccount, UnitLot, cashback_terms


class ProgramRow(Struct, array_like=True, frozen=True, gc=False):
    """A points program; `gifts` are (sku, name, cost) of its levels."""

    id: int
    code: str
    name: str
    points: int | None
    per_amount: int | None
    earns_on_discounted: bool
    point_value: int | None
    redeem_step: int
    pending_days: int
    valid_days: int | None
    gifts: tuple[tuple[str, str, int], ...]


class PlanRow(Struct, array_like=True, frozen=True, gc=False):
    """A stamp plan; `cost` stamps (hundredths) give the reward."""

    id: int
    code: str
    name: str
    category: str
    cost: int
    reward: str
    sku: str
    percent: int
    pending_days: int
    valid_days: int | None


class LotRow(Struct, array_like=True, gc=False):
    """What is left of a lot, but for what is `held` for other sales; `unit` is the id of its program or plan, None for cashback."""

    id: int
    kind: str
    unit: int | None
    remaining: int
    campaign: str
    available_from: datetime
    ends_at: datetime | None
    reviewed: bool
    terms: dict[str, Any]
    held: int = 0


class Value(Struct, frozen=True, kw_only=True):
    """Everything that value may do in one sale."""

    programs: tuple[ProgramRow, ...] = ()
    plans: tuple[PlanRow, ...] = ()
    lots: tuple[LotRow, ...] = ()
    zone: str = "UTC"
    # From how many cents on, not included, and how customers have to show who they are; None: never.
    proof: tuple[int, str] | None = None

    @property
    def timezone(self) -> ZoneInfo:
        """The company's zone, in which the last day of a program's value ends."""
        return ZoneInfo(self.zone)

    def balances(self) -> Balances:
        """Return what a known customer holds."""
        accounts = [_points(program, self._of(AccountKind.POINTS, program.id)) for program in self.programs]
        accounts += [_stamps(plan, self._of(AccountKind.STAMPS, plan.id)) for plan in self.plans]
        cashback = [_cashback(row) for row in self.lots if row.kind == AccountKind.CASHBACK]
        return Balances(accounts=tuple(accounts), cashback=tuple(cashback))

    def _of(self, kind: str, unit: int) -> tuple[UnitLot, ...]:
        return tuple(
            UnitLot(
                id=row.id, amount=row.remaining, available_from=row.available_from, expires_at=row.ends_at
            )
            for row in self.lots
            if row.kind == kind and row.unit == unit
        )

    def engine_programs(self) -> tuple[engine.Program, ...]:
        """Return the programs in which a sale earns points."""
        return tuple([_program(row) for row in self.programs])


NO_VALUE = Value()
_DECODER = msgspec.json.Decoder(Value)


def read_value(text: str | None, *, now: datetime) -> Value:
    """Return what the query found; nothing where it was not asked or there is nothing.

    What has expired by `now` is left out of a sale that occurred before, whether its expiry was posted or not.
    """
    if text is None:
        return NO_VALUE
    value = _DECODER.decode(text)
    if any(lot.ends_at is not None and lot.ends_at <= now for lot in value.lots):
        alive = [lot for lot in value.lots if lot.ends_at is None or lot.ends_at > now]
        return replace(value, lots=tuple(alive))
    return value


@lru_cache(maxsize=64)
def _program(row: ProgramRow) -> engine.Program:
    return engine.Program(
        code=row.code,
        points=None if row.points is None else Decimal(row.points).scaleb(-2),
        per_amount=row.per_amount,
        earns_on_discounted=row.earns_on_discounted,
    )


def _points(program: ProgramRow, lots: tuple[UnitLot, ...]) -> UnitAccount:
    return UnitAccount(
        program=program.code,
        unit="points",
        lots=lots,
        point_value=program.point_value,
        redeem_step=program.redeem_step,
        offers=tuple(
            RewardOffer(kind="gift", cost=cost, sku=sku, name=name) for sku, name, cost in program.gifts
        ),
    )


def _stamps(plan: PlanRow, lots: tuple[UnitLot, ...]) -> UnitAccount:
    kind = "delivery" if plan.reward == StampReward.DELIVERY else "product"
    offer = RewardOffer(kind=kind, cost=plan.cost, sku=plan.sku, percent=plan.percent, name=plan.name)
    return UnitAccount(program=plan.code, unit="stamps", lots=lots, offers=(offer,))


def _cashback(row: LotRow) -> CashbackLot:
    return CashbackLot(
        id=row.id,
        amount=row.remaining,
        campaign=row.campaign,
        available_from=row.available_from,
        expires_at=row.ends_at,
        reviewed=row.reviewed,
        terms=cashback_terms(row.terms),
        held=row.held,
    )
