"""The campaign builder in a browser: steps, parts that change in place, lists that are searched, the summary."""

import pytest
from playwright.sync_api import Page, expect

from campaigns.models import Campaign
from tests.e2e.conftest import LAPTOP, PHONE, OpenPage, sign_in, stumbling_blocks
from tests.e2e.shop import build_shop


@pytest.fixture
def manager(db: None) -> str:
    return build_shop(campaigns=False).manager.get_username()


def open_builder(open_page: OpenPage, manager: str, **options: object) -> Page:
    page = open_page("/sign-in/", **options)
    sign_in(page, manager)
    page.goto("/campaigns/new/advanced/")
    return page


def add(page: Page, part: str) -> None:
    """Add a condition or a benefit from its menu."""
    button = page.locator(f"button[value='{part}']")
    page.locator("details", has=button).last.locator("summary").first.click()
    button.click()


def search(page: Page, name: str, text: str) -> None:
    """Type into the search that the script puts in the place of a list."""
    page.locator(f".picker input#id_{name}").fill(text)


def step(page: Page, name: str) -> None:
    page.locator(f"a[data-step={name}]").click()
    expect(page.locator(f"#step-{name}")).to_be_visible()


@pytest.mark.parametrize("viewport", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_builds_a_campaign_with_nested_rules(
    open_page: OpenPage, manager: str, watch: object, viewport: dict[str, int]
) -> None:
    page = open_builder(open_page, manager, viewport=viewport)
    page.fill("[name=campaign-name]", "Camisetas no Pix")
    expect(page.locator("#step-rules")).to_be_hidden()

    step(page, "rules")
    add(page, "add:conditions:product")
    page.locator("[name=conditions-0-by]").select_option("category")
    search(page, "conditions-0-values", "camis")
    page.locator(".picker-choice", has_text="Camisetas").click()
    page.get_by_role("button", name="Add alternatives").click()
    add(page, "add:conditions-1:payment")
    search(page, "conditions-1-0-methods", "pix")
    page.keyboard.press("Enter")
    add(page, "add:conditions-1:first_purchase")

    step(page, "benefits")
    add(page, "add:benefits:item_percent")
    page.fill("[name=benefits-0-percent]", "12,5")
    step(page, "review")
    expect(page.locator("[data-summary-copy]")).to_contain_text("12.5% off each product")
    expect(page.locator("[data-summary-copy]")).to_contain_text("Category Camisetas")
    assert stumbling_blocks(page) == []
    page.get_by_role("button", name="Save and review").click()
    page.get_by_role("button", name="Publish").click()

    expect(page.locator("main h1")).to_have_text("Camisetas no Pix")
    document = Campaign.objects.get().live_revision.document
    product, either = document["conditions"]["all"]
    assert product["values"] == ["camisetas"]
    assert [rule["kind"] for rule in either["any"]] == ["payment", "first_purchase"]
    assert document["benefits"][0]["percent"] == "12.50"


# The body of an answer arrives late, after its head.
SLOW_BODIES = """() => {
  const text = Response.prototype.text;
  Response.prototype.text = async function () {
    const body = await text.call(this);
    await new Promise((done) => setTimeout(done, 300));
    if (this.url.includes("kind=")) document.documentElement.dataset.bodies = "";
    return body;
  };
}"""


def test_a_list_stays_closed_when_its_answer_comes_after_the_choice(
    open_page: OpenPage, manager: str
) -> None:
    page = open_builder(open_page, manager)
    step(page, "rules")
    add(page, "add:conditions:payment")
    page.locator(".picker input#id_conditions-0-methods").wait_for()
    page.evaluate(SLOW_BODIES)

    with page.expect_response(lambda answer: "kind=" in answer.url):
        page.locator(".picker input#id_conditions-0-methods").blur()
        search(page, "conditions-0-methods", "pix")
    page.keyboard.press("Enter")

    expect(page.locator("html[data-bodies]")).to_be_attached()
    expect(page.locator(".picker-chip").first).to_contain_text("pix")
    page.wait_for_timeout(300)
    expect(page.locator(".picker-list:not([hidden])")).to_have_count(0, timeout=1000)


def test_leads_to_what_is_wrong_and_keeps_the_rest(open_page: OpenPage, manager: str, watch) -> None:
    watch.expected.add("/campaigns/new/advanced/")
    page = open_builder(open_page, manager)
    page.fill("[name=campaign-name]", "Sem desconto")
    step(page, "benefits")
    add(page, "add:benefits:item_percent")
    step(page, "limits")
    page.locator("button[value='add:campaign-limits']").click()
    page.fill("[name=campaign-limits-0-max]", "2")
    page.get_by_role("button", name="Save draft").click()

    expect(page.locator("[role=alert]")).to_contain_text("2 things need a look")
    expect(page.locator("#step-limits")).to_be_visible()
    expect(page.locator("[name=campaign-limits-0-max]")).to_have_value("2")
    expect(page.locator("[name=campaign-name]")).to_have_value("Sem desconto")
    assert not Campaign.objects.exists()


def test_works_without_scripts(open_page: OpenPage, manager: str) -> None:
    page = open_builder(open_page, manager, java_script_enabled=False)

    page.fill("[name=campaign-name]", "Sem scripts")
    page.locator("#benefits-body summary").last.click()
    page.locator("button[value='add:benefits:order_amount']").click()
    page.fill("[name=benefits-0-amount]", "20")
    page.get_by_role("button", name="Save draft").click()

    expect(page.locator("main h1")).to_have_text("Sem scripts")
    assert Campaign.objects.get().document["benefits"][0]["amount"] == "20.00"
