"""The sample of the recorded year through a running server: loaded, evaluated, committed, added up."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.db.models import Sum

from bench.replay.client import Client
from bench.replay.drive import Driver, read_outcomes
from bench.replay.journey import read_sample, weeks_to_move
from bench.replay.load import TERMINAL, load
from bench.replay.offers import assign
from bench.replay.report import redemption_outcomes, report, source_gross, tally
from campaigns.models import Activation
from pos_api.services import credentials
from retail import money
from retail.models import Sale, Terminal

SAMPLE = Path(__file__).with_name("sample.json")
NOW = datetime.now(UTC)


@pytest.mark.django_db(transaction=True)
def test_the_sample_adds_up_and_can_be_resumed(live_server, tmp_path):
    journey = read_sample(SAMPLE)
    assignment = assign(journey)
    moved = weeks_to_move(journey, now=NOW)
    user = get_user_model().objects.create_superuser("replay")
    _, token = credentials.issue_user_token(user=user, at=NOW)
    said: list[str] = []
    with closing(Client(live_server.url, f"Bearer {token}")) as client:
        for _ in range(2):  # Loading again changes nothing.
            load(client, journey, assignment, moved=moved, say=said.append)
    keys = {
        int(terminal.store.code): credentials.issue_terminal_key(terminal=terminal, at=NOW)[1]
        for terminal in Terminal.objects.filter(code=TERMINAL).select_related("store")
    }
    path = tmp_path / "outcomes.jsonl"

    def run() -> int:
        driver = Driver(
            base_url=live_server.url,
            keys=keys,
            codes=assignment.codes_of,
            moved=moved,
            path=path,
            senders=2,
            progress=lambda *_: None,
        )
        return driver.run(journey.baskets)[1]

    assert run() == len(journey.baskets)
    result = tally(read_outcomes(path))

    assert said[-1].startswith("campaigns published: 0")
    assert result.uneven == 0
    assert result.gross == source_gross(journey)
    assert result.net == result.gross - result.discount
    sums = Sale.objects.aggregate(gross=Sum("gross"), discount=Sum("discount"), net=Sum("net"))
    assert {name: money.from_decimal(value) for name, value in sums.items()} == {
        "gross": result.gross,
        "discount": result.discount,
        "net": result.net,
    }
    # A code is presented where its household redeemed it; it is explained exactly when a product of it is there.
    outcomes = redemption_outcomes(journey, assignment, result.codes)
    assert set(outcomes) == {"applied", "product"}
    assert outcomes["applied"] == Activation.objects.count() == sum(result.activations.values())

    # A run that was killed between a commit and its note: the sale is sent again and nothing is done twice.
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:-3]) + "\n" + lines[-3][:20])
    assert run() == 3
    assert Sale.objects.count() == len(journey.baskets)
    assert tally(read_outcomes(path)) == result
    assert any("explained by our activations" in line for line in report(journey, assignment, result, None))
