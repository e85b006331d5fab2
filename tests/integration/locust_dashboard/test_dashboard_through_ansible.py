# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The module as a play runs it, against the stand-in for Grafana of tests/grafana_stand_in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.client import ROOT, Grafana

from tests.checks.tree import CHECKOUT
from tests.small_server import reply, server

JSON = dict[str, Any]
Play = Callable[..., str]

STAND_IN = CHECKOUT / "tests" / "grafana_stand_in" / "stand_in.py"
MODULE = "devsecops.monitor_lab.locust_dashboard"
PASSWORD = "secret-of-the-test"
INLINE: JSON = {"uid": "inline", "title": "Inline", "panels": [{"id": 1, "title": "Users", "type": "stat"}]}
# Grafana's own braces: a file is not for Ansible to fill in.
BESIDE: JSON = {"uid": "beside", "title": "Beside", "panels": [{"id": 1, "title": "{{ name }}", "type": "stat"}]}

THIRD: JSON = {"uid": "third", "title": "Third", "panels": []}


@pytest.fixture
def grafana(tmp_path: Path) -> Iterator[Grafana]:
    (tmp_path / "data").mkdir()
    (tmp_path / "password").write_text(PASSWORD + "\n")
    sources = tmp_path / "provisioning" / "datasources"
    sources.mkdir(parents=True)
    (sources / "prometheus.yml").write_text("datasources:\n  - name: Prometheus\n    uid: monitor-lab-prometheus\n")
    environment = {
        "GF_SERVER_HTTP_ADDR": "127.0.0.1",
        "GF_SERVER_HTTP_PORT": "0",
        "GF_SECURITY_ADMIN_PASSWORD__FILE": str(tmp_path / "password"),
        "GF_PATHS_DATA": str(tmp_path / "data"),
        "GF_PATHS_PROVISIONING": str(tmp_path / "provisioning"),
    }
    process = subprocess.Popen(
        [sys.executable, str(STAND_IN)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    try:
        port = process.stdout.readline().split()[-1]
        yield Grafana(f"http://127.0.0.1:{port}", username="admin", password=PASSWORD)
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()


@pytest.fixture
def play(grafana: Grafana, tmp_path: Path) -> Play:
    def run(*tasks: JSON, arguments: tuple[str, ...] = (), callback: str = "json") -> str:
        """Run one task of the module for each of `tasks`, and return what Ansible prints."""
        login = {"grafana_url": grafana.url, "grafana_user": "admin", "grafana_password": PASSWORD, "retries": 0}
        steps = [{"name": f"Task {number}", MODULE: task} for number, task in enumerate(tasks)]
        (tmp_path / "files").mkdir(exist_ok=True)
        (tmp_path / "files" / "beside.json").write_text(json.dumps(BESIDE))
        playbook = tmp_path / "play.yml"
        defaults = {"gather_facts": False, "ignore_errors": True, "module_defaults": {MODULE: login}}
        playbook.write_text(yaml.safe_dump([{"hosts": "localhost", **defaults, "tasks": steps}]))
        environment = {
            **os.environ,
            "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
            "ANSIBLE_STDOUT_CALLBACK": f"ansible.posix.{callback}" if callback == "json" else callback,
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "ANSIBLE_HOME": str(tmp_path / "ansible"),
        }
        command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", "-c", "local"]
        done = subprocess.run(
            [*command, *arguments, str(playbook)],
            env=environment,
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def results(output: str) -> list[JSON]:
    return [task["hosts"]["localhost"] for task in json.loads(output)["plays"][0]["tasks"]]


def test_every_source_is_imported_once_and_removed_once(grafana: Grafana, play: Play) -> None:
    sources: list[JSON] = [{}, {"path": "beside.json"}, {"content": json.dumps(INLINE)}]
    with server(reply(200, json.dumps({**INLINE, "uid": "downloaded", "title": "Downloaded"}))) as there:
        done = results(play(*sources, {"url": f"{there.url}/x.json"}, {}, {"state": "absent"}, {"state": "absent"}))
    assert [one["changed"] for one in done] == [True, True, True, True, False, True, False]
    own = done[0]
    assert (own["uid"], own["version"], own["folder_uid"]) == ("monitor-lab-locust", 1, "")
    assert own["url"] == f"{grafana.url}/d/monitor-lab-locust"
    assert own["bound"] == {"datasource": "monitor-lab-prometheus"}
    assert grafana.dashboard("monitor-lab-locust") is None
    assert [headers["Authorization"] for headers in there.asked] == [None]
    assert grafana.dashboard("downloaded") is not None
    kept = grafana.dashboard("beside")
    assert kept is not None
    assert kept.model["panels"] == BESIDE["panels"]


def test_a_folder_is_imported_once_and_removed_once(grafana: Grafana, play: Play, tmp_path: Path) -> None:
    folder = tmp_path / "files" / "kept"
    (folder / "team").mkdir(parents=True)
    (folder / "beside.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(BESIDE).encode())
    inline = {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "data": {"a.json": json.dumps(INLINE), "b.json": json.dumps(THIRD)},
    }
    (folder / "team" / "map.yaml").write_text(yaml.safe_dump(inline))
    (folder / "compose.yml").write_text("services: {}")
    task: JSON = {"path": "kept", "folder": "Kept"}
    done = results(play(task, task, {"path": "kept", "state": "absent"}, {"path": "kept", "state": "absent"}))
    assert [one["changed"] for one in done] == [True, False, True, False]
    told = [(one["uid"], one["title"], one["changed"]) for one in done[0]["dashboards"]]
    assert told == [("beside", "Beside", True), ("inline", "Inline", True), ("third", "Third", True)]
    assert [diff["after_header"] for diff in done[0]["diff"]] == ["Beside", "Inline", "Third"]
    assert {one["folder_uid"] for one in done[0]["dashboards"]} == {
        grafana.folders(ROOT, grafana.server().dialect)[0].uid
    }


def test_what_is_wrong_with_a_file_names_it(grafana: Grafana, play: Play, tmp_path: Path) -> None:
    folder = tmp_path / "files" / "kept"
    folder.mkdir(parents=True)
    (tmp_path / "files" / "empty").mkdir()
    (folder / "beside.json").write_text(json.dumps(BESIDE))
    (folder / "wrong.json").write_text("{nope")
    expected = {
        f"{folder}/wrong.json is not JSON: ": {"path": "kept"},
        f"{folder}/wrong.json is not JSON:  ": {"path": "kept/wrong.json"},
        f"{tmp_path}/files/empty has no file with a dashboard": {"path": "empty"},
    }
    done = results(play(*expected.values()))
    for message, result in zip(expected, done, strict=True):
        assert result["failed"] and message.rstrip() in result["msg"], result["msg"]
    assert grafana.dashboard("beside") is None


def test_check_mode_makes_nothing(grafana: Grafana, play: Play, tmp_path: Path) -> None:
    password = tmp_path / "vault-password"
    password.write_text("vault")
    vault = VaultLib([("default", VaultSecret(b"vault"))])
    (tmp_path / "encrypted.json").write_bytes(vault.encrypt(json.dumps(BESIDE)))
    task = {"folder": "Load tests", "path": "encrypted.json"}
    done = results(play({}, task, arguments=("--check", "--vault-password-file", str(password))))
    assert [(one["changed"], one["uid"]) for one in done] == [(True, "monitor-lab-locust"), (True, "beside")]
    assert grafana.dashboard("monitor-lab-locust") is None
    assert grafana.folders(ROOT, grafana.server().dialect) == []


def test_the_diff_shows_the_change_and_nothing_shows_the_password(play: Play) -> None:
    tasks: list[JSON] = [{"content": INLINE}, {"content": {**INLINE, "refresh": "5s"}}]
    said = play(*tasks, arguments=("--diff", "-vvv"), callback="default")
    assert "+    refresh: 5s" in said
    assert "schemaVersion" not in said
    assert PASSWORD not in said


def test_bad_input_ends_with_one_message(play: Play) -> None:
    expected = {
        "parameters are mutually exclusive": {"path": "beside.json", "gnet_id": 11985},
        "path: there is no missing.json on the controller": {"path": "missing.json"},
        "the dashboard is not JSON: ": {"content": "{nope"},
        "grafana_url must not hold a user name or password": {"grafana_url": "http://admin:admin@127.0.0.1:3000"},
        "401: invalid username or password": {"grafana_password": "wrong"},
    }
    done = results(play(*expected.values()))
    for message, result in zip(expected, done, strict=True):
        assert result["failed"] and message in result["msg"], result["msg"]
        assert "Traceback" not in json.dumps(result)
