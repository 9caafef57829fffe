"""Cashback about to expire: one message for all that ends on a day."""

from django.utils.translation import gettext_lazy as _

from loyalty.models import AccountKind
from messaging.occasions.reminders import ValueReminder
from messaging.occasions.texts.reminders import reminder_texts
from messaging.occasions.value_variables import VALUE
from messaging.occasions.variables import CUSTOMER, OPT_OUT, STORE


class CashbackReminder(ValueReminder):
    """Keys: `account:<key>:<day>:<rule>:<days>`."""

    code = "cashback_reminder"
    label = _("Cashback reminder")
    icon = "money"
    kinds = (AccountKind.CASHBACK,)
    by_lot = False
    variables = (*CUSTOMER, *STORE, *(item for item in VALUE if item.name != "value.name"), *OPT_OUT)
    texts = reminder_texts(pt="cashback", pt_sms="{{ value.amount }} de cashback", en="cashback")
