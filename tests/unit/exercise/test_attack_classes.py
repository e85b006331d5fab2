# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Each attack is one class with bounds, and knows its target: in a process of its own, since Locust patches Python."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.checks.tree import CHECKOUT

LOCUST = CHECKOUT / "files" / "locust"
ATTACKS = LOCUST / "attacks"
SERVICE = "http://192.0.2.11:30500"
NAMED = "https://mine.example.org/vault/"
LOAD = """
import importlib, json, os, sys
import locust
import _attack
asked = json.load(sys.stdin)
classes = {}
for name in asked["files"]:
    found = [one for one in vars(importlib.import_module(name)).values() if isinstance(one, type)]
    found = [one for one in found if issubclass(one, _attack.Attack) and not one.abstract]
    classes[name] = [[one.__name__, one.most_users, one.most_seconds, bool(one.tasks)] for one in found]
may = []
for host in asked["hosts"]:
    may.append([_attack.is_named_by(variable, host) for variable in ("TOKENIZATION_URL", "ATTACK_URL", "UNSET")])
print(json.dumps({"classes": classes, "may": may}))
"""
# Whether each is the service, and whether it is the one that is named.
HOSTS = [
    (SERVICE, True, False),
    (f"{SERVICE}/", True, False),
    (NAMED, False, True),
    (NAMED.rstrip("/"), False, True),
    ("", False, False),
    ("http://192.0.2.11", False, False),
    ("http://192.0.2.11:305001", False, False),
    ("https://192.0.2.11:30500", False, False),
    (f"{SERVICE}@198.51.100.1", False, False),
    (f"http://198.51.100.1/#{SERVICE}", False, False),
    ("https://mine.example.org", False, False),
]


@pytest.fixture(scope="module")
def loaded() -> dict[str, Any]:
    asked = {
        "files": sorted(path.stem for path in ATTACKS.glob("[!_]*.py")),
        "hosts": [host for host, _service, _named in HOSTS],
    }
    done = subprocess.run(
        [sys.executable, "-c", LOAD],
        env={
            **os.environ,
            "PYTHONPATH": f"{LOCUST}:{ATTACKS}",
            "TOKENIZATION_URL": SERVICE,
            "ATTACK_URL": NAMED,
        },
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_each_file_has_one_class_that_is_called_so(loaded: dict[str, Any]) -> None:
    names = {file: [one[0] for one in classes] for file, classes in loaded["classes"].items()}
    assert names == {file: ["".join(word.title() for word in file.split("_"))] for file in names}
    assert {"spike", "credential_guessing", "enumeration", "malformed", "oversized", "slow_client"} <= names.keys()
    assert {"endpoint_failure", "soak"} <= names.keys()


def test_each_has_bounds(loaded: dict[str, Any]) -> None:
    for file, ((_name, users, seconds, has_tasks),) in loaded["classes"].items():
        assert 0 < users <= 200, file
        assert 0 < seconds <= (86400 if file == "soak" else 300), file
        assert has_tasks, file


def test_only_what_is_named_in_full_may_be_attacked(loaded: dict[str, Any]) -> None:
    assert loaded["may"] == [[service, named, False] for _host, service, named in HOSTS]
