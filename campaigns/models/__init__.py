from campaigns.models.activation import Activation, CampaignCounter, LineAdjustment
from campaigns.models.association import Association, AssociationRevision
from campaigns.models.backtest import Backtest
from campaigns.models.campaign import Campaign, CampaignCategory, CampaignRevision, CampaignStatus
from campaigns.models.job import Job, JobState
from campaigns.models.markdown import Markdown, MarkdownItem, MarkdownPrices, MarkdownRevision
from campaigns.models.plan import PlanChange, PlanHead, PlanKind
from campaigns.models.promo_code import (
    CodeAlphabet,
    CodeState,
    PoolTerms,
    PromoCode,
    PromoCodePool,
    PromoCodePoolEvent,
    PromoCodeUse,
)
from campaigns.models.promo_code_hold import PromoCodeHold
from campaigns.models.promo_code_import import ImportResult, PromoCodeImport, PromoCodeImportLine
from campaigns.models.published import PublishedStatus
from campaigns.models.review import Review, ReviewState

__all__ = [
    "Activation",
    "Association",
    "AssociationRevision",
    "Backtest",
    "Campaign",
    "CampaignCategory",
    "CampaignCounter",
    "CampaignRevision",
    "CampaignStatus",
    "CodeAlphabet",
    "CodeState",
    "ImportResult",
    "Job",
    "JobState",
    "LineAdjustment",
    "Markdown",
    "MarkdownItem",
    "MarkdownPrices",
    "MarkdownRevision",
    "PlanChange",
    "PlanHead",
    "PlanKind",
    "PoolTerms",
    "PromoCode",
    "PromoCodeHold",
    "PromoCodeImport",
    "PromoCodeImportLine",
    "PromoCodePool",
    "PromoCodePoolEvent",
    "PromoCodeUse",
    "PublishedStatus",
    "Review",
    "ReviewState",
]
