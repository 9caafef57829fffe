"""The fault runs themselves: a small one, and the page that they write."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from loyalty.models import Account
from retail.models import Sale
from tests.faults import controls, pooler, purses, scene
from tests.faults.__main__ import main
from tests.faults.audit import all_there
from tests.faults.results import PAGE, Result, of_this_run, page, read
from tests.faults.rig import Web
from tests.faults.tills import Tills
from tests.pos_api.till import Till


def test_a_killed_server_loses_nothing_that_it_acknowledged(committed_db: str) -> None:
    key, customers = scene.fill(limit=20, customers=3)
    web = Web(committed_db, workers=1)
    web.start()
    try:
        with closing(Tills(web.port, key)) as tills:
            tills.mix(4, lambda: scene.sale(customers), senders=3)
            assert web.kill_worker()
            web.kill()
            assert tills.send("sales/", scene.sale(customers)) is None
            web.start()
            again = [tills.insist("sales/", sold)[0] for sold, _body in tills.acknowledged.values()]
    finally:
        web.stop()

    assert set(again) == {200}
    assert len(again) == Sale.objects.count() > 0
    assert all_there(tills) == (0, 0)
    assert tills.failures() == 0

    # What was never stored is missed.
    tills.acknowledged["GONE"] = next(iter(tills.acknowledged.values()))
    assert all_there(tills) == (1, 0)


def test_an_e_purse_pays_what_it_holds_and_no_more(committed_db: str) -> None:
    web = Web(committed_db, workers=2)
    web.start()
    try:
        with closing(Tills(web.port, Till.open().credential)) as tills, ThreadPoolExecutor(4) as pool:
            answers = purses.spend_one(tills, pool, tries=purses.HELD + 2 * purses.BATCH)
    finally:
        web.stop()

    assert answers == {"1.00": purses.HELD, "409": 2 * purses.BATCH}
    assert Account.objects.get(kind="e_purse").balance == 0


def test_the_naive_ways_fail(committed_db: str) -> None:
    controls.prepare(committed_db)

    assert controls.granted_beyond(committed_db) > 0
    assert controls.expired_twice(committed_db) > 0


def test_says_how_to_get_a_pooler_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIEL_PGBOUNCER", "no-such-pooler")

    with pytest.raises(SystemExit) as refused:
        main(["--only", "T16", "--dry"])

    assert refused.value.code == pooler.FIX


class TestPage:
    RESULT = Result(
        test="T5", what="a limit", target="500", figure="500", is_reached=True, control="72 beyond"
    )

    def test_says_what_was_reached_with_which_command(self) -> None:
        text = page({"T5": of_this_run(self.RESULT, quick=True, seconds=3.2, load=1.5)})

        assert "| T5 | a limit | 500 | 500 | reached | 72 beyond | `--only T5 --quick`," in text

    @pytest.mark.parametrize("change", [{"is_reached": False}, {"control_failed": False}])
    def test_says_what_was_missed(self, change: dict[str, bool]) -> None:
        text = page({"T5": of_this_run(self.RESULT, quick=False, seconds=3, load=1.5) | change})

        assert "**not reached**" in text or "**did not fail**" in text

    def test_says_why_a_target_is_known_to_be_missed(self) -> None:
        change = {"is_reached": False, "missed_because": "the work of a sale"}
        text = page({"T5": of_this_run(self.RESULT, quick=False, seconds=3, load=1.5) | change})

        assert "| **missed**: the work of a sale |" in text

    def test_is_the_one_of_the_stored_runs(self) -> None:
        assert PAGE.read_text() == page(read())
