"""Objects of messaging for tests, with believable defaults."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.utils import timezone

from campaigns.models import PromoCodePool
from customers.models import Customer
from messaging.models import Automation, Cart, Channel, ContactPolicy, Mailing, Message, Template
from messaging.services.automations import install_automations
from messaging.services.mailings import Draft, TextDraft, create_mailing
from messaging.webhooks.models import WebhookDelivery, WebhookEndpoint, WebhookEvent, WebhookSecret
from retail.models import Company, Store
from tests.builders import NOON, build_consent, build_customer, build_segment, build_store

_numbers = count(1)
# What the text of an occasion without a value says in tests.
_OWN_TEXTS = {
    "review_request": "{{ customer.first_name }}: {{ survey.link }} {{ cashback.waiting }}",
    "receipt": "{{ sale.total }} {{ receipt.link }}",
    "win_back": "{{ customer.first_name }}: {{ last_purchase.date }} {{ coupon.code }}",
}


def build_company(**values: Any) -> Company:
    """The company, which holds no message back unless a test decides otherwise: most tests know no hour."""
    ContactPolicy.objects.get_or_create(pk=1, defaults={"updated_at": NOON})
    company, _created = Company.objects.update_or_create(pk=1, defaults={"name": "Lojas Aurora"} | values)
    return company


def build_template(**values: Any) -> Template:
    values = {
        "occasion": "recovery",
        "channel": Channel.SMS,
        "language": "pt-br",
        "text": "{{ customer.first_name }}, seu carrinho: {{ cart.link }} {{ coupon.code }}",
        "updated_at": NOON,
    } | values
    if values["occasion"] != "recovery" and "cart" in values["text"]:
        values["text"] = (
            "Feliz dia, {{ customer.first_name }}! {{ coupon.code }}"
            if values["occasion"] == "birthday"
            else _OWN_TEXTS.get(
                str(values["occasion"]), "{{ customer.first_name }}: {{ value.amount }} {{ value.code }}"
            )
        )
    if values["channel"] == Channel.EMAIL:
        values.setdefault("subject", "Oi, {{ customer.first_name }}")
    return Template.objects.create(**values)


def build_automation(*, stores_off: Sequence[Store] = (), **values: Any) -> Automation:
    """Switch an automation on, with a company and a template for each of its channels."""
    build_company()
    occasion = values.pop("occasion", "recovery")
    values = {
        "enabled": True,
        "enabled_at": NOON - timedelta(days=30),
        "channels": [Channel.SMS],
        "settings": {},
    } | values
    install_automations(at=NOON)
    Automation.objects.filter(occasion=occasion).update(**values)
    automation = Automation.objects.get(occasion=occasion)
    automation.stores_off.set(stores_off)
    for channel in automation.channels:
        if not Template.objects.filter(occasion=occasion, channel=channel).exists():
            build_template(occasion=occasion, channel=channel)
    return automation


def build_shop(**values: Any) -> Store:
    return build_store(**{"online_shop": True} | values)


def build_reachable_customer(*, channels: Sequence[str] = ("",), **values: Any) -> Customer:
    """A customer with addresses who agreed to marketing on `channels` ("" is all of them)."""
    number = next(_numbers)
    values = {"phone": f"+55119{8000 + number}4321", "email": f"cliente{number}@example.com"} | values
    customer = build_customer(**values)
    for channel in channels:
        build_consent(
            customer=customer, purpose="marketing", channel=channel, given_at=NOON - timedelta(days=90)
        )
    return customer


def build_cart(**values: Any) -> Cart:
    """A cart of a customer who agreed to marketing, left at noon."""
    customer = values.pop("customer", None) or build_reachable_customer()
    interaction_at: datetime = values.pop("last_interaction_at", NOON)
    defaults = {
        "store": values.pop("store", None) or build_shop(),
        "external_id": f"cart-{next(_numbers)}",
        "customer": customer,
        "lines": [{"sku": "SKU-1", "name": "Vestido", "quantity": "1", "unit_price": "159.90"}],
        "total": Decimal("159.90"),
        "link": "https://loja.example.com/c/1",
        "opened_at": interaction_at,
        "last_interaction_at": interaction_at,
    }
    return Cart.objects.create(**defaults | values)


def build_message(**values: Any) -> Message:
    """A recovery message that is due at noon."""
    cart = values.pop("cart", None) or build_cart(last_interaction_at=NOON - timedelta(minutes=30))
    defaults = {
        "occasion": "recovery",
        "occasion_key": cart.occasion_key,
        "person": f"c:{cart.customer_id}",
        "customer": cart.customer,
        "store": cart.store,
        "cart": cart,
        "channels": [Channel.SMS],
        "due_at": NOON,
        "expires_at": NOON + timedelta(minutes=10),
        "planned_at": NOON,
    }
    return Message.objects.create(**defaults | values)


def build_pool(**values: Any) -> PromoCodePool:
    return PromoCodePool.objects.create(
        **{"code": f"volte-{next(_numbers)}", "name": "Volte", "for_automations": True, "pattern": "VOLTE"}
        | values
    )


def build_endpoint(**values: Any) -> WebhookEndpoint:
    """An endpoint that is told of recorded sales, with a secret, unless told otherwise."""
    number = next(_numbers)
    endpoint = WebhookEndpoint.objects.create(
        **{
            "description": f"ERP {number}",
            "url": f"https://erp{number}.example.com/fiel",
            "event_types": ["sale.recorded"],
            "created_at": NOON,
        }
        | values
    )
    WebhookSecret.objects.create(endpoint=endpoint, nonce=number.to_bytes(16), created_at=NOON)
    return endpoint


def build_delivery(*, endpoint: WebhookEndpoint | None = None, **values: Any) -> WebhookDelivery:
    """An event that is due now for an endpoint, about a sale of its own."""
    at = values.pop("at", None) or timezone.now()
    kind = values.pop("kind", "sale.recorded")
    event = WebhookEvent.objects.create(
        kind=kind,
        store_code=values.pop("store_code", ""),
        occurred_at=at,
        recorded_at=values.pop("recorded_at", at),
        data=values.pop("data", {"sale": f"sale {next(_numbers)}"}),
    )
    defaults = {"subject": f"sale:{event.uuid}", "due_at": at, "queued_at": at}
    return WebhookDelivery.objects.create(
        endpoint=endpoint or build_endpoint(), event=event, **defaults | values
    )


def build_mailing(*, texts: dict[str, Any] | None = None, **values: Any) -> Mailing:
    """A draft of a text message to the segment of a city, unless told otherwise."""
    build_company()
    if not {"segment", "sale_ids", "customer", "sale"} & set(values):
        values["segment"] = build_segment()
    texts = texts or {Channel.SMS.value: TextDraft(text="{{ customer.first_name }}, os casacos chegaram!")}
    at, by = values.pop("at", NOON), values.pop("by", None)
    draft = Draft(**{"name": f"Inverno {next(_numbers)}", "texts": texts} | values)
    return create_mailing(draft=draft, by=by, at=at)
