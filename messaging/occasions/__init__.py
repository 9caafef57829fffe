"""Every occasion, by its code: one file each. docs/how-to/add-an-occasion.md says what belongs to a new one."""

from typing import Any

import msgspec

from messaging.occasions.base import AutomaticKind, Kind, PlannedKind
from messaging.occasions.birthday import Birthday
from messaging.occasions.cashback_reminder import CashbackReminder
from messaging.occasions.credit_note_reminder import CreditNoteReminder
from messaging.occasions.direct import DirectMessage
from messaging.occasions.gift_card_reminder import GiftCardReminder
from messaging.occasions.mailing import MailingMessage
from messaging.occasions.opt_in import ConfirmationOfConsent
from messaging.occasions.parts import SettingsInvalid, read_document
from messaging.occasions.points_reminder import PointsReminder
from messaging.occasions.receipt import SaleReceipt
from messaging.occasions.recovery import Recovery
from messaging.occasions.review_request import ReviewRequest
from messaging.occasions.test import Trial
from messaging.occasions.tier_notice import TierNotice
from messaging.occasions.verification import ProofOfThePerson
from messaging.occasions.vip_card import VipCardUsed
from messaging.occasions.voucher_notice import VoucherNotice
from messaging.occasions.voucher_reminder import VoucherReminder
from messaging.occasions.welcome_voucher import WelcomeVoucher
from messaging.occasions.win_back import WinBack

__all__ = [
    "AUTOMATIC",
    "KINDS",
    "PLANNED",
    "AutomaticKind",
    "Kind",
    "PlannedKind",
    "SettingsInvalid",
    "read_settings",
    "write_settings",
]

# In the order of menus.
_ALL: tuple[Kind, ...] = (
    Birthday(),
    Recovery(),
    WelcomeVoucher(),
    VoucherNotice(),
    VoucherReminder(),
    GiftCardReminder(),
    CreditNoteReminder(),
    CashbackReminder(),
    PointsReminder(),
    TierNotice(),
    ReviewRequest(),
    WinBack(),
    SaleReceipt(),
    MailingMessage(),
    DirectMessage(),
    ConfirmationOfConsent(),
    ProofOfThePerson(),
    VipCardUsed(),
    Trial(),
)

KINDS: dict[str, Kind] = {kind.code: kind for kind in _ALL}
PLANNED: dict[str, PlannedKind] = {kind.code: kind for kind in _ALL if isinstance(kind, PlannedKind)}
AUTOMATIC: dict[str, AutomaticKind] = {kind.code: kind for kind in _ALL if isinstance(kind, AutomaticKind)}


def read_settings(occasion: str, document: dict[str, Any]) -> Any:
    """Turn the document of an automatic occasion into its settings. Raises SettingsInvalid naming the field."""
    return read_document(AUTOMATIC[occasion].settings, document)


def write_settings(settings: Any) -> dict[str, Any]:
    """Return the document to store."""
    document: dict[str, Any] = msgspec.to_builtins(settings)
    return document
