"""kill -9 under load: the web server (T8) and PostgreSQL (T9)."""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.faults import controls, scene
from tests.faults.audit import all_there, world
from tests.faults.results import Outcome, Result, Stopwatch
from tests.faults.rig import Rig, Web
from tests.faults.tills import Tills

SENDERS = 16


def _under_load(tills: Tills, customers: list[str], disturb: Callable[[], None]) -> None:
    """Run the mix of T1 from threads while `disturb` runs in the main thread, which owns the processes."""
    stop, failed = threading.Event(), []

    def work() -> None:
        try:
            tills.mix(10**6, lambda: scene.sale(customers), senders=SENDERS, stop=stop)
        except BaseException as error:
            failed.append(error)

    load = threading.Thread(target=work)
    load.start()
    try:
        disturb()
        # Some more, undisturbed.
        time.sleep(2)
    finally:
        stop.set()
        load.join()
    if failed:
        raise failed[0]


def _stuck(tills: Tills) -> int:
    """Send every acknowledged sale again; return how many do not get their answer."""

    def again(document: dict[str, object]) -> bool:
        return tills.insist("sales/", document)[0] != 200

    with ThreadPoolExecutor(8) as pool:
        return sum(pool.map(again, [document for document, _body in list(tills.acknowledged.values())]))


def web(rig: Rig, *, quick: bool) -> list[Result]:
    """T8: workers and the whole web server killed under the mix."""
    times = 8 if quick else 40
    url = rig.clone("t8", "fiel")
    key, customers = scene.fill(limit=150)
    kills = {"workers": 0, "servers": 0}
    took = Stopwatch("T8")
    with rig.web(url) as server:
        took.note("starting")
        tills = Tills(server.port, key)
        _under_load(tills, customers, lambda: _kill_web(server, times, kills))
        took.note(f"killing {times} times")
        stuck = _stuck(tills)
        took.note(f"sending {len(tills.acknowledged):,} sales again")
    lost, different = all_there(tills)
    broken, said = world()
    took.note("looking at everything")
    controls.prepare(url)
    repeated = controls.repeated_after_kill(url)
    took.note("the control")
    outcome = Outcome(
        what=f"kill -9 of a web process 0.7 s after the service answers again, under the mix of T1: "
        f"{kills['workers']} times a worker, {kills['servers']} times the whole server",
        figure=f"{len(tills.acknowledged):,} sales and {len(tills.returns):,} returns acknowledged, {tills.lost} requests cut off, "
        f"{tills.failures()} 5xx: {lost} lost, {different} different, {stuck} stuck, {said}",
        is_reached=not (lost or different or stuck or broken) and tills.lost > 0,
    )
    return [
        outcome.against(
            test="T8",
            target="nothing acknowledged lost, nothing twice, no ticket stuck",
            control=f"effect and key in two transactions: {repeated} effects twice",
            control_failed=repeated > 0,
        )
    ]


def _kill_web(server: Web, times: int, kills: dict[str, int]) -> None:
    while sum(kills.values()) < times:
        # Whoever kills what does not serve yet proves nothing.
        while not server.answers():
            time.sleep(0.05)
        time.sleep(0.7)
        if sum(kills.values()) % 8 == 7:
            server.kill()
            kills["servers"] += 1
            server.start()
        else:
            kills["workers"] += server.kill_worker()


def postgres(rig: Rig, *, quick: bool) -> list[Result]:
    """T9: PostgreSQL and its children killed under the mix; it recovers by itself, and so does the web server."""
    kills = 2 if quick else 10
    url = rig.clone("t9", "fiel")
    key, customers = scene.fill(limit=150)
    back: list[float] = []
    with rig.web(url) as server:
        tills = Tills(server.port, key)
        _under_load(tills, customers, lambda: _kill_postgres(rig, tills, kills, back))
        stuck = _stuck(tills)
    from django.db import connection

    connection.close()
    lost, different = all_there(tills)
    broken, said = world()
    controls.prepare(url)
    acknowledged = controls.write_unflushed(url, 0.5)
    rig.kill_postgres()
    rig.start_postgres()
    connection.close()
    unflushed = acknowledged - controls.ask(url, "SELECT count(*) FROM naive_effect")
    outcome = Outcome(
        what=f"kill -9 of PostgreSQL and its children, {kills} times under the mix of T1",
        figure=f"{len(tills.acknowledged):,} sales and {len(tills.returns):,} returns acknowledged, {tills.lost} requests cut off, "
        f"{tills.failures()} refused: {lost} lost, {different} different, {stuck} stuck, {said}; back after {max(back):.1f} s at most",
        is_reached=not (lost or different or stuck or broken)
        and tills.lost + tills.failures() > 0
        and max(back) <= 10,
    )
    return [
        outcome.against(
            test="T9",
            target="nothing acknowledged lost; service back <= 10 s after the database, by itself",
            control=f"acknowledged before it is flushed: {unflushed:,} of {acknowledged:,} lost",
            control_failed=unflushed > 0,
        )
    ]


def _kill_postgres(rig: Rig, tills: Tills, kills: int, back: list[float]) -> None:
    """Kill and start again; add to `back` how long after the database the service records something again."""
    for _kill in range(kills):
        time.sleep(random.uniform(2, 3))
        rig.kill_postgres()
        answered = tills.done()
        rig.start_postgres()
        ready = time.monotonic()
        while tills.done() == answered:
            time.sleep(0.01)
        back.append(time.monotonic() - ready)
