"""Many sales on one counter: its limit (T5), sales and returns at the same moment (T6), and how fast it is (T12)."""

import contextlib
import random
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import psycopg2
from django.db.models import Count

from tests.faults import controls, scene
from tests.faults.audit import world
from tests.faults.results import Outcome, Result
from tests.faults.rig import Rig
from tests.faults.tills import Tills

SENDERS = 32
_ONE_UNIT = [{"line": 1, "quantity": "1"}]


def limit(rig: Rig, *, quick: bool) -> list[Result]:
    """T5: far more sales than a limit allows, then returns, then more sales."""
    outcome = use_up(rig, quick=quick)
    controls.prepare(rig.url("t5"))
    beyond = controls.granted_beyond(rig.url("t5"))
    return [
        outcome.against(
            test="T5",
            target="the limit exactly, no customer beyond 2, exactly what came back once more",
            control=f"read, compare, write: {beyond} beyond a limit of 20",
            control_failed=beyond > 0,
        )
    ]


def use_up(rig: Rig, *, quick: bool) -> Outcome:
    """Sell until nothing is left of a limit, give some of it back, and sell again."""
    from campaigns.models import Activation

    most, tries, back = (50, 300, 10) if quick else (500, 5_000, 100)
    url = rig.clone("t5", "fiel")
    key, customers = scene.fill_limited(limit=most, each=2, customers=most * 3 // 5)
    standing = Activation.objects.filter(reversed_at__isnull=True)
    with rig.web(url) as web, ThreadPoolExecutor(SENDERS) as pool:
        tills = Tills(web.port, key)

        def sell(_number: int) -> None:
            tills.sell(scene.plain_sale(random.choice(customers)))

        list(pool.map(sell, range(tries)))
        granted = standing.count()
        sales = list(standing.order_by("?").values_list("sale__uuid", flat=True)[:back])
        one = {"return": "R", "lines": _ONE_UNIT}
        list(pool.map(lambda uuid: tills.insist(f"sales/{uuid}/returns/", one), sales))
        after = standing.count()
        list(pool.map(sell, range(tries // 2)))
        again = standing.count()
    by_customer = standing.values("sale__customer").annotate(n=Count("pk")).values_list("n", flat=True)
    broken, said = world()
    return Outcome(
        what=f"a limit of {most} and of 2 for each customer, {tries:,} sales from {SENDERS} senders; {back} returns; "
        f"{tries // 2:,} more sales",
        figure=f"{granted}, a customer at most {max(by_customer)}; {granted - after} back, {again - after} more; "
        f"{tills.failures()} 5xx, {said}",
        is_reached=(granted, after, again) == (most, most - back, most)
        and max(by_customer) <= 2
        and not (broken or tills.failures()),
    )


def revert(rig: Rig, *, quick: bool) -> list[Result]:
    """T6: sales and the returns of others at the same moment, on one counter."""
    from campaigns.models import CampaignCounter

    rounds = 60 if quick else 1_000
    url = rig.clone("t6", "fiel")
    key, _customers = scene.fill_limited(limit=6, each=None, customers=0)
    with rig.web(url) as web, ThreadPoolExecutor(8) as pool:
        tills = Tills(web.port, key)
        sold = [tills.sell(scene.plain_sale())[1]["sale"] for _ in range(6)]

        def take_back(uuid: str) -> None:
            tills.insist(f"sales/{uuid}/returns/", {"return": "R", "lines": _ONE_UNIT})

        for _round in range(rounds):
            backs = [pool.submit(take_back, sold.pop(0)) for _ in range(2)]
            sales = [pool.submit(tills.sell, scene.plain_sale()) for _ in range(2)]
            for one in backs:
                one.result()
            sold += [one.result()[1]["sale"] for one in sales]
    counter = CampaignCounter.objects.get()
    broken, said = world()
    controls.prepare(url)
    lost = controls.lost_updates(url)
    outcome = Outcome(
        what=f"{rounds:,} times two sales and the returns of two others at once, on one counter of 6",
        figure=f"used {counter.used.normalize():f} of 6, {tills.failures()} 5xx, {said}",
        is_reached=counter.used <= Decimal(6) and not (broken or tills.failures()),
    )
    return [
        outcome.against(
            test="T6",
            target="the counter is what stands",
            control=f"read and write: {lost} uses from the truth",
            control_failed=lost > 0,
        )
    ]


def hot_row(rig: Rig, *, quick: bool) -> list[Result]:
    """T12: sales that all count on one row, against the bare row; and the same sales without a limit, for comparison."""
    seconds, rounds = (2.0, 3) if quick else (5.0, 5)
    rates, times = _rates(rig, seconds, rounds)
    broken, said = world()
    times.sort()
    p50, p99 = statistics.median(times), times[int(len(times) * 0.99)]
    of_bare, of_free = rates["limited"] / rates["bare"], rates["limited"] / rates["free"]
    steady = p99 <= 20 * p50 and not broken
    outcome = Outcome(
        what=f"sales over HTTP from 8 senders that all use one limited campaign, against bare conditional updates of one row; best of {rounds} "
        f"times {seconds:.0f} s, in turn",
        figure=f"{rates['limited']:,.0f} / {rates['bare']:,.0f} a second = {of_bare:.2f}; p99 {p99 * 1000:.0f} ms = {p99 / p50:.1f} x p50; "
        f"{said}. The same sales without a limit: {rates['free']:,.0f} a second, of which the limited are {of_free:.2f}",
        is_reached=of_bare >= 0.25 and steady,
        # Excuses the rate alone.
        missed_because=_WHY_SLOWER if steady else "",
    )
    return [
        outcome.against(
            test="T12", target=">= 0.25 of the bare rate; p99 <= 20 x p50", control="none: a rate"
        )
    ]


_WHY_SLOWER = (
    "a whole sale is read, evaluated, written and answered for each update, and it holds the row while its activations and its answer are "
    "written and all of it is flushed, where the bare update holds it for the flush alone"
)


def _rates(rig: Rig, seconds: float, rounds: int) -> tuple[dict[str, float], list[float]]:
    """Return the best rates of sales that use the limit, sales that do not, and bare updates; and how long the former took."""
    urls = {"free": rig.clone("t12_free", "fiel")}
    keys = {"free": scene.fill_limited(limit=None, each=None, customers=0)[0]}
    urls["limited"] = rig.clone("t12", "fiel")
    keys["limited"] = scene.fill_limited(limit=10**6, each=None, customers=0)[0]
    controls.prepare(urls["limited"])
    rates, times = {"bare": 0.0, "limited": 0.0, "free": 0.0}, []
    with rig.web(urls["limited"], workers=4) as limited, rig.web(urls["free"], workers=4) as free:
        shops = {"limited": Tills(limited.port, keys["limited"]), "free": Tills(free.port, keys["free"])}
        for number in range(rounds + 1):
            found = {"bare": _bare_rate(urls["limited"], seconds)}
            for name, tills in shops.items():
                took = _sell_for(tills, seconds)
                found[name] = len(took) / seconds
                # The first round warms up.
                times += took if name == "limited" and number else []
            if number:
                rates = {name: max(rate, found[name]) for name, rate in rates.items()}
    return rates, times


def _bare_rate(url: str, seconds: float) -> float:
    def work(_number: int) -> int:
        done, until = 0, time.monotonic() + seconds
        with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            while time.monotonic() < until:
                cursor.execute(
                    "UPDATE naive_counter SET used = used + 1 WHERE id = 1 AND used < 1000000000 RETURNING used"
                )
                connection.commit()
                done += 1
        return done

    with ThreadPoolExecutor(8) as pool:
        return sum(pool.map(work, range(8))) / seconds


def _sell_for(tills: Tills, seconds: float) -> list[float]:
    def work(_number: int) -> list[float]:
        took, until = [], time.monotonic() + seconds
        while (started := time.monotonic()) < until:
            tills.sell(scene.plain_sale())
            took.append(time.monotonic() - started)
        return took

    with ThreadPoolExecutor(8) as pool:
        return [one for several in pool.map(work, range(8)) for one in several]
