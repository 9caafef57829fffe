from campaigns.models.activation import Activation, CampaignCounter, LineAdjustment
from campaigns.models.campaign import Campaign, CampaignCategory, CampaignRevision, CampaignStatus
from campaigns.models.job import Job, JobState
from campaigns.models.plan import PlanChange, PlanHead
from campaigns.models.promo_code import PromoCode, PromoCodePool

__all__ = [
    "Activation",
    "Campaign",
    "CampaignCategory",
    "CampaignCounter",
    "CampaignRevision",
    "CampaignStatus",
    "Job",
    "JobState",
    "LineAdjustment",
    "PlanChange",
    "PlanHead",
    "PromoCode",
    "PromoCodePool",
]
