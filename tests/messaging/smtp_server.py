"""A mail server of a few lines, for what happens to connections: counts them, and hangs up or refuses as it is told."""

import socketserver
import threading
from typing import Self


class _Session(socketserver.StreamRequestHandler):
    server: "SmtpServer"

    def handle(self) -> None:
        self.server.connections += 1
        taken = 0
        self._say("220 here")
        while line := self.rfile.readline().decode().strip():
            word = line.partition(" ")[0].upper()
            if word == "RCPT" and "refused" in line:
                self._say("550 nobody of that name")
            elif word == "DATA":
                self._say("354 go on")
                self._read_text()
                self._say("250 taken")
                taken += 1
                if taken == self.server.hangs_up_after:
                    return
            elif word == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 fine")

    def _read_text(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        self.server.messages.append(b"".join(lines).decode())

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class SmtpServer(socketserver.ThreadingTCPServer):
    """A server on this machine; `messages` are what it took. A connection ends after `hangs_up_after` of them, without a word."""

    daemon_threads = True

    def __init__(self, *, hangs_up_after: int = 0) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.connections = 0
        self.hangs_up_after = hangs_up_after
        self.messages: list[str] = []
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.server_close()
