# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A real browser (Chromium) with one page, which keeps what it was given: cookies, and passwords it was asked for."""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.waiting import wait_until

PROGRAM = ("chromium-headless-shell", "--no-sandbox", "--disable-gpu", "--no-proxy-server", "--hide-scrollbars")


class Browser:
    """Told what to do by the Chrome DevTools Protocol: JSON messages, with a zero byte after each."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin and process.stdout
        self._to, self._from = process.stdin, process.stdout
        self._number = 0
        self._session: dict[str, str] = {}
        self.requests: list[str] = []
        """URLs that the page asked for, since it was opened."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = {"sessionId": attached["sessionId"]}
        self.call("Network.enable")

    def call(self, method: str, **params: object) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params, **self._session}
        self._to.write(json.dumps(message).encode() + b"\0")
        self._to.flush()
        while (answer := self._message()).get("id") != self._number:
            pass
        # Such as: its page was left meanwhile.
        if "error" in answer:
            raise ConnectionError(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def _message(self) -> dict[str, Any]:
        text = bytearray()
        while (byte := self._from.read(1)) != b"\0":
            if not byte:
                raise EOFError("the browser has ended")
            text += byte
        message: dict[str, Any] = json.loads(text)
        if message.get("method") == "Network.requestWillBeSent":
            self.requests.append(message["params"]["request"]["url"])
        return message

    def open(self, url: str, width: int = 1280, scheme: str = "light") -> None:
        """As one who types an address, has a screen of that width, in pixels, and likes it `light` or `dark`."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        self.call("Emulation.setDeviceMetricsOverride", **screen)
        self.requests.clear()
        opened = self.call("Page.navigate", url=url)
        assert "errorText" not in opened, f"{url}: {opened['errorText']}"
        wait_until(f"{url} is there", lambda: self.run("document.readyState") == "complete", 30)

    def type(self, text: str) -> None:
        """Into what has the focus."""
        self.call("Input.insertText", text=text)

    def run(self, script: str) -> Any:
        """Return the value of an expression in the page, awaited where it is a promise."""
        done = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    @property
    def text(self) -> str:
        """What a reader sees."""
        return str(self.run("document.body.innerText"))

    def printed(self) -> bytes:
        """Return the page as a PDF."""
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"])

    def ask(self, path: str, body: str | None = None, kind: str = "application/x-www-form-urlencoded") -> int:
        """Ask the server of the page, as its own script would; return the status."""
        post = {"method": "POST", "headers": {"Content-Type": kind}, "body": body}
        options = json.dumps({} if body is None else post)
        status: int = self.run(f"fetch({json.dumps(path)}, {options}).then((answer) => answer.status)")
        return status


@contextlib.contextmanager
def browser(folder: Path, *names: str) -> Iterator[Browser]:
    """Yield one with its files in `folder`, for which `names` lead to this machine."""
    # It reads from its third file, and writes into its fourth.
    pipes = 'exec "$@" 3<&0 4>&1 </dev/null >/dev/null'
    leading = ",".join(f"MAP {name} 127.0.0.1" for name in names)
    options = ("--remote-debugging-pipe", f"--user-data-dir={folder}", f"--host-resolver-rules={leading}")
    command = ["sh", "-c", pipes, "sh", *PROGRAM, *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            yield Browser(process)
        finally:
            process.terminate()
