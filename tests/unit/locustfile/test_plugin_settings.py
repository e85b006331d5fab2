# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What plugins make of their files, in a process of its own: Locust patches what imports it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._curve import make_pair

PLUGINS = Path(__file__).resolve().parents[3] / "files" / "locust"
# Locust, which takes a second to import, is imported once for all of them.
LOAD = """
import json, os, pathlib, runpy, sys
cases = json.load(sys.stdin)
key = runpy.run_path("curve.py")["key"]
outcomes = []
for plugin, path in cases:
    try:
        if plugin == "curve":
            outcomes.append(key(pathlib.Path(path)).decode())
        else:
            os.environ["LOCUST_WEB_PASSWORD_FILE"] = path
            outcomes.append(runpy.run_path("web_access.py")["PASSWORD"].decode())
    except SystemExit as error:
        outcomes.append(error.code)
print(json.dumps(outcomes))
"""
SECRET = make_pair()[0]
FILES = {
    "password": "a pass word\n",
    "two-lines": "a\nb\n",
    "blank": " \n",
    "key": f"{SECRET}\n",
    "short": SECRET[1:],
    "no-z85": "~" * 40,
    "too-large": "#" * 40,
}
CASES = [
    ("web_access", "password", "a pass word"),
    ("web_access", "nowhere", "LOCUST_WEB_PASSWORD_FILE can't be read"),
    ("web_access", "two-lines", "two-lines must hold the password, in one line"),
    ("web_access", "blank", "blank must hold the password, in one line"),
    ("curve", "key", SECRET),
    ("curve", "nowhere", "a key of LOCUST_CURVE_DIR can't be read"),
    ("curve", "short", "short must hold a CURVE key, 40 characters of Z85"),
    ("curve", "no-z85", "no-z85 must hold a CURVE key, 40 characters of Z85"),
    ("curve", "too-large", "too-large must hold a CURVE key, 40 characters of Z85"),
]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("plugin_settings")
    for name, content in FILES.items():
        (folder / name).write_text(content, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-c", LOAD],
        cwd=PLUGINS,
        input=json.dumps([(plugin, str(folder / name)) for plugin, name, _outcome in CASES]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{plugin}-{name}" for plugin, name, _outcome in CASES])
def test_a_file_is_read_or_named(number: int, outcomes: list[str]) -> None:
    plugin, name, outcome = CASES[number]
    if outcome == FILES.get(name, "").strip():
        assert outcomes[number] == outcome
    else:
        assert outcomes[number].startswith(f"{plugin}: ")
        assert outcome in outcomes[number]


SESSION = """
import json, pathlib, runpy, sys, time
from flask import Flask
plugin = runpy.run_path("web_access.py")
login, app = plugin["Login"](b"password", ""), Flask("locust")
with app.test_request_context("/login", method="POST", data={"username": "locust", "password": "password"}):
    cookie = login.ask().headers["Set-Cookie"].partition(";")[0]
wall, monotonic, hours = time.time, time.monotonic, [0, 0]
time.time = lambda: wall() + hours[0] * 3600
time.monotonic = lambda: monotonic() + hours[1] * 3600
outcomes = []
for hours in json.load(sys.stdin):
    with app.test_request_context("/", headers={"Cookie": cookie}):
        outcomes.append(login.ask() is None)
print(json.dumps(outcomes))
"""


def test_a_session_lasts_as_long_whatever_the_clock_says() -> None:
    wall_and_monotonic = {(0, 0): True, (-1, 0): True, (24, 0): True, (-1, 11): True, (-1, 13): False}
    done = subprocess.run(
        [sys.executable, "-c", SESSION],
        cwd=PLUGINS,
        input=json.dumps(list(wall_and_monotonic)),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(done.stdout) == list(wall_and_monotonic.values())
