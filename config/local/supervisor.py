"""Keeps a few processes running: ordered start, readiness, restart with back-off, one log, clean stop.

Single-threaded on purpose: the kernel ties each child's life to the thread that started it.
"""

import selectors
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from config.local.processes import StartFailed, kill_group, wait_or_kill

_LONGEST_BACKOFF = 15.0
# A process that ran this long before it died starts again at once.
_STABLE_SECONDS = 30.0


@dataclass
class Service:
    """A process to keep running. `start` returns once the process exists; `ready` says whether it serves."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    ready: Callable[[], bool] = lambda: True
    stop_signal: int = signal.SIGTERM
    patience_seconds: float = 10.0
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    restart_at: float = 0.0
    unfinished_line: bytes = field(default=b"", repr=False)


class Supervisor:
    """Runs services in the order given; stops them in reverse. `show(name, line)` receives every log line."""

    def __init__(self, show: Callable[[str, str], None]) -> None:
        self._show = show
        self._groups: list[list[Service]] = []
        self._selector = selectors.DefaultSelector()

    # A process that ends says so at once; one that is only slow, on a machine with much else to do, is waited for.
    def start(self, *services: Service, within_seconds: float = 180.0) -> None:
        """Start services together and return when all are ready. Raises StartFailed naming those that are not."""
        self._groups.append(list(services))
        for service in services:
            self._launch(service)
        waiting = list(services)
        deadline = time.monotonic() + within_seconds
        while waiting:
            self._pump(0.05)
            waiting = [service for service in waiting if not service.ready()]
            for service in waiting:
                if service.process is None or service.process.poll() is not None:
                    self._pump(0.2)
                    raise StartFailed(f"{service.name} stopped while starting; its last lines stand above.")
            if waiting and time.monotonic() > deadline:
                names = ", ".join(service.name for service in waiting)
                raise StartFailed(
                    f"Not ready after {within_seconds:.0f} seconds: {names}. See the lines above."
                )

    def run(self) -> None:
        """Watch the services until an exception (a signal's) ends it."""
        while True:
            self.step()

    def step(self) -> None:
        """Show what was written, restart what died."""
        self._pump(0.25)
        for group in self._groups:
            for service in group:
                self._watch(service)

    def stop(self) -> None:
        """Stop everything, last started first and together what started together; kill what does not stop in time."""
        for group in reversed(self._groups):
            running = [(service, service.process) for service in group if service.process is not None]
            for service, process in running:
                if process.poll() is None:
                    process.send_signal(service.stop_signal)
            for service, process in running:
                wait_or_kill(process, service.patience_seconds)
        self._pump(0)
        for key in list(self._selector.get_map().values()):
            self._selector.unregister(key.fileobj)
            key.fileobj.close()  # type: ignore[union-attr]
        self._groups.clear()

    def _launch(self, service: Service) -> None:
        service.process = service.start()
        service.started_at = time.monotonic()
        if service.process.stdout is not None:
            self._selector.register(service.process.stdout, selectors.EVENT_READ, service)

    def _watch(self, service: Service) -> None:
        now = time.monotonic()
        if service.process is not None:
            code = service.process.poll()
            if code is None:
                return
            # Children of the dead process would keep its port or its tasks.
            kill_group(service.process)
            self._pump(0)
            self._end_line(service)
            service.process = None
            service.failures = 0 if now - service.started_at > _STABLE_SECONDS else service.failures + 1
            delay = min(0.5 * 2 ** max(service.failures - 1, 0), _LONGEST_BACKOFF)
            service.restart_at = now + delay
            self._show(service.name, f"stopped ({_describe(code)}); starting again in {delay:.1f} s")
        elif now >= service.restart_at:
            try:
                self._launch(service)
            except StartFailed as problem:
                service.failures += 1
                service.restart_at = now + min(0.5 * 2**service.failures, _LONGEST_BACKOFF)
                self._show(service.name, str(problem))

    def _pump(self, seconds: float) -> None:
        """Show what the services have written, waiting for it at most so long."""
        if not self._selector.get_map():
            time.sleep(seconds)
            return
        for key, _events in self._selector.select(seconds):
            service: Service = key.data
            chunk = key.fileobj.read1(65536)  # type: ignore[union-attr]
            if not chunk:
                self._selector.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]
            *lines, service.unfinished_line = (service.unfinished_line + chunk).split(b"\n")
            for line in lines:
                self._show(service.name, line.decode(errors="replace").rstrip())

    def _end_line(self, service: Service) -> None:
        if service.unfinished_line:
            self._show(service.name, service.unfinished_line.decode(errors="replace"))
            service.unfinished_line = b""


def _describe(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
