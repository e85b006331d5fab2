# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""A client of Locust's web interface, for Locust 2.15.1 and newer.

The protocol is not documented by Locust; it is that of C(locust/web.py). What differs between versions is said where it
is handled. Whatever answers need not be Locust, nor mean well: see C(transport) for what holds for every answer.
"""

from __future__ import annotations

import csv
import html
import io
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from .transport import Answer, LocustError, Transport, printable

# States of Locust in which load is made or just being ended.
GOING = ("hatching", "spawning", "running", "cleanup", "stopping")
ENDING = ("cleanup", "stopping")
OLDEST = (2, 15, 1)
# Before it, the timer of a run that was ended early goes on, and ends the next one.
CANCELS_TIMERS = (2, 47, 0)

# How long an answer may take as a whole. Locust makes its reports while load goes on.
TIMEOUT = 4.0
DOWNLOAD_TIMEOUT = 30.0
# An answer may quote 500 failures; reports have all endpoints.
MAX_ANSWER = 32 * 2**20
MAX_DOWNLOAD = 64 * 2**20

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


class _MethodRefusedError(LocustError):
    """HTTP 405."""


class NotThereError(LocustError):
    """HTTP 404."""


@dataclass(frozen=True)
class ExtraOption:
    """An option that the locustfile adds, as the front page tells it."""

    type: str
    """Of its value now: C(str), C(number), C(bool), C(list), or C(none) where it has none; C(str) where not told."""
    settable: bool
    """Whether this Locust takes a new value at the start of a run; versions cannot for each type."""
    choices: Optional[tuple[str, ...]] = None


@dataclass(frozen=True)
class Overview:
    """What Locust's front page tells; unlike its statistics, it is never cached."""

    state: str
    version: str
    user_classes: Optional[tuple[str, ...]]
    """The classes to choose from; None where Locust runs without C(--class-picker)."""
    shape: Optional[bool] = None
    """Whether there is a C(LoadTestShape); None where the page does not tell."""
    shape_classes: Optional[tuple[str, ...]] = None
    """Those to choose from by the field C(shape_class); None without C(--class-picker), where a shape simply runs."""
    host: Optional[str] = None
    """What is tested unless the run says otherwise; None where the user classes have different ones, or none."""
    options: Optional[Mapping[str, ExtraOption]] = None
    """Those that the locustfile adds to Locust's own; None where the page does not tell."""
    users: Optional[int] = None
    """How many run; None where the page does not tell."""


class LocustClient:
    """Talks to one Locust. `url` includes the base path, if there is one.

    `cookies` names a file that keeps the login between clients; it is made readable for its owner only. `port` is that
    of loopback which leads there, where `url` says only what Locust is called.
    """

    def __init__(
        self,
        url: str,
        username: Optional[str] = None,
        password: Optional[str] = None,
        ca_path: Optional[str] = None,
        cookies: Optional[Path] = None,
        timeout: float = TIMEOUT,
        headers: Optional[Mapping[str, Any]] = None,
        client_cert: Optional[str] = None,
        client_key: Optional[str] = None,
        use_proxy: bool = False,
        port: Optional[int] = None,
    ) -> None:
        self._transport = Transport(url, ca_path, cookies, headers, client_cert, client_key, use_proxy, port)
        self.url = self._transport.url
        self._login = (username, password) if username is not None and password is not None else None
        self._timeout = timeout

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

    def mark(self, mark: Mapping[str, Any]) -> dict[str, Any]:
        """Give a run's mark to the lab's Locust plugin. A refusal is HTTP 200 with C(marked) false."""
        return self._json("/monitor-lab/run", [("mark", json.dumps(mark))])

    def download(self, path: str) -> str:
        """Return a CSV file or the HTML report."""
        return self._ask(path, timeout=max(self._timeout, DOWNLOAD_TIMEOUT), limit=MAX_DOWNLOAD)

    def _change(self, path: str) -> None:
        # GET up to 2.46.3, where a POST gets 405 or 500; POST from 2.47.0, where a GET gets 405 and changes nothing.
        try:
            self._ask(path)
        except _MethodRefusedError:
            self._ask(path, [])

    def _json(self, path: str, form: Optional[Sequence[tuple[str, str]]] = None) -> dict[str, Any]:
        body = self._ask(path, form)
        try:
            answer = json.loads(body, parse_int=_whole)
        except (ValueError, RecursionError):
            raise LocustError(f"{self.url}{path} did not answer with JSON: {body[:80]!r}", transient=True) from None
        if not isinstance(answer, dict):
            raise LocustError(f"{self.url}{path} is not Locust's: {body[:80]!r}")
        return answer

    def _ask(
        self,
        path: str,
        form: Optional[Sequence[tuple[str, str]]] = None,
        timeout: Optional[float] = None,
        limit: int = MAX_ANSWER,
    ) -> str:
        url = self.url + path
        answer = self._send(url, form, timeout, limit)
        if _asks_for_login(answer):
            self._log_in()
            answer = self._send(url, form, timeout, limit)
            if _asks_for_login(answer):
                raise LocustError(f"Locust at {self.url} asks for a login again after one was accepted")
        return self._accepted(url, answer)

    def _accepted(self, url: str, answer: Answer) -> str:
        """Return the body of an answer that Locust gives where all is well."""
        if 300 <= answer.status < 400:
            raise LocustError(
                f"{url} is redirected to {answer.location}, which is not followed; "
                "set locust_url to where Locust itself is"
            )
        if answer.status == 405:
            raise _MethodRefusedError(f"{url} answered HTTP 405")
        if answer.status == 404:
            raise NotThereError(f"{url} answered HTTP 404")
        if answer.status != 200:
            # From 2.16 on Locust answers an exception with its text.
            said = answer.body.strip()
            reason = f": {said[:200]}" if said and "<" not in said else ""
            raise LocustError(f"{url} answered HTTP {answer.status}{reason}", transient=answer.status >= 500)
        return answer.body

    def _send(
        self, url: str, form: Optional[Sequence[tuple[str, str]]], timeout: Optional[float], limit: int = MAX_ANSWER
    ) -> Answer:
        timeout = timeout or self._timeout
        answer = self._transport.send(url, form, timeout, limit)
        if answer.status == 401:
            # Locust up to 2.20 with --web-auth, or a proxy before it.
            if self._transport.authorized:
                whom = f" of {self._login[0]}" if self._login else ""
                raise LocustError(f"{url} answered HTTP 401: it refused the login{whom}")
            if self._login is None:
                raise LocustError(f"{url} asks for a login (HTTP 401); set locust_username and locust_password")
            if not answer.basic:
                raise LocustError(f"{url} asks for a login other than by name and password (HTTP 401)")
            self._transport.authorize(*self._login)
            answer = self._send(url, form, timeout, limit)
        return answer

    def _log_in(self) -> None:
        """Send name and password to where Locust's login page says, and keep the session's cookie.

        The page is HTTP 200; it holds C(window.authArgs) with the path that the locustfile takes the form at.
        """
        if self._login is None:
            raise LocustError(f"Locust at {self.url} asks for a login; set locust_username and locust_password")
        page = self.url + "/login"
        target, form = _login_form(self._accepted(page, self._send(page, None, None)), *self._login)
        if target is None:
            raise LocustError(f"{page} has no form for a name and a password")
        target = self._transport.on_this_server(page, target)
        if target is None:
            raise LocustError(f"the login form of {page} goes to another server; the password was not sent")
        answer = self._send(target, form, None)
        if _asks_for_login(answer) or answer.status >= 400:
            raise LocustError(f"Locust at {self.url} refused the login of {self._login[0]}")
        self._transport.keep_cookies()


def _asks_for_login(answer: Answer) -> bool:
    if 300 <= answer.status < 400:
        return re.split("[?#]", answer.location, maxsplit=1)[0].rstrip("/").endswith("/login")
    return answer.status == 200 and "window.authArgs" in answer.body


def _login_form(page: str, username: str, password: str) -> tuple[Optional[str], list[tuple[str, str]]]:
    """Return where the login page's form goes, and what it sends.

    A custom form has inputs of its own, which are recognized by whether they are secret.
    """
    form = [("username", username), ("password", password)]
    arguments = _embedded(page, "authArgs") or {}
    target = arguments.get("username_password_callback")
    custom = arguments.get("custom_form")
    if not target and isinstance(custom, dict):
        target = custom.get("callback_url")
        form = _custom_fields(custom.get("inputs"), username, password) or form
    return target if isinstance(target, str) and target else None, form


def _custom_fields(inputs: object, username: str, password: str) -> list[tuple[str, str]]:
    fields = []
    for one in inputs if isinstance(inputs, list) else []:
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            continue
        default = one.get("default_value")
        if one.get("is_secret") is True:
            value = password
        elif isinstance(default, str) and default:
            value = default
        elif one.get("choices") is None and not isinstance(default, bool):
            value = username
        else:
            continue
        fields.append((one["name"], value))
    return fields


def _embedded(page: str, name: str) -> Optional[dict[str, Any]]:
    match = re.search(rf"window\.{name} = ", page)
    if not match:
        return None
    try:
        value = json.JSONDecoder(parse_int=_whole).raw_decode(page, match.end())[0]
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def parse_overview(page: str) -> Overview:
    """Read Locust's front page: an object in a script, or plain HTML in the interface that Locust had up to 2.21."""
    values = _embedded(page, "templateArgs")
    overview = _overview_of_form(page) if values is None else _overview_of_script(values)
    numbers = version_of(overview.version)
    if (0, 0, 0) < numbers < OLDEST:
        raise LocustError(f"this is Locust {overview.version}; 2.15.1 or newer is needed")
    return overview


def version_of(version: str) -> tuple[int, int, int]:
    """Return a version of Locust in numbers that can be compared."""
    numbers = [int(number) for number in re.findall(r"\d{1,9}", version, re.ASCII)]
    first, second, third = (*numbers, 0, 0, 0)[:3]
    return first, second, third


def _overview_of_script(values: Mapping[str, Any]) -> Overview:
    picker = values.get("show_userclass_picker") is True
    shapes = tuple(name for name in _names(values.get("available_shape_classes")) if name != "Default")
    host, users = values.get("host"), values.get("user_count")
    return Overview(
        state=_word("state", values.get("state")),
        version=_version(values.get("version")),
        user_classes=_names(values.get("available_user_classes")) if picker else None,
        shape=bool(shapes),
        shape_classes=shapes if picker else None,
        host=printable(host) if isinstance(host, str) and host else None,
        options=_options_of_script(values.get("extra_options")),
        users=int(users) if isinstance(users, int) and users >= 0 else None,
    )


def _options_of_script(options: object) -> Optional[dict[str, ExtraOption]]:
    if not isinstance(options, dict):
        return None
    read = {}
    for name, option in options.items():
        if not isinstance(option, dict):
            return None
        kind = _kind(option.get("default_value"))
        choices = option.get("choices")
        read[printable(name)] = ExtraOption(
            type=kind,
            # Those that know options of many values know these two, as well; others leave them as they are, or
            # take a text apart.
            settable=kind in ("str", "number", "bool") or "is_multiple" in option,
            choices=tuple(printable(str(choice)) for choice in choices) if isinstance(choices, list) else None,
        )
    return read


def _kind(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return "number"
    return "list" if isinstance(value, list) else "str"


def _overview_of_form(page: str) -> Overview:
    state = re.search(r'<body class="(\w{1,20})', page)
    version = re.search(r'releases/tag/([^"]{1,40})"', page)
    if not state or not version:
        raise LocustError(f"this is not Locust's front page: {page[:80]!r}", transient=True)
    read_version = _version(version.group(1))
    classes = _choices(page, "user_classes")
    shapes = _choices(page, "shape_class")
    form = _between(page, r'id="swarm_form"', "</form>")
    # Later ones have shapes that take users from the form; they look as if there were none.
    tells = shapes is not None or version_of(read_version) < (2, 16, 0)
    shape: Optional[bool] = any(name != "Default" for name in shapes or ()) or "val_disabled" in (form or "")
    users = re.search(r'id="userCount">(\d{1,9})<', page, re.ASCII)
    host = re.search(r'<input [^>]{0,80}name="host"[^>]{0,200}? value="([^"]{0,2000})"', form or "")
    return Overview(
        state=state.group(1),
        version=read_version,
        user_classes=classes,
        shape=shape if shape or (tells and form is not None) else None,
        shape_classes=None if shapes is None else tuple(name for name in shapes if name != "Default"),
        host=printable(html.unescape(host.group(1))) if host and host.group(1) else None,
        options=None if form is None else _options_of_form(form),
        users=int(users.group(1)) if users else None,
    )


def _options_of_form(form: str) -> dict[str, ExtraOption]:
    """Return the options of the part "Custom parameters". It has no types; values that are lists are Python's."""
    part = _between(form, "Custom parameters:", "<button")
    if part is None:
        return {}
    fields, _marker, rest = part.partition("The following custom parameters can't be set in the Web UI")
    read = {}
    for tag in re.finditer(r'<(input|select) [^>]{0,200}?name="([^"]{1,200})"[^>]{0,4000}>', fields):
        value = re.search(r' value="([^"]{0,4000})"', tag.group())
        kind = "list" if value and html.unescape(value.group(1)).startswith("[") else "str"
        name = printable(html.unescape(tag.group(2)))
        choices = _choices(fields, tag.group(2)) if tag.group(1) == "select" else None
        read[name] = ExtraOption(kind, settable=kind != "list", choices=choices)
    for unset in re.finditer(r"([\w-]{1,200})<br>", rest):
        read[unset.group(1)] = ExtraOption("none", settable=False)
    return read


def _choices(page: str, name: str) -> Optional[tuple[str, ...]]:
    part = _between(page, rf'<select [^>]{{0,80}}name="{re.escape(name)}"', "</select>")
    if part is None:
        return None
    return tuple(printable(html.unescape(value)) for value in re.findall(r'<option value="([^"]{0,2000})"', part))


def _between(text: str, begin: str, end: str) -> Optional[str]:
    """Return what is between the first `begin`, a pattern, and the next `end`, a text.

    Patterns that look for both at once take the square of the time on a page that was made for that.
    """
    match = re.search(begin, text)
    stop = text.find(end, match.end()) if match else -1
    return text[match.end() : stop] if match and stop >= 0 else None


def _word(what: str, value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"\w{1,20}", value, re.ASCII):
        return value
    raise LocustError(f"this is not Locust's: its {what} is {str(value)[:80]!r}")


def _version(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"\d[\w.+-]{0,40}", value, re.ASCII):
        return value
    raise LocustError(f"this is not Locust's front page: its version is {str(value)[:80]!r}")


def _names(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return tuple(printable(name) for name in value)
    raise LocustError(f"this is not Locust's front page: {str(value)[:80]!r} are no names of classes")


def _whole(text: str) -> float:
    # Longer ones are no counts, and reading them takes the square of their length.
    return int(text) if len(text) < 20 else math.inf


def _number(value: object) -> Optional[float]:
    """Return a number of Locust's as it is; None for what is none."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return value
    return None


def _count(what: str, value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise LocustError(f"these are not Locust's statistics: {what} is {str(value)[:80]!r}")


def _rows(what: str, value: object) -> list[dict[str, Any]]:
    if isinstance(value, list) and all(isinstance(row, dict) for row in value):
        return value
    raise LocustError(f"these are not Locust's statistics: {what} are {str(value)[:80]!r}")


def current_figures(stats: Mapping[str, Any]) -> dict[str, Any]:
    """Return what C(/stats/requests) says of this moment.

    Keys: C(state), C(users), C(rps), C(fail_per_sec), C(p50), C(p95) (ms over the last 10 s; None where unknown),
    C(fail_ratio), C(num_requests), C(num_failures), C(workers) (connected ones; None without workers),
    C(generator_cpu) (percent, of the busiest of them; None where not told) and C(endpoints), each with C(method),
    C(name), C(rps), C(fail_per_sec), C(num_requests), C(num_failures) and C(fail_ratio).
    """
    rows = [_row(row) for row in _rows("its rows", stats.get("stats"))]
    # An endpoint may have the same name; the whole comes last.
    if not rows or rows[-1]["name"] != "Aggregated":
        raise LocustError("Locust's statistics have no row for the whole", transient=True)
    total = rows.pop()
    percentiles = stats.get("current_response_time_percentiles")
    if not isinstance(percentiles, dict):
        # 2.15.1 to 2.20.1 number them, older ones and newer ones name them.
        percentiles = {
            "response_time_percentile_0.5": stats.get("current_response_time_percentile_1"),
            "response_time_percentile_0.95": stats.get("current_response_time_percentile_2"),
        }
    workers = stats.get("workers")
    connected = [
        worker for worker in _rows("its workers", workers or []) if _word("worker", worker.get("state")) != "missing"
    ]
    busy = [cpu for cpu in (_number(worker.get("cpu_usage")) for worker in connected) if cpu is not None]
    return {
        "state": _word("state", stats.get("state")),
        "users": _count("user_count", stats.get("user_count")),
        # In 2.15.1 total_rps is the current rate; only the row has it in every version.
        "rps": total["rps"],
        "fail_per_sec": total["fail_per_sec"],
        "p50": _number(percentiles.get("response_time_percentile_0.5")),
        "p95": _number(percentiles.get("response_time_percentile_0.95")),
        "fail_ratio": _number(stats.get("fail_ratio")),
        "num_requests": total["num_requests"],
        "num_failures": total["num_failures"],
        "workers": None if workers is None else len(connected),
        "generator_cpu": max(busy, default=None),
        "endpoints": rows,
    }


def worker_states(stats: Mapping[str, Any]) -> Optional[dict[str, str]]:
    """Return the state of each worker by its name from C(/stats/requests); None where Locust is not a master."""
    workers = stats.get("workers")
    if workers is None:
        return None
    return {
        printable(str(worker.get("id")))[:200]: _word("worker", worker.get("state"))
        for worker in _rows("its workers", workers)
    }


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    num_requests = _count("num_requests", row.get("num_requests"))
    num_failures = _count("num_failures", row.get("num_failures"))
    return {
        "method": str(row.get("method") or ""),
        "name": str(row.get("name")),
        "rps": _number(row.get("current_rps")),
        "fail_per_sec": _number(row.get("current_fail_per_sec")),
        "num_requests": num_requests,
        "num_failures": num_failures,
        "fail_ratio": num_failures / num_requests if num_requests else 0.0,
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
            if figure in _COUNTS:
                row[figure] = _counted(column, value)
            elif figure is not None and figure != "p100":
                row[figure] = _measured(column, value)
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
            "occurrences": _counted("Occurrences", line["Occurrences"]),
        }
        for line in _table(text, "Method", "Name", "Error", "Occurrences")
    ]


def parse_exceptions(text: str) -> list[dict[str, Any]]:
    """Read C(/exceptions/csv): C(message), C(traceback), C(occurrences) of each kind of exception in a task.

    Locust counts what a task raises apart from its requests, which may all have succeeded.
    """
    return [
        {
            "message": line["Message"],
            "traceback": line["Traceback"],
            "occurrences": _counted("Count", line["Count"]),
        }
        for line in _table(text, "Count", "Message", "Traceback")
    ]


def _counted(column: str, value: str) -> int:
    if re.fullmatch(r"\d{1,19}", value, re.ASCII):
        return int(value)
    raise LocustError(f"this is not one of Locust's tables: {value[:80]!r} is no {column}")


def _measured(column: str, value: str) -> Optional[float]:
    if value in ("N/A", ""):
        return None
    try:
        return _number(float(value))
    except ValueError:
        raise LocustError(f"this is not one of Locust's tables: {value[:80]!r} is no {column}") from None


def _table(text: str, *columns: str) -> Iterator[dict[str, str]]:
    # A failure may quote a whole answer, and the module's own limit is 128 KiB.
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        names = next(reader, [])
        if not set(columns) <= set(names):
            raise LocustError(f"this is not one of Locust's tables: {text[:80]!r}")
        for line in reader:
            # A short line lacks what comes last.
            if line:
                yield dict(zip(names, line + [""] * (len(names) - len(line))))
    except csv.Error as error:
        raise LocustError(f"this is not one of Locust's tables: {error}") from None
