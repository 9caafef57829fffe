from loyalty.models.account import (
    Account,
    AccountKind,
    Entry,
    EntryKind,
    Lot,
    LotSource,
    Receivable,
    Settlement,
)
from loyalty.models.program import (
    Clawback,
    ExpiredRestore,
    LevelGift,
    PointsProgram,
    ProgramLevel,
    StampPlan,
    StampReward,
)

__all__ = [
    "Account",
    "AccountKind",
    "Clawback",
    "Entry",
    "EntryKind",
    "ExpiredRestore",
    "LevelGift",
    "Lot",
    "LotSource",
    "PointsProgram",
    "ProgramLevel",
    "Receivable",
    "Settlement",
    "StampPlan",
    "StampReward",
]
