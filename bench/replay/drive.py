"""Send every basket through evaluate and commit, several at a time, and remember each outcome.

The outcome of a basket is one line of a file. A run that was stopped goes on where the file ends: a sale that was
committed just before its line could be written is sent again, and its ticket makes that harmless.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.replay.client import ApiError, Client
from bench.replay.journey import SourceBasket
from bench.replay.rules import request_lines


@dataclass(frozen=True)
class Outcome:
    """What one basket came to; money in cents."""

    basket: int
    lines: int
    gross: int
    discount: int
    net: int
    activations: dict[str, int]
    codes: dict[str, str]
    adds_up: bool


def cents(text: str) -> int:
    whole, _, rest = text.partition(".")
    return int(whole) * 100 + int(rest)


def send(client: Client, key: str, basket: SourceBasket, codes: list[str], *, moved: timedelta) -> Outcome:
    """Evaluate one basket and commit it with the total that the evaluation gave.

    Raises ApiError when either is refused.
    """
    authorization = f"Api-Key {key}"
    document: dict[str, Any] = {
        "occurred_at": (basket.occurred_at + moved).isoformat(),
        "customer": {"code": f"hh-{basket.household}"},
        "lines": request_lines(basket),
        "promo_codes": codes,
    }
    quote = client.ask("POST", "/api/v1/baskets/evaluate/", document, authorization=authorization)
    sale = document | {
        "ticket": str(basket.basket),
        "plan_version": quote["plan_version"],
        "total": quote["totals"]["net"],
    }
    answer = client.ask("POST", "/api/v1/sales/", sale, authorization=authorization)
    return _outcome(basket, answer)


def _outcome(basket: SourceBasket, answer: dict[str, Any]) -> Outcome:
    totals = {name: cents(text) for name, text in answer["totals"].items()}
    reasons = {row["campaign"]: row["reason"] for row in answer["not_activated"]}
    lines = answer["lines"]
    adds_up = (
        totals["net"] == totals["gross"] - totals["discount"]
        and sum(cents(line["gross"]) for line in lines) == totals["gross"]
        and sum(cents(line["discount"]) for line in lines) == totals["discount"]
        and sum(cents(line["net"]) for line in lines) == totals["net"]
        and sum(cents(row["amount"]) for line in lines for row in line["adjustments"]) == totals["discount"]
        and sum(cents(row["discount"]) for row in answer["activations"]) == totals["discount"]
    )
    return Outcome(
        basket=basket.basket,
        lines=len(lines),
        gross=totals["gross"],
        discount=totals["discount"],
        net=totals["net"],
        activations={row["campaign"]: cents(row["discount"]) for row in answer["activations"]},
        codes={
            row["code"]: row["status"]
            if row["status"] != "not_activated"
            else reasons.get(row["code"].lower(), "not_a_candidate")
            for row in answer["promo_codes"]
        },
        adds_up=adds_up,
    )


def read_outcomes(path: Path) -> Iterator[Outcome]:
    """Yield the outcomes of earlier runs; a line that a crash cut short is left out, and so sent again."""
    if not path.exists():
        return
    with path.open() as file:
        for line in file:
            try:
                yield Outcome(**json.loads(line))
            except ValueError:
                continue


class Driver:
    """Several senders over one list of baskets. ``run`` returns the seconds it took and how many it sent."""

    def __init__(
        self,
        *,
        base_url: str,
        keys: dict[int, str],
        codes: dict[int, list[str]],
        moved: timedelta,
        path: Path,
        senders: int,
        progress: Callable[[int, int, float], None],
    ) -> None:
        self._base_url, self._keys, self._codes = base_url, keys, codes
        self._moved, self._path, self._senders, self._progress = moved, path, senders, progress
        self._lock = threading.Lock()
        self._failure: BaseException | None = None

    def run(self, baskets: list[SourceBasket]) -> tuple[float, int]:
        done = {outcome.basket for outcome in read_outcomes(self._path)}
        todo = [basket for basket in baskets if basket.basket not in done]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        started = time.monotonic()
        with self._path.open("a") as self._file:
            self._file.write("\n" if done else "")
            self._queue, self._left, self._total, self._started = iter(todo), len(todo), len(baskets), started
            threads = [threading.Thread(target=self._work) for _ in range(self._senders)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        if self._failure:
            raise self._failure
        return time.monotonic() - started, len(todo)

    def _work(self) -> None:
        with closing(Client(self._base_url, "")) as client:
            self._send_all(client)

    def _send_all(self, client: Client) -> None:
        while self._failure is None:
            with self._lock:
                basket = next(self._queue, None)
            if basket is None:
                return
            try:
                outcome = send(
                    client,
                    self._keys[basket.store],
                    basket,
                    self._codes.get(basket.basket, []),
                    moved=self._moved,
                )
            except (ApiError, OSError, KeyError) as error:
                error.add_note(f"while sending basket {basket.basket}")
                self._failure = error
                return
            self._record(outcome)

    def _record(self, outcome: Outcome) -> None:
        line = json.dumps(outcome.__dict__, separators=(",", ":")) + "\n"
        with self._lock:
            self._file.write(line)
            self._left -= 1
            self._progress(self._total - self._left, self._total, time.monotonic() - self._started)
