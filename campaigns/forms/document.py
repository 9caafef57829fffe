"""The campaign builder: a whole document in steps, each step a few fields."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaigns.engine.campaign import CAMPAIGN_FIELDS, Campaign
from campaigns.engine.document import decode_campaign
from campaigns.engine.fields import DocumentError, Problem
from campaigns.forms.declared import Complaint, DeclaredForm, Input, Json, place_problems
from campaigns.forms.tree import BenefitsForm, GroupForm

# Every plain field of a document stands in exactly one step; tests compare this with the engine's declaration.
# The first ones of each step are always shown, the others are folded away.
GENERAL = ("name", "code", "category", "description", "priority", "audience", "channels")
WHEN_WHERE = ("starts_at", "ends_at", "stores", "schedule", "operations")
THRESHOLDS = (
    "minimum_amount",
    "minimum_quantity",
    "limits",
    "budget",
    "maximum_amount",
    "threshold_basis",
)
BEHAVIOUR = (
    "exclusive",
    "optional",
    "requires_consent",
    "exchange",
    "skip_discounted",
    "stop_further",
    "combinable_order_discount",
)

STEPS = (
    ("general", _("General"), "info"),
    ("when", _("When and where"), "calendar"),
    ("rules", _("Rules"), "branch"),
    ("limits", _("Limits"), "target"),
    ("benefits", _("Benefits"), "gift"),
    ("review", _("Review"), "check-circle"),
)


class CampaignForm:
    """A campaign document as the steps of a page, posted or filled from a document.

    `document()` is what the page says; `is_valid()` asks the engine about it and puts each complaint beside its
    field, or into `errors` when it belongs to none.
    """

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, document: Json | None = None, fixed_code: str = ""
    ) -> None:
        self.is_bound = data is not None
        self.fixed_code = fixed_code
        self.errors: list[str] = []
        self.general = self._part(GENERAL, 4, data, document)
        self.when = self._part(WHEN_WHERE, 3, data, document)
        self.thresholds = self._part(THRESHOLDS, 4, data, document)
        self.behaviour = self._part(BEHAVIOUR, 4, data, document)
        self.rules = GroupForm(data, document=(document or {}).get("conditions"))
        self.benefits = BenefitsForm(data, documents=(document or {}).get("benefits"))
        if fixed_code:
            self.general.fields["code"].disabled = True
            self.general.initial["code"] = fixed_code
        else:
            self.general.fields["code"].required = False
            self.general.fields["code"].help_text = _(
                "Unique and permanent, for example INVERNO10. Left empty, it is made from the name."
            )

    @staticmethod
    def _part(
        names: tuple[str, ...], main: int, data: Mapping[str, Any] | None, document: Json | None
    ) -> DeclaredForm:
        by_name = {field.name: field for field in CAMPAIGN_FIELDS}
        declared = tuple(by_name[name] for name in names)
        return DeclaredForm(declared, data, document=document, prefix="campaign", main=names[:main])

    @property
    def forms(self) -> tuple[DeclaredForm, ...]:
        return self.general, self.when, self.thresholds, self.behaviour

    def document(self) -> Json:
        found: Json = {}
        for form in self.forms:
            found |= form.document()
        conditions = self.rules.document()
        if conditions is not None:
            found["conditions"] = conditions
        found["benefits"] = self.benefits.document()
        if not found.get("code") and found.get("name"):
            found["code"] = code_from_name(found["name"])
        ordered = [field.name for field in CAMPAIGN_FIELDS]
        return {name: found[name] for name in ordered if name in found}

    def is_valid(self) -> bool:
        """Ask the engine about the document. Errors of typing and of meaning are shown together."""
        document = self.document()
        unreadable = self.wrong
        try:
            decode_campaign(document)
        except DocumentError as error:
            self.show(error.problems)
        return not unreadable and not self.wrong and not self.errors

    def campaign(self) -> Campaign:
        """Return the decoded document. Raises DocumentError."""
        return decode_campaign(self.document())

    def inputs(self) -> Iterator[Input]:
        for form in self.forms:
            yield from form.inputs()
        yield from self.rules.inputs()
        yield from self.benefits.inputs()

    def show(self, problems: tuple[Problem, ...]) -> None:
        """Put each problem beside the input that it is about."""
        place_problems(problems, self.inputs(), self.errors)

    def complaints(self) -> Iterator[Complaint]:
        """Yield what is wrong, field by field, in the order of the page."""
        for part in (self.general, self.when, self.rules, self.thresholds, self.behaviour, self.benefits):
            yield from part.complaints()

    @property
    def wrong(self) -> int:
        return sum(form.wrong for form in self.forms) + self.rules.wrong + self.benefits.wrong

    def wrong_by_step(self) -> dict[str, int]:
        return {
            "general": self.general.wrong,
            "when": self.when.wrong,
            "rules": self.rules.wrong,
            "limits": self.thresholds.wrong + self.behaviour.wrong,
            "benefits": self.benefits.wrong,
            "review": len(self.errors),
        }

    def act(self, action: str) -> None:
        """Add or remove a part: `add:conditions-0:product`, `add:benefits:gift`, `add:campaign-limits`, `remove:benefits-1`."""
        verb, _colon, rest = action.partition(":")
        prefix, _colon, tag = rest.partition(":")
        if verb == "add":
            holder = self._holder(prefix)
            if isinstance(holder, GroupForm | BenefitsForm):
                holder.add(tag)
            elif holder is not None:
                holder.add()
        elif verb == "remove":
            parent, _dash, number = prefix.rpartition("-")
            holder = self._holder(parent)
            if holder is not None and number.isdecimal():
                holder.remove(int(number))

    def _holder(self, prefix: str) -> Any:
        if prefix == self.benefits.prefix:
            return self.benefits
        group = self.rules.find(prefix)
        if group is not None:
            return group
        return next(
            (
                holder
                for _path, holder, name in self.inputs()
                if not name and getattr(holder, "prefix", "") == prefix
            ),
            None,
        )


def code_from_name(name: str) -> str:
    """Make a campaign code of a name: `Inverno 10% - Sul` gives `INVERNO-10-SUL`."""
    from django.utils.text import slugify

    return slugify(name).upper().replace("_", "-").strip("-")[:64]
