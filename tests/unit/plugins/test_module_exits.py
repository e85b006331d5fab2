# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Each way in which a module can end, by exit_json or fail_json, is taken by a case of this table."""

from __future__ import annotations

import ast
import importlib
import json
import traceback
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils import basic
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.files import pack

from tests.checks.tree import CHECKOUT
from tests.small_server import reply, server

MODULES = CHECKOUT / "plugins" / "modules"
CLOSED = "http://127.0.0.1:9"
LOCUST = json.loads((CHECKOUT / "tests/unit/locust_run/recordings/locust-2.47.0.json").read_text())
GRAFANA = {"url_username": "admin", "url_password": "x", "retries": 0}
DASHBOARDS: list[dict[str, Any]] = [{"title": title, "uid": title, "panels": []} for title in ("a", "b")]
SOURCE = {"name": "Lab", "uid": "lab", "type": "prometheus", "jsonData": {}}
RUN = {"users": 1, "run_time": "5s"}
CHECK = {"_ansible_check_mode": True}
# As action plugins add to what a task may say.
MORE = {"_ansible_ignore_unknown_opts": True}
CONTROLLER = {"msg": "This runs on the controller only."}

# Module, arguments, how it ends, and what it says. {here} is a folder, {files} an archive of no contents, {server} what
# answers as a Grafana with nothing in it, a Locust and a Prometheus do.
CASES: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    ("lab_alerts_info", {"url": "{server}"}, "exit_json", {"time": 7.5}),
    ("lab_alerts_info", {"url": CLOSED}, "fail_json", {"msg": f"no answer from Prometheus at {CLOSED}"}),
    ("lab_check_values", {}, "fail_json", CONTROLLER),
    (
        "lab_files",
        {"files": [], "absent": ["{files}"], "archive": "{files}", **MORE},
        "exit_json",
        {"removed": ["{files}"]},
    ),
    (
        "lab_files",
        {
            "files": [{"path": "{here}/x", "state": "directory", "mode": "rwx"}],
            "absent": [],
            "archive": "{files}",
            **MORE,
        },
        "fail_json",
        {"msg": "{here}/x: rwx is no mode"},
    ),
    (
        "lab_grafana_datasource",
        {**GRAFANA, "grafana_url": "{server}", "datasource": SOURCE, "state": "absent"},
        "exit_json",
        {"changed": False, "uid": "lab"},
    ),
    (
        "lab_grafana_datasource",
        {**GRAFANA, "grafana_url": CLOSED, "datasource": SOURCE},
        "fail_json",
        {"msg": f"GET {CLOSED}/api/health: no answer"},
    ),
    ("lab_host_info", {"paths": ["{here}/none"]}, "exit_json", {"changed": False, "podman": None, "files": {}}),
    ("lab_image_build", {"images": [], "folder": "{here}", **CHECK}, "exit_json", {"changed": False}),
    (
        "lab_image_build",
        {
            "images": [
                {
                    **{"name": "x", "reference": "lab/x:1", "content": "0", "archive": "{here}/none.tar"},
                    **{"base": "lab/base", "suite": "bookworm"},
                }
            ],
            "folder": "{here}",
        },
        "fail_json",
        {"msg": "[Errno 2] No such file or directory: 'docker'"},
    ),
    ("lab_image_context", {"images": [], "platforms": []}, "exit_json", {"changed": False}),
    (
        "lab_image_context",
        {
            "images": [{"name": "x", "folder": "{here}/no-folder", "pip": "{here}/pip", "archive": "{here}/x.tar"}],
            "platforms": [],
        },
        "fail_json",
        {"msg": "there is no {here}/no-folder"},
    ),
    ("lab_keys", {"secrets_dir": "{here}"}, "fail_json", CONTROLLER),
    ("lab_registry_info", {"registry": "127.0.0.1:9"}, "exit_json", {"changed": False, "answers": False}),
    (
        "lab_registry_info",
        {"registry": "127.0.0.1:9", "ca_certificate": "none"},
        "fail_json",
        {"msg": "the certificate of the authority is no PEM certificate"},
    ),
    ("lab_report", {}, "fail_json", CONTROLLER),
    ("lab_services_info", {"services": []}, "exit_json", {"answers": []}),
    (
        "locust_dashboard",
        {**GRAFANA, "grafana_url": "{server}", "uid": "a", "state": "absent"},
        "exit_json",
        {"changed": False, "uid": "a"},
    ),
    (
        "locust_dashboard",
        {**GRAFANA, "grafana_url": "{server}", "content": DASHBOARDS, "state": "absent"},
        "exit_json 2",
        {"changed": False},
    ),
    (
        "locust_dashboard",
        {**GRAFANA, "grafana_url": CLOSED, "uid": "a", "state": "absent"},
        "fail_json",
        {"msg": f"GET {CLOSED}/api/health: no answer"},
    ),
    ("locust_run", {**RUN, **MORE, "_step": {"name": "stop", "run_id": "x"}}, "exit_json", {}),
    ("locust_run", {**RUN, **MORE, "_step": {"name": "fly", "run_id": "x"}}, "fail_json", {"bad_option": True}),
    (
        "locust_run",
        {**RUN, **MORE, "locust_url": CLOSED, "_step": {"name": "look", "run_id": "x"}},
        "fail_json 2",
        {"msg": f"no answer from Locust at {CLOSED}"},
    ),
    ("locust_run_info", {"locust_url": "{server}"}, "exit_json", {"version": "2.47.0"}),
    ("locust_run_info", {"locust_url": CLOSED}, "fail_json", {"msg": f"no answer from Locust at {CLOSED}"}),
]
# The text of /proc/meminfo decides, which is the kernel's: tests/unit/host has one that lacks the figure.
UNTAKEN = {("lab_host_info", "fail_json")}


def exits(module: str) -> dict[str, range]:
    """Find the calls that end a module, by name, and the lines of each; a second of the same name has a number."""
    found: dict[str, range] = {}
    calls = [node for node in ast.walk(ast.parse((MODULES / f"{module}.py").read_text())) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda call: call.lineno):
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("exit_json", "fail_json"):
            number = sum(name.startswith(call.func.attr) for name in found) + 1
            name = call.func.attr if number == 1 else f"{call.func.attr} {number}"
            found[name] = range(call.lineno, (call.end_lineno or call.lineno) + 1)
    return found


def test_every_exit_has_a_case() -> None:
    there = {(path.stem, name) for path in MODULES.glob("*.py") for name in exits(path.stem)}
    assert {(case[0], case[2]) for case in CASES} | UNTAKEN == there
    assert {(case[0], case[2]) for case in CASES} & UNTAKEN == set()


def answers(request: BaseHTTPRequestHandler) -> None:
    bodies: dict[str, Any] = {
        "/": LOCUST["front_page"],
        "/stats/requests": LOCUST["stats"],
        "/api/v1/query": {"data": {"resultType": "scalar", "result": [7.5, "7.5"]}},
        "/api/health": {"database": "ok"},
        "/api/frontend/settings": {"buildInfo": {"version": "12.1.1"}, "panels": {}},
        "/api/search": [],
    }
    body = bodies.get(request.path.split("?")[0])
    reply(404 if body is None else 200, body if isinstance(body, str) else json.dumps(body or {}))(request)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with server(answers) as served:
        yield served.url


def filled(value: Any, places: Mapping[str, str]) -> Any:
    text = json.dumps(value)
    for name, put in places.items():
        text = text.replace(f"{{{name}}}", put)
    return json.loads(text)


@pytest.mark.parametrize(
    ("module", "arguments", "way", "says"),
    CASES,
    ids=[f"{case[0]}-{case[2]}-{number}" for number, case in enumerate(CASES)],
)
def test_a_module_ends(
    module: str,
    arguments: dict[str, Any],
    way: str,
    says: dict[str, Any],
    url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "files").write_bytes(pack({}))
    places = {"here": str(tmp_path), "files": str(tmp_path / "files"), "server": url}
    given = {"ANSIBLE_MODULE_ARGS": {**filled(arguments, places), "_ansible_remote_tmp": str(tmp_path)}}
    monkeypatch.setenv("HOME", str(tmp_path))
    # Without Podman and dpkg.
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps(given).encode())
    # Since ansible-core 2.19, what the answer is written with.
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
    main = importlib.import_module(f"ansible_collections.devsecops.monitor_lab.plugins.modules.{module}").main
    with pytest.raises(SystemExit) as ended:
        main()
    file = str(MODULES / f"{module}.py")
    lines_of_it = [
        frame.lineno for frame in traceback.extract_tb(ended.tb) if Path(frame.filename).resolve() == Path(file)
    ]
    assert [name for name, lines in exits(module).items() if lines_of_it[-1] in lines] == [way]
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert answer.get("failed", False) is way.startswith("fail_json")
    expected = filled(says, places)
    assert str(answer.get("msg", "")).startswith(expected.pop("msg", "")), answer["msg"]
    assert {name: answer[name] for name in expected} == expected
