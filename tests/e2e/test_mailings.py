"""Messages from end to end, against the imitated providers of a demonstration: written, sent, read, answered, measured."""

import html
import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from customers.models import Sex
from messaging.models import LocalDelivery, MarketingSettings, Message, Template
from tests.builders import build_sale, build_segment, build_store, build_user
from tests.e2e.conftest import PASSWORD, ROOT, OpenPage, Site, Watch, served, sign_in, stumbling_blocks
from tests.messaging.builders import build_reachable_customer

PHONE_PROGRAM = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"
)


@pytest.fixture
def site(committed_db: str) -> Iterator[Site]:
    """A demonstration: it has an inbox, and imitated providers that answer over HTTP."""
    with served(committed_db, FIEL_DEMO="1") as site:
        yield site


@pytest.fixture
def manager_page(site: Site, open_page: OpenPage, watch: Watch) -> Page:
    build_user(username="gisele", password=PASSWORD, is_superuser=True)
    page = open_page("/sign-in/")
    sign_in(page, "gisele")
    # htmx calls it an error when what is typed next replaces a preview or a count that is under way.
    watch.expected.add(page.eval_on_selector("script[src*=htmx]", "script => new URL(script.src).pathname"))
    return page


def manage(site: Site, *arguments: str) -> None:
    """Do in a process of its own what workers do."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": site.database_url,
        "PUBLIC_URL": site.url,
        "FIEL_DEMO": "1",
    }
    done = subprocess.run(
        [sys.executable, ROOT / "manage.py", *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def send(page: Page, site: Site) -> None:
    """Confirm the mailing that the page shows, and be its workers until everything has left and is reported."""
    page.click("[data-dialog-open=confirm-mailing]")
    page.locator("#confirm-mailing").get_by_role("button", name="Send").click()
    expect(page.locator(".page-head, main").first).not_to_contain_text("Draft")
    manage(site, "run_jobs")
    manage(site, "drain")


def test_a_segment_is_written_to_and_its_results_follow_what_people_do(
    site: Site, manager_page: Page
) -> None:
    MarketingSettings.objects.create(pk=1, track_links=True)
    maria = build_reachable_customer(name="Maria Aparecida", email="maria@example.com", sex=Sex.FEMALE)
    build_reachable_customer(name="Clara Dias", email="clara@example.com", sex=Sex.FEMALE)
    build_reachable_customer(name="Pedro Alves", email="pedro@example.com", sex=Sex.MALE)
    page = manager_page

    page.goto("/segments/new/")
    page.fill("#segment-name", "Mulheres")
    page.select_option("[name='t.0-field']", "sex")
    page.select_option("[name='t.0-value']", Sex.FEMALE)
    expect(page.locator("#count .segment-number")).to_have_text("2")
    page.click(".builder-actions [value=save]")
    page.get_by_role("link", name="Write to them").click()
    page.fill("[name=email_subject]", "Novidade, ")
    page.click("[name=email_subject]")
    page.keyboard.press("End")
    page.click(".composer-email [data-insert='customer.first_name']")
    page.fill("[name=email_text]", "Veja https://loja.example.com/novo e venha.")
    expect(page.frame_locator("#preview iframe").first.locator("body")).to_contain_text(
        "loja.example.com/novo"
    )
    expect(page.locator("[name=sms_text]")).to_be_hidden()
    page.click("text=Count the people")
    expect(page.locator("#counted")).to_contain_text("By E-mail")
    problems = stumbling_blocks(page)
    page.click(".composer-actions [value=save]")
    page.wait_for_url(re.compile(r"/mailings/\d+/$"))
    mailing_url = page.url
    send(page, site)

    page.goto("/messages/inbox/")
    expect(page.locator(".inbox-item")).to_have_count(2)
    expect(page.locator(".inbox")).to_contain_text("Novidade, Maria")
    page.get_by_role("button", name="Report deliveries now").click()
    page.get_by_role("button", name="Report deliveries now").click()
    email = html.unescape(LocalDelivery.objects.get(to=maria.email).html)
    # Links that are followed within two seconds are followed by a machine.
    page.wait_for_timeout(2_100)
    followed = page.request.get(
        re.search(rf"{site.url}/l/[^\"]+", email)[0],  # type: ignore[index]
        headers={"User-Agent": PHONE_PROGRAM},
        max_redirects=0,
    )
    page.goto(re.search(rf"{site.url}/unsubscribe/[^\"]+", email)[0])  # type: ignore[index]
    page.locator("form button").first.click()
    page.goto(mailing_url)

    results = page.locator("section[aria-labelledby=results]")
    for label, number in (("Sent", "2"), ("Delivered", "2"), ("Clicked", "1"), ("Unsubscribed", "1")):
        figure = results.locator(".automation-facts > div", has=page.locator(f"dt:text-is('{label}')"))
        expect(figure.locator("dd")).to_have_text(number)
    assert followed.headers["location"] == "https://loja.example.com/novo"
    assert problems == []


def test_a_whatsapp_template_is_approved_sent_to_several_and_answered(site: Site, manager_page: Page) -> None:
    build_reachable_customer(name="Maria Aparecida", phone="+5511987654321", city="Santos")
    build_segment(code="todas", name="Todas")
    page = manager_page

    page.goto("/messages/templates/new/")
    page.fill("[name=name]", "VERAO")
    page.select_option("[name=channel]", "whatsapp")
    page.get_by_role("button", name="Write the text").click()
    page.fill("[name=text]", "Oi, {{ customer.first_name }}! O verão chegou.\n\nPara parar, responda SAIR.")
    expect(page.locator("#preview .bubble")).to_contain_text("O verão chegou.")
    page.get_by_role("button", name="Save").click()
    template_url = page.url
    page.get_by_role("button", name="Hand in for approval").click()
    expect(page.locator(".template-approval")).to_contain_text("WhatsApp has it.")
    page.goto("/messages/inbox/")
    page.locator(".inbox-content summary").click()
    page.locator(".inbox-content").get_by_role("button", name="Approve").click()
    page.goto(template_url)
    page.get_by_role("button", name="Ask now").click()
    page.get_by_role("button", name="Allow several").click()
    expect(page.get_by_role("button", name="No longer allow several")).to_be_visible()
    page.goto("/mailings/new/?segment=todas")
    page.select_option("[name=first_channel]", "whatsapp")
    page.select_option("[name=whatsapp_template]", label="VERAO (Portuguese (Brazil))")
    page.click(".composer-actions [value=save]")
    page.wait_for_url(re.compile(r"/mailings/\d+/$"))
    send(page, site)
    page.goto("/messages/inbox/")
    expect(page.locator(".bubble")).to_contain_text("Oi, Maria! O verão chegou.")
    page.get_by_role("button", name="Answer as the customer").click()
    expect(page.locator("[data-toast]")).to_contain_text("SAIR")
    page.goto(template_url)
    page.fill("[name=text]", "Oi, {{ customer.first_name }}! Outro texto.\n\nPara parar, responda SAIR.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".template-approval")).to_contain_text("Hand in for approval")

    template = Template.objects.get(name="VERAO")
    assert template.content_sid == ""
    message = Message.objects.get(occasion="mailing")
    assert message.customer.consents.filter(purpose="marketing", granted=False).exists()  # type: ignore[union-attr]


def test_the_customers_of_chosen_sales_are_written_to(site: Site, manager_page: Page) -> None:
    store = build_store(name="Fiel Pinheiros")
    people = [build_reachable_customer(name=name) for name in ("Maria Aparecida", "Clara Dias", "Rosa Lima")]
    for customer in people:
        build_sale(
            store=store, customer=customer, ticket=f"T-{customer.pk}", occurred_at=timezone.now(), response={}
        )
    page = manager_page

    page.goto("/sales/")
    for customer in people[:2]:
        page.check(f"input[name=sales][aria-label*='T-{customer.pk}']")
    page.get_by_role("button", name="Write to the customers of the chosen sales").click()
    expect(page.locator("main")).to_contain_text("The customers of 2 sales")
    page.fill("[name=name]", "Depois da compra")
    page.select_option("[name=first_channel]", "sms")
    page.click("[name=sms_text]")
    page.click(".composer-sms [data-insert='sale.total']")
    page.keyboard.type(" na sua compra: obrigada!")
    expect(page.locator("#preview .bubble")).to_contain_text("obrigada!")
    page.click(".composer-actions [value=save]")
    page.wait_for_url(re.compile(r"/mailings/\d+/$"))
    send(page, site)
    page.goto(f"{page.url}people/")

    expect(page.locator("tbody tr")).to_have_count(2)
    texts = set(Message.objects.filter(occasion="mailing").values_list("text", flat=True))
    assert texts == {"R$ 50,00 na sua compra: obrigada!"}
    assert LocalDelivery.objects.count() == 2
