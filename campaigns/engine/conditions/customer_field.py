"""`customer_field`: compares what was typed about the customer at the till."""

from typing import Any, ClassVar

from campaigns.engine import fields
from campaigns.engine.conditions.base import Condition
from campaigns.engine.marks import Phrase, gettext_noop
from campaigns.engine.scene import Scene
from campaigns.engine.verdict import Unit, Verdict

FIELD_CHOICES = (
    ("name", gettext_noop("name")),
    ("email", gettext_noop("e-mail")),
    ("phone", gettext_noop("phone")),
    ("address", gettext_noop("address")),
    ("birth_date", gettext_noop("birth date")),
    ("sex", gettext_noop("sex")),
)
OPERATOR_CHOICES = (
    ("eq", gettext_noop("is")),
    ("in", gettext_noop("is one of")),
    ("contains", gettext_noop("contains")),
    ("filled", gettext_noop("was given")),
)


@fields.declared
class CustomerField(Condition):
    """Case and outer spaces do not matter. Only on optional campaigns, as typed data proves nothing."""

    kind: ClassVar[str] = "customer_field"
    label: ClassVar[str] = gettext_noop("Data captured at the till")
    doc: ClassVar[str] = gettext_noop(
        "Compares name, e-mail, phone, address, birth date or sex as typed; optional only."
    )
    codes: ClassVar[tuple[str, ...]] = ("customer_field",)
    optional_only: ClassVar[bool] = True

    field: str = fields.choice(
        FIELD_CHOICES, label=gettext_noop("Field"), help=gettext_noop("What the operator types at the till.")
    )
    operator: str = fields.choice(
        OPERATOR_CHOICES,
        label=gettext_noop("Comparison"),
        help=gettext_noop("How it is compared with the value."),
        default="eq",
    )
    value: Any = fields.declare(
        "value",
        label=gettext_noop("Value"),
        help=gettext_noop("What it is compared with; several for is one of."),
        default=None,
    )

    def check(self, scene: Scene, campaign: str) -> Verdict:
        actual = _plain(scene.basket.captured.get(self.field, ""))
        wanted = self.value if isinstance(self.value, tuple) else (self.value,)
        if self.operator == "filled":
            satisfied = bool(actual)
        elif self.operator == "contains":
            satisfied = bool(actual) and any(_plain(value) in actual for value in wanted)
        else:
            satisfied = bool(actual) and actual in {_plain(value) for value in wanted}
        return Verdict(
            satisfied=satisfied,
            code="customer_field",
            required=self.value,
            actual=actual or None,
            unit=Unit.TEXT,
            subject=self.field,
        )

    def phrase(self) -> Phrase:
        return Phrase(
            gettext_noop("%(field)s %(operator)s %(value)s"),
            {
                "field": ("label", dict(FIELD_CHOICES)[self.field]),
                "operator": ("label", dict(OPERATOR_CHOICES)[self.operator]),
                "value": ("text", self.value or ""),
            },
        )

    def faults(self) -> list[tuple[str, str, str]]:
        if self.operator == "filled":
            return []
        if self.value is None:
            return [("value", "required", gettext_noop("This field is required."))]
        if isinstance(self.value, tuple) != (self.operator == "in"):
            return [("value", "invalid_value", gettext_noop("Must be a list exactly for the comparison in."))]
        return []


def _plain(value: object) -> str:
    return str(value).strip().casefold()
