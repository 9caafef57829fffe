"""Why a posting is refused. `code` is stable; the fields are for the caller's answer.

A refusal that comes from the database leaves the caller's transaction unusable: it has to be rolled back.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from loyalty.models import Account


class LedgerError(Exception):
    """A refusal; the message is for people."""

    code = "ledger_error"
    message = gettext_lazy("The value could not be posted.")

    def __init__(self) -> None:
        super().__init__(str(self.message))


class AlreadyPosted(LedgerError):
    """The same cause has posted before."""

    code = "already_posted"
    message = gettext_lazy("This was posted already.")

    def __init__(self, cause: str) -> None:
        super().__init__()
        self.cause = cause


class InsufficientValue(LedgerError):
    """A lot holds less than is taken, is not usable at the moment, or does not exist."""

    code = "insufficient_value"
    message = gettext_lazy("There is not enough value left.")

    def __init__(self, lots: Sequence[int] = ()) -> None:
        super().__init__()
        self.lots = list(lots)


class NothingToRestore(LedgerError):
    """More is given back than the sale had taken from the lot."""

    code = "nothing_to_restore"
    message = gettext_lazy("More would be given back than was taken.")

    def __init__(self, lots: Sequence[int]) -> None:
        super().__init__()
        self.lots = list(lots)


class ReturnBlocked(LedgerError):
    """A program refuses returns whose earnings were spent. `missing` is `(account, hundredths)`."""

    code = "value_already_spent"
    message = gettext_lazy("What this sale had earned was spent already.")

    def __init__(self, missing: "Sequence[tuple[Account, int]]") -> None:
        super().__init__()
        self.missing = list(missing)


class ReasonRequired(LedgerError):
    code = "required"
    field = "reason"
    message = gettext_lazy("Say why.")


class AmountInvalid(LedgerError):
    code = "out_of_range"
    field = "amount"
    message = gettext_lazy("The amount is zero, negative or too large.")


class StampsAreWhole(LedgerError):
    code = "not_whole"
    message = gettext_lazy("Stamps are counted in whole numbers.")


class CustomerMerged(LedgerError):
    """The record was merged into another one, `into`: that one has its value."""

    code = "customer_merged"
    message = gettext_lazy("This record was merged into another one, which has its value now.")

    def __init__(self, into: int) -> None:
        super().__init__()
        self.into = into
        self.extra = {"into": into}


class AlreadySettled(LedgerError):
    code = "already_settled"
    message = gettext_lazy("Nothing of this debt is left.")


class SecondPersonNeeded(LedgerError):
    code = "second_person_needed"
    message = gettext_lazy("Somebody else than who asked for it must decide.")


class AlreadyDecided(LedgerError):
    code = "already_decided"
    message = gettext_lazy("It was decided already.")


class ValueChanged(LedgerError):
    code = "value_changed"
    message = gettext_lazy("It holds another amount than when this was asked for.")


class StoredValueRefused(LedgerError):
    """What was asked of a stored value cannot be. `field` is what of the request it is about."""

    field = ""


class TypeNotActive(StoredValueRefused):
    code = "not_active"
    field = "type"
    message = gettext_lazy("No new ones of this type are made.")


class CodeInvalid(StoredValueRefused):
    code = "invalid"
    field = "code"
    message = gettext_lazy("A code has 4 to 64 letters, digits, dots, hyphens or underscores.")


class CodeTaken(StoredValueRefused):
    code = "taken"
    field = "code"
    message = gettext_lazy("This code cannot be given out.")


class AmountIsFixed(StoredValueRefused):
    code = "fixed"
    field = "amount"
    message = gettext_lazy("The amount of this type is fixed.")


class PriceIsFixed(StoredValueRefused):
    code = "fixed"
    field = "price"
    message = gettext_lazy("The price of this type is fixed.")


class AboveCeiling(StoredValueRefused):
    """More than one may hold; `ceiling` and `balance` are in cents."""

    code = "above_ceiling"
    field = "amount"
    message = gettext_lazy("It would hold more than its type allows.")

    def __init__(self, *, ceiling: int, balance: int) -> None:
        super().__init__()
        self.ceiling = ceiling
        self.balance = balance


class NotReloadable(StoredValueRefused):
    code = "not_reloadable"
    field = "code"
    message = gettext_lazy("It cannot be loaded again.")


class StoredValueBlocked(StoredValueRefused):
    code = "blocked"
    message = gettext_lazy("It is blocked.")


class StoredValueUsed(StoredValueRefused):
    code = "already_used"
    message = gettext_lazy("Something of it was used already.")


class StoredValueExpired(StoredValueUsed):
    code = "expired"
    message = gettext_lazy("Something of it has expired.")


class StoredValueReduced(StoredValueUsed):
    """Nobody has paid with it: value was taken from it by hand, or with the return of the sale that gave it."""

    code = "reduced"
    message = gettext_lazy(
        "Value was taken from it by hand or with a return: it cannot be voided. Take what is left by hand, too, or block it."
    )


class StoredValueReserved(StoredValueRefused):
    code = "reserved"
    message = gettext_lazy("It is reserved for a sale.")


class StoredValueVoided(StoredValueUsed):
    code = "voided"
    message = gettext_lazy("It was taken back, and ended.")


class StoredValuePaidElsewhere(StoredValueUsed):
    code = "paid_elsewhere"
    message = gettext_lazy("Not all that it holds was paid for in this store: a manager takes it back.")


class NotAdjustable(StoredValueRefused):
    code = "not_adjustable"
    field = "amount"
    message = gettext_lazy("A voucher in percent has one use: nothing is added or taken.")


class CustomerNeeded(StoredValueRefused):
    code = "required"
    field = "customer"
    message = gettext_lazy("Values of this type belong to a customer.")


class CustomerUnknown(StoredValueRefused):
    code = "unknown"
    field = "customer"
    message = gettext_lazy("There is no such customer, or the record is closed.")


class AmountNeeded(StoredValueRefused):
    code = "required"
    field = "amount"
    message = gettext_lazy("Say what it is worth.")


class PercentNotOfKind(StoredValueRefused):
    code = "not_allowed"
    field = "percent"
    message = gettext_lazy("Only a voucher is worth a percentage, and then no amount.")


class StoreUnknown(StoredValueRefused):
    code = "unknown_store"
    field = "stores"
    message = gettext_lazy("There is no such store.")


class EndIsOver(StoredValueRefused):
    code = "past"
    field = "expires_at"
    message = gettext_lazy("This moment is over.")


class OperationReused(StoredValueRefused):
    code = "operation_conflict"
    field = "operation"
    message = gettext_lazy("This operation was recorded with other content.")
