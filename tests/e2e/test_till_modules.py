"""The parts of the till that compute: money, quantities, payments, moments. Run in the browser that runs them."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import OpenPage


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    return open_page("/till/")


def compute(page: Page, module: str, expression: str) -> Any:
    return page.evaluate(
        f"async () => {{ const m = await import('/static/till/{module}.js'); return {expression}; }}"
    )


def compute_all(page: Page, module: str, function: str, inputs: list[str]) -> list[Any]:
    return page.evaluate(
        """async ([module, name, inputs]) => {
            const found = await import(`/static/till/${module}.js`);
            return inputs.map((input) => found[name](input));
        }""",
        [module, function, inputs],
    )


def test_reads_amounts_as_people_write_them(page: Page) -> None:
    written = ["12,50", "12.50", "12", " R$ 12,5", "1.234,56", "1,234.56", "1.234.567", "0", "0,99"]

    read = compute_all(page, "money", "parseMoney", written)

    assert read == [1250, 1250, 1200, 1250, 123456, 123456, 123456700, 0, 99]


def test_refuses_what_is_no_amount(page: Page) -> None:
    written = ["", "abc", "-1", "1,2,3", "12,505,1", "0,355", "1e3", "12.345.6", "99999999999999999999"]

    assert compute_all(page, "money", "parseMoney", written) == [None] * len(written)


@pytest.mark.parametrize(
    ("language", "read"), [("pt-BR", [123_400, None]), ("en-GB", [None, 123_400])], ids=["pt-BR", "en"]
)
def test_one_separator_means_thousands_only_where_people_write_it_so(
    open_page: OpenPage, language: str, read: list[int | None]
) -> None:
    page = open_page("/till/", language=language)

    assert compute_all(page, "money", "parseMoney", ["1.234", "1,234"]) == read


def test_reads_quantities_with_three_decimals(page: Page) -> None:
    written = ["1", "0,355", "0.355", "2.5", "1,2345", "", "x"]

    assert compute_all(page, "money", "parseQuantity", written) == [1000, 355, 355, 2500, None, None, None]


def test_computes_a_line_half_up_without_binary_fractions(page: Page) -> None:
    lines = [(355, 4990), (5, 100), (4, 100), (33_333, 99_999_999_999)]

    computed = compute(page, "money", f"{[list(line) for line in lines]}.map(([q, p]) => m.grossCents(q, p))")

    assert computed == [(quantity * price + 500) // 1000 for quantity, price in lines]


def test_one_payment_without_amount_takes_the_rest(page: Page) -> None:
    settled = compute(
        page,
        "basket",
        """m.settlePayments({payments: [
            {id: 1, method: "pix", amount: "10,00"}, {id: 2, method: "credit", amount: ""}]}, 2550)""",
    )

    assert settled == {
        "payments": [
            {"id": 1, "method": "pix", "amount": 1000},
            {"id": 2, "method": "credit", "amount": 1550},
        ],
        "left": 0,
        "change": 0,
    }


def test_cash_above_what_is_due_is_change(page: Page) -> None:
    settled = compute(
        page, "basket", 'm.settlePayments({payments: [{id: 1, method: "cash", amount: "50"}]}, 4590)'
    )

    assert settled == {
        "payments": [{"id": 1, "method": "cash", "amount": 4590}],
        "left": 0,
        "change": 410,
    }


def test_a_card_above_what_is_due_is_no_change(page: Page) -> None:
    settled = compute(
        page, "basket", 'm.settlePayments({payments: [{id: 1, method: "credit", amount: "50"}]}, 4590)'
    )

    assert (settled["left"], settled["change"]) == (-410, 0)


def test_the_nearest_campaign_comes_first(page: Page) -> None:
    order = compute(
        page,
        "promotions",
        """m.nearestFirst([
            {campaign: "PIX", reason: "payment"},
            {campaign: "OVER", reason: "maximum_amount", required: "80.00", missing: "0.01"},
            {campaign: "FAR", reason: "minimum_amount", required: "200.00", missing: "150.00"},
            {campaign: "NEAR", reason: "minimum_amount", required: "200.00", missing: "12.50"},
        ]).map((refusal) => refusal.campaign)""",
    )

    assert order == ["NEAR", "FAR", "PIX", "OVER"]


class TestMoments:
    """The browser stands in São Paulo (UTC-3), the store elsewhere: its clocks count."""

    @pytest.fixture
    def in_manaus(self, page: Page) -> Page:
        return _move_store(page, "America/Manaus")

    def test_are_shown_by_the_clocks_of_the_store(self, in_manaus: Page) -> None:
        late = "2026-11-23T03:30:00Z"

        shown = compute(in_manaus, "moments", f"m.showMoment('{late}')")
        assert " ".join(shown.split()) == "11/22/26, 11:30 PM"
        assert compute(in_manaus, "moments", f"m.businessDate(new Date('{late}'))") == "2026-11-22"
        # What ends when the day does in Manaus is good until that day, though it is over in São Paulo an hour before.
        assert compute(in_manaus, "moments", "m.showLastDay('2026-11-23T04:00:00Z')") == "Nov 22, 2026"

    def test_are_sent_and_read_with_the_offset_of_the_store(self, in_manaus: Page) -> None:
        local = "2026-11-22T22:30:00.000-04:00"

        assert compute(in_manaus, "moments", "m.storeInstant(new Date('2026-11-23T02:30:00Z'))") == local
        assert compute(in_manaus, "moments", "m.typedInstant('2026-11-22T22:30')") == local

    def test_are_read_with_the_offset_of_their_own_hour(self, page: Page) -> None:
        _move_store(page, "America/New_York")
        typed = ["2026-11-01T00:30", "2026-11-01T03:30", "2026-03-08T00:30", "2026-03-08T03:30"]

        read = compute_all(page, "moments", "typedInstant", typed)

        assert [text[-6:] for text in read] == ["-04:00", "-05:00", "-05:00", "-04:00"]
        assert [text[:16] for text in read] == typed


def _move_store(page: Page, zone: str) -> Page:
    page.evaluate(
        """async (zone) => {
            const { state } = await import("/static/till/state.js");
            const named = { code: "1", name: "Loja" };
            state.device.pairings = [{ id: "1", store: { ...named, time_zone: zone }, terminal: named }];
            state.device.current = "1";
        }""",
        zone,
    )
    return page
