"""A mail server that takes everything and keeps nothing: ``python -m bench.smtp_sink MILLISECONDS`` prints its port.

Each answer takes so many milliseconds. A line on its standard input is answered with how many connections and messages it has had.
"""

from __future__ import annotations

import asyncio
import json
import sys


class Sink:
    """What all connections share."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self.connections = self.messages = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        await self._say(writer, b"220 sink")
        while line := await reader.readline():
            word = line[:4].upper()
            if word == b"DATA":
                await self._say(writer, b"354 go on")
                await reader.readuntil(b"\r\n.\r\n")
                self.messages += 1
                await self._say(writer, b"250 taken")
            elif word == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                await self._say(writer, b"250 fine")
        writer.close()

    async def _say(self, writer: asyncio.StreamWriter, text: bytes) -> None:
        if self._delay:
            await asyncio.sleep(self._delay)
        writer.write(text + b"\r\n")


async def main(milliseconds: int) -> None:
    sink = Sink(milliseconds / 1_000)
    server = await asyncio.start_server(sink.serve, "127.0.0.1", 0, limit=2**20)
    print(server.sockets[0].getsockname()[1], flush=True)
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps({"connections": sink.connections, "messages": sink.messages}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
