"""Associations: a named group of campaigns of which a criterion chooses."""

from typing import Any

from campaigns.engine import fields
from campaigns.engine.decoding import Reader, report_faults
from campaigns.engine.encoding import encode_fields
from campaigns.engine.fields import DocumentError, Field
from campaigns.engine.marks import gettext_noop

CRITERION_CHOICES = (
    ("highest", gettext_noop("the highest benefit for the customer")),
    ("lowest", gettext_noop("the lowest benefit for the customer")),
    ("first", gettext_noop("the first by priority")),
    ("all", gettext_noop("all of them")),
)
COMPETE_CHOICES = (("basket", gettext_noop("in the sale")), ("line", gettext_noop("on each line")))


@fields.declared
class Association:
    """Of the eligible members only the chosen one goes on; with `compete_on: line`, one for each line."""

    code: str = fields.declare("code", label=gettext_noop("Code"), help=gettext_noop("Unique and permanent."))
    name: str = fields.text(label=gettext_noop("Name"), default="")
    criterion: str = fields.choice(
        CRITERION_CHOICES,
        label=gettext_noop("Grants"),
        help=gettext_noop("Which of the campaigns activates."),
    )
    compete_on: str = fields.choice(
        COMPETE_CHOICES,
        label=gettext_noop("They compete"),
        help=gettext_noop("For the whole sale, or line by line."),
        default="basket",
    )
    campaigns: tuple[str, ...] = fields.texts(
        label=gettext_noop("Campaigns"),
        help=gettext_noop("Two or more campaign codes, in registration order."),
    )


ASSOCIATION_FIELDS: tuple[Field, ...] = fields.declared_fields(Association)


def decode_association(document: Any, *, path: str = "") -> Association:
    """Read an association document. Raises DocumentError with every fault."""
    reader = Reader()
    association = read_association(reader, document, path)
    if association is None:
        raise DocumentError(reader.problems)
    return association


def read_association(reader: Reader, document: Any, path: str = "") -> Association | None:
    before = len(reader.problems)
    values = reader.fields(ASSOCIATION_FIELDS, document, path)
    if values is None:
        return None
    association = Association(**values)
    report_faults(reader, association, path)
    return association if len(reader.problems) == before else None


def encode_association(association: Association) -> dict[str, Any]:
    return encode_fields(ASSOCIATION_FIELDS, association)
