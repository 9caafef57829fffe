"""Guessing the codes of stored values (T32), and asking whether an answer tells which of them exist (T33)."""

import json
import random
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from django.utils import timezone

from tests.faults import scene
from tests.faults.audit import world
from tests.faults.results import Outcome, Result
from tests.faults.rig import Rig
from tests.faults.tills import Tills

CARDS = 1_000
LOCKED_AFTER = 10
BATCH = 1_000
WITHIN = 0.05


def _cards(number: int, **values: Any) -> list[str]:
    """Make gift cards of 50.00 and return their codes."""
    from django.db import transaction

    from loyalty.models import AccountKind, StoredValue
    from loyalty.selectors.stored_values import usual_type
    from loyalty.services.stored_values import Making, make

    first, kind = StoredValue.objects.count(), usual_type(AccountKind.GIFT_CARD)
    makings = [
        Making(type=kind, origin="faults", operation=f"{first + place}", amount=50_00, **values)
        for place in range(number)
    ]
    with transaction.atomic():
        return [made.code for made in make(makings, at=timezone.now() - timedelta(hours=1))]


def _guess() -> str:
    """Return a code that could be one: whoever guesses knows how the last symbol checks the others."""
    from loyalty import stored_codes

    return stored_codes.code_of(stored_codes.new_nonce(), key=b"whoever guesses")


def _asked(tills: Tills, code: str, *, by_basket: bool) -> tuple[int, Any]:
    if by_basket:
        basket = {
            "lines": scene.plain_sale()["lines"],
            "redeem": {"stored_values": [{"code": code}]},
        }
        answer = tills.send("baskets/evaluate/", basket)
    else:
        answer = tills.send(f"stored-values/{code}/", method="GET")
    if answer is None:
        raise RuntimeError("no answer")
    return answer


# --- T32 ----------------------------------------------------------------------------------------------


def brute_force(rig: Rig, *, quick: bool) -> list[Result]:
    """T32: guesses by many keys, and many more of them where no lock is in the way."""
    from loyalty.selectors.stored_values import find_usable

    outcome = guess(rig, quick=quick)
    _cards(1, code="4711")
    at = timezone.now()
    short = sum(find_usable(f"{number:04}", store="", at=at) is not None for number in range(10_000))
    return [
        outcome.against(
            test="T32",
            target=f"0 found; each key locked after {LOCKED_AFTER} failures; other tills go on",
            control=f"10,000 guesses at a code of four digits, and no lock: {short} found",
            control_failed=short > 0,
        )
    ]


def guess(rig: Rig, *, quick: bool) -> Outcome:
    """Guess with every key until it is locked and twice more; then see who is not."""
    from tests.builders import build_store
    from tests.pos_api.till import Till

    keys, volume = (20, 5_000) if quick else (200, 100_000)
    url = rig.clone("t32", "fiel")
    codes, store = _cards(CARDS), build_store()
    credentials = [Till.open(store=store).credential for _key in range(keys + 1)]
    with rig.web(url, workers=4) as web, ThreadPoolExecutor(8) as pool:

        def guess_with(credential: str) -> list[tuple[int, bool]]:
            tills = Tills(web.port, credential)
            answers = [_asked(tills, _guess(), by_basket=bool(n % 2)) for n in range(LOCKED_AFTER + 2)]
            # The right code, too late.
            answers.append(_asked(tills, random.choice(codes), by_basket=False))
            sold = tills.sell(scene.plain_sale())[0] == 201
            tills.close()
            return [(status, _found(answer)) for status, answer in answers] + [(200 if sold else 0, False)]

        tried = list(pool.map(guess_with, credentials[1:]))
        lawful = Tills(web.port, credentials[0])
        redeem = {"stored_values": [{"code": codes[0]}]}
        goes_on = lawful.sell(scene.plain_sale(total="0.00", redeem=redeem))[0] == 201
        lawful.close()
    found = sum(_known(BATCH) for _batch in range(volume // BATCH))
    found += sum(was_found for one in tried for _status, was_found in one)
    locked = sum([status for status, _f in one[LOCKED_AFTER:-1]] == [429] * 3 for one in tried)
    open_before = sum(429 not in [status for status, _f in one[:LOCKED_AFTER]] for one in tried)
    selling = sum(one[-1][0] == 200 for one in tried)
    broken, said = world()
    return Outcome(
        what=f"{CARDS:,} gift cards; {keys} keys that guess {LOCKED_AFTER + 2} times over HTTP, then name a right code; {volume:,} guesses where no "
        "lock is in the way",
        figure=f"{found} found; {locked} of {keys} keys locked after {LOCKED_AFTER} failures, not before ({open_before}), for right codes too; "
        f"{selling} of them go on selling, a till that did not guess {'uses cards' if goes_on else 'IS REFUSED'}; {said}",
        is_reached=found == 0 and locked == open_before == selling == keys and goes_on and not broken,
    )


def _known(guesses: int) -> int:
    """Return how many of some guesses are the code of a stored value, in whatever state."""
    from loyalty.models import StoredValueCode
    from loyalty.selectors.stored_values import digest_of

    digests = [digest_of(_guess()) for _number in range(guesses)]
    return StoredValueCode.objects.filter(digest__in=digests).count()


def _found(answer: dict[str, Any]) -> bool:
    return bool(answer.get("balance") or answer.get("redeemed"))


# --- T33 ----------------------------------------------------------------------------------------------


def oracle(rig: Rig, *, quick: bool) -> list[Result]:
    """T33: codes that cannot be used for any reason, and whether they are answered alike, and as fast."""
    from loyalty.selectors.stored_values import find_by_code, held

    codes, outcome = tell_apart(rig, quick=quick)

    def look(code: str) -> None:
        stored = find_by_code(code)
        if stored is not None:
            held([stored], at=timezone.now())

    naive = _spread(_times(codes, 20 if quick else 100, lambda _state, code: look(code)))
    return [
        outcome.against(
            test="T33",
            target=f"one status and one body; medians within {WITHIN:.0%}",
            control=f"look up whether there is one, then what it holds: medians {naive:.0%} apart",
            control_failed=naive > WITHIN,
        )
    ]


def tell_apart(rig: Rig, *, quick: bool) -> tuple[dict[str, str], Outcome]:
    """Ask about codes of every state in turn; return them, and how far the answers and their times are apart."""
    from tests.pos_api.till import Till

    url = rig.clone("t33", "fiel")
    rounds = 60 if quick else 400
    _cards(CARDS)
    [used], [blocked], [foreign], [expired] = (
        _cards(1),
        _cards(1),
        _cards(1, store_codes=["ELSEWHERE"]),
        _cards(1, expires_at=timezone.now() - timedelta(minutes=1)),
    )
    codes = {
        "unknown": _guess(),
        "used": used,
        "expired": expired,
        "foreign": foreign,
        "blocked": blocked,
    }
    _block(blocked)
    answers: dict[bool, set[tuple[int, str]]] = {True: set(), False: set()}
    medians_by = {}
    with rig.web(url, workers=1) as web:
        tills = Tills(web.port, Till.open().credential)
        tills.sell(scene.plain_sale(total="0.00", redeem={"stored_values": [{"code": used}]}))
        for by_basket in (False, True):

            def ask(_state: str, code: str, by_basket: bool = by_basket) -> None:
                status, answer = _asked(tills, code, by_basket=by_basket)
                answers[by_basket].add((status, json.dumps(answer).replace(code, "CODE")))

            _times(codes, 10, ask)
            medians_by[by_basket] = _times(codes, rounds, ask)
        tills.close()
    broken, said = world()
    figures = []
    for by_basket, name in ((False, "check"), (True, "evaluate")):
        times = medians_by[by_basket]
        medians = ", ".join(f"{state} {took * 1000:.2f}" for state, took in times.items())
        figures.append(
            f"{name}: {len(answers[by_basket])} answer, medians {_spread(times):.1%} apart ({medians} ms)"
        )
    return codes, Outcome(
        what=f"{len(codes)} codes ({', '.join(codes)}), each asked {rounds} times in any order, by checking it and by evaluating a basket: "
        f"{2 * rounds * len(codes):,} tries",
        figure="; ".join(figures) + f"; {said}",
        is_reached=all(len(found) == 1 for found in answers.values())
        and all(_spread(times) <= WITHIN for times in medians_by.values())
        and not broken,
    )


def _block(code: str) -> None:
    from django.db import transaction

    from loyalty.selectors.stored_values import find_by_code
    from loyalty.services.stored_value_states import block

    stored = find_by_code(code)
    if stored is None:
        raise RuntimeError("the code was made a moment ago")
    with transaction.atomic():
        block(stored, reason="Lost", at=timezone.now())


def _times(codes: dict[str, str], rounds: int, ask: Callable[[str, str], None]) -> dict[str, float]:
    """Return by state the median of the seconds that asking takes; each round asks about all, in any order."""
    took: dict[str, list[float]] = {state: [] for state in codes}
    for _round in range(rounds):
        for state in random.sample(sorted(codes), len(codes)):
            started = time.perf_counter()
            ask(state, codes[state])
            took[state].append(time.perf_counter() - started)
    return {state: statistics.median(times) for state, times in took.items()}


def _spread(medians: dict[str, float]) -> float:
    """Return how much longer the slowest takes than the fastest, as a part of the fastest."""
    return max(medians.values()) / min(medians.values()) - 1
