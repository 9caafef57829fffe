"""What the parts of a benchmark share: an installation of its own, filled once, started when the first part asks."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType

from bench import scene
from bench.echo_server import echo_server
from bench.scene import Scene
from bench.stack import Stack

CHECKOUT = Path(__file__).resolve().parents[1]


class Unavailable(Exception):
    """A part cannot be measured here (something it compares with is not installed); the message says what to do."""


class Installation:
    """Hands out what a part needs; nothing starts before it is asked for. Use as a context manager.

    `address` is the running installation's, `echo` that of the bare view, `scene` the keys of what is in the database.
    """

    def __init__(self, folder: Path, *, port: int, codes: int) -> None:
        self.folder, self.port, self.codes = folder, port, codes
        self._open = ExitStack()

    def __enter__(self) -> Installation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    @cached_property
    def stack(self) -> Stack:
        """The installation, running; from then on this process speaks to its database through Django."""
        print("  starting an installation ...", flush=True)
        return self._open.enter_context(Stack(CHECKOUT, self.folder, port=self.port))

    @property
    def address(self) -> str:
        # The name would be looked up, by some clients in two address families, for every connection.
        return self.stack.address.replace("localhost", "127.0.0.1")

    @cached_property
    def echo(self) -> str:
        """The address of the bare view, with the same server and as many workers as the installation."""
        return self._open.enter_context(echo_server(CHECKOUT, self.port + 1))

    @cached_property
    def scene(self) -> Scene:
        """What is in the database beside campaigns: filled the first time, which takes a minute."""
        _ = self.stack
        return scene.prepare(self.codes)
