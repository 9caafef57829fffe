"""Credit note that waits: some days after the return that it came from."""

from django.utils.translation import gettext_lazy as _

from loyalty.models import AccountKind
from messaging.occasions.reminders import AfterCreation, ValueReminder
from messaging.occasions.texts.reminders import reminder_texts
from messaging.occasions.value_variables import CODE, VALUE
from messaging.occasions.variables import CUSTOMER, OPT_OUT, STORE


class CreditNoteReminder(ValueReminder):
    """Keys: `lot:<key>:<rule>:<days>`."""

    code = "credit_note_reminder"
    label = _("Credit note reminder")
    icon = "undo"
    kinds = (AccountKind.CREDIT_NOTE,)
    tells_code = True
    settings = AfterCreation
    variables = (*CUSTOMER, *STORE, *VALUE, *CODE, *OPT_OUT)
    texts = reminder_texts(
        pt="sua nota de crédito",
        pt_sms="{{ value.amount }} da sua nota de crédito{% if value.code %} {{ value.code }}{% endif %}",
        en="a credit note",
        extra="{% if value.code %} {{ value.code }}{% endif %}",
    )
