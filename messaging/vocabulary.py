"""What a template is for, in words, and which variables it may use: those of its occasion, or those of mailings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from messaging.models import AppliesTo, Template
from messaging.occasions import KINDS
from messaging.occasions.parts import Variable
from messaging.occasions.variables import CUSTOMER, OPT_OUT, SALE, STORE

_OF_CUSTOMERS = (*CUSTOMER, *STORE, *OPT_OUT)
_OF_SALES = (*CUSTOMER, *STORE, *SALE, *OPT_OUT)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The variables of a template, and a context with a value for each of them."""

    variables: Sequence[Variable]
    sample: dict[str, Any]

    @property
    def names(self) -> list[str]:
        return [variable.name for variable in self.variables]


def vocabulary_of(template: Template) -> Vocabulary:
    """Return what a template may speak of. Raises KeyError for an occasion that there is not."""
    if template.applies_to == AppliesTo.OCCASION:
        kind = KINDS[template.occasion]
        return Vocabulary(kind.variables, kind.sample)
    variables = _OF_SALES if template.applies_to == AppliesTo.SALES else _OF_CUSTOMERS
    return Vocabulary(variables, _sample_of(variables))


def target_of(template: Template) -> Any:
    """Return what a template is for, in words: its occasion, or which mailings."""
    if template.applies_to != AppliesTo.OCCASION:
        return template.get_applies_to_display()
    kind = KINDS.get(template.occasion)
    return kind.label if kind else template.occasion


def label_of(template: Template) -> Any:
    """Return what people call a template: its name, or the occasion that it is the own text of."""
    return template.name or target_of(template)


def overlay(sample: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """Return a sample with the values of a real person where there are any."""
    merged = dict(sample)
    for name, value in values.items():
        held = merged.get(name)
        merged[name] = overlay(held, value) if isinstance(value, dict) and isinstance(held, dict) else value
    return merged


def _sample_of(variables: Sequence[Variable]) -> dict[str, Any]:
    context: dict[str, Any] = {}
    for variable in variables:
        *parents, last = variable.name.split(".")
        place = context
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = variable.sample
    return context
