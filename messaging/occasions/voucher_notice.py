"""Voucher given: tells a customer the code of a voucher that a sale or an issuing run has given them."""

from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

import msgspec
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from loyalty.models import IssuingRule, IssuingTrigger, Lot
from messaging.models import Channel
from messaging.occasions.parts import DefaultText, Setting, Texts
from messaging.occasions.vouchers import NewVoucher


class VoucherNoticeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which vouchers customers are told of."""

    given_by: Literal["both", "sales", "runs"] = "both"


GIVEN_BY = (
    ("both", _("Sales and issuing runs")),
    ("sales", _("Sales only: rules and campaigns")),
    ("runs", _("Issuing runs only")),
)
# How the origins of their stored values begin.
_OF_SALES, _OF_RUNS = ("rule:", "campaign:"), ("run:",)
_ORIGINS = {"sales": _OF_SALES, "runs": _OF_RUNS, "both": (*_OF_SALES, *_OF_RUNS)}

TEXTS: Texts = {
    (Channel.SMS, "pt-br"): DefaultText(
        "{{ company.name }}: {% if customer.first_name %}{{ customer.first_name }}, {% endif %}"
        "{{ value.amount }} para sua volta: vale {{ value.code }}{% if value.expires %}, até {{ value.expires }}{% endif %}"
    ),
    (Channel.SMS, "en"): DefaultText(
        "{{ company.name }}: {% if customer.first_name %}{{ customer.first_name }}, {% endif %}"
        "{{ value.amount }} for your return: voucher {{ value.code }}{% if value.expires %}, until {{ value.expires }}{% endif %}"
    ),
    (Channel.WHATSAPP, "pt-br"): DefaultText(
        "Oi{% if customer.first_name %}, {{ customer.first_name }}{% endif %}! Obrigado por comprar na {{ store.name }}.\n\n"
        "Seu vale de *{{ value.amount }}* para a próxima vez: *{{ value.code }}*"
        "{% if value.expires %}, válido até {{ value.expires }}{% endif %}."
        "\n\nPara não receber mais mensagens, responda SAIR."
    ),
    (Channel.WHATSAPP, "en"): DefaultText(
        "Hi{% if customer.first_name %}, {{ customer.first_name }}{% endif %}! Thank you for shopping at {{ store.name }}.\n\n"
        "Your voucher of *{{ value.amount }}* for the next time: *{{ value.code }}*"
        "{% if value.expires %}, valid until {{ value.expires }}{% endif %}."
        "\n\nTo stop these messages, answer STOP."
    ),
    (Channel.EMAIL, "pt-br"): DefaultText(
        subject="Seu vale de {{ value.amount }} para a próxima compra",
        text=(
            "Oi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},\n\n"
            "obrigado por comprar na {{ company.name }}. Para a próxima vez, um vale de {{ value.amount }}:\n\n{{ value.code }}"
            "{% if value.expires %}\n\nVale até {{ value.expires }}.{% endif %}"
        ),
    ),
    (Channel.EMAIL, "en"): DefaultText(
        subject="Your voucher of {{ value.amount }} for the next purchase",
        text=(
            "Hi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},\n\n"
            "thank you for shopping at {{ company.name }}. For the next time, a voucher of {{ value.amount }}:\n\n{{ value.code }}"
            "{% if value.expires %}\n\nValid until {{ value.expires }}.{% endif %}"
        ),
    ),
}


class VoucherNotice(NewVoucher):
    """Keys: `lot:<key>` of the voucher. Due as soon as it was given; who gave one by hand has its code, and tells it."""

    code = "voucher_notice"
    label = _("Voucher given")
    icon = "gift"
    texts = TEXTS
    settings = VoucherNoticeSettings
    channels = ("email", "sms")
    form: ClassVar[tuple[Setting, ...]] = (
        Setting(
            name="given_by",
            label=_("Vouchers of"),
            help=_("Rules for new customers have a message of their own, the welcome voucher."),
            choices=GIVEN_BY,
            width=3,
        ),
    )
    when = _("Checked every five minutes.")
    news_for = timedelta(days=1)

    def given(self, lots: QuerySet[Lot], settings: Any, *, since: datetime) -> QuerySet[Lot]:
        wanted = Q()
        for origin in _ORIGINS[settings.given_by]:
            wanted |= Q(account__stored_value__origin__startswith=origin)
        welcome = IssuingRule.objects.filter(trigger=IssuingTrigger.NEW_CUSTOMER)
        # Lots are only added: the few of a day are found by when they were made.
        return lots.filter(wanted, created_at__gte=since).exclude(
            account__stored_value__origin__in=[rule.origin for rule in welcome]
        )

    def describe(self, settings: Any) -> list[str]:
        told = {
            "both": _now(
                "Tells customers the code of a voucher that a sale or an issuing run gave them, at once."
            ),
            "sales": _now("Tells customers the code of a voucher that a sale gave them, at once."),
            "runs": _now("Tells customers the code of a voucher that an issuing run gave them, at once."),
        }
        return [told[settings.given_by], _now("What was used or taken back meanwhile is not mentioned.")]
