# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A trivial tokenization service that answers correctly and does nothing else, so that a client is what is measured.

Run as a script it takes a free port on 127.0.0.1 and prints it.
"""

from __future__ import annotations

import asyncio
import json
from typing import ClassVar

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
TOKEN = json.dumps({"message": "Data tokenized successfully", "token": "0123456789abcdef"}).encode()


class Service(asyncio.Protocol):
    stored: ClassVar[dict[str, str]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.received = b""

    def data_received(self, data: bytes) -> None:
        self.received += data
        while (end := self.received.find(b"\r\n\r\n")) >= 0:
            head = self.received[:end].lower()
            start = head.index(b"content-length:") + 15
            length = int(head[start:].split(b"\r\n", 1)[0])
            body, rest = self.received[end + 4 : end + 4 + length], self.received[end + 4 + length :]
            if len(body) < length:
                return
            self.received = rest
            self.answer(head, json.loads(body))

    def answer(self, head: bytes, body: dict[str, str]) -> None:
        if head.startswith(b"post /tokenize "):
            self.stored[body["name"]] = body["data"]
            content = TOKEN
        else:
            content = json.dumps({"data": self.stored[body["name"]]}).encode()
        self.transport.write(ANSWER % (len(content), content))


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Service, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
