"""Welcome voucher: tells a new customer the code of the voucher that an issuing rule has given them."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from loyalty.models import IssuingRule, IssuingTrigger, Lot
from messaging.models import Channel
from messaging.occasions.parts import DefaultText, NoSettings, Texts
from messaging.occasions.vouchers import NewVoucher

TEXTS: Texts = {
    (Channel.SMS, "pt-br"): DefaultText(
        "{{ company.name }}: boas-vindas{% if customer.first_name %}, {{ customer.first_name }}{% endif %}! "
        "{{ value.amount }} com o vale {{ value.code }}{% if value.expires %}, até {{ value.expires }}{% endif %}"
    ),
    (Channel.SMS, "en"): DefaultText(
        "{{ company.name }}: welcome{% if customer.first_name %}, {{ customer.first_name }}{% endif %}! "
        "{{ value.amount }} with voucher {{ value.code }}{% if value.expires %}, until {{ value.expires }}{% endif %}"
    ),
    (Channel.WHATSAPP, "pt-br"): DefaultText(
        "Boas-vindas{% if customer.first_name %}, {{ customer.first_name }}{% endif %}! 🎉\n\n"
        "Seu vale de *{{ value.amount }}* na {{ store.name }}: *{{ value.code }}*"
        "{% if value.expires %}, válido até {{ value.expires }}{% endif %}."
        "\n\nPara não receber mais mensagens, responda SAIR."
    ),
    (Channel.WHATSAPP, "en"): DefaultText(
        "Welcome{% if customer.first_name %}, {{ customer.first_name }}{% endif %}! 🎉\n\n"
        "Your voucher of *{{ value.amount }}* at {{ store.name }}: *{{ value.code }}*"
        "{% if value.expires %}, valid until {{ value.expires }}{% endif %}."
        "\n\nTo stop these messages, answer STOP."
    ),
    (Channel.EMAIL, "pt-br"): DefaultText(
        subject="Boas-vindas! Seu vale de {{ value.amount }}",
        text=(
            "Oi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},\n\n"
            "que bom ter você na {{ company.name }}. Para começar, um vale de {{ value.amount }}:\n\n{{ value.code }}"
            "{% if value.expires %}\n\nVale até {{ value.expires }}.{% endif %}"
        ),
    ),
    (Channel.EMAIL, "en"): DefaultText(
        subject="Welcome! Your voucher of {{ value.amount }}",
        text=(
            "Hi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},\n\n"
            "good to have you at {{ company.name }}. To begin with, a voucher of {{ value.amount }}:\n\n{{ value.code }}"
            "{% if value.expires %}\n\nValid until {{ value.expires }}.{% endif %}"
        ),
    ),
}


class WelcomeVoucher(NewVoucher):
    """Keys: `lot:<key>` of the voucher. Due as soon as it was given."""

    code = "welcome_voucher"
    label = _("Welcome voucher")
    icon = "sparkles"
    texts = TEXTS
    settings = NoSettings
    channels = ("email",)
    when = _("Checked every five minutes.")
    # The rule gives within a week after somebody became a customer; who is told later is welcomed no more.
    news_for = timedelta(days=7)

    def given(self, lots: QuerySet[Lot], settings: Any, *, since: datetime) -> QuerySet[Lot]:
        rules = IssuingRule.objects.filter(trigger=IssuingTrigger.NEW_CUSTOMER)
        return lots.filter(
            account__stored_value__origin__in=[rule.origin for rule in rules],
            # Who was not new for longer than that was given none; it finds the few by the index of customers.
            account__stored_value__customer__created_at__gt=since - self.news_for,
            account__stored_value__created_at__gte=since,
        )

    def describe(self, settings: Any) -> list[str]:
        return [
            _now(
                "Tells new customers the code of the voucher that an issuing rule for new customers gave them, at once."
            ),
            _now("Without such a rule nobody is given one, and nobody is told."),
        ]
