"""Points about to expire: one message for all of a program that ends on a day."""

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from loyalty.models import AccountKind
from loyalty.sentences import points_text
from messaging.occasions.reminders import ValueReminder
from messaging.occasions.texts.reminders import reminder_texts
from messaging.occasions.value_variables import VALUE
from messaging.occasions.variables import CUSTOMER, OPT_OUT, STORE
from messaging.selectors.value import Value

_SAMPLES = {"value.amount": "1.250 pontos", "value.name": "Clube Aurora"}


class PointsReminder(ValueReminder):
    """Keys: `account:<key>:<day>:<rule>:<days>`."""

    code = "points_reminder"
    label = _("Points reminder")
    icon = "star"
    kinds = (AccountKind.POINTS,)
    by_lot = False
    variables = (
        *CUSTOMER,
        *STORE,
        *(replace(item, sample=_SAMPLES.get(item.name, item.sample)) for item in VALUE),
        *OPT_OUT,
    )
    texts = reminder_texts(
        pt="{{ value.name }}", pt_sms="{{ value.amount }} em {{ value.name }}", en="{{ value.name }}"
    )

    def write_amount(self, value: Value) -> str:
        return points_text(value.amount)
