"""Messages from end to end: what a manager switches on, what points of sale tell, and what people get and answer."""

import json
import urllib.request
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from campaigns.services.promo_code_pools import PoolSettings, create_pool
from customers.models import Customer
from messaging.models import Automation, LocalDelivery, Message
from messaging.services.delivery import deliver_due
from messaging.services.planning import plan_all
from messaging.services.standard_templates import install_standard_templates
from tests.builders import build_consent, build_customer
from tests.e2e.cashier import expect_total, pair, pay, sell
from tests.e2e.conftest import PHONE, OpenPage, Site, sign_in, stumbling_blocks
from tests.e2e.shop import Shop, build_shop
from tests.messaging.builders import build_company

HOUR = timedelta(hours=1)


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch, settings: Any, request: pytest.FixtureRequest) -> tuple[Site, Shop]:
    """A demonstration, whose messages stay in its inbox, with the proposed texts and nobody who holds messages back."""
    monkeypatch.setenv("FIEL_DEMO", "1")
    site: Site = request.getfixturevalue("site")
    settings.DEMO = True
    settings.EMAIL_BACKEND = "messaging.local.email.EmailBackend"
    settings.PUBLIC_URL = site.url
    build_company(name="Lojas Aurora")
    install_standard_templates(at=timezone.now())
    shop = build_shop()
    for channel in ("email", "sms", "whatsapp"):
        build_consent(customer=shop.customer, purpose="marketing", channel=channel)
    return site, shop


def call(site: Site, shop: Shop, method: str, path: str, document: dict[str, Any]) -> dict[str, Any]:
    """Call the API as a point of sale does; return its answer."""
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{site.url}/api/v1/{path}",
        data=json.dumps(document).encode(),
        method=method,
        headers={"Authorization": f"Api-Key {shop.key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own server
        found: dict[str, Any] = json.loads(answer.read())
    return found


def sell_to(
    site: Site, shop: Shop, customer: Customer, ticket: str, *, codes: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Evaluate a basket of a customer and record its sale."""
    basket = {
        "customer": {"document": customer.document},
        "lines": [{"line": 1, "sku": "CAF-500", "quantity": "1", "unit_price": "18.90"}],
        "promo_codes": list(codes),
    }
    evaluated = call(site, shop, "POST", "baskets/evaluate/", basket)
    total = evaluated["totals"]["net"]
    sale = {
        "ticket": ticket,
        "occurred_at": timezone.now().isoformat(),
        "plan_version": evaluated["plan_version"],
        "total": total,
        "payments": [{"method": "pix", "amount": total}],
    }
    return call(site, shop, "POST", "sales/", basket | sale)


def run_messages() -> None:
    """Do what the scheduler and a sender do, once."""
    plan_all(at=timezone.now())
    deliver_due(clock=timezone.now)


def save(page: Page) -> None:
    page.locator(".form-actions .button-primary").click()
    page.wait_for_url("**/automations/*/")


def test_a_left_cart_is_written_to_once_and_a_bought_one_never(
    shop: tuple[Site, Shop], open_page: OpenPage
) -> None:
    site, store = shop
    store.store.online_shop = True
    store.store.save()
    codes = PoolSettings(name="Volte", campaign="BOASVINDAS", for_automations=True, prefix="VOLTE")
    create_pool(code="volte", settings=codes, user=None, at=timezone.now())
    other = build_customer(document="11144477735", email="jose@example.com", name="José Prado")
    build_consent(customer=other, purpose="marketing", channel="email")
    page = open_page("/sign-in/")
    sign_in(page, "gerente")
    page.goto("/automations/recovery/edit/")
    page.check("[name=enabled]")
    page.select_option("[name=first_channel]", "email")
    page.select_option("[name=second_channel]", "")
    page.select_option("[name=third_channel]", "")
    page.select_option("[name=pool]", label="Volte")
    page.fill("[name=code_valid_hours]", "24")
    save(page)
    expect(page.locator(".automation-summary")).to_contain_text("valid for 24 hours after the message")
    # It was switched on before the carts of this test were left.
    Automation.objects.filter(occasion="recovery").update(enabled_at=timezone.now() - HOUR)
    left_at = (timezone.now() - timedelta(minutes=31)).isoformat()
    for name, customer in (("left", store.customer), ("bought", other)):
        cart = {
            "customer": {"document": customer.document},
            "lines": [{"sku": "CAF-500", "name": "Café", "quantity": "2", "unit_price": "18.90"}],
            "link": f"https://loja.example.com/{name}",
            "occurred_at": left_at,
        }
        call(site, store, "PUT", f"carts/{name}/", cart)
    sell_to(site, store, other, "000001")

    page.goto("/automations/recovery/today/")
    expect(page.locator("tbody tr", has_text="Maria Aparecida")).to_contain_text("E-mail")
    expect(page.locator("tbody tr", has_text="José Prado")).to_contain_text("bought in the meantime")
    run_messages()
    run_messages()

    [delivery] = LocalDelivery.objects.all()
    assert (delivery.to, "R$ 37,80" in delivery.text) == ("maria@example.com", True)
    assert Message.objects.get(customer=other).reason == "bought"
    page.goto("/messages/inbox/")
    expect(page.locator(".inbox-item")).to_have_count(1)
    # The code that she got is taken off, and her cart counts as recovered.
    code = Message.objects.get(customer=store.customer).promo_code
    assert code is not None
    assert code.code in delivery.text
    sold = sell_to(site, store, store.customer, "000002", codes=(code.code,))
    assert sold["totals"]["discount"] == "5.00"
    run_messages()
    page.goto("/automations/recovery/")
    expect(page.locator(".automation-facts div", has_text="Carts bought afterwards").first).to_contain_text(
        "1"
    )
    assert LocalDelivery.objects.count() == 1


def test_whoever_stops_after_a_birthday_greeting_gets_nothing_more(
    shop: tuple[Site, Shop], open_page: OpenPage
) -> None:
    _site, store = shop
    today = timezone.now().astimezone(store.store.zone).date()
    store.customer.birth_date = today.replace(year=1988)
    store.customer.home_store = store.store
    store.customer.save()
    page = open_page("/sign-in/")
    sign_in(page, "gerente")
    page.goto("/automations/birthday/edit/")
    page.check("[name=enabled]")
    page.fill("[name=send_at]", "00:00")
    page.select_option("[name=first_channel]", "email")
    page.select_option("[name=second_channel]", "")
    page.select_option("[name=third_channel]", "")
    save(page)
    page.goto("/automations/birthday/today/")
    expect(page.locator("tbody tr")).to_contain_text("Feliz aniversário, Maria!")
    run_messages()
    greeting = LocalDelivery.objects.get()
    assert greeting.subject == "Feliz aniversário, Maria!"

    link = greeting.headers["List-Unsubscribe"].strip("<>")
    phone = open_page(urlsplit(link).path, viewport=PHONE)
    problems = stumbling_blocks(phone)
    phone.get_by_role("button", name="Parar estas mensagens").click()

    expect(phone.locator("h1")).to_have_text("Feito")
    assert problems == []
    # Another reason to write to her: a birthday again, in the year that follows.
    Message.objects.update(occasion_key=str(today.year - 1))
    run_messages()
    assert LocalDelivery.objects.count() == 1
    assert list(Message.objects.order_by("pk").values_list("state", "reason"))[1:] == [
        ("suppressed", "opted_out")
    ]
    page.goto(f"/customers/{store.customer.pk}/addresses/")
    expect(page.locator("tbody tr", has_text="maria@example.com")).to_contain_text("asked not to get")
    page.goto(f"/customers/{store.customer.pk}/consents/")
    expect(page.locator(".timeline").first).to_contain_text("By the link in a message")


def test_the_till_sends_the_receipt_to_where_the_customer_says(
    shop: tuple[Site, Shop], open_page: OpenPage
) -> None:
    _site, store = shop
    page = open_page("/sign-in/")
    sign_in(page, "gerente")
    page.goto("/automations/receipt/edit/")
    page.check("[name=enabled]")
    page.select_option("[name=sms]", "never")
    page.select_option("[name=whatsapp]", "never")
    save(page)
    till = open_page("/till/")
    pair(till, store)
    sell(till, "CAF-500")
    pay(till)
    expect_total(till, "18.90")
    till.locator(".charge:visible").click()
    till.locator("[data-action='sending.open']").click()
    expect(till.locator(".channels .choice")).to_have_text(["E-mail"])

    till.fill("#sending-address", "cliente@example.com")
    till.get_by_role("button", name="Send the receipt").click()

    expect(till.locator(".receipt")).to_be_visible()
    run_messages()
    run_messages()
    delivery = LocalDelivery.objects.get()
    assert (delivery.to, "R$ 18,90" in delivery.subject) == ("cliente@example.com", True)
    # A receipt is no marketing: nobody can stop it, and its link shows what was bought.
    assert "List-Unsubscribe" not in delivery.headers
    link = next(word for word in delivery.text.split() if "/receipt/" in word)
    receipt = open_page(urlsplit(link).path, viewport=PHONE, language="pt-BR")
    expect(receipt.locator("h1")).to_have_text("Seu recibo")
    expect(receipt.locator(".receipt")).to_contain_text("Café torrado 500 g")
    expect(receipt.locator(".receipt")).to_contain_text("Pix")
    assert stumbling_blocks(receipt) == []
