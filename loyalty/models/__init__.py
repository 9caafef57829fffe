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
    LevelGift,
    PointsProgram,
    ProgramLevel,
    StampPlan,
    StampReward,
)

__all__ = [
    "Account",
    "AccountKind",
    "Entry",
    "EntryKind",
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
