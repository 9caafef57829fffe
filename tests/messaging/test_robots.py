import pytest

from messaging.robots import SOONEST_SECONDS, Visit, is_person

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
DESK = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"


@pytest.mark.parametrize("agent", [PHONE, DESK, GMAIL])
def test_people_are_counted(agent):
    assert is_person(Visit(method="GET", user_agent=agent), seconds_after_sending=60)
    assert is_person(Visit(method="GET", user_agent=agent), seconds_after_sending=None)


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "Mozilla/5.0",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "WhatsApp/2.23.20.0",
        "facebookexternalhit/1.1",
        "Barracuda Sentinel (EE)",
        "Mozilla/5.0 (Windows NT 10.0) BingPreview/1.0b",
        "python-requests/2.32",
        "curl/8.5.0",
        "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0)",
        "Mozilla/5.0 HeadlessChrome/140.0",
    ],
)
def test_programs_are_not(agent):
    assert not is_person(Visit(method="GET", user_agent=agent), seconds_after_sending=60)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-purpose": "prefetch;prerender"},
        {"purpose": "prefetch"},
        {"x-purpose": "preview"},
        {"x-moz": "prefetch"},
    ],
)
def test_what_is_fetched_ahead_is_not(headers):
    assert not is_person(Visit(method="GET", user_agent=DESK, headers=headers), seconds_after_sending=60)


def test_a_head_is_not():
    assert not is_person(Visit(method="HEAD", user_agent=DESK), seconds_after_sending=60)


def test_nobody_reads_that_fast():
    visit = Visit(method="GET", user_agent=DESK)

    assert not is_person(visit, seconds_after_sending=SOONEST_SECONDS - 0.1)
    assert is_person(visit, seconds_after_sending=SOONEST_SECONDS)
