"""What an association or a markdown does, in the reader's language, and what differs between two of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.changes import document_changes
from campaigns.engine.associations import ASSOCIATION_FIELDS, Association
from campaigns.engine.markdowns import CUSTOMER_CHOICES, HEADER_FIELDS, IDENTIFIER_CHOICES, Markdown
from campaigns.explanations import text_of, written
from campaigns.summary import NO_NAMES, Names, when_and_where
from retail import formats

CRITERIA = {
    "highest": gettext_lazy("The highest benefit: of those that apply, the one worth most to the customer."),
    "lowest": gettext_lazy("The lowest benefit: of those that apply, the one worth least to the customer."),
    "first": gettext_lazy("The first: by priority, and at one priority in the order of the list."),
    "all": gettext_lazy("All of them: the group only keeps them together."),
}
COMPETITION = {
    "basket": gettext_lazy("They compete for the whole sale: one of them activates."),
    "line": gettext_lazy("They compete on each line: one line may go to one campaign, the next to another."),
}


def describe_association(association: Association) -> list[str]:
    """Say how an association chooses."""
    found = [str(CRITERIA[association.criterion])]
    if association.criterion != "all":
        found.append(str(COMPETITION[association.compete_on]))
    return found


def describe_markdown(
    markdown: Markdown, *, at: datetime, names: Names = NO_NAMES
) -> list[tuple[str, list[str]]]:
    """Say when, where, for whom and on what a markdown holds: titles with their sentences."""
    return [
        (_("When and where"), when_and_where(markdown, at, names)),
        (_("For whom, on what"), [*_whom(markdown), *_bounds(markdown)]),
    ]


def _whom(markdown: Markdown) -> list[str]:
    who = _(dict(CUSTOMER_CHOICES)[markdown.customers])
    by = _(dict(IDENTIFIER_CHOICES)[markdown.by])
    covered = (
        _("Also on products that another active campaign names.")
        if markdown.include_covered
        else _("Not on products that another active campaign names.")
    )
    return [
        _("For %(who)s.") % {"who": who},
        _("Products are recognised by %(what)s.") % {"what": by},
        covered,
    ]


def _bounds(markdown: Markdown) -> list[str]:
    wanted = (
        ("money", markdown.price_min, _("Only products that cost at least %(value)s.")),
        ("money", markdown.price_max, _("Only products that cost at most %(value)s.")),
        ("quantity", markdown.minimum_quantity, _("From %(value)s units of them in the sale.")),
        ("quantity", markdown.maximum_quantity, _("Up to %(value)s units of them in the sale.")),
        ("money", markdown.minimum_amount, _("From %(value)s of them in the sale.")),
        ("money", markdown.maximum_amount, _("Up to %(value)s of them in the sale.")),
    )
    return [text % {"value": written(unit, value)} for unit, value, text in wanted if value is not None]


_FIELDS = {field.name: field for field in (*HEADER_FIELDS, *ASSOCIATION_FIELDS)}


def described_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return what differs between two documents of one kind, field by field, as people read it."""
    return [
        {
            "label": _label(change.path),
            "old": _value(change.path, change.old),
            "new": _value(change.path, change.new),
        }
        for change in document_changes(old, new)
    ]


def _label(path: str) -> str:
    name, _dot, rest = path.partition(".")
    field = _FIELDS[name]
    inner = {member.name: member.label for member in field.fields}
    return " › ".join(_(label) for label in (field.label, inner.get(rest, "")) if label)


def _value(path: str, value: Any) -> str:
    if value is None or value in ("", []):
        return formats.NOTHING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    choices = dict(_FIELDS[path.partition(".")[0]].choices)
    if isinstance(value, str) and value in choices:
        return _(choices[value])
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(_value(path, item) for item in value.values() if item not in (None, []))
    return text_of(value)
