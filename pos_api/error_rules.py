"""Which status each refusal of a package gets. A package that learns to refuse adds its lines here."""

from campaigns.services import approval, campaigns, categories, jobs, publication
from campaigns.services import promo_code_refusals as promo_codes
from customers.segments.statements import TooSlow
from customers.segments.tree import TreeInvalid
from customers.services.appointments import AppointmentClosed, AppointmentRefused, AppointmentTaken
from customers.services.consents import ConsentRefused
from customers.services.merged_records import MergeRefused, SameRecord
from customers.services.pins import PinInvalid
from customers.services.segment_groupings import GroupingRefused
from loyalty.services.issuing_terms import IssuingError, IssuingInvalid
from loyalty.services.refusals import (
    AlreadyDecided,
    AmountInvalid,
    CustomerMerged,
    ReasonRequired,
    SecondPersonNeeded,
    StoredValueRefused,
    StoredValueReserved,
    StoredValueUsed,
)
from loyalty.services.vip_cards import VipCardRefused
from messaging.services import receipts, verifications
from pos_api.errors import Rule
from retail.services.deletion import InUse
from retail.services.price_rules import PriceRequestRefused
from retail.services.prices import PricesChanged, TooManyProducts
from retail.upsert import TooManyRows

RULES: tuple[Rule, ...] = (
    Rule(campaigns.CampaignCodeReserved, 422),
    Rule(campaigns.CampaignCodeFixed, 422),
    Rule(approval.CommentRequired, 422),
    Rule(campaigns.RevisionUnknown, 404),
    Rule(categories.CategoryCodeReserved, 422),
    Rule(categories.CategoryError, 409),
    Rule(jobs.JobError, 409),
    Rule(promo_codes.PoolCodeTaken, 409),
    Rule(promo_codes.PoolHasUses, 409),
    Rule(promo_codes.PoolBusy, 409),
    Rule(promo_codes.WordTaken, 409),
    Rule(promo_codes.ImportDone, 409),
    Rule(promo_codes.ImportUnchecked, 409),
    Rule(promo_codes.PromoCodeError, 422, "invalid"),
    Rule(publication.CodeFixed, 422),
    Rule(publication.NothingToPublish, 422),
    Rule(publication.RevisionUnknown, 404),
    Rule(publication.PublicationError, 409),
    Rule(SecondPersonNeeded, 409),
    Rule(AlreadyDecided, 409),
    Rule(StoredValueUsed, 409),
    Rule(StoredValueReserved, 409),
    Rule(StoredValueRefused, 422),
    Rule(AmountInvalid, 422),
    Rule(ReasonRequired, 422),
    Rule(IssuingInvalid, 422),
    Rule(IssuingError, 409),
    Rule(InUse, 409),
    Rule(PriceRequestRefused, 422),
    Rule(PricesChanged, 409),
    Rule(TooManyProducts, 422),
    Rule(TooManyRows, 422),
    Rule(ConsentRefused, 422),
    Rule(PinInvalid, 422),
    # What somebody sends is refused by its views; here is what was saved.
    Rule(TreeInvalid, 409),
    Rule(TooSlow, 503),
    Rule(GroupingRefused, 409),
    Rule(verifications.TooManyCodes, 429),
    Rule(verifications.VerificationRefused, 422),
    Rule(receipts.ReceiptsOff, 409),
    Rule(receipts.SaleUndone, 409),
    Rule(receipts.TooManyReceipts, 409),
    Rule(receipts.ReceiptRefused, 422),
    Rule(SameRecord, 422),
    Rule(MergeRefused, 409),
    Rule(CustomerMerged, 409),
    Rule(AppointmentRefused, 422),
    Rule(AppointmentTaken, 409),
    Rule(AppointmentClosed, 409),
    Rule(VipCardRefused, 422),
)
