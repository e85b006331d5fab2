# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A page in a real Chromium, through its protocol (https://chromedevtools.github.io/devtools-protocol/)."""

from __future__ import annotations

import base64
import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import websocket

from tests.integration.locust_exporter.harness import process
from tests.waiting import wait_until

COMMAND = (
    *("chromium-headless-shell", "--no-sandbox", "--disable-gpu", "--no-proxy-server", "--hide-scrollbars"),
    *("--remote-debugging-port=0", "--remote-allow-origins=*"),
)


class Tab:
    """One tab, which remembers what its page asked for."""

    def __init__(self, connection: websocket.WebSocket, session: str) -> None:
        self._connection = connection
        self._session = session
        self._number = 100
        self.requests: list[str] = []

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "sessionId": self._session, "method": method, "params": parameters}
        self._connection.send(json.dumps(message))
        while (answer := self._next()).get("id") != self._number:
            pass
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def _next(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._connection.recv())
        if answer.get("method") == "Network.requestWillBeSent":
            self.requests.append(answer["params"]["request"]["url"])
        return answer

    def open(self, url: str, width: int = 1280, scheme: str = "light") -> None:
        """Open a page as on a screen of that width, by somebody who likes it C(light) or C(dark)."""
        self.requests.clear()
        self.call("Network.enable")
        self.call("Page.enable")
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500
        )
        self.call("Page.navigate", url=url)
        while self._next().get("method") != "Page.loadEventFired":
            pass

    def value(self, expression: str) -> Any:
        """Return what a program of the test's own finds out about the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"]["value"]

    @property
    def text(self) -> str:
        """What a reader sees."""
        return str(self.value("document.body.innerText"))

    def printed(self) -> bytes:
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"])


@contextlib.contextmanager
def browser(folder: Path, *options: str) -> Iterator[Tab]:
    """Start one, whose profile is that folder, with these options beside its usual ones."""
    with contextlib.ExitStack() as started:
        log = started.enter_context(process([*COMMAND, *options, f"--user-data-dir={folder}", "about:blank"]))[1]
        connection = websocket.create_connection(_address(log), timeout=60)
        started.callback(connection.close)
        connection.send(json.dumps({"id": 1, "method": "Target.createTarget", "params": {"url": "about:blank"}}))
        target = _answer(connection, 1)["targetId"]
        attach = {"targetId": target, "flatten": True}
        connection.send(json.dumps({"id": 2, "method": "Target.attachToTarget", "params": attach}))
        yield Tab(connection, _answer(connection, 2)["sessionId"])


def _address(log: Path) -> str:
    wait_until("the browser listens", lambda: "DevTools listening on " in log.read_text())
    found = re.search(r"DevTools listening on (ws://\S+)", log.read_text())
    assert found
    return found[1]


def _answer(connection: websocket.WebSocket, number: int) -> dict[str, Any]:
    while (answer := json.loads(connection.recv())).get("id") != number:
        pass
    result: dict[str, Any] = answer["result"]
    return result
