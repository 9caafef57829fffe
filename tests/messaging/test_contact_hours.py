"""Quiet hours and caps as plain functions: midnight, clocks that jump, the boundary at the second, and laws for any hours."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.contact_hours import Cap, QuietHours, frees_at, is_quiet, opens_at, room

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
PARIS = ZoneInfo("Europe/Paris")
NIGHT = QuietHours(time(21), time(9))
NOON = datetime(2026, 11, 20, 15, tzinfo=UTC)


def local(text: str, zone: ZoneInfo = SAO_PAULO, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)


class TestOpensAt:
    @pytest.mark.parametrize(
        ("at", "opens"),
        [
            ("2026-11-20 20:59:59", "2026-11-20 20:59:59"),
            ("2026-11-20 21:00:00", "2026-11-21 09:00:00"),
            ("2026-11-20 23:59:59", "2026-11-21 09:00:00"),
            ("2026-11-21 00:00:00", "2026-11-21 09:00:00"),
            ("2026-11-21 08:59:59", "2026-11-21 09:00:00"),
            ("2026-11-21 09:00:00", "2026-11-21 09:00:00"),
        ],
    )
    def test_a_night_goes_past_midnight(self, at, opens):
        assert opens_at(local(at), NIGHT, SAO_PAULO) == local(opens)

    def test_a_siesta_does_not(self):
        siesta = QuietHours(time(12), time(14))

        assert opens_at(local("2026-11-20 13:00"), siesta, SAO_PAULO) == local("2026-11-20 14:00")
        assert opens_at(local("2026-11-20 23:00"), siesta, SAO_PAULO) == local("2026-11-20 23:00")

    def test_a_quiet_sunday_ends_with_the_next_mornings_quiet(self):
        # 2026-11-22 is a Sunday.
        saturday = local("2026-11-21 21:30")

        assert opens_at(saturday, NIGHT, SAO_PAULO, sundays=True) == local("2026-11-23 09:00")
        assert opens_at(local("2026-11-22 12:00"), None, SAO_PAULO, sundays=True) == local("2026-11-23 00:00")
        assert opens_at(saturday, None, SAO_PAULO, sundays=True) == saturday

    def test_an_end_that_the_clocks_skip_is_the_jump(self):
        # Paris, 29 March 2026: 02:00 becomes 03:00.
        quiet = QuietHours(time(22), time(2, 30))

        assert opens_at(local("2026-03-29 01:00", PARIS), quiet, PARIS) == local("2026-03-29 03:00", PARIS)

    def test_an_end_that_they_show_twice_counts_the_second_time(self):
        # Paris, 25 October 2026: after 02:59:59 comes 02:00:00 again.
        quiet = QuietHours(time(22), time(2, 30))

        opens = opens_at(local("2026-10-25 01:00", PARIS), quiet, PARIS)

        # At the first 02:30 the quiet is over for half an hour, then the clocks show 02:00 again.
        assert opens == local("2026-10-25 02:30", PARIS).astimezone(UTC)
        again = local("2026-10-25 02:10", PARIS, fold=1)
        assert opens_at(again, quiet, PARIS) == local("2026-10-25 02:30", PARIS, fold=1).astimezone(UTC)

    def test_a_day_without_midnight(self):
        # São Paulo, 4 November 2018: 00:00 becomes 01:00. It was a Sunday, the day before was not.
        assert opens_at(local("2018-11-03 23:30"), QuietHours(time(23), time(0)), SAO_PAULO) == local(
            "2018-11-04 01:00"
        )


clock = st.times().map(lambda moment: moment.replace(microsecond=0))
hours = st.tuples(clock, clock).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: QuietHours(*pair))
zones = st.sampled_from(
    [
        "America/Sao_Paulo",
        "America/Noronha",
        "America/Rio_Branco",
        "Europe/Paris",
        "Australia/Lord_Howe",
        "UTC",
    ]
).map(ZoneInfo)
# 2018 and 2019 have the jumps of Brazil.
moments = st.datetimes(datetime(2018, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))


class TestLaws:
    @given(moments, st.none() | hours, zones, st.booleans())
    def test_nobody_is_written_to_in_quiet_hours_and_nobody_waits_for_ever(self, at, quiet, zone, sundays):
        opens = opens_at(at, quiet, zone, sundays=sundays)

        assert opens >= at
        assert not is_quiet(opens, quiet, zone, sundays=sundays)
        assert opens - at <= timedelta(days=3)

    @given(moments, hours, zones, st.floats(0, 1))
    def test_the_first_end_of_the_quiet_is_taken(self, at, quiet, zone, share):
        opens = opens_at(at, quiet, zone)
        between = at + (opens - at) * share

        # Where the clocks go back, a second end may lie within the hour that they repeat.
        shifts = {(at + timedelta(minutes=30 * n)).astimezone(zone).utcoffset() for n in range(-2, 60)}
        assert between == opens or is_quiet(between, quiet, zone) or len(shifts) > 1


class TestCap:
    def test_counts_to_the_second(self):
        cap = Cap(most=2, days=7)
        sent = [NOON, NOON + timedelta(hours=1)]

        assert frees_at(sent, cap, at=NOON + timedelta(hours=2)) == NOON + timedelta(days=7)
        assert room(sent, cap, at=NOON + timedelta(days=7, seconds=-1)) == 0
        assert room(sent, cap, at=NOON + timedelta(days=7)) == 1
        assert frees_at(sent, cap, at=NOON + timedelta(days=7)) == NOON + timedelta(days=7)
        assert frees_at(sent[:1], cap, at=NOON + timedelta(seconds=1)) == NOON + timedelta(seconds=1)

    @given(
        st.lists(st.integers(0, 30 * 24 * 60), max_size=30),
        st.integers(1, 5),
        st.integers(1, 10),
    )
    def test_whoever_waits_for_it_never_gets_more_than_it_allows(self, minutes, most, days):
        cap = Cap(most, days)
        sent: list[datetime] = []
        for minute in sorted(minutes):
            at = NOON + timedelta(minutes=minute)
            # Due in order; each leaves when it may, those before it included.
            at = max([at, *sent])
            sent.append(frees_at(sent, cap, at=at))

        for moment in sent:
            assert sum(moment - cap.span < other <= moment for other in sent) <= most
