# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A lab that was open is closed by one deployment, and opened by one: what each sees to do, by the roles' own data."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._differences import (
    container_options,
    file_differences,
    whole_files,
)

from tests.plays import ansible_playbook, shown
from tests.role_readme import ROLES

GROUPS = ("tokenization", "locust", "locust_workers", "locust_exporter", "prometheus", "grafana")
HOST = {
    "ansible_facts": {"ansible_service_mgr": "systemd"},
    "cpus": 2,
    "docker": {"limits": {"cpus": 8, "pids": True, "swap": True}, "images": {}, "containers": {}},
    "podman": {"images": {}, "pods": {}},
    "files": {},
}
SERVICES: dict[str, str] = {
    "tokenization": "[]",
    "locust": "__locust_containers",
    "locust_exporter": "[__locust_exporter_container]",
    "prometheus": "[__prometheus_container]",
    "grafana": "[__grafana_container]",
}
MADE_BEFORE = ("tokenization_private_key", "tokenization_bearer_token", "grafana_admin_password")
# Below the lab's folder; that of the pod's keys, too.
CLOSING = {
    "tokenization": {"keys/metrics_token", "keys/tls/tls.key"},
    "locust": {
        "keys/locust_password",
        "keys/master.key",
        "keys/master.pub",
        "keys/worker.key",
        "keys/worker.pub",
        "tls/tls.key",
    },
    "locust_exporter": {"locust.yml", "web.yml", "tls/tls.key"},
    "prometheus": {
        "keys/locust_exporter_password",
        "keys/prometheus_password",
        "keys/tokenization_metrics_token",
        "tls/tls.key",
        "web.yml",
    },
    "grafana": {"tls/tls.key"},
}


@pytest.fixture(scope="module")
def labs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """open and closed → service → its files and containers, pod → its manifest; of the host that has all, of two."""
    folder = tmp_path_factory.mktemp("labs")
    # Where a play looks for what its roles' variables name.
    (folder / "templates").mkdir()
    for template in ROLES.glob("*/templates/*"):
        (folder / "templates" / template.name).symlink_to(template)
    (folder / "secrets").mkdir(mode=0o700)
    for name in MADE_BEFORE:
        (folder / "secrets" / name).write_text(name)
    parts = {name: f"{{'files': __{name}_files, 'containers': {containers}}}" for name, containers in SERVICES.items()}
    seen = ", ".join(["'pod': __tokenization_manifest", *(f"'{name}': {part}" for name, part in parts.items())])
    keys = {"secrets_dir": "{{ monitor_lab_secrets_dir }}", "passwords": ["tokenization_metrics_token"]}
    tasks: list[dict[str, Any]] = [
        # They are not entered, and all tasks know their variables.
        *(
            {"ansible.builtin.import_role": {"name": f"devsecops.monitor_lab.{name}"}, "when": False}
            for name in SERVICES
        ),
        {"ansible.builtin.include_role": {"name": "devsecops.monitor_lab.monitor_lab", "tasks_from": "keys"}},
        {"devsecops.monitor_lab.lab_keys": keys, "when": "monitor_lab_has_metrics_token"},
        {"ansible.builtin.debug": {"msg": "{{ {" + seen + "} | to_json }}"}},
    ]
    (folder / "play.yml").write_text(json.dumps([{"hosts": "one", "gather_facts": False, "tasks": tasks}]))
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    groups: dict[str, Any] = {group: {"hosts": {"one": {}}} for group in GROUPS}
    groups["locust_workers"]["hosts"]["two"] = {}
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": {"one": host, "two": host}}, **groups}))
    found = {}
    for case in ("open", "closed"):
        given = {
            "monitor_lab_exposed": case == "open",
            "monitor_lab_secrets_dir": f"{folder}/secrets",
            "monitor_lab_host": HOST,
            "role_path": str(ROLES / "locust"),
        }
        done = ansible_playbook(
            folder / "play.yml", f"--inventory={folder}/hosts.json", f"--extra-vars={json.dumps(given)}", cwd=folder
        )
        assert done.returncode == 0, done.stdout
        (found[case],) = shown(done)
    return found


def state(wanted: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What a host has where these files were deployed."""
    return {
        file["path"]: {
            "kind": file["state"],
            "owner": file["owner"],
            "group": file["group"],
            "mode": file["mode"],
            "sha256": hashlib.sha256(
                Path(file["src"]).read_bytes() if "src" in file else file.get("content", "").encode()
            ).hexdigest(),
        }
        for file in whole_files(wanted)
    }


def secrets(wanted: list[dict[str, Any]]) -> set[str]:
    return {file["path"] for file in whole_files(wanted) if file["secret"]}


@pytest.mark.parametrize("name", SERVICES)
def test_each_secret_comes_by_closing_and_goes_by_opening(labs: dict[str, Any], name: str) -> None:
    opened, closed = labs["open"][name]["files"], labs["closed"][name]["files"]
    paths = {f"/etc/monitor_lab/{name}/{path}" for path in CLOSING[name]}
    assert secrets(closed) - secrets(opened) == paths
    assert {f"{path} is not there" for path in paths} <= set(file_differences(closed, state(opened)))
    # A folder is told of without what lies in it.
    gone = {path.removesuffix("/tls.key") for path in paths}
    assert {f"{path} does not belong there" for path in gone} <= set(file_differences(opened, state(closed)))
    assert file_differences(closed, state(closed)) == file_differences(opened, state(opened)) == []


@pytest.mark.parametrize("name", SERVICES)
def test_what_runs_is_replaced_either_way(labs: dict[str, Any], name: str) -> None:
    pairs = zip(labs["open"][name]["containers"], labs["closed"][name]["containers"], strict=True)
    assert [one["name"] for one, other in pairs if container_options(one, HOST) == container_options(other, HOST)] == []


def test_the_pod_is_replaced_either_way(labs: dict[str, Any]) -> None:
    def environment(case: str) -> dict[str, str]:
        (container,) = yaml.safe_load(labs[case]["pod"])["spec"]["template"]["spec"]["containers"]
        return {one["name"]: one["value"] for one in container["env"]}

    opened, closed = environment("open"), environment("closed")
    assert closed.keys() - opened.keys() == {
        "TOKENIZATION_METRICS_TOKEN_FILE",
        "TOKENIZATION_TLS_CERT_FILE",
        "TOKENIZATION_TLS_KEY_FILE",
    }
    wants_token = "TOKENIZATION_REQUIRE_TOKEN_TO_TOKENIZE"
    assert (opened[wants_token], closed[wants_token]) == ("0", "1")
