"""`make run`: everything that Fiel needs, on this machine, with one command and one Ctrl-C.

Starts PostgreSQL and Redis (unless DATABASE_URL and REDIS_URL name others), brings the schema up to date, puts
sample data into a new private database, and keeps the web server, a worker and the scheduler running.
"""

import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from config.local.network import Health, free_port, get_json, lan_address, wanted_port
from config.local.postgres import data_home, start_postgres
from config.local.processes import AlreadyRunning, StartFailed, start_child
from config.local.supervisor import Service, Supervisor
from config.local.valkey import start_valkey

CHECKOUT = Path(__file__).resolve().parent.parent.parent


class Launcher:
    """One run. `folder` keeps the data between runs; `environment` is what the processes get."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started_at = time.monotonic()
        self.environment = {
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            "FIEL_DIE_WITH_PARENT": "1",
            # Celery advises against root in a dozen lines; on a trial machine that is the user's choice.
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
            **_secrets(folder / "secrets.json"),
        }
        self.supervisor = Supervisor(_show)
        self.private_database = not self.environment.get("DATABASE_URL")

    def run(self) -> None:
        """Start everything, print the addresses, and watch until a signal."""
        environment = self.environment
        if self.private_database:
            environment["DATABASE_URL"] = self._start_postgres()
            # Sample data is for a database of our own; into any other one only when asked.
            environment.setdefault("FIEL_DEMO", "1")
        else:
            _step("PostgreSQL", "the server that DATABASE_URL names")
        if not environment.get("REDIS_URL"):
            environment["REDIS_URL"] = self._start_redis()
        else:
            _step("Redis", "the server that REDIS_URL names")

        host, wanted = environment.get("HOST", "127.0.0.1"), wanted_port(environment)
        port = free_port(host, wanted)
        if port != wanted:
            _step("Port", f"{wanted} is taken by another program, using {port} (choose one with PORT=...)")
        shown_host = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::") else host  # noqa: S104
        address = f"http://{shown_host}:{port}"
        environment.setdefault("PUBLIC_URL", address)
        lan = lan_address() if host in ("0.0.0.0", "::") else ""  # noqa: S104
        if lan:
            allowed = [environment.get("FIEL_ALLOWED_HOSTS", ""), lan]
            environment["FIEL_ALLOWED_HOSTS"] = ",".join(filter(None, allowed))

        self._manage("Schema", "migrate", "--no-input", "-v0")
        demo = self._demo()
        self._publish_environment()
        self._start_processes(host, port, address)
        (self.folder / "lock").write_text(f"{os.getpid()} {address}\n")
        self._print_welcome(address, lan and f"http://{lan}:{port}", demo)
        self.supervisor.run()

    def stop(self) -> None:
        self.supervisor.stop()
        (self.folder / "environment.json").unlink(missing_ok=True)

    # --- servers ---------------------------------------------------------------------------------

    def _start_postgres(self) -> str:
        first_time = not (self.folder / "postgres").exists()
        _step("PostgreSQL", "creating a private database ..." if first_time else "starting ...")
        url = ""

        def start() -> subprocess.Popen[bytes]:
            nonlocal url
            server = start_postgres(self.folder / "postgres")
            url = server.url
            return server.process

        self.supervisor.start(Service("postgres", start, stop_signal=signal.SIGINT, patience_seconds=20))
        return url

    def _start_redis(self) -> str:
        _step("Redis", "starting ...")
        url = ""

        def start() -> subprocess.Popen[bytes]:
            nonlocal url
            server = start_valkey(self.folder / "redis")
            url = server.url
            return server.process

        self.supervisor.start(Service("redis", start))
        return url

    # --- schema and sample data ------------------------------------------------------------------

    def _manage(self, title: str, *arguments: str) -> str:
        """Run a management command to its end and return what it printed; show that only when it failed."""
        _step(title, "...")
        process = start_child(
            [sys.executable, "manage.py", *arguments],
            environment=self.environment,
            death_signal=signal.SIGKILL,
            output=subprocess.PIPE,
            cwd=CHECKOUT,
        )
        printed = process.communicate()[0].decode(errors="replace").strip()
        if process.returncode != 0:
            raise StartFailed(f"`manage.py {' '.join(arguments)}` failed:\n{printed}")
        return printed

    def _demo(self) -> str:
        """Fill a new database with sample data; return the lines with the login and the keys it made.

        Keys are shown only when they are made, so the lines are kept beside the data.
        """
        if self.environment.get("FIEL_DEMO") != "1":
            return ""
        kept = self.folder / "demo.txt"
        if self.private_database and kept.exists():
            return kept.read_text()
        if not (CHECKOUT / "pos_api" / "management" / "commands" / "demo.py").exists():
            return ""
        printed = self._manage("Sample data", "demo")
        _write_private(kept, printed)
        return printed

    def _publish_environment(self) -> None:
        """Let `manage.py` in another terminal reach the same servers (config/environment.py reads this)."""
        names = ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "FIEL_DEMO", "FIEL_SECRET_KEY", "FIEL_KEY_PEPPER")
        values = {name: self.environment[name] for name in names if name in self.environment}
        _write_private(self.folder / "environment.json", json.dumps(values, indent=1))

    # --- Fiel's own processes --------------------------------------------------------------------

    def _start_processes(self, host: str, port: int, address: str) -> None:
        _step("Web server", "starting with the worker and the scheduler ...")
        python = sys.executable
        granian = [
            *(
                python,
                "-m",
                "granian",
                "config.wsgi:application",
                "--interface",
                "wsgi",
                "--no-ws",
                "--http",
                "1",
            ),
            *("--host", host, "--port", str(port)),
            *("--workers", self.environment.get("GRANIAN_WORKERS", "2")),
            # A demonstration's providers answer in the process that asks them, which one thread alone would keep from answering.
            *("--blocking-threads", "4" if self.environment.get("FIEL_DEMO") == "1" else "1"),
            *("--respawn-failed-workers", "--respawn-interval", "0.5", "--workers-kill-timeout", "10"),
            *("--log-level", "warning"),
        ]
        celery = [python, "-m", "celery", "-q", "-A", "config.celery:app"]
        worker = [*celery, "worker", "-c", "2", "-l", "INFO", "--without-gossip", "--without-mingle"]
        # One process, no pool: it runs one job at a time and is idle most of the day.
        jobs = [*celery, "worker", "-P", "solo", "-Q", "jobs", "-n", "jobs@%h", "-l", "INFO"]
        jobs += ["--without-gossip", "--without-mingle"]
        senders = [*celery, "worker", "-P", "solo", "-Q", "senders", "-n", "senders@%h", "-l", "INFO"]
        senders += ["--without-gossip", "--without-mingle"]
        beat_folder = self.folder / "beat"
        beat_folder.mkdir(exist_ok=True)
        scheduler = [*celery, "beat", "-l", "INFO", "-s", str(beat_folder / "schedule"), "--pidfile="]
        health = Health(address, time.time())
        self.supervisor.start(
            Service("web", self._starter(granian), health.web),
            Service("worker", self._starter(worker), health.worker, patience_seconds=20),
            Service("jobs", self._starter(jobs), patience_seconds=5),
            Service("senders", self._starter(senders), patience_seconds=20),
            Service("scheduler", self._starter(scheduler), health.scheduler),
        )

    def _starter(self, command: list[str]) -> Any:
        def start() -> subprocess.Popen[bytes]:
            return start_child(
                command,
                environment=self.environment,
                death_signal=signal.SIGKILL,
                output=subprocess.PIPE,
                cwd=CHECKOUT,
            )

        return start

    def _print_welcome(self, address: str, lan: str, demo: str) -> None:
        health = get_json(f"{address}/readyz") or {}
        checks = ", ".join(f"{name} {check['status']}" for name, check in health.get("checks", {}).items())
        seconds = time.monotonic() - self.started_at
        lines = ["", f"Fiel is ready after {seconds:.1f} s.  Health: {checks}", ""]
        pages = [
            ("Back-office", "/"),
            ("Till", "/till/"),
            ("API documentation", "/api/docs/"),
            ("Health", "/readyz"),
        ]
        lines += [f"  {title:<18} {address}{path}" for title, path in pages]
        if lan:
            lines.append(f"  {'On a phone':<18} {lan}/till/")
        lines.append("")
        if demo.strip():
            lines += [f"  {line}" for line in demo.strip().splitlines()]
        else:
            lines.append("  Make a login with: .venv/bin/python manage.py createsuperuser")
        lines += ["", f"Data: {self.folder}   Stop: Ctrl-C   Start anew: make clean", ""]
        print("\n".join(lines), flush=True)


def main() -> int:
    """Run until a signal, or with the argument `clean` delete the data; return the exit code."""
    folder = Path(os.environ.get("FIEL_LOCAL", CHECKOUT / ".local")).resolve()
    if sys.argv[1:] == ["clean"]:
        return _clean(folder)
    # SIGINT too: a shell that starts us in the background has it ignored.
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _interrupt)
    try:
        with _only_one(folder):
            launcher = Launcher(folder)
            try:
                launcher.run()
            finally:
                for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                    signal.signal(name, signal.SIG_IGN)
                print("\nStopping ...", flush=True)
                launcher.stop()
                print("Stopped. The data is kept.", flush=True)
    except KeyboardInterrupt:
        return 0
    except AlreadyRunning as problem:
        print(problem, file=sys.stderr, flush=True)
        return 1
    except (StartFailed, OSError) as problem:
        print(f"\nFiel could not start.\n{problem}", file=sys.stderr, flush=True)
        return 1
    return 0


def _clean(folder: Path) -> int:
    try:
        with _only_one(folder):
            for path in (data_home(folder / "postgres"), folder):
                shutil.rmtree(path, ignore_errors=True)
    except AlreadyRunning as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Hold the folder's lock. The kernel releases it with the process, however that ends."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    with open(folder / "lock", "a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            process, _, address = lock.read().strip().partition(" ")
            where = f" at {address}" if address else ""
            raise AlreadyRunning(
                f"Fiel is running already{where} (process {process or 'unknown'}). "
                f"Use that one, or stop it first with Ctrl-C in its terminal."
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()} \n")
        lock.flush()
        yield


def _secrets(path: Path) -> dict[str, str]:
    """Secrets of this installation, made once: nobody can know them, and sessions survive a restart."""
    names = ("FIEL_SECRET_KEY", "FIEL_KEY_PEPPER")
    try:
        made = json.loads(path.read_text())
    except (OSError, ValueError):
        made = {name: secrets.token_urlsafe(48) for name in names}
        _write_private(path, json.dumps(made))
    return {name: os.environ.get(name) or made[name] for name in names}


def _write_private(path: Path, text: str) -> None:
    """Replace a file at once, readable by its owner only."""
    unfinished = path.with_name(path.name + ".new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w") as file:
        file.write(text)
    unfinished.rename(path)


def _step(title: str, text: str) -> None:
    print(f"  {title:<12} {text}", flush=True)


def _show(name: str, line: str) -> None:
    print(f"{name:>10} | {line}", flush=True)
