"""Why something about promotional codes is refused. `code` is stable, `path` names the argument."""

from django.utils.translation import gettext_lazy


class PromoCodeError(Exception):
    """A refusal; the message is for people."""

    code = "promo_code_error"
    message = gettext_lazy("The promotional codes could not be changed.")

    def __init__(self, path: str = "") -> None:
        super().__init__(str(self.message))
        self.path = path

    @property
    def errors(self) -> list["PromoCodeError"]:
        return [self]


class PoolCodeTaken(PromoCodeError):
    code = "code_taken"
    message = gettext_lazy("Another pool has this code.")


class PoolCodeReserved(PromoCodeError):
    """The page of a new pool has the address that the one of this pool would have."""

    code = "reserved"
    message = gettext_lazy("“new” is the address of another page. Choose another code.")


class PoolHasUses(PromoCodeError):
    code = "pool_in_use"
    message = gettext_lazy("Codes of this pool were used; close the pool instead.")


class PoolBusy(PromoCodeError):
    code = "pool_busy"
    message = gettext_lazy("A job works on this pool; wait for its end or cancel it.")


class PoolNeedsCampaign(PromoCodeError):
    code = "campaign_required"
    message = gettext_lazy(
        "Codes that keep the terms of their issue need the campaign whose terms they keep."
    )


class CampaignNotLive(PromoCodeError):
    code = "campaign_not_live"
    message = gettext_lazy(
        "The pool's campaign is not published: there are no terms yet that new codes could keep."
    )


class TooManyCodes(PromoCodeError):
    code = "too_many"
    message = gettext_lazy("At most 1,000,000 codes can be made or read at once.")


class TooManyAtOnce(PromoCodeError):
    code = "too_many"
    message = gettext_lazy("At most 10,000 codes can be made or read at once; ask for a job.")


class PatternTooShort(PromoCodeError):
    code = "pattern_too_short"
    message = gettext_lazy(
        "So many codes of this length could be guessed. Give the pool longer codes or a larger alphabet."
    )


class LengthInvalid(PromoCodeError):
    code = "out_of_range"
    message = gettext_lazy("Codes have 6 to 32 symbols after the prefix.")


class CampaignUnknown(PromoCodeError):
    code = "campaign_unknown"
    message = gettext_lazy("There is no campaign with this code.")


class GroupingUnknown(PromoCodeError):
    code = "grouping_unknown"
    message = gettext_lazy("There is no grouping of customers with this code.")


class PrefixInvalid(PromoCodeError):
    code = "invalid_code"
    message = gettext_lazy("Use up to 16 letters or digits.")


class WordInvalid(PromoCodeError):
    code = "invalid_code"
    message = gettext_lazy("Use 1 to 64 letters, digits, dots, hyphens or underscores, without spaces.")


class WordTaken(PromoCodeError):
    code = "code_taken"
    message = gettext_lazy("This code exists already.")


class CustomerUnknown(PromoCodeError):
    code = "customer_unknown"
    message = gettext_lazy("No customer has this document, code or card.")


class WindowEmpty(PromoCodeError):
    code = "empty_period"
    message = gettext_lazy("The end of the validity must be after its start.")


class EndPast(PromoCodeError):
    code = "past"
    message = gettext_lazy("The end of the validity must lie ahead. To stop every code now, close the pool.")


class FileEmpty(PromoCodeError):
    code = "empty"
    message = gettext_lazy("There is no code in it.")


class FileUnreadable(PromoCodeError):
    code = "unreadable"
    message = gettext_lazy("This is no text: save the list as CSV.")


class ImportDone(PromoCodeError):
    code = "imported_already"
    message = gettext_lazy("This file was added to the pool already.")


class ImportUnchecked(PromoCodeError):
    code = "not_checked"
    message = gettext_lazy("The file is still being checked.")
