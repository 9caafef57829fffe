"""Starting child processes that cannot outlive their parent."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
# Loaded here, before any fork: a child between fork and exec must not take the loader's locks.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class StartFailed(RuntimeError):
    """Something needed could not be started; the text says what to do about it."""


class AlreadyRunning(StartFailed):
    """Another launcher works on the same data."""


def die_with_parent(death_signal: int = signal.SIGKILL) -> None:
    """Have the kernel signal this process when its parent dies, however it dies. Does nothing off Linux."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)


def start_child(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    death_signal: int,
    output: IO[bytes] | int | None = None,
    cwd: Path | None = None,
    user: tuple[int, int] | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command` as the leader of its own process group, tied to the life of the calling thread.

    `user` is a (uid, gid) to drop to. Call from the main thread: the kernel watches the thread that forks.
    """

    def before_exec() -> None:
        # In this order: changing the user clears the parent-death signal.
        if user is not None:
            os.setgroups([])
            os.setgid(user[1])
            os.setuid(user[0])
        die_with_parent(death_signal)

    # preexec_fn is unsafe in threaded parents; the launcher forks only from its single main thread.
    return subprocess.Popen(
        [str(part) for part in command],
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        cwd=cwd,
        start_new_session=True,
        preexec_fn=before_exec,
    )


def stop_group(child: subprocess.Popen[bytes], stop_signal: int, patience_seconds: float) -> None:
    """Ask a child to stop, wait, then kill whatever is left of its process group."""
    if child.poll() is None:
        child.send_signal(stop_signal)
    wait_or_kill(child, patience_seconds)


def wait_or_kill(child: subprocess.Popen[bytes], patience_seconds: float) -> None:
    """Wait for a child that was asked to stop, then kill whatever is left of its process group."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(patience_seconds)
    kill_group(child)


def kill_group(child: subprocess.Popen[bytes]) -> None:
    """Kill a child and every process of its group at once."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
