"""Ports, addresses and health of the web server, seen from the launcher."""

import json
import socket
import urllib.error
import urllib.request
from typing import Any

from config.local.processes import StartFailed

_PORTS_TRIED = 50


def wanted_port(environment: dict[str, str]) -> int:
    """Return the port that PORT asks for. Raises StartFailed for what is none."""
    text = environment.get("PORT", "8000")
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise StartFailed(f"PORT={text} is not a port number.")
    return int(text)


def free_port(host: str, wanted: int) -> int:
    """Return the first port from `wanted` on that nobody listens on. Raises StartFailed with the reason."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in range(wanted, min(wanted + _PORTS_TRIED, 65536)):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as problem:
                if isinstance(problem, PermissionError):
                    raise StartFailed(
                        f"Port {port} is reserved to root: choose another with PORT=8000."
                    ) from None
                if isinstance(problem, socket.gaierror):
                    raise StartFailed(f"HOST={host} is no address of this machine.") from None
            else:
                return port
    raise StartFailed(
        f"All ports from {wanted} to {wanted + _PORTS_TRIED} are taken: choose another with PORT=..."
    )


def lan_address() -> str:
    """This machine's address in its network, or nothing. Asks the routing table; sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return ""


def get_json(url: str) -> dict[str, Any] | None:
    """Return an answer\'s JSON object, also that of a 503; None when there is no such answer."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310
            return dict(json.load(response))
    except urllib.error.HTTPError as answer:
        return dict(json.load(answer)) if answer.code == 503 else None
    except (OSError, ValueError):
        return None


class Health:
    """Readiness of the three processes as /readyz reports it, counting only signs of life of this run."""

    def __init__(self, address: str, since: float) -> None:
        self._address, self._since = address, since

    def web(self) -> bool:
        return get_json(f"{self._address}/healthz") is not None

    def worker(self) -> bool:
        return self._seen("worker")

    def scheduler(self) -> bool:
        return self._seen("scheduler")

    def _seen(self, name: str) -> bool:
        checks = (get_json(f"{self._address}/readyz") or {}).get("checks", {})
        return checks.get(name, {}).get("seen_at", 0) >= self._since
