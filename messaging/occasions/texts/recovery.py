"""What a new installation proposes to say about a cart, or a conversation, that was left."""

from messaging.models import Channel
from messaging.occasions.parts import DefaultText, Texts

TEXTS: Texts = {
    (Channel.SMS, "pt-br"): DefaultText(
        "{% if cart.total %}{% if customer.first_name %}{{ customer.first_name }}, sua{% else %}Sua{% endif %} sacola espera na"
        "{% else %}{% if customer.first_name %}{{ customer.first_name }}, podemos{% else %}Podemos{% endif %} ajudar? Volte à"
        "{% endif %} {{ company.name }}"
        "{% if coupon.code %}. Use {{ coupon.code }}{% endif %}: {{ cart.link }}"
    ),
    (Channel.SMS, "en"): DefaultText(
        "{% if cart.total %}{% if customer.first_name %}{{ customer.first_name }}, your{% else %}Your{% endif %} bag is waiting at"
        "{% else %}{% if customer.first_name %}{{ customer.first_name }}, can{% else %}Can{% endif %} we help? Come back to"
        "{% endif %} {{ company.name }}"
        "{% if coupon.code %}. Use {{ coupon.code }}{% endif %}: {{ cart.link }}"
    ),
    (Channel.WHATSAPP, "pt-br"): DefaultText(
        "Oi{% if customer.first_name %}, {{ customer.first_name }}{% endif %}! {% if cart.total %}Sua sacola na {{ store.name }} ainda está aqui:\n"
        "{% for item in cart.items %}\n• {{ item.quantity }} × {{ item.name }}{% endfor %}\n\nTotal: {{ cart.total }}"
        "{% else %}Nossa conversa na {{ store.name }} ficou no meio. Podemos ajudar?{% endif %}"
        "{% if coupon.code %}\n\nVolte com o código *{{ coupon.code }}*, válido até {{ coupon.valid_until }}:"
        "\n{{ coupon.link }}{% else %}\n\nContinue de onde parou: {{ cart.link }}{% endif %}"
        "\n\nPara não receber mais mensagens, responda SAIR."
    ),
    (Channel.WHATSAPP, "en"): DefaultText(
        "Hi{% if customer.first_name %}, {{ customer.first_name }}{% endif %}! {% if cart.total %}Your bag at {{ store.name }} is still here:\n"
        "{% for item in cart.items %}\n• {{ item.quantity }} × {{ item.name }}{% endfor %}\n\nTotal: {{ cart.total }}"
        "{% else %}We were talking about {{ store.name }}. Can we help?{% endif %}"
        "{% if coupon.code %}\n\nCome back with the code *{{ coupon.code }}*, valid until {{ coupon.valid_until }}:"
        "\n{{ coupon.link }}{% else %}\n\nGo on where you left: {{ cart.link }}{% endif %}"
        "\n\nTo stop these messages, answer STOP."
    ),
    (Channel.EMAIL, "pt-br"): DefaultText(
        subject="{% if cart.total %}{% if customer.first_name %}{{ customer.first_name }}, você{% else %}Você{% endif %} esqueceu algo na sacola{% else %}Podemos ajudar?{% endif %}",
        text=(
            "Oi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},\n\n{% if cart.total %}sua sacola na {{ store.name }} ainda está aqui:\n"
            "{% for item in cart.items %}\n- {{ item.quantity }} x {{ item.name }}, {{ item.price }}{% endfor %}\n\n"
            "Total: {{ cart.total }}{% else %}nossa conversa na {{ store.name }} ficou no meio. Podemos ajudar?{% endif %}"
            "{% if coupon.code %}\n\nVolte com o código {{ coupon.code }}, válido até {{ coupon.valid_until }}:"
            "\n{{ coupon.link }}{% else %}\n\nContinue de onde parou:\n{{ cart.link }}{% endif %}"
        ),
        html=(
            "<p>Oi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},</p>\n{% if cart.total %}<p>sua sacola na <strong>{{ store.name }}</strong> ainda está aqui:</p>\n"
            '<table role="presentation" width="100%" cellpadding="8" style="border-collapse:collapse">\n'
            "{% for item in cart.items %}"
            '<tr style="border-bottom:1px solid #e5e7eb"><td>{{ item.quantity }} × {{ item.name }}</td>'
            '<td align="right">{{ item.price }}</td></tr>\n{% endfor %}'
            '<tr><td><strong>Total</strong></td><td align="right"><strong>{{ cart.total }}</strong></td></tr>\n</table>\n'
            "{% else %}<p>nossa conversa na <strong>{{ store.name }}</strong> ficou no meio. Podemos ajudar?</p>\n{% endif %}"
            "{% if coupon.code %}<p>Volte com o código <strong>{{ coupon.code }}</strong>, válido até "
            "{{ coupon.valid_until }}.</p>\n{% endif %}"
            '<p style="margin-top:24px"><a href="{% if coupon.code %}{{ coupon.link }}{% else %}{{ cart.link }}{% endif %}" '
            'style="display:inline-block;padding:14px 22px;border-radius:10px;background:#1f2a44;color:#ffffff;'
            'text-decoration:none;font-weight:600">'
            "{% if cart.total %}Voltar para a sacola{% else %}Continuar{% endif %}</a></p>"
        ),
    ),
    (Channel.EMAIL, "en"): DefaultText(
        subject="{% if cart.total %}{% if customer.first_name %}{{ customer.first_name }}, you{% else %}You{% endif %} left something in your bag{% else %}Can we help?{% endif %}",
        text=(
            "Hi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},\n\n{% if cart.total %}your bag at {{ store.name }} is still here:\n"
            "{% for item in cart.items %}\n- {{ item.quantity }} x {{ item.name }}, {{ item.price }}{% endfor %}\n\n"
            "Total: {{ cart.total }}{% else %}we were talking about {{ store.name }}. Can we help?{% endif %}"
            "{% if coupon.code %}\n\nCome back with the code {{ coupon.code }}, valid until {{ coupon.valid_until }}:"
            "\n{{ coupon.link }}{% else %}\n\nGo on where you left:\n{{ cart.link }}{% endif %}"
        ),
        html=(
            "<p>Hi{% if customer.first_name %}, {{ customer.first_name }}{% endif %},</p>\n{% if cart.total %}<p>your bag at <strong>{{ store.name }}</strong> is still here:</p>\n"
            '<table role="presentation" width="100%" cellpadding="8" style="border-collapse:collapse">\n'
            "{% for item in cart.items %}"
            '<tr style="border-bottom:1px solid #e5e7eb"><td>{{ item.quantity }} × {{ item.name }}</td>'
            '<td align="right">{{ item.price }}</td></tr>\n{% endfor %}'
            '<tr><td><strong>Total</strong></td><td align="right"><strong>{{ cart.total }}</strong></td></tr>\n</table>\n'
            "{% else %}<p>we were talking about <strong>{{ store.name }}</strong>. Can we help?</p>\n{% endif %}"
            "{% if coupon.code %}<p>Come back with the code <strong>{{ coupon.code }}</strong>, valid until "
            "{{ coupon.valid_until }}.</p>\n{% endif %}"
            '<p style="margin-top:24px"><a href="{% if coupon.code %}{{ coupon.link }}{% else %}{{ cart.link }}{% endif %}" '
            'style="display:inline-block;padding:14px 22px;border-radius:10px;background:#1f2a44;color:#ffffff;'
            'text-decoration:none;font-weight:600">'
            "{% if cart.total %}Back to the bag{% else %}Go on{% endif %}</a></p>"
        ),
    ),
}
