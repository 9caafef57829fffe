"""Target 10: messages of a mailing against one task a message, and the sender of e-mails against a bare loop."""

from __future__ import annotations

from typing import Any

from bench.installation import Installation
from bench.own_database import answer, own_database, start
from bench.tables import at_least, table

TITLE = "Target 10: messages, 100,000 of a mailing"
WHY_MISSED = """
Where the target is missed, and why: a message that somebody waits for must not stand behind many others, so that senders claim
twenty at a time, each claim a transaction with a question for each urgency. And a sender decides on each e-mail by itself, when it
leaves: consent, silence, caps, the state of the mailing and the text are read under the person's lock and committed before the call,
and what the server said is committed after it. These are some twenty statements and two commits for each e-mail, which take many times
as long as handing it over; the bare loop knows none of that: it would write to who said no a minute ago, and twice after a crash.
Any number of senders run beside each other.
"""
PEOPLE = 100_000
CLAIMED = 10_000
TASKS = 5_000
EMAILS = 1_000
# Milliseconds that the second server takes for each answer: one in the same country.
DISTANCE = 5
QUEUE_RATIO, SMTP_RATIO = 20.0, 0.75
DATABASE = "fiel_messages_bench"


def measure(installation: Installation) -> dict[str, Any]:
    """Return messages a second: queued and claimed, as tasks, and sent by e-mail both ways to a near and a distant server."""
    _ = installation.stack
    with own_database(DATABASE) as url:
        arguments = {
            "people": PEOPLE,
            "claimed": CLAIMED,
            "tasks": TASKS,
            "emails": EMAILS,
            "distance_ms": DISTANCE,
        }
        found: dict[str, Any] = answer(start("bench.messages_process", url, "run", arguments))
    return found


def rows(figures: dict[str, Any]) -> str:
    """Return the section."""
    tasks, both = figures["tasks"], 1 / (1 / figures["queued"] + 1 / figures["claimed"])
    queue = [
        ("one Celery task a message, put into Redis and taken by a worker", f"{tasks:,.0f}", "1", ""),
        ("queued: rows of the outbox", f"{figures['queued']:,.0f}", f"{figures['queued'] / tasks:.1f}", ""),
        (
            "claimed, twenty at a time",
            f"{figures['claimed']:,.0f}",
            f"{figures['claimed'] / tasks:.1f}",
            "",
        ),
        ("queued and claimed", f"{both:,.0f}", f"{both / tasks:.1f}", at_least(both / tasks, QUEUE_RATIO)),
    ]
    emails = []
    for place, label in (
        ("near", "on this machine"),
        ("distant", f"that takes {DISTANCE} ms for each answer"),
    ):
        one = figures["smtp"][place]
        ratio = one["sender"] / one["loop"]
        verdict = at_least(ratio, SMTP_RATIO) if place == "near" else ""
        emails.append((label, f"{one['loop']:,.0f}", f"{one['sender']:,.0f}", f"{ratio:.2f}", verdict))
    return (
        table(("way", "messages/s", "x one task a message", f"target >= {QUEUE_RATIO:.0f}"), queue)
        + "\n"
        + table(
            (
                "mail server",
                "bare loop, one connection, e-mails/s",
                "one sender, every state recorded, e-mails/s",
                "x bare loop",
                f"target >= {SMTP_RATIO}",
            ),
            emails,
        )
        + f"\nThe sender opened {figures['smtp']['near']['connections']:,} connections for {EMAILS:,} e-mails: one for each batch.\n"
    )
