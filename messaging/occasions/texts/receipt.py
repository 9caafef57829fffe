"""What a new installation proposes to say with a receipt: all of it by e-mail, a link by telephone."""

from messaging.models import Channel
from messaging.occasions.parts import DefaultText, Texts

_ROW = '<tr style="border-bottom:1px solid #e5e7eb">'
_TABLE = '<table role="presentation" width="100%" cellpadding="8" style="border-collapse:collapse">\n'


def _text(words: dict[str, str]) -> str:
    return (
        "{{ store.name }}, {{ receipt.moment }}, " + words["ticket"] + " {{ sale.ticket }}\n"
        "{% for line in receipt.lines %}\n{{ line.quantity }} x {{ line.name }}: {{ line.total }}{% endfor %}\n"
        "{% if receipt.saved %}\n" + words["saved"] + ": {{ receipt.saved }}{% endif %}"
        "{% if receipt.redeemed %}\n" + words["redeemed"] + ": {{ receipt.redeemed }}{% endif %}"
        "\nTotal: {{ sale.total }}"
        "{% for payment in receipt.payments %}\n{{ payment.method }}: {{ payment.amount }}{% endfor %}"
        "{% for balance in receipt.balances %}\n"
        + words["balance"]
        + " {{ balance.name }}: {{ balance.amount }}{% endfor %}"
        "\n\n{{ receipt.link }}"
    )


def _html(words: dict[str, str]) -> str:
    def row(label: str, value: str, *, strong: bool = False) -> str:
        left, right = (f"<strong>{label}</strong>", f"<strong>{value}</strong>") if strong else (label, value)
        return f'<tr><td>{left}</td><td align="right">{right}</td></tr>\n'

    return (
        "<h1>" + words["title"] + "</h1>\n"
        "<p>{{ store.name }}<br>{{ receipt.moment }} · " + words["ticket"] + " {{ sale.ticket }}</p>\n" + _TABLE
        + "{% for line in receipt.lines %}" + _ROW
        + "<td>{{ line.quantity }} × {{ line.name }}<br><small>{{ line.price }}"
        + "{% if line.discount %} (−{{ line.discount }}){% endif %}</small></td>"
        + '<td align="right">{{ line.total }}</td></tr>\n{% endfor %}'
        + "{% if receipt.exchange %}" + row(words["exchange"], "−{{ receipt.exchange }}") + "{% endif %}"
        + "{% if receipt.redeemed %}" + row(words["redeemed"], "−{{ receipt.redeemed }}") + "{% endif %}"
        + row("Total", "{{ sale.total }}", strong=True)
        + "{% for payment in receipt.payments %}" + row("{{ payment.method }}", "{{ payment.amount }}") + "{% endfor %}"
        + "{% if receipt.delivery %}" + row(words["delivery"], "{{ receipt.delivery }}") + "{% endif %}"
        + "</table>\n"
        + "{% if receipt.saved %}<p>" + words["saved"] + ": <strong>{{ receipt.saved }}</strong></p>\n{% endif %}"
        + "{% for balance in receipt.balances %}<p>" + words["balance"]
        + " {{ balance.name }}: <strong>{{ balance.amount }}</strong></p>\n{% endfor %}"
        + '<p><a href="{{ receipt.link }}">' + words["open"] + "</a></p>"
    )  # fmt: skip


_PT = {
    "title": "Seu recibo",
    "ticket": "cupom",
    "saved": "Você economizou",
    "redeemed": "Pago com seu saldo",
    "exchange": "Troca",
    "delivery": "Entrega",
    "balance": "Seu saldo de",
    "open": "Abrir o recibo",
}
_EN = {
    "title": "Your receipt",
    "ticket": "ticket",
    "saved": "You saved",
    "redeemed": "Paid with your balance",
    "exchange": "Exchange",
    "delivery": "Delivery",
    "balance": "Your balance of",
    "open": "Open the receipt",
}

TEXTS: Texts = {
    (Channel.SMS, "pt-br"): DefaultText(
        "{{ company.name }}: seu recibo de {{ sale.total }}: {{ receipt.link }}"
    ),
    (Channel.SMS, "en"): DefaultText(
        "{{ company.name }}: your receipt of {{ sale.total }}: {{ receipt.link }}"
    ),
    (Channel.WHATSAPP, "pt-br"): DefaultText(
        "Seu recibo da {{ store.name }}, {{ sale.date }}: *{{ sale.total }}*\n\n{{ receipt.link }}\n\nObrigado pela compra!"
    ),
    (Channel.WHATSAPP, "en"): DefaultText(
        "Your receipt from {{ store.name }}, {{ sale.date }}: *{{ sale.total }}*\n\n{{ receipt.link }}\n\nThank you!"
    ),
    (Channel.EMAIL, "pt-br"): DefaultText(
        subject="Seu recibo da {{ store.name }}: {{ sale.total }}", text=_text(_PT), html=_html(_PT)
    ),
    (Channel.EMAIL, "en"): DefaultText(
        subject="Your receipt from {{ store.name }}: {{ sale.total }}", text=_text(_EN), html=_html(_EN)
    ),
}
