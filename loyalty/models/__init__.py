from loyalty.models.account import (
    MONEY_KINDS,
    STORED_KINDS,
    STORED_TYPES,
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
from loyalty.models.stored_value import StoredValue, StoredValueCode, StoredValueType
from loyalty.models.survey import AnswerSource, SurveyAnswer
from loyalty.models.tier import CustomerTier, ProgramTier

__all__ = [
    "MONEY_KINDS",
    "STORED_KINDS",
    "STORED_TYPES",
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
    "StoredValue",
    "StoredValueCode",
    "StoredValueType",
    "SurveyAnswer",
    "TierBasis",
    "TierDowngrade",
]
