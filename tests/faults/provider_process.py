"""A provider of text messages in a process of its own: what customers received stands in its own file, however many of our processes die.

python -m tests.faults.provider_process PORT_FILE LOG

It speaks as much of Twilio's HTTP as sending needs. A line is written for each message that a customer gets, *before* the
answer: `id to`. How it behaves is set by a PUT to /control, a JSON document:

- `seconds`: [least, most] that an answer takes.
- `faults`: {name: share of the requests}. `too_many` (429), `error_before` (500, and nobody gets anything), `error_after` (the
  customer gets it, the answer is 500), `dropped_after` (the customer gets it, the connection is closed without an answer).
- `per_second`: more requests than this in a second are answered 429; 0 is no limit.
- `token`: what reports are signed with.
- `forget`: true forgets what there would be to report.
- `reports_to`: the web server that reports go to, at once and from then on, with those that were held back; "" holds them back. There are
  "sent" and "delivered" of each message in any order, signed, and one in ten comes twice.

GET /control says what it did: {accepted, refused: {name: count}, reports, unreported}.
"""

import base64
import hashlib
import hmac
import http.client
import json
import random
import sys
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

_REPORTERS = 4
_REFUSALS = {"too_many": (429, 20429), "error_before": (500, 20500), "error_after": (500, 20500)}
_RECEIVED = {"", "error_after", "dropped_after"}


class Provider:
    """Its state, shared by the threads that answer and those that report."""

    def __init__(self, log: Path) -> None:
        self.behaviour: dict[str, Any] = {
            "seconds": [0, 0], "faults": {}, "per_second": 0, "reports_to": "", "token": ""
        }  # fmt: skip
        self.counts: Counter[str] = Counter()
        self.reports: Queue[tuple[str, str, str, str]] = Queue()
        self.unreported: list[tuple[str, str]] = []
        self.pending = 0
        self._lock = Lock()
        self._log = log.open("a", buffering=1)
        self._second, self._in_second = 0, 0
        for _number in range(_REPORTERS):
            Thread(target=self._report, daemon=True).start()

    def behave(self, behaviour: dict[str, Any]) -> None:
        if behaviour.pop("forget", False):
            with self._lock:
                self.unreported = []
        self.behaviour |= behaviour
        self.send_reports()

    def decide(self) -> str:
        """Return the fault that the next request meets; empty for none."""
        with self._lock:
            second = int(time.monotonic())
            self._in_second = self._in_second + 1 if second == self._second else 1
            self._second = second
            limit = self.behaviour["per_second"]
            if limit and self._in_second > limit:
                return "too_many"
        chance = random.random()
        for name, share in self.behaviour["faults"].items():
            chance -= share
            if chance < 0:
                return str(name)
        return ""

    def receive(self, callback: str, to: str) -> str:
        """Let the customer have the message; return the provider's id of it."""
        with self._lock:
            self.counts["accepted"] += 1
            sid = f"SM{self.counts['accepted']:032x}"
            self._log.write(f"{callback.rstrip('/').rpartition('/')[2]} {to}\n")
            self.unreported.append((callback, sid))
        self.send_reports()
        return sid

    def refuse(self, name: str) -> None:
        with self._lock:
            self.counts[name] += 1

    def told(self) -> dict[str, Any]:
        """Return what it did."""
        refused = {name: count for name, count in self.counts.items() if name not in ("accepted", "reports")}
        return {
            "accepted": self.counts["accepted"],
            "reports": self.counts["reports"],
            "refused": refused,
            "unreported": len(self.unreported) + self.pending,
        }

    def send_reports(self) -> None:
        """Have the reporters tell what was held back, if somebody is to be told."""
        with self._lock:
            base = self.behaviour["reports_to"]
            if not base:
                return
            due, self.unreported = self.unreported, []
            calls = [
                (base, callback, sid, status) for callback, sid in due for status in ("sent", "delivered") * 2
            ]
            random.shuffle(calls)
            self.pending += len(calls)
        for call in calls:
            self.reports.put(call)

    def _report(self) -> None:
        while True:
            base, callback, sid, status = self.reports.get()
            while not _told(self.behaviour["token"], base, callback, sid, status):
                # As a provider does: later, once more.
                time.sleep(0.5)
            with self._lock:
                self.pending -= 1
                self.counts["reports"] += 1


def _told(token: str, base: str, callback: str, sid: str, status: str) -> bool:
    """Make one report; return whether it was taken. It is signed for the address that the message named, and goes to `base`."""
    fields = {"MessageSid": sid, "MessageStatus": status}
    signed = callback + "".join(name + fields[name] for name in sorted(fields))
    digest = hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": base64.b64encode(digest).decode(),
    }
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=30)
    try:
        connection.request("POST", urlsplit(callback).path, urlencode(fields), headers)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, provider: Provider) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.provider = provider


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer(200, self.server.provider.told())

    def do_PUT(self) -> None:
        self.server.provider.behave(json.loads(self._body()))
        self._answer(200, {})

    def do_POST(self) -> None:
        provider = self.server.provider
        fields = parse_qs(self._body().decode())
        fault, sid = provider.decide(), ""
        if fault in _RECEIVED:
            sid = provider.receive(fields["StatusCallback"][0], fields["To"][0])
        if fault:
            provider.refuse(fault)
        time.sleep(random.uniform(*provider.behaviour["seconds"]))
        if fault == "dropped_after":
            self.close_connection = True
        elif fault:
            status, code = _REFUSALS[fault]
            self._answer(status, {"status": status, "code": code, "message": fault})
        else:
            self._answer(201, {"sid": sid, "status": "queued"})

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def _answer(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        return

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            # Whoever asked was killed.
            return


def main(port_file: str, log: str) -> None:
    server = Server(Provider(Path(log)))
    unfinished = Path(port_file).with_suffix(".new")
    unfinished.write_text(str(server.server_port))
    unfinished.rename(port_file)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
