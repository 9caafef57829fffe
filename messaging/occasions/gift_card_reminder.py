"""Gift card about to expire: gift cards and e-purses of known customers."""

from django.utils.translation import gettext_lazy as _

from loyalty.models import AccountKind
from messaging.occasions.reminders import ValueReminder
from messaging.occasions.texts.reminders import reminder_texts
from messaging.occasions.value_variables import LAST4, VALUE
from messaging.occasions.variables import CUSTOMER, OPT_OUT, STORE


class GiftCardReminder(ValueReminder):
    """Keys: `lot:<key>:<rule>:<days>`. The code is not told: a gift card belongs to whoever presents it."""

    code = "gift_card_reminder"
    label = _("Gift card reminder")
    icon = "gift"
    kinds = (AccountKind.GIFT_CARD, AccountKind.E_PURSE)
    variables = (*CUSTOMER, *STORE, *VALUE, *LAST4, *OPT_OUT)
    texts = reminder_texts(
        pt="seu vale-presente final {{ value.last4 }}",
        pt_sms="{{ value.amount }} do seu vale-presente final {{ value.last4 }}",
        en="your gift card ending in {{ value.last4 }}",
    )
