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
    TierBasis,
    TierDowngrade,
)
from loyalty.models.survey import AnswerSource, SurveyAnswer
from loyalty.models.tier import CustomerTier, ProgramTier

__all__ = [
    "Account",
    "AccountKind",
    "AnswerSource",
    "CustomerTier",
    "Entry",
    "EntryKind",
    "LevelGift",
    "Lot",
    "LotSource",
    "PointsProgram",
    "ProgramLevel",
    "ProgramTier",
    "Receivable",
    "Settlement",
    "StampPlan",
    "StampReward",
    "SurveyAnswer",
    "TierBasis",
    "TierDowngrade",
]
