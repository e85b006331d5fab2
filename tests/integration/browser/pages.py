# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Web pages of a stranger, each for a browser to open."""

from __future__ import annotations

import contextlib
import http.server
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from tests.integration.browser.chromium import Browser
from tests.integration.locust_exporter.harness import serve
from tests.waiting import wait_until

ATTACK = Path(__file__).with_name("attack.html")


def attack(writes: Sequence[tuple[str, str]], reads: Sequence[str]) -> str:
    """Return a page that writes in every way that there is, URL and body, then reads, and says which answers it could
    read: `heard: [URL, …]`."""
    return ATTACK.read_text().replace("WRITES", json.dumps(writes)).replace("READS", json.dumps(reads))


def heard(person: Browser, page: str) -> list[str]:
    """Let a page of attacks have its way; return what it could read."""
    person.open(page)
    done = "document.getElementById('done').textContent"
    wait_until("all was tried", lambda: bool(person.run(done)), 120)
    answers: list[str] = json.loads(person.run(done).removeprefix("heard: "))
    return answers


def leaving(url: str, form: str | None, referrer: str) -> str:
    """Return a page that takes the whole browser to a URL: by a form, as POST, or by a link.

    `form` are the fields as in a query, and `referrer` is what it wants told of itself.
    """
    if form is None:
        goes = f'<a href="{url}">on</a><script>document.links[0].click()</script>'
    else:
        fields = (pair.partition("=") for pair in form.split("&"))
        inputs = "".join(f'<input name="{name}" value="{value}">' for name, _equals, value in fields)
        goes = f'<form method="post" action="{url}">{inputs}</form><script>document.forms[0].submit()</script>'
    return f'<!DOCTYPE html><meta name="referrer" content="{referrer}"><title>A page of a stranger</title>{goes}'


@contextlib.contextmanager
def stranger(host: str, pages: Sequence[str], cookies: list[str]) -> Iterator[str]:
    """Serve them on this machine, the first at /0, under the name `host`; yield the URL without the path.

    The cookies that come are put into `cookies`.
    """

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            cookies.extend(self.headers.get_all("Cookie", []))
            number = self.path.strip("/")
            is_page = number.isdecimal() and int(number) < len(pages)
            self.send_response(200 if is_page else 404)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(pages[int(number)].encode() if is_page else b"")

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with serve(Page) as url:
        yield f"http://{host}:{urlsplit(url).port}"
