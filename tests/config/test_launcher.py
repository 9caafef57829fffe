"""`make run` with real processes: what starts, what is refused, what is left when it dies."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.local.postgres import data_home, start_postgres
from config.local.processes import StartFailed, die_with_parent, start_child
from config.local.programs import make_private
from config.local.supervisor import Service, Supervisor

ROOT = Path(__file__).resolve().parent.parent.parent


def environment(folder: Path, **extra: str) -> dict[str, str]:
    """What a newcomer's shell has, and a data folder of the test's own."""
    steering = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "FIEL_TEST_RUN")
    kept = {name: value for name, value in os.environ.items() if name not in steering}
    return {**kept, "FIEL_LOCAL": str(folder), "FIEL_DEMO": "0", "GRANIAN_WORKERS": "1", **extra}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def launch(folder: Path, **extra: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "config.local"],
        cwd=ROOT,
        env=environment(folder, **extra),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=die_with_parent,
    )


def read_until(launcher: subprocess.Popen[str], words: str) -> str:
    """Return what the launcher printed up to `words`; fail with all of it when it ends before."""
    lines = []
    for line in launcher.stdout:
        lines.append(line)
        if words in line:
            return "".join(lines)
    pytest.fail("".join(lines))


def processes_of(folder: Path) -> dict[int, str]:
    """The living processes that were started with this data folder: id and command line."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            text = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if os.fsencode(folder) in text and state != "Z" and int(entry.name) != os.getpid():
            found[int(entry.name)] = text.decode(errors="replace").replace("\0", " ")[:200]
    return found


def wait_until(condition, seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder that any user may walk to, as in most checkouts; what still runs in it afterwards is killed."""
    home = Path(tempfile.mkdtemp(prefix="fiel-launch-"))
    home.chmod(0o755)
    yield home / "local"
    for pid in processes_of(home):
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(home, ignore_errors=True)


class TestRun:
    def test_survives_a_killed_supervisor_and_keeps_the_data(self, folder):
        port = free_port()
        taken = socket.create_server(("127.0.0.1", port))
        launcher = launch(folder, PORT=str(port))

        printed = read_until(launcher, "Stop: Ctrl-C")

        # Everything is up, on the next port, and the welcome says so.
        address = json.loads((folder / "environment.json").read_text())["PUBLIC_URL"]
        assert f"{port} is taken by another program" in printed
        assert f"Back-office        {address}/" in printed
        assert "database ok, schema ok, redis ok, worker ok, scheduler ok" in printed
        with urllib.request.urlopen(f"{address}/readyz", timeout=5) as answer:  # noqa: S310
            assert json.load(answer)["status"] == "ok"
        taken.close()

        # A second one on the same data is refused, and says where the first one is.
        second = subprocess.run(
            [sys.executable, "-m", "config.local"],
            cwd=ROOT,
            env=environment(folder),
            capture_output=True,
            text=True,
            check=False,
        )
        assert second.returncode == 1
        assert f"running already at {address} (process {launcher.pid})" in second.stderr

        # A command in another terminal reaches the same database without being told where it is.
        subprocess.run(
            [
                sys.executable,
                "manage.py",
                "createsuperuser",
                "--no-input",
                "--username",
                "ana",
                "--email",
                "a@b.example",
            ],
            cwd=ROOT,
            env=environment(folder, DJANGO_SUPERUSER_PASSWORD="not-a-secret-1"),
            check=True,
            capture_output=True,
        )

        # Killed without a chance to clean up, it leaves no process behind.
        os.kill(launcher.pid, signal.SIGKILL)
        launcher.wait()
        launcher.stdout.close()
        assert wait_until(lambda: not processes_of(folder)), processes_of(folder)

        # The next start recovers the database, with what was in it; Ctrl-C ends it cleanly.
        again = launch(folder, PORT=str(free_port()))
        read_until(again, "Stop: Ctrl-C")
        listed = subprocess.run(
            [sys.executable, "manage.py", "shell", "-v0", "-c",
             "from django.contrib.auth.models import User; print(User.objects.get().username)"],
            cwd=ROOT,
            env=environment(folder),
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        assert listed.stdout == "ana\n", listed.stderr
        os.kill(again.pid, signal.SIGINT)
        rest = again.stdout.read()
        again.stdout.close()
        assert again.wait(30) == 0
        assert "Stopped. The data is kept." in rest
        assert processes_of(folder) == {}
        assert not (folder / "environment.json").exists()

    def test_says_what_to_do_when_the_port_is_no_number(self, folder):
        done = subprocess.run(
            [sys.executable, "-m", "config.local"],
            cwd=ROOT,
            env=environment(folder, PORT="eighty", DATABASE_URL="postgresql://a@b/c", REDIS_URL="redis://r"),
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode == 1
        assert "PORT=eighty is not a port number." in done.stderr


class TestStartPostgres:
    def test_works_where_the_path_of_a_socket_would_be_too_long(self, folder):
        server = start_postgres(folder / ("deep" * 20), durable=False)

        assert len(str(server.socket_folder)) < 85
        assert server.socket_folder.stat().st_mode & 0o777 == 0o700
        server.stop()
        server.socket_folder.rmdir()

    def test_refuses_a_folder_that_another_user_made(self, folder, monkeypatch):
        monkeypatch.setattr("config.local.programs.os.geteuid", lambda: 4242)

        with pytest.raises(StartFailed, match="belongs to another user"):
            make_private(folder)

    @pytest.mark.parametrize("remains", ["", "1\n", "{own}\n/elsewhere\n"], ids=["empty", "init", "recycled"])
    def test_starts_over_a_stale_pid_file(self, folder, remains):
        start_postgres(folder, durable=False).stop()
        pid_file = data_home(folder) / "pg" / "postmaster.pid"
        pid_file.write_text(remains.format(own=os.getpid()))

        server = start_postgres(folder, durable=False)

        assert server.process.poll() is None
        server.stop()

    def test_stops_an_orphan_of_its_own_first(self, folder):
        orphan = start_postgres(folder, durable=False)

        server = start_postgres(folder, durable=False)

        assert orphan.process.wait(10) is not None
        assert server.process.poll() is None
        server.stop()

    def test_listens_on_no_port_and_lets_nobody_else_in(self, folder):
        server = start_postgres(folder, durable=False)

        assert server.socket_folder.stat().st_mode & 0o777 == 0o700
        listening = subprocess.run(
            ["cat", "/proc/net/tcp"], capture_output=True, text=True, check=True
        ).stdout
        inodes = {line.split()[9] for line in listening.splitlines()[1:]}
        sockets = {os.readlink(f) for f in Path(f"/proc/{server.process.pid}/fd").iterdir()}
        assert not {f"socket:[{inode}]" for inode in inodes} & sockets
        server.stop()

    def test_says_what_to_do_when_there_is_no_server(self, folder, monkeypatch, tmp_path):
        monkeypatch.setattr("config.local.programs.find_spec", lambda _name: None)
        monkeypatch.setattr("config.local.programs.SYSTEM_VERSIONS", tmp_path)
        monkeypatch.setenv("PATH", str(tmp_path))

        with pytest.raises(StartFailed, match=r"make setup.*apt-get install postgresql.*DATABASE_URL"):
            start_postgres(folder)


class TestSupervisor:
    def test_shows_lines_restarts_what_dies_and_stops_all(self, tmp_path):
        shown: list[str] = []
        supervisor = Supervisor(lambda name, line: shown.append(f"{name}: {line}"))
        marks = tmp_path / "marks"
        code = (
            f"open({str(marks)!r}, 'a').write('x'); print('hello', flush=True); import time; time.sleep(60)"
        )

        def start():
            return start_child(
                [sys.executable, "-c", code],
                environment=os.environ,
                death_signal=signal.SIGKILL,
                output=subprocess.PIPE,
            )

        service = Service("echo", start, ready=lambda: marks.exists() and marks.read_text() != "")
        supervisor.start(service)
        first = service.process
        first.kill()
        wait_until(lambda: bool(supervisor.step()) or marks.read_text() == "xx", 10)
        supervisor.step()
        second = service.process
        supervisor.stop()

        assert marks.read_text() == "xx"
        assert any("stopped (signal SIGKILL); starting again in 0.5 s" in line for line in shown)
        assert "echo: hello" in shown
        assert second.poll() is not None

    def test_names_what_did_not_start(self):
        supervisor = Supervisor(lambda _name, _line: None)

        def start():
            return start_child(["false"], environment=os.environ, death_signal=signal.SIGKILL)

        with pytest.raises(StartFailed, match="web stopped while starting"):
            supervisor.start(Service("web", start, ready=lambda: False))
        supervisor.stop()
