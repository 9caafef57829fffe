"""Tills that sell under fire: they send again whatever was not answered, and remember every answer that they got."""

import http.client
import json
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

Answer = tuple[int, dict[str, Any]]
# As long as a busy machine needs to start eight web processes.
_PATIENCE_SECONDS = 240.0
# How many e-purses go from hand to hand.
_PURSES = 10


class Tills:
    """Senders that share one key. `statuses` counts the answers, `lost` the requests that got none."""

    def __init__(self, port: int, credential: str) -> None:
        self.port, self.credential = port, credential
        self.statuses: Counter[int] = Counter()
        self.codes: Counter[str] = Counter()
        self.lost = 0
        self.acknowledged: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
        self.returns: list[tuple[str, dict[str, Any], dict[str, Any]]] = []
        # Reference and amount of the cards that were sold and of what was loaded.
        self.bought: dict[str, str] = {}
        self.loads: dict[str, str] = {}
        self.purses: list[str] = []
        self.gift_cards: list[str] = []
        self._kept = threading.local()
        self._connections: list[http.client.HTTPConnection] = []

    def close(self) -> None:
        """Close what the senders kept open."""
        for connection in self._connections:
            connection.close()

    def send(self, path: str, body: Any = None, *, method: str = "POST", cut: bool = False) -> Answer | None:
        """Send once; None when no answer came. `cut` closes the connection when all is sent."""
        connection = getattr(self._kept, "connection", None)
        if connection is None:
            connection = self._kept.connection = http.client.HTTPConnection(
                "127.0.0.1", self.port, timeout=30
            )
            self._connections.append(connection)
        headers = {"Authorization": f"Api-Key {self.credential}", "Content-Type": "application/json"}
        try:
            content = b"" if body is None else json.dumps(body).encode()
            connection.request(method, f"/api/v1/{path}", content, headers)
            if cut:
                raise ConnectionAbortedError
            response = connection.getresponse()
            content = response.read()
        except (TimeoutError, OSError, http.client.HTTPException):
            connection.close()
            self._kept.connection = None
            self.lost += 1
            return None
        self.statuses[response.status] += 1
        document = json.loads(content) if content else {}
        if response.status >= 400:
            self.codes[document.get("code", "")] += 1
        return response.status, document

    def insist(self, path: str, body: Any) -> Answer:
        """Send until an answer comes that is no failure of the service."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            answer = self.send(path, body)
            if answer is not None and answer[0] < 500 and answer[1].get("code") != "in_progress":
                return answer
            time.sleep(random.uniform(0.02, 0.2))
        raise RuntimeError(f"no answer from {path} within {_PATIENCE_SECONDS:.0f} s")

    def sell(self, document: dict[str, Any]) -> Answer:
        answer = self.insist("sales/", document)
        if answer[0] in (200, 201):
            self.acknowledged[document["ticket"]] = (document, answer[1])
        return answer

    def mix(
        self, operations: int, make_sale: Any, *, senders: int, stop: threading.Event | None = None
    ) -> None:
        """Sell, send again, return, cancel, sell and load cards at random from many senders at once, until told to stop."""

        def one_sender(number: int) -> None:
            for step in range(operations):
                if stop is not None and stop.is_set():
                    return
                self._one(f"{number}-{step}", make_sale)

        with ThreadPoolExecutor(senders) as pool:
            list(pool.map(one_sender, range(senders)))

    def _one(self, name: str, make_sale: Any) -> None:
        if random.random() < 0.1:
            self._sell_or_load_a_card(name)
            return
        chance, known = random.random(), list(self.acknowledged.values())[-400:]
        if chance < 0.5 or not known:
            document = make_sale()
            self._present_cards(document)
            self.sell(document)
            return
        document, body = random.choice(known)
        if chance < 0.6:
            self.sell(document)
        elif chance < 0.9:
            line = random.choice(document["lines"])
            units = str(random.randint(1, int(line["quantity"])))
            back = {"return": f"R{name}", "lines": [{"line": line["line"], "quantity": units}]}
            status, answer = self.insist(f"sales/{body['sale']}/returns/", back)
            if status in (200, 201):
                self.returns.append((body["sale"], back, answer))
        else:
            self.insist(f"sales/{body['sale']}/cancel/", {})

    def _sell_or_load_a_card(self, name: str) -> None:
        purses = list(self.purses)
        if purses and random.random() < 0.8:
            load = {"amount": "30.00", "reference": f"L{name}"}
            status, _answer = self.insist(f"stored-values/{random.choice(purses)}/load/", load)
            if status in (200, 201):
                self.loads[load["reference"]] = load["amount"]
            return
        kind = random.choice(["e_purse", "gift_card"]) if len(purses) >= _PURSES else "e_purse"
        card = {"kind": kind, "amount": "100.00", "reference": f"C{name}"}
        status, answer = self.insist("stored-values/", card)
        if status in (200, 201):
            self.bought[card["reference"]] = card["amount"]
            if kind == "gift_card":
                self.gift_cards.append(answer["code"])
            else:
                self.purses = [*self.purses, answer["code"]][-_PURSES:]

    def _present_cards(self, document: dict[str, Any]) -> None:
        """Let the customer pay with one or two of few e-purses, which others use too, and now and then a gift card."""
        purses = list(self.purses)
        if not purses or random.random() < 0.5:
            return
        chosen = random.sample(purses, min(len(purses), random.randint(1, 2)))
        cards = [{"code": code, "amount": f"{random.randint(1, 10)}.00"} for code in chosen]
        gift_cards = list(self.gift_cards)
        if gift_cards:
            # The last one is known to several tills: all but one of them are late.
            cards.append({"code": gift_cards[-1]})
            if random.random() < 0.7:
                self.gift_cards = gift_cards[:-1]
        document.setdefault("redeem", {})["stored_values"] = cards

    def done(self) -> int:
        """How many requests were granted."""
        return self.statuses[200] + self.statuses[201]

    def failures(self) -> int:
        """How many answers blamed the service."""
        return sum(number for status, number in self.statuses.items() if status >= 500)
