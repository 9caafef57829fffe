"""Yes and no while senders send, in real processes: a small T43 (tests/faults/consents.py)."""

from pathlib import Path

from tests.faults.consents import race


def test_no_sender_begins_a_call_after_a_no_was_committed(committed_db: str, tmp_path: Path) -> None:
    raced = race(committed_db, tmp_path, messages=80)

    assert raced.late == raced.unlike == 0
    assert raced.sent + raced.held_back == 80
    assert min(raced.sent, raced.held_back, raced.revocations) > 5


def test_looking_first_and_sending_then_is_caught(committed_db: str, tmp_path: Path) -> None:
    raced = race(committed_db, tmp_path, messages=80, is_naive=True)

    assert raced.late > 0
