# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What the role grafana writes for Grafana, and what it starts it with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._differences import whole_files

from tests.plays import ansible_playbook, reading, shown

SECRET = "geheim"


def worked_out(folder: Path, **variables: Any) -> dict[str, Any]:
    """Return the files, by their path in Grafana's folder, and the container that the role wants."""
    play = reading(
        ("monitor_lab", "grafana"),
        {
            "ansible.builtin.debug": {
                "msg": "{{ {'files': __grafana_files, 'container': __grafana_container} | to_json }}"
            }
        },
    )
    (folder / "play.yml").write_text(json.dumps([play]))
    hosts: dict[str, Any] = {group: {"hosts": {"localhost": {}}} for group in ("alertmanager", "prometheus", "grafana")}
    (folder / "hosts.json").write_text(json.dumps(hosts))
    given = {
        "monitor_lab_secrets_dir": str(folder),
        "monitor_lab_config_dir": f"{folder}/etc/lab",
        "monitor_lab_is_closed": True,
        "monitor_lab_tls": "off",
        "__grafana_reference": "localhost/grafana:1",
        **variables,
    }
    done = ansible_playbook(
        folder / "play.yml", f"--inventory={folder}/hosts.json", f"--extra-vars={json.dumps(given)}", cwd=folder
    )
    assert done.returncode == 0, done.stdout
    (found,) = shown(done)
    files = {file["path"].removeprefix(f"{folder}/etc/lab/grafana/"): file for file in whole_files(found["files"])}
    return {"files": files, "container": found["container"]}


def sources(found: dict[str, Any]) -> dict[str, Any]:
    provisioned = yaml.safe_load(found["files"]["provisioning/datasources/prometheus.yml"]["content"])
    return {source["name"]: source for source in provisioned["datasources"]}


def test_a_password_with_a_dollar_reaches_grafana_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "prometheus_password").write_text("pa$HOME${x}\n")
    source = sources(worked_out(tmp_path))["Prometheus"]
    # What follows a single dollar is the name of a variable there.
    assert source["secureJsonData"]["basicAuthPassword"] == "pa$$HOME$${x}"


def test_nothing_is_open(tmp_path: Path) -> None:
    environment = worked_out(tmp_path)["container"]["env"]
    assert environment["GF_AUTH_ANONYMOUS_ENABLED"] == "false"
    assert environment["GF_METRICS_ENABLED"] == "false"


def test_the_labs_prometheus_and_alertmanager_are_its_data_sources(tmp_path: Path) -> None:
    (tmp_path / "alertmanager_password").write_text("p4ss\n")
    found = worked_out(tmp_path)
    assert list(sources(found)) == ["Prometheus", "Alertmanager"]
    alertmanager = sources(found)["Alertmanager"]
    assert (alertmanager["type"], alertmanager["url"]) == ("alertmanager", "http://127.0.0.1:9093")
    assert alertmanager["basicAuthUser"] == "alertmanager"
    assert alertmanager["secureJsonData"] == {"basicAuthPassword": "p4ss"}
    assert alertmanager["jsonData"]["implementation"] == "prometheus"
    assert sources(found)["Prometheus"]["isDefault"]


@pytest.mark.parametrize("given", [{"monitor_lab_alertmanager_url": ""}, {"grafana_anonymous_viewer": True}])
def test_without_alertmanager_or_with_visitors_there_is_prometheus_alone(tmp_path: Path, given: dict[str, Any]) -> None:
    assert list(sources(worked_out(tmp_path, **given))) == ["Prometheus"]


def test_nothing_that_is_not_given_is_there(tmp_path: Path) -> None:
    found = worked_out(tmp_path)
    assert "grafana.ini" not in found["files"]
    assert (
        not {"GF_PATHS_CONFIG", "GF_PLUGINS_PREINSTALL_SYNC", "GF_INSTALL_PLUGINS"} & found["container"]["env"].keys()
    )


def test_everything_reaches_grafana_and_secrets_only_it(tmp_path: Path) -> None:
    (tmp_path / "smtp").write_text(SECRET)
    given: dict[str, Any] = {
        "grafana_ini": {
            "auth.generic_oauth": {"enabled": True, "client_secret": SECRET},
            "analytics": {"reporting_enabled": True},
        },
        "grafana_env": {"TZ": "UTC"},
        "grafana_files": {"smtp": str(tmp_path / "smtp"), "ldap.toml": {"content": SECRET}},
        "grafana_datasources": [
            {"name": "Loki", "type": "loki", "url": "http://a", "isDefault": True, "secureJsonData": {"x": SECRET}}
        ],
        "grafana_plugins": ["grafana-clock-panel"],
    }
    found = worked_out(tmp_path, **given)
    container = found["container"]
    assert container["env"]["GF_PATHS_CONFIG"] == "/etc/monitor_lab/grafana.ini"
    assert container["env"]["GF_PLUGINS_PREINSTALL_SYNC"] == "grafana-clock-panel"
    assert (container["env"]["TZ"], "GF_ANALYTICS_REPORTING_ENABLED" in container["env"]) == ("UTC", False)
    assert SECRET not in json.dumps(container)
    assert f'client_secret = """{SECRET}"""' in found["files"]["grafana.ini"]["content"]
    loki = sources(found)["Loki"]
    assert (loki["isDefault"], sources(found)["Prometheus"]["isDefault"]) == (True, False)
    assert loki["secureJsonData"] == {"x": SECRET}
    for name in ("grafana.ini", "files/smtp", "files/ldap.toml", "provisioning/datasources/prometheus.yml"):
        file = found["files"][name]
        assert (file["secret"], file["owner"], file["mode"]) == (True, 472, "0400")
    assert (found["files"]["files"]["owner"], found["files"]["files"]["mode"]) == (472, "0500")
    assert found["files"]["grafana.ini"]["mode"] == "0400"

    (tmp_path / "smtp").write_text("another")
    assert worked_out(tmp_path, **given)["container"]["files"] != container["files"]
