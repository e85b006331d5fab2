# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Locustfiles as people write them: the statistics are the same with one import and one base class changed.

They are five public ones' manner, written anew, and the lab's first.
"""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gevent.server import StreamServer
from locust import User
from locust.env import Environment

from tests.hostile_server import answer, read_request

HERE = Path(__file__).parent
SEED = HERE.parent / "locustfile" / "seed_locustfile.txt"
LOCUSTFILES = [*sorted((HERE / "locustfiles").glob("*.py")), SEED]
TASKS = 20


def served(head: bytes, body: bytes) -> bytes:
    """What a service answers that all of them ask."""
    line, *fields = head.decode().splitlines()
    method, target, _version = line.split()
    path = target.partition("?")[0]
    asked = {name.lower(): value for name, _colon, value in (field.partition(": ") for field in fields)}
    status, content, kind, more = "200 OK", b'{"ok": true}', "application/json", []
    if path == "/articles":
        content = json.dumps({"articles": list(range(10))}).encode()
    elif path in ("/profiles/nobody", "/todo/4"):
        status, content = "404 Not Found", b'{"error": "nowhere"}'
    elif path == "/users/login":
        status = "422 Unprocessable Entity"
    elif path == "/evaluate/" and asked.get("x-api-key") != "abc":
        status = "401 Unauthorized"
    elif path == "/login":
        content = json.dumps({"token": asked["content-type"] + json.loads(body)["personalId"]}).encode()
    elif path == "/customized" and not asked.get("authorization", "").startswith("Bearer application/json"):
        status = "403 Forbidden"
    elif path == "/moved":
        status, content, more = "301 Moved Permanently", b"", ["Location: /customized-elsewhere"]
    elif path == "/page":
        content, kind = b"<html>", "text/html"
    elif path.startswith("/todo/"):
        content = body if method == "POST" else b'{"title": "one"}'
    return answer(content, f"Content-Type: {kind}", *more, status=status)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    def serve(connection: Any, _peer: object) -> None:
        with connection.makefile("rb") as reader, contextlib.suppress(EOFError, OSError):
            while True:
                connection.sendall(served(*read_request(reader)))

    server = StreamServer(("127.0.0.1", 0), serve)
    server.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.stop()


def changed(text: str) -> str:
    """Return a locustfile with one import and one base class changed."""
    for base in ("FastHttpUser", "HttpUser"):
        for imported in (f"from locust import {base}, ", f"from locust import {base}\n"):
            if imported in text:
                ours = "from lean_http_user import LeanHttpUser\n"
                others = imported.replace(f"{base}, ", "") if imported.endswith(", ") else ""
                return text.replace(imported, ours + others).replace(f"({base}):", "(LeanHttpUser):")
    raise AssertionError("no base is imported")


def statistics(text: str, url: str) -> tuple[list[Any], list[Any]]:
    """Run its tasks a fixed number of times, and return what Locust counted, times apart."""
    names: dict[str, Any] = {"__name__": "locustfile"}
    exec(compile(text, "locustfile", "exec"), names)
    kind: Any
    (kind,) = (
        one
        for one in names.values()
        if isinstance(one, type) and issubclass(one, User) and one.__module__ == "locustfile"
    )
    kind.host = url
    environment = Environment(user_classes=[kind])
    # It counts what the users do.
    environment.create_local_runner()
    user = kind(environment)
    random.seed(1)
    user.on_start()
    tasks: list[Any] = list(kind.tasks)
    for task in tasks:
        for _time in range(TASKS if not isinstance(task, type) else 1):
            if isinstance(task, type):
                kind_of_steps: Any = task
                steps = kind_of_steps(user)
                for step in kind_of_steps.tasks * 5:
                    step(steps)
            else:
                task(user)
    stats = environment.stats
    counted = [
        (name, method, entry.num_requests, entry.num_failures, entry.total_content_length)
        for (name, method), entry in sorted(stats.entries.items())
    ]
    return counted, sorted(
        (error["method"], error["name"], error["error"], error["occurrences"])
        for error in stats.serialize_errors().values()
    )


@pytest.mark.parametrize("path", LOCUSTFILES, ids=lambda path: path.stem)
def test_the_statistics_are_the_same(path: Path, url: str) -> None:
    text = path.read_text(encoding="utf-8")
    other = changed(text)
    assert text != other
    counted, errors = statistics(text, url)
    assert statistics(other, url) == (counted, errors)
    assert sum(row[2] for row in counted) >= 15
