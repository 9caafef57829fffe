"""Points about to expire: one message for all of a program that ends on a day."""

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from loyalty.models import AccountKind
from messaging.occasions.reminders import VALUE, ValueReminder, reminder_texts
from messaging.occasions.variables import CUSTOMER, OPT_OUT, STORE
from messaging.selectors.value import Value
from retail import formats


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
        *(replace(item, sample="1.250") if item.name == "value.amount" else item for item in VALUE),
        *OPT_OUT,
    )
    texts = reminder_texts(pt="{{ value.name }}", pt_sms="{{ value.name }}", en="{{ value.name }}")

    def write_amount(self, value: Value) -> str:
        return formats.number(value.amount)
