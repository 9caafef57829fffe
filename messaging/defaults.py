"""The texts that a new installation proposes, by occasion, channel and language.

The text messages keep to the GSM-7 alphabet, so that each costs one segment.
"""

from dataclasses import dataclass

from messaging.models.template import Channel, Occasion


@dataclass(frozen=True, slots=True)
class DefaultText:
    text: str
    subject: str = ""
    html: str = ""


# What carries the code that shows who stands at the till, on every channel. No letter makes it cost two segments.
VERIFICATION = {
    "pt-br": DefaultText(
        subject="Seu codigo na {{ company.name }}",
        text="{{ company.name }}: {{ code }} confirma o uso do seu saldo na loja. Vale {{ minutes }} minutos. Diga apenas no caixa.",
    ),
    "en": DefaultText(
        subject="Your code at {{ company.name }}",
        text="{{ company.name }}: {{ code }} confirms the use of your balance. Valid for {{ minutes }} minutes. Tell it at the till only.",
    ),
}

DEFAULTS: dict[tuple[str, str, str], DefaultText] = {
    (Occasion.BIRTHDAY, Channel.SMS, "pt-br"): DefaultText(
        "{{ company.name }}: feliz dia, {{ customer.first_name }}! "
        "{% if coupon.code %}Seu presente: {{ coupon.code }} vale até {{ coupon.valid_until }}{% endif %}"
    ),
    (Occasion.BIRTHDAY, Channel.SMS, "en"): DefaultText(
        "{{ company.name }}: happy birthday, {{ customer.first_name }}! "
        "{% if coupon.code %}Your gift: {{ coupon.code }}, until {{ coupon.valid_until }}{% endif %}"
    ),
    (Occasion.BIRTHDAY, Channel.WHATSAPP, "pt-br"): DefaultText(
        "Feliz aniversário, {{ customer.first_name }}! 🎉\n\n"
        "Toda a equipe da {{ store.name }} deseja um dia lindo para você."
        "{% if coupon.code %}\n\nSeu presente: use o código *{{ coupon.code }}* até {{ coupon.valid_until }}."
        "{% endif %}\n\nPara não receber mais mensagens, responda SAIR."
    ),
    (Occasion.BIRTHDAY, Channel.WHATSAPP, "en"): DefaultText(
        "Happy birthday, {{ customer.first_name }}! 🎉\n\n"
        "Everybody at {{ store.name }} wishes you a lovely day."
        "{% if coupon.code %}\n\nYour gift: use the code *{{ coupon.code }}* until {{ coupon.valid_until }}."
        "{% endif %}\n\nTo stop these messages, answer STOP."
    ),
    (Occasion.BIRTHDAY, Channel.EMAIL, "pt-br"): DefaultText(
        subject="Feliz aniversário, {{ customer.first_name }}!",
        text=(
            "Feliz aniversário, {{ customer.first_name }}!\n\n"
            "Hoje o dia é seu, e toda a equipe da {{ store.name }} quer comemorar com você."
            "{% if coupon.code %}\n\nSeu presente: {{ coupon.code }}\nVale até {{ coupon.valid_until }}.{% endif %}"
        ),
        html=(
            '<h1 style="font-size:24px;margin:0 0 16px">Feliz aniversário, {{ customer.first_name }}!</h1>\n'
            "<p>Hoje o dia é seu, e toda a equipe da <strong>{{ store.name }}</strong> quer comemorar com você.</p>\n"
            "{% if coupon.code %}\n"
            '<p style="margin:24px 0;padding:20px;border-radius:12px;background:#eef2ff;text-align:center">'
            'Seu presente<br><strong style="font-size:22px;letter-spacing:1px">{{ coupon.code }}</strong><br>'
            "vale até {{ coupon.valid_until }}</p>\n{% endif %}"
        ),
    ),
    (Occasion.BIRTHDAY, Channel.EMAIL, "en"): DefaultText(
        subject="Happy birthday, {{ customer.first_name }}!",
        text=(
            "Happy birthday, {{ customer.first_name }}!\n\n"
            "Today is your day, and everybody at {{ store.name }} would like to celebrate with you."
            "{% if coupon.code %}\n\nYour gift: {{ coupon.code }}\nValid until {{ coupon.valid_until }}.{% endif %}"
        ),
        html=(
            '<h1 style="font-size:24px;margin:0 0 16px">Happy birthday, {{ customer.first_name }}!</h1>\n'
            "<p>Today is your day, and everybody at <strong>{{ store.name }}</strong> would like to celebrate with you.</p>\n"
            "{% if coupon.code %}\n"
            '<p style="margin:24px 0;padding:20px;border-radius:12px;background:#eef2ff;text-align:center">'
            'Your gift<br><strong style="font-size:22px;letter-spacing:1px">{{ coupon.code }}</strong><br>'
            "valid until {{ coupon.valid_until }}</p>\n{% endif %}"
        ),
    ),
    (Occasion.RECOVERY, Channel.SMS, "pt-br"): DefaultText(
        "{% if customer.first_name %}{{ customer.first_name }}, sua{% else %}Sua{% endif %} sacola espera na {{ company.name }}"
        "{% if coupon.code %}. Use {{ coupon.code }}{% endif %}: {{ cart.link }}"
    ),
    (Occasion.RECOVERY, Channel.SMS, "en"): DefaultText(
        "{% if customer.first_name %}{{ customer.first_name }}, your{% else %}Your{% endif %} bag is waiting at {{ company.name }}"
        "{% if coupon.code %}. Use {{ coupon.code }}{% endif %}: {{ cart.link }}"
    ),
    (Occasion.RECOVERY, Channel.WHATSAPP, "pt-br"): DefaultText(
        "Oi{% if customer.first_name %}, {{ customer.first_name }}{% endif %}! Sua sacola na {{ store.name }} ainda está aqui:\n"
        "{% for item in cart.items %}\n• {{ item.quantity }} × {{ item.name }}{% endfor %}\n\nTotal: {{ cart.total }}"
        "{% if coupon.code %}\n\nVolte com o código *{{ coupon.code }}*, válido até {{ coupon.valid_until }}:"
        "\n{{ coupon.link }}{% else %}\n\nContinue de onde parou: {{ cart.link }}{% endif %}"
        "\n\nPara não receber mais mensagens, responda SAIR."
    ),
    (Occasion.RECOVERY, Channel.WHATSAPP, "en"): DefaultText(
        "Hi{% if customer.first_name %}, {{ customer.first_name }}{% endif %}! Your bag at {{ store.name }} is still here:\n"
        "{% for item in cart.items %}\n• {{ item.quantity }} × {{ item.name }}{% endfor %}\n\nTotal: {{ cart.total }}"
        "{% if coupon.code %}\n\nCome back with the code *{{ coupon.code }}*, valid until {{ coupon.valid_until }}:"
        "\n{{ coupon.link }}{% else %}\n\nGo on where you left: {{ cart.link }}{% endif %}"
        "\n\nTo stop these messages, answer STOP."
    ),
    (Occasion.RECOVERY, Channel.EMAIL, "pt-br"): DefaultText(
        subject="{% if customer.first_name %}{{ customer.first_name }}, você{% else %}Você{% endif %} esqueceu algo na sacola",
        text=(
            "Oi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},\n\nsua sacola na {{ store.name }} ainda está aqui:\n"
            "{% for item in cart.items %}\n- {{ item.quantity }} x {{ item.name }}, {{ item.price }}{% endfor %}\n\n"
            "Total: {{ cart.total }}"
            "{% if coupon.code %}\n\nVolte com o código {{ coupon.code }}, válido até {{ coupon.valid_until }}:"
            "\n{{ coupon.link }}{% else %}\n\nContinue de onde parou:\n{{ cart.link }}{% endif %}"
        ),
        html=(
            "<p>Oi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},</p>\n<p>sua sacola na <strong>{{ store.name }}</strong> ainda está aqui:</p>\n"
            '<table role="presentation" width="100%" cellpadding="8" style="border-collapse:collapse">\n'
            "{% for item in cart.items %}"
            '<tr style="border-bottom:1px solid #e5e7eb"><td>{{ item.quantity }} × {{ item.name }}</td>'
            '<td align="right">{{ item.price }}</td></tr>\n{% endfor %}'
            '<tr><td><strong>Total</strong></td><td align="right"><strong>{{ cart.total }}</strong></td></tr>\n</table>\n'
            "{% if coupon.code %}<p>Volte com o código <strong>{{ coupon.code }}</strong>, válido até "
            "{{ coupon.valid_until }}.</p>\n{% endif %}"
            '<p style="margin-top:24px"><a href="{% if coupon.code %}{{ coupon.link }}{% else %}{{ cart.link }}{% endif %}" '
            'style="display:inline-block;padding:14px 22px;border-radius:10px;background:#1f2a44;color:#ffffff;'
            'text-decoration:none;font-weight:600">Voltar para a sacola</a></p>'
        ),
    ),
    (Occasion.RECOVERY, Channel.EMAIL, "en"): DefaultText(
        subject="{% if customer.first_name %}{{ customer.first_name }}, you{% else %}You{% endif %} left something in your bag",
        text=(
            "Hi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},\n\nyour bag at {{ store.name }} is still here:\n"
            "{% for item in cart.items %}\n- {{ item.quantity }} x {{ item.name }}, {{ item.price }}{% endfor %}\n\n"
            "Total: {{ cart.total }}"
            "{% if coupon.code %}\n\nCome back with the code {{ coupon.code }}, valid until {{ coupon.valid_until }}:"
            "\n{{ coupon.link }}{% else %}\n\nGo on where you left:\n{{ cart.link }}{% endif %}"
        ),
        html=(
            "<p>Hi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},</p>\n<p>your bag at <strong>{{ store.name }}</strong> is still here:</p>\n"
            '<table role="presentation" width="100%" cellpadding="8" style="border-collapse:collapse">\n'
            "{% for item in cart.items %}"
            '<tr style="border-bottom:1px solid #e5e7eb"><td>{{ item.quantity }} × {{ item.name }}</td>'
            '<td align="right">{{ item.price }}</td></tr>\n{% endfor %}'
            '<tr><td><strong>Total</strong></td><td align="right"><strong>{{ cart.total }}</strong></td></tr>\n</table>\n'
            "{% if coupon.code %}<p>Come back with the code <strong>{{ coupon.code }}</strong>, valid until "
            "{{ coupon.valid_until }}.</p>\n{% endif %}"
            '<p style="margin-top:24px"><a href="{% if coupon.code %}{{ coupon.link }}{% else %}{{ cart.link }}{% endif %}" '
            'style="display:inline-block;padding:14px 22px;border-radius:10px;background:#1f2a44;color:#ffffff;'
            'text-decoration:none;font-weight:600">Back to the bag</a></p>'
        ),
    ),
}

# What the company's own people are told: filled as they stand, nobody writes them anew.
NOTICES: dict[tuple[str, str, str], DefaultText] = {
    (Occasion.VIP_CARD, Channel.SMS, "pt-br"): DefaultText(
        "VIP {{ customer.name }}: {{ sale.total }} em {{ store.name }}, desconto {{ sale.discount }}, {{ sale.moment }}"
    ),
    (Occasion.VIP_CARD, Channel.SMS, "en"): DefaultText(
        "VIP {{ customer.name }}: {{ sale.total }} at {{ store.name }}, {{ sale.discount }} off, {{ sale.moment }}"
    ),
    (Occasion.VIP_CARD, Channel.EMAIL, "pt-br"): DefaultText(
        subject="Cartão VIP de {{ customer.name }}: {{ sale.total }}",
        text=(
            "O cartão VIP {{ card.code }}, de {{ customer.name }}, foi usado na {{ store.name }} em {{ sale.moment }}.\n\n"
            "Cupom: {{ sale.ticket }}\nDesconto do cartão: {{ sale.discount }}\nTotal da venda: {{ sale.total }}\n\n"
            "{{ company.name }}"
        ),
    ),
    (Occasion.VIP_CARD, Channel.EMAIL, "en"): DefaultText(
        subject="VIP card of {{ customer.name }}: {{ sale.total }}",
        text=(
            "The VIP card {{ card.code }} of {{ customer.name }} was used at {{ store.name }} on {{ sale.moment }}.\n\n"
            "Ticket: {{ sale.ticket }}\nDiscount of the card: {{ sale.discount }}\nTotal of the sale: {{ sale.total }}\n\n"
            "{{ company.name }}"
        ),
    ),
}
