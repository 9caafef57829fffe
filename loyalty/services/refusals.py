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
    message = gettext_lazy("Say why.")


class AmountInvalid(LedgerError):
    code = "out_of_range"
    message = gettext_lazy("The amount is zero, negative or too large.")


class StampsAreWhole(LedgerError):
    code = "not_whole"
    message = gettext_lazy("Stamps are counted in whole numbers.")


class AlreadySettled(LedgerError):
    code = "already_settled"
    message = gettext_lazy("Nothing of this debt is left.")
