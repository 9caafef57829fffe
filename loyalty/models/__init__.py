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
from loyalty.models.adjustment_request import AdjustmentRequest
from loyalty.models.customer_merge import CustomerMerge
from loyalty.models.hold import Hold
from loyalty.models.issuing import (
    IssuingEvent,
    IssuingGrant,
    IssuingRule,
    IssuingRun,
    IssuingTrigger,
    PercentMeans,
    RunState,
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
from loyalty.models.stored_value import StoredValue, StoredValueCode, StoredValueEvent, StoredValueType
from loyalty.models.stored_value_load import StoredValueLoad
from loyalty.models.survey import AnswerSource, SurveyAnswer
from loyalty.models.tier import CustomerTier, ProgramTier
from loyalty.models.vip_card import VIP_PREFIX, VipCard

__all__ = [
    "MONEY_KINDS",
    "STORED_KINDS",
    "STORED_TYPES",
    "VIP_PREFIX",
    "Account",
    "AccountKind",
    "AdjustmentRequest",
    "AnswerSource",
    "CustomerMerge",
    "CustomerTier",
    "Entry",
    "EntryKind",
    "Hold",
    "IssuingEvent",
    "IssuingGrant",
    "IssuingRule",
    "IssuingRun",
    "IssuingTrigger",
    "LevelGift",
    "Lot",
    "LotSource",
    "PercentMeans",
    "PointsProgram",
    "ProgramLevel",
    "ProgramTier",
    "Receivable",
    "RunState",
    "Settlement",
    "StampPlan",
    "StampReward",
    "StoredValue",
    "StoredValueCode",
    "StoredValueEvent",
    "StoredValueLoad",
    "StoredValueType",
    "SurveyAnswer",
    "TierBasis",
    "TierDowngrade",
    "VipCard",
]
