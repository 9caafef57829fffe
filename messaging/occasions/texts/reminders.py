"""What a new installation proposes to say of value, whatever kind it is."""

from messaging.models import Channel
from messaging.occasions.parts import DefaultText, Texts


def reminder_texts(*, pt: str, pt_sms: str, en: str, extra: str = "") -> Texts:
    """Return the proposed texts for a kind of value: `pt` and `en` name it, `pt_sms` says what of it the customer can enjoy.

    `extra` is said between the amount and the last day: the code, where it is told. An SMS has no letters that cost a segment.
    """
    name = "{% if customer.first_name %}{{ customer.first_name }}, {% endif %}"
    return {
        (Channel.SMS, "pt-br"): DefaultText(
            f"{{{{ company.name }}}}: {name}aproveite {pt_sms}"
            "{% if value.expires %} até {{ value.expires }}{% endif %}"
        ),
        (Channel.SMS, "en"): DefaultText(
            f"{{{{ company.name }}}}: {name}{{{{ value.amount }}}} in {en}{extra}"
            "{% if value.expires %}, until {{ value.expires }}{% endif %}"
        ),
        (Channel.WHATSAPP, "pt-br"): DefaultText(
            "Oi{% if customer.first_name %}, {{ customer.first_name }}{% endif %}! "
            f"Você tem *{{{{ value.amount }}}}* em {pt}{extra}"
            "{% if value.expires %}, para usar até {{ value.expires }}{% endif %}. Esperamos você na {{ store.name }}!"
            "\n\nPara não receber mais mensagens, responda SAIR."
        ),
        (Channel.WHATSAPP, "en"): DefaultText(
            "Hi{% if customer.first_name %}, {{ customer.first_name }}{% endif %}! "
            f"You have *{{{{ value.amount }}}}* in {en}{extra}"
            "{% if value.expires %}, to use until {{ value.expires }}{% endif %}. See you at {{ store.name }}!"
            "\n\nTo stop these messages, answer STOP."
        ),
        (Channel.EMAIL, "pt-br"): DefaultText(
            subject="{{ value.amount }} esperando por você",
            text=(
                "Oi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},\n\n"
                f"você tem {{{{ value.amount }}}} em {pt}{extra}"
                "{% if value.expires %}, para usar até {{ value.expires }}{% endif %}.\n\nEsperamos você na {{ store.name }}!"
            ),
        ),
        (Channel.EMAIL, "en"): DefaultText(
            subject="{{ value.amount }} waiting for you",
            text=(
                "Hi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},\n\n"
                f"you have {{{{ value.amount }}}} in {en}{extra}"
                "{% if value.expires %}, to use until {{ value.expires }}{% endif %}.\n\nSee you at {{ store.name }}!"
            ),
        ),
    }
