"""Why something cannot be done with an issuing run. `code` is stable; the message is for people."""

from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.models import IssuingRun
from loyalty.services.issuing_terms import IssuingError
from retail import formats


class RunNotOpen(IssuingError):
    code = "run_not_open"
    message = gettext_lazy("This run can no longer be changed.")


class RunNotPreviewed(IssuingError):
    code = "run_not_previewed"
    message = gettext_lazy("Look at the preview of this run before you confirm it.")


class RunEmpty(IssuingError):
    code = "run_empty"
    message = gettext_lazy("Nobody is given anything by this run.")


class RunChanged(IssuingError):
    """The preview that was looked at is not the one that stands."""

    code = "run_changed"
    message = gettext_lazy("The preview has changed since you looked at it. Look at it again.")


class RunOutdated(IssuingError):
    """What was previewed can no longer be given: a type was switched off since, or nobody could use the vouchers."""

    code = "run_outdated"
    message = gettext_lazy(
        "This cannot be given any more: its type is switched off, or its last day is over. Change the run first."
    )


class RunOverlaps(IssuingError):
    """Other runs gave something for the same purchases; `runs` are they."""

    code = "run_overlaps"
    message = gettext_lazy(
        "Another run has given vouchers for the same purchases. Confirm that this is meant."
    )

    def __init__(self, runs: list[IssuingRun]) -> None:
        super().__init__()
        self.runs = runs


class RunCannotCancel(IssuingError):
    code = "run_ended"
    message = gettext_lazy("This run has ended already.")


class RunNeedsSecondPerson(IssuingError):
    """The run is above what one person may give: somebody else than who prepared it has to confirm it."""

    code = "second_person_needed"
    field = "preview.total"

    def __init__(self, run: IssuingRun, limit: Decimal) -> None:
        super().__init__()
        if run.total_amount > limit:
            text = _(
                "It costs %(total)s, more than %(limit)s: somebody else than who prepared it has to confirm it."
            )
        else:
            text = _(
                "Vouchers in percent may be worth anything: somebody else than who prepared it has to confirm it."
            )
        self.args = (text % {"total": formats.money(run.total_amount), "limit": formats.money(limit)},)
        self.extra = {
            "total": str(run.total_amount),
            "limit": str(limit),
            "prepared_by": run.prepared_by.get_username() if run.prepared_by else None,
        }
