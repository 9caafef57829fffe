"""Voucher about to expire: with its code, so that nobody has to look for it."""

from django.utils.translation import gettext_lazy as _

from loyalty.models import AccountKind
from messaging.occasions.reminders import ValueReminder
from messaging.occasions.texts.reminders import reminder_texts
from messaging.occasions.value_variables import CODE, VALUE
from messaging.occasions.variables import CUSTOMER, OPT_OUT, STORE


class VoucherReminder(ValueReminder):
    """Keys: `lot:<key>:<rule>:<days>`."""

    code = "voucher_reminder"
    label = _("Voucher reminder")
    icon = "code"
    kinds = (AccountKind.VOUCHER, AccountKind.RATE_VOUCHER)
    tells_code = True
    variables = (*CUSTOMER, *STORE, *VALUE, *CODE, *OPT_OUT)
    texts = reminder_texts(
        pt="seu vale",
        pt_sms="seu vale de {{ value.amount }}{% if value.code %} ({{ value.code }}){% endif %}",
        en="your voucher",
        extra="{% if value.code %} {{ value.code }}{% endif %}",
    )
