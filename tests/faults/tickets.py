"""Sales sent at once, more than once, and without an answer: T1 (with T7), T2 and T3."""

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db.models import Count

from tests.faults import controls, scene
from tests.faults.audit import all_there, world
from tests.faults.results import Outcome, Result
from tests.faults.rig import Rig
from tests.faults.tills import Answer, Tills

SENDERS = 32


def transfer(rig: Rig, *, quick: bool) -> list[Result]:
    """T1 and T7: everything at once on few customers, codes and limits."""
    mixed, ordered = mix(rig, quick=quick)
    # One use too few, and the promises are no longer kept.
    from campaigns.models import CampaignCounter

    counter = CampaignCounter.objects.filter(used__gt=0).order_by("pk")[0]
    CampaignCounter.objects.filter(pk=counter.pk).update(used=counter.used - 1)
    noticed, _said = world()
    controls.prepare(rig.url("t1"))
    deadlocked = controls.deadlocked(rig.url("t1"))
    return [
        mixed.against(
            test="T1",
            target="no broken promise, no 5xx, nothing acknowledged lost",
            control=f"one use taken off one counter: {noticed} broken promise",
            control_failed=noticed == 1,
        ),
        ordered.against(
            test="T7",
            target="no deadlock",
            control=f"240 transactions that lock rows as the basket names them: {deadlocked} deadlocks",
            control_failed=deadlocked > 0,
        ),
    ]


def mix(rig: Rig, *, quick: bool) -> tuple[Outcome, Outcome]:
    """Sell, repeat, return and cancel at random; return what came of it, and of the order of its locks."""
    url = rig.clone("t1", "fiel")
    key, customers = scene.fill(limit=40 if quick else 150)
    each = 10 if quick else 200
    with rig.web(url) as web:
        tills = Tills(web.port, key)
        tills.mix(each, lambda: scene.sale(customers), senders=SENDERS)
    lost, different = all_there(tills)
    broken, said = world()
    deadlocks = rig.deadlocks("t1")
    answers = sum(tills.statuses.values())
    mixed = Outcome(
        what=f"{SENDERS} senders x {each} sales, repetitions, returns, cancellations, sales and loads of cards at once; {len(customers)} "
        "customers, 10 codes, 10 e-purses beside gift cards, 4 limits, a budget; redeeming points, cashback and cards",
        figure=f"{answers:,} answers, {len(tills.bought):,} cards sold and {len(tills.loads):,} loaded: {said}, {tills.failures()} 5xx, "
        f"{lost} lost, {different} different",
        is_reached=not (broken or tills.failures() or lost or different),
    )
    ordered = Outcome(
        what="T1 with lines and codes in any order",
        figure=f"{deadlocks} deadlocks",
        is_reached=deadlocks == 0,
    )
    return mixed, ordered


def idempotence(rig: Rig, *, quick: bool) -> list[Result]:
    """T2: the same ticket from eight senders at once, some with other content."""
    outcome = repeat(rig, quick=quick)
    controls.prepare(rig.url("t2"))
    doubled = controls.doubled(rig.url("t2"))
    return [
        outcome.against(
            test="T2",
            target="one sale a ticket, no entry twice, other content refused",
            control=f"look whether the ticket is there, then insert: {doubled} records too many of 10 tickets",
            control_failed=doubled > 0,
        )
    ]


def repeat(rig: Rig, *, quick: bool) -> Outcome:
    """Send each ticket from eight senders at once."""
    from loyalty.models import Entry
    from retail.models import Sale

    url = rig.clone("t2", "fiel")
    key, customers = scene.fill(limit=10**6)
    tickets = 60 if quick else 2_000
    wrong: list[str] = []
    refused = altered = 0
    with rig.web(url) as web, ThreadPoolExecutor(8) as pool:
        tills = Tills(web.port, key)
        for _number in range(tickets):
            document = scene.sale(customers)
            other = document | {"operation": "clearance"}
            sent = [other if random.random() < 0.1 else document for _sender in range(8)]
            answers = list(pool.map(lambda body: tills.insist("sales/", body), sent))
            others, refusals, mistakes = _judge(sent, answers)
            altered, refused, wrong = altered + others, refused + refusals, wrong + mistakes
    broken, said = world()
    sales = Sale.objects.count()
    repeated = Entry.objects.values("lot", "kind", "cause").annotate(n=Count("pk")).filter(n__gt=1).count()
    return Outcome(
        what=f"{tickets:,} tickets, each sent by 8 senders at once, one in ten with other content",
        figure=f"{sales:,} sales, {repeated} entries twice, {refused} of {altered} refused, {len(wrong)} wrong answers"
        + "".join(f" ({one})" for one in wrong[:2])
        + f", {said}",
        is_reached=sales == tickets and not (repeated or wrong or broken) and refused == altered > 0,
    )


def _judge(sent: list[dict[str, Any]], answers: list[Answer]) -> tuple[int, int, list[str]]:
    """Return how many had other content than the recorded one, how many of these were refused, and wrong answers."""
    pairs = [(body, status) for body, (status, _answer) in zip(sent, answers, strict=True)]
    first = [body for body, status in pairs if status == 201]
    if len(first) != 1:
        return 0, 0, [f"{sent[0]['ticket']}: {dict(Counter(status for _body, status in pairs))}"]
    others = [status for body, status in pairs if body != first[0]]
    same = [status for body, status in pairs if body == first[0]]
    refused = sum(status in (409, 422) for status in others)
    return len(others), refused, [f"{sent[0]['ticket']}: {s}" for s in same if s not in (200, 201)]


def indefinite(rig: Rig, *, quick: bool) -> list[Result]:
    """T3: the connection is cut when the request is out; the till sends it again."""
    outcome = cut_off(rig, quick=quick)
    doubled = _sell_anew(rig, 20)
    return [
        outcome.against(
            test="T3",
            target="each one effect, and equal answers",
            control=f"a till that takes a new ticket: {doubled} of 20 sold twice",
            control_failed=doubled > 0,
        )
    ]


def _sell_anew(rig: Rig, number: int) -> int:
    """Return how many sales are recorded twice by a till that takes a new ticket when it got no answer."""
    from retail.models import Sale

    url = rig.clone("t3_control", "fiel")
    key, customers = scene.fill(limit=10**6)
    with rig.web(url) as web, ThreadPoolExecutor(8) as pool:
        tills = Tills(web.port, key)

        def sell(_number: int) -> None:
            document = scene.sale(customers)
            tills.send("sales/", document, cut=True)
            tills.sell(document | {"ticket": document["ticket"] + "-2"})

        list(pool.map(sell, range(number)))
        # What was cut off may still be on its way.
        time.sleep(1)
    return Sale.objects.count() - number


def cut_off(rig: Rig, *, quick: bool) -> Outcome:
    """Cut the connection of every sale, then send it until it is answered, and once more."""
    from retail.models import Sale

    url = rig.clone("t3", "fiel")
    key, customers = scene.fill(limit=10**6)
    number = 60 if quick else 1_000
    with rig.web(url) as web:
        tills = Tills(web.port, key)

        def sell(_number: int) -> tuple[int, bool]:
            document = scene.sale(customers)
            tills.send("sales/", document, cut=True)
            time.sleep(random.choice([0, 0, 0.01, 0.1]))
            status, first = tills.sell(document)
            _status, again = tills.sell(document)
            return status, first == again

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(sell, range(number)))
    effects = Sale.objects.count()
    recorded = sum(status == 200 for status, _same in answers)
    lost, different = all_there(tills)
    broken, said = world()
    return Outcome(
        what=f"{number:,} sales whose connection is cut when the request is out, sent again until answered",
        figure=f"{effects:,} sales ({recorded} had been recorded without an answer), {lost} lost, {different} different, {said}",
        is_reached=effects == number
        and recorded > 0
        and all(same for _status, same in answers)
        and not (lost or different or broken),
    )
