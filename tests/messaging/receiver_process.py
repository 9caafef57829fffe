"""A system that takes webhooks, in a process of its own: it remembers what it took however many of ours die.

python receiver_process.py PORT_FILE LOG HOLD MOMENT: writes its port, then the id of each event that it took. Each
HOLD-th call (0: none) gets no answer, "before" or "after" (MOMENT) it was taken: whoever waits for it can be killed there.
"""

import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock


def main(port_file: str, log: str, hold: int, moment: str) -> None:
    lock = Lock()
    calls = 0

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            nonlocal calls
            self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                calls += 1
                holds = bool(hold) and calls % hold == 0
            if holds and moment == "before":
                self.hang()
            with lock, open(log, "a") as file:
                file.write(self.headers["webhook-id"] + "\n")
            if holds:
                self.hang()
            self.send_response(204)
            self.end_headers()

        def hang(self) -> None:
            with lock, open(f"{log}.held", "a") as file:
                file.write("held\n")
            time.sleep(600)

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    unfinished = Path(port_file).with_suffix(".new")
    unfinished.write_text(str(server.server_port))
    unfinished.rename(port_file)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
