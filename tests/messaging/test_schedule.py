"""N25 to N27 and the rules of docs/algorithms/messages.md, without a database."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.schedule import (
    State,
    after_report,
    birthdays_kept_on,
    code_expiry,
    first_instant,
    is_minor,
    next_attempt,
    period_window,
    recovery_window,
)

NOON = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
ZONES = [ZoneInfo("America/Noronha"), SAO_PAULO, ZoneInfo("America/Rio_Branco"), ZoneInfo("Europe/Paris")]


class TestRecoveryWindow:
    @pytest.mark.parametrize("minutes", [5, 30, 60])
    def test_is_due_after_the_delay(self, minutes):
        assert recovery_window(NOON, minutes).due_at == NOON + timedelta(minutes=minutes)

    @pytest.mark.parametrize("minutes", [-1, 0, 4, 61])
    def test_refuses_a_delay_outside_five_to_sixty_minutes(self, minutes):
        with pytest.raises(ValueError, match="5 to 60"):
            recovery_window(NOON, minutes)

    def test_closes_after_nine_minutes_and_fifty_nine_seconds(self):
        window = recovery_window(NOON, 5)
        due = NOON + timedelta(minutes=5)

        assert not window.is_open(due - timedelta(seconds=1))
        assert window.is_open(due)
        assert window.is_open(due + timedelta(minutes=9, seconds=59))
        assert not window.is_open(due + timedelta(minutes=10))

    def test_every_scan_pattern_finds_the_window_open(self):
        # A scan each five minutes, at any offset, and a sender each minute after it.
        window = recovery_window(NOON, 7)
        for offset in range(300):
            scan = window.due_at + timedelta(seconds=offset)
            assert window.is_open(scan + timedelta(minutes=1))


class TestCodeExpiry:
    def test_ends_the_given_hours_after_the_send_to_the_second(self):
        sent_at = datetime(2026, 11, 22, 15, 3, 17, tzinfo=UTC)

        assert code_expiry(sent_at, 48) == datetime(2026, 11, 24, 15, 3, 17, tzinfo=UTC)


class TestBirthdays:
    def test_keeps_29_february_on_the_28th_in_common_years(self):
        assert birthdays_kept_on(date(2027, 2, 28)) == [(2, 28), (2, 29)]
        assert birthdays_kept_on(date(2100, 2, 28)) == [(2, 28), (2, 29)]

    def test_keeps_29_february_on_the_29th_in_leap_years(self):
        assert birthdays_kept_on(date(2028, 2, 28)) == [(2, 28)]
        assert birthdays_kept_on(date(2028, 2, 29)) == [(2, 29)]

    @pytest.mark.parametrize("year", [1900, 1999, 2000, 2027, 2028])
    def test_each_birth_date_is_kept_exactly_once_a_year(self, year):
        days = [date(year, 1, 1) + timedelta(days=n) for n in range(366)]
        kept = [pair for day in days if day.year == year for pair in birthdays_kept_on(day)]

        assert sorted(kept) == sorted(set(kept))
        assert len(kept) == 366
        assert (2, 29) in kept

    @pytest.mark.parametrize("zone", ZONES, ids=str)
    @pytest.mark.parametrize("send_at", [time(0, 0), time(9, 0), time(23, 59)])
    def test_windows_of_neighbouring_days_never_overlap(self, zone, send_at):
        day = date(2018, 1, 1)
        while day.year < 2020:
            window = period_window(day, day, send_at, zone)
            day_after = day + timedelta(days=1)
            following = period_window(day_after, day_after, send_at, zone)
            assert window.due_at < window.ends_at <= following.due_at
            assert window.due_at.astimezone(zone).date() == day
            day += timedelta(days=1)

    def test_starts_when_the_skipped_midnight_ends(self):
        # On 4 November 2018 São Paulo's clocks went from 23:59:59 to 01:00.
        assert first_instant(date(2018, 11, 4), time(0, 0), SAO_PAULO) == datetime(2018, 11, 4, 3, tzinfo=UTC)
        assert first_instant(date(2018, 11, 4), time(0, 40), SAO_PAULO) == datetime(
            2018, 11, 4, 3, tzinfo=UTC
        )

    def test_takes_the_first_of_a_moment_shown_twice(self):
        # 23:30 on 16 February 2019 happened twice in São Paulo.
        assert first_instant(date(2019, 2, 16), time(23, 30), SAO_PAULO) == datetime(
            2019, 2, 17, 1, 30, tzinfo=UTC
        )

    def test_takes_the_jump_for_a_moment_that_paris_skips(self):
        paris = ZoneInfo("Europe/Paris")

        assert first_instant(date(2026, 3, 29), time(2, 30), paris) == datetime(2026, 3, 29, 1, tzinfo=UTC)


class TestIsMinor:
    @pytest.mark.parametrize(
        ("born", "minor"),
        [
            (date(2008, 11, 22), False),
            (date(2008, 11, 23), True),
            (date(2026, 1, 1), True),
            (date(1990, 1, 1), False),
            (None, False),
        ],
        ids=str,
    )
    def test_ends_on_the_eighteenth_birthday(self, born, minor):
        assert is_minor(born, date(2026, 11, 22)) == minor


class TestNextAttempt:
    def test_waits_longer_each_time_and_gives_up_after_five(self):
        waits = [next_attempt(NOON, attempt) for attempt in range(1, 6)]

        assert waits == [NOON + timedelta(minutes=m) for m in (1, 2, 4, 8)] + [None]

    def test_waits_hours_where_the_provider_caps_marketing(self):
        assert next_attempt(NOON, 2, capped_by_provider=True) == NOON + timedelta(hours=2)


REPORTED = st.sampled_from([State.SENT, State.DELIVERED, State.READ, State.FAILED])


class TestAfterReport:
    @pytest.mark.parametrize("reports", list(permutations([State.SENT, State.DELIVERED, State.READ])))
    def test_reaches_read_in_any_order(self, reports):
        state = State.CLAIMED
        for report in reports:
            state = after_report(state, report)

        assert state == State.READ

    @given(st.sampled_from([State.CLAIMED, State.IN_DOUBT, State.SENT]), st.lists(REPORTED, min_size=1))
    def test_order_and_repetition_do_not_matter(self, start, reports):
        def final(sequence):
            state = start
            for report in sequence:
                state = after_report(state, report)
            return state

        assert final(reports) == final(reports[::-1]) == final(sorted(reports)) == final(reports + reports)

    def test_proves_a_message_in_doubt(self):
        assert after_report(State.IN_DOUBT, State.SENT) == State.SENT
        assert after_report(State.IN_DOUBT, State.FAILED) == State.FAILED

    @pytest.mark.parametrize("state", [State.QUEUED, State.SUPPRESSED])
    def test_changes_nothing_about_a_message_that_no_provider_got(self, state):
        assert after_report(state, State.DELIVERED) == state

    def test_refuses_states_that_no_provider_reports(self):
        with pytest.raises(ValueError, match="queued"):
            after_report(State.SENT, State.QUEUED)
