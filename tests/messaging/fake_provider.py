"""A provider in a process of its own, which remembers what customers got however many of our processes die.

python fake_provider.py PORT_FILE LOG HOLD: writes its port, then a line for each message that it accepts, *before* it
answers. Each HOLD-th answer never comes (0: all come): whoever waits for it can be killed between the yes and
its record.
"""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from urllib.parse import parse_qs


def main(port_file: str, log: str, hold: int) -> None:
    lock = Lock()
    accepted = 0

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            nonlocal accepted
            fields = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            with lock:
                accepted += 1
                holds = hold and accepted % hold == 0
                message = fields["StatusCallback"][0].rstrip("/").rsplit("/", 1)[1]
                with open(log, "a") as file:
                    file.write(f"{message} {'held' if holds else 'answered'}\n")
            if holds:
                time.sleep(600)
            body = json.dumps({"sid": f"SM{accepted:032x}", "status": "queued"}).encode()
            self.send_response(201)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    unfinished = Path(port_file).with_suffix(".new")
    unfinished.write_text(str(server.server_port))
    unfinished.rename(port_file)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
