"""Which tier is reached, kept and lost, as plain values."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from loyalty.tiering import Standing, add_months, first_end, next_end, reached, settle, window_start

ZONE = ZoneInfo("America/Sao_Paulo")


def local(*parts):
    return datetime(*parts, tzinfo=ZONE).astimezone(UTC)


SINCE = local(2026, 3, 10, 14, 0)
END = local(2027, 3, 11)


def settled(held, now_reached, downgrade, at):
    return settle(held, now_reached, downgrade, months=12, zone=ZONE, at=at)


class TestPeriods:
    @pytest.mark.parametrize(
        ("day", "months", "expected"),
        [
            (date(2026, 1, 31), 1, date(2026, 2, 28)),
            (date(2028, 2, 29), -12, date(2027, 2, 28)),
            (date(2026, 1, 15), -1, date(2025, 12, 15)),
            (date(2026, 12, 1), 1, date(2027, 1, 1)),
        ],
    )
    def test_months_end_where_the_calendar_does(self, day, months, expected):
        assert add_months(day, months) == expected

    def test_a_tier_is_kept_to_the_end_of_the_same_day_a_year_later(self):
        assert first_end(SINCE, 12, ZONE) == END

    def test_the_purchase_that_made_the_tier_no_longer_counts_when_its_period_is_over(self):
        assert window_start(END, 12, ZONE) > SINCE

    def test_periods_that_follow_do_not_drift(self):
        assert next_end(END, 12, ZONE) == local(2028, 3, 11)

    def test_a_threshold_is_met_by_exactly_its_amount(self):
        assert [reached(amount, [100, 200]) for amount in (99, 100, 199, 200)] == [0, 1, 1, 2]


class TestUpgrades:
    @pytest.mark.parametrize("downgrade", ["immediately", "never"])
    def test_nothing_ends_where_nothing_is_kept(self, downgrade):
        assert settled(Standing(), 2, downgrade, SINCE) == Standing(2, SINCE)

    @pytest.mark.parametrize("downgrade", ["at_period_end", "one_level"])
    def test_a_higher_tier_begins_a_period(self, downgrade):
        held = Standing(1, local(2025, 1, 1), local(2026, 12, 1))

        assert settled(held, 2, downgrade, SINCE) == Standing(2, SINCE, END)

    def test_nobody_has_a_tier_that_nobody_reached(self):
        assert settled(Standing(), 0, "at_period_end", SINCE) == Standing()


class TestDowngrades:
    HELD = Standing(3, SINCE, END)
    LAST = local(2027, 3, 10, 23, 59)

    def test_immediately_falls_to_what_is_reached(self):
        at = local(2026, 6, 1)

        assert settled(Standing(3, SINCE), 1, "immediately", at) == Standing(1, at)
        assert settled(Standing(3, SINCE), 0, "immediately", at) == Standing()

    def test_never_keeps_it(self):
        assert settled(Standing(3, SINCE), 0, "never", local(2040, 1, 1)) == Standing(3, SINCE)

    @pytest.mark.parametrize("downgrade", ["at_period_end", "one_level"])
    def test_a_period_is_kept_to_its_last_minute(self, downgrade):
        assert settled(self.HELD, 0, downgrade, self.LAST) == self.HELD

    def test_at_its_end_falls_to_what_is_reached(self):
        assert settled(self.HELD, 1, "at_period_end", END) == Standing(1, END, local(2028, 3, 11))
        assert settled(self.HELD, 0, "at_period_end", END) == Standing()

    def test_at_its_end_falls_one_tier(self):
        assert settled(self.HELD, 0, "one_level", END) == Standing(2, END, local(2028, 3, 11))

    def test_one_tier_at_each_end_that_nobody_saw(self):
        late = local(2029, 3, 11)

        assert settled(self.HELD, 0, "one_level", late) == Standing()

    def test_whoever_still_reaches_it_keeps_it_and_when_it_began(self):
        assert settled(self.HELD, 3, "at_period_end", END) == Standing(3, SINCE, local(2028, 3, 11))

    def test_a_policy_that_changes_gives_what_was_kept_an_end(self):
        assert settled(Standing(3, SINCE), 0, "at_period_end", self.LAST) == self.HELD
