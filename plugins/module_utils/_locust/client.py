# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""A client of Locust's web interface, for Locust 2.15.1 and newer.

The protocol is not documented by Locust; it is that of C(locust/web.py). What differs between versions is said where it
is handled.
"""

from __future__ import annotations

import csv
import html
import http.client
import http.cookiejar
import io
import json
import os
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

# States of Locust in which load is made or just being ended.
GOING = ("hatching", "spawning", "running", "cleanup", "stopping")
ENDING = ("cleanup", "stopping")

_CSV_FIGURES = {
    "Request Count": "num_requests",
    "Failure Count": "num_failures",
    "Median Response Time": "median",
    "Average Response Time": "avg",
    "Min Response Time": "min",
    "Max Response Time": "max",
    "Average Content Size": "avg_content_length",
    "Requests/s": "rps",
    "Failures/s": "fail_per_sec",
}
_COUNTS = ("num_requests", "num_failures")


class LocustError(Exception):
    """Locust did not do what was asked. `transient` where asking again may help."""

    def __init__(self, problem: str, transient: bool = False) -> None:
        super().__init__(problem)
        self.transient = transient


class _MethodRefusedError(LocustError):
    """HTTP 405."""


@dataclass(frozen=True)
class Overview:
    """What Locust's front page tells; unlike its statistics, it is never cached."""

    state: str
    version: str
    user_classes: Optional[tuple[str, ...]]
    """The classes to choose from; None where Locust runs without C(--class-picker)."""


class LocustClient:
    """Talks to one Locust. `url` includes the base path, if there is one.

    `cookies` names a file that keeps the login between clients; it is made readable for its owner only.
    """

    def __init__(
        self,
        url: str,
        username: Optional[str] = None,
        password: Optional[str] = None,
        ca_path: Optional[str] = None,
        cookies: Optional[Path] = None,
        timeout: float = 4.0,
    ) -> None:
        self.url = url.rstrip("/")
        self._login = (username, password) if username is not None and password is not None else None
        self._timeout = timeout
        self._cookie_file = cookies
        self._cookies = http.cookiejar.LWPCookieJar()
        if cookies is not None and cookies.exists():
            self._cookies.load(str(cookies), ignore_discard=True)
        handlers: list[urllib.request.BaseHandler] = [urllib.request.HTTPCookieProcessor(self._cookies)]
        if self.url.startswith("https:"):
            handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca_path)))
        self._opener = urllib.request.build_opener(*handlers)

    def overview(self) -> Overview:
        return parse_overview(self._ask("/"))

    def stats(self) -> dict[str, Any]:
        """Return C(/stats/requests): current figures, up to 2 s old, at most 500 endpoints."""
        return self._json("/stats/requests")

    def swarm(self, form: Sequence[tuple[str, str]]) -> dict[str, Any]:
        """Start a run, or change the one that is going on. A refusal is HTTP 200 with C(success) false."""
        answer = self._json("/swarm", form)
        if answer.get("success") is not True:
            raise LocustError(f"Locust at {self.url} refused to start: {answer.get('message', answer)}")
        return answer

    def stop(self) -> None:
        """Ask Locust to end its run. Users are told at once; the answer may come only when all have ended."""
        self._change("/stop")

    def reset_stats(self) -> None:
        self._change("/stats/reset")

    def download(self, path: str) -> str:
        """Return a CSV file or the HTML report."""
        return self._ask(path)

    def _change(self, path: str) -> None:
        # GET up to 2.46.3, where a POST gets 405 or 500; POST from 2.47.0, where a GET gets 405 and changes nothing.
        try:
            self._ask(path)
        except _MethodRefusedError:
            self._ask(path, [])

    def _json(self, path: str, form: Optional[Sequence[tuple[str, str]]] = None) -> dict[str, Any]:
        body = self._ask(path, form)
        try:
            answer = json.loads(body)
        except ValueError:
            raise LocustError(f"{self.url}{path} did not answer with JSON: {body[:80]!r}", transient=True) from None
        if not isinstance(answer, dict):
            raise LocustError(f"{self.url}{path} is not Locust's: {body[:80]!r}")
        return answer

    def _ask(self, path: str, form: Optional[Sequence[tuple[str, str]]] = None) -> str:
        body = self._send(path, form)
        if _asks_for_login(body):
            self._log_in()
            body = self._send(path, form)
            if _asks_for_login(body):
                raise LocustError(f"Locust at {self.url} asks for a login again after one was accepted")
        return body

    def _log_in(self) -> None:
        """Send name and password to where Locust's login page says, and keep the session's cookie.

        The page is HTTP 200; it holds C(window.authArgs) with the path that the locustfile takes the form at.
        """
        if self._login is None:
            raise LocustError(f"Locust at {self.url} asks for a login; set locust_username and locust_password")
        auth = _embedded(self._send("/login"), "authArgs") or {}
        path = auth.get("username_password_callback")
        if not path:
            raise LocustError(f"{self.url}/login has no form for a name and a password")
        username, password = self._login
        form = [("username", str(username)), ("password", str(password))]
        if _asks_for_login(self._send(path, form, base=self.url + "/login")):
            raise LocustError(f"Locust at {self.url} refused the login of {username}")
        if self._cookie_file is not None:
            os.close(os.open(self._cookie_file, os.O_WRONLY | os.O_CREAT, 0o600))
            self._cookies.save(str(self._cookie_file), ignore_discard=True)

    def _send(self, path: str, form: Optional[Sequence[tuple[str, str]]] = None, base: str = "") -> str:
        url = urllib.parse.urljoin(base, path) if base else self.url + path
        data = None if form is None else urllib.parse.urlencode(list(form)).encode()
        try:
            with self._opener.open(urllib.request.Request(url, data=data), timeout=self._timeout) as response:
                return str(response.read().decode(errors="replace"))
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 405:
                    raise _MethodRefusedError(f"{url} answered HTTP 405") from None
                raise LocustError(f"{url} answered HTTP {error.code}", transient=error.code >= 500) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, ssl.SSLCertVerificationError):
                raise LocustError(
                    f"the certificate of {self.url} is not trusted ({reason}); set locust_ca_path"
                ) from None
            raise LocustError(f"no answer from Locust at {self.url}: {reason!r}", transient=True) from None


def _asks_for_login(body: str) -> bool:
    return "window.authArgs" in body


def _embedded(page: str, name: str) -> Optional[dict[str, Any]]:
    match = re.search(rf"window\.{name} = ", page)
    if not match:
        return None
    try:
        value = json.JSONDecoder().raw_decode(page, match.end())[0]
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def parse_overview(page: str) -> Overview:
    """Read Locust's front page: an object in a script, or plain HTML in the interface that Locust had up to 2.21."""
    values = _embedded(page, "templateArgs")
    if values is not None:
        classes = values.get("available_user_classes") if values.get("show_userclass_picker") else None
        return Overview(
            state=str(values.get("state")),
            version=str(values.get("version")),
            user_classes=None if classes is None else tuple(classes),
        )
    state = re.search(r'<body class="(\w+)', page)
    version = re.search(r'releases/tag/([^"]+)"', page)
    if not state or not version:
        raise LocustError(f"this is not Locust's front page: {page[:80]!r}", transient=True)
    picker = re.search(r'<select[^>]+name="user_classes".*?</select>', page, re.DOTALL)
    classes = re.findall(r'<option value="([^"]*)"', picker.group()) if picker else None
    return Overview(
        state=state.group(1),
        version=version.group(1),
        user_classes=None if classes is None else tuple(html.unescape(name) for name in classes),
    )


def current_figures(stats: Mapping[str, Any]) -> dict[str, Any]:
    """Return what C(/stats/requests) says of this moment.

    Keys: C(state), C(users), C(rps), C(fail_per_sec), C(p50), C(p95) (ms over the last 10 s; None where unknown),
    C(fail_ratio), C(num_requests), C(num_failures), C(workers) (connected ones; None without workers).
    """
    total: Mapping[str, Any] = next(
        (row for row in reversed(stats.get("stats") or []) if row.get("name") == "Aggregated"), {}
    )
    percentiles = stats.get("current_response_time_percentiles")
    if percentiles is None:
        # 2.15.1 to 2.20.1 number them, older ones and newer ones name them.
        percentiles = {
            "response_time_percentile_0.5": stats.get("current_response_time_percentile_1"),
            "response_time_percentile_0.95": stats.get("current_response_time_percentile_2"),
        }
    workers = stats.get("workers")
    return {
        "state": stats.get("state"),
        "users": stats.get("user_count"),
        # In 2.15.1 total_rps is the current rate; only the row has it in every version.
        "rps": total.get("current_rps"),
        "fail_per_sec": total.get("current_fail_per_sec"),
        "p50": percentiles.get("response_time_percentile_0.5"),
        "p95": percentiles.get("response_time_percentile_0.95"),
        "fail_ratio": stats.get("fail_ratio"),
        "num_requests": total.get("num_requests"),
        "num_failures": total.get("num_failures"),
        "workers": None if workers is None else sum(worker.get("state") != "missing" for worker in workers),
    }


def parse_stats(text: str) -> list[dict[str, Any]]:
    """Read C(/stats/requests/csv): every endpoint, then the row C(Aggregated), of the whole run.

    Of Locust's answers only this one has all percentiles in every version and more than 500 endpoints. Each row has
    C(method), C(name), C(fail_ratio), the figures of `_CSV_FIGURES` and the percentiles as C(p95); response times in
    ms, None where there was no request.
    """
    rows = []
    for line in _table(text, "Type", "Name", "Request Count", "Failure Count"):
        row: dict[str, Any] = {"method": line["Type"], "name": line["Name"]}
        for column, value in line.items():
            figure = _CSV_FIGURES.get(column) or (f"p{column[:-1]}" if column.endswith("%") else None)
            if figure is not None and figure != "p100":
                row[figure] = int(value) if figure in _COUNTS else None if value in ("N/A", "") else float(value)
        row["fail_ratio"] = row["num_failures"] / row["num_requests"] if row["num_requests"] else 0.0
        rows.append(row)
    if not rows:
        raise LocustError("Locust's statistics are empty")
    return rows


def parse_failures(text: str) -> list[dict[str, Any]]:
    """Read C(/stats/failures/csv): C(method), C(name), C(error), C(occurrences) of each kind of failure."""
    return [
        {
            "method": line["Method"],
            "name": line["Name"],
            "error": line["Error"],
            "occurrences": int(line["Occurrences"]),
        }
        for line in _table(text, "Method", "Name", "Error", "Occurrences")
    ]


def parse_exceptions(text: str) -> list[dict[str, Any]]:
    """Read C(/exceptions/csv): C(message), C(traceback), C(occurrences) of each kind of exception in a task.

    Locust counts what a task raises apart from its requests, which may all have succeeded.
    """
    return [
        {"message": line["Message"], "traceback": line["Traceback"], "occurrences": int(line["Count"])}
        for line in _table(text, "Count", "Message", "Traceback")
    ]


def _table(text: str, *columns: str) -> list[dict[str, str]]:
    # A failure may quote a whole answer, and the module's own limit is 128 KiB.
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    reader = csv.DictReader(io.StringIO(text), restval="")
    if not set(columns) <= set(reader.fieldnames or ()):
        raise LocustError(f"this is not one of Locust's tables: {text[:80]!r}")
    return list(reader)
