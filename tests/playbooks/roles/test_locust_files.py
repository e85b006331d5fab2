# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What the role locust makes of a folder, arguments, an environment, secrets and an authority, on master and worker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.host import files
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._differences import (
    container_options,
    file_differences,
    whole_files,
)

from tests.checks.tree import CHECKOUT
from tests.plays import ansible_playbook, reading, shown
from tests.role_readme import ROLES

VALUES = ("__locust_files", "__locust_containers", "__locust_container", "__locust_trial", "__locust_read_once")
SECRET = "geheim"
HOST = {
    "ansible_facts": {"ansible_service_mgr": "systemd"},
    "docker": {"limits": {"cpus": 8, "pids": True, "swap": True}},
}


def worked_out(folder: Path, trial: bool = False, **variables: Any) -> dict[str, Any]:
    """Return what the role works out of variables on a host that is master and worker."""
    asked = (*VALUES, *(["__locust_trial_files"] if trial else []))
    msg = "{{ {" + ", ".join(f"'{name}': {name}" for name in asked) + "} | to_json }}"
    task: dict[str, Any] = {"ansible.builtin.debug": {"msg": msg}}
    if trial:
        task["vars"] = {"__locust_folder": "{{ __locust_trial_dir }}"}
    (folder / "play.yml").write_text(json.dumps([reading(("monitor_lab", "locust"), task)]))
    groups: dict[str, Any] = {group: {"hosts": {"localhost": {}}} for group in ("locust", "locust_workers")}
    (folder / "hosts.json").write_text(json.dumps(groups))
    given = {
        "monitor_lab_secrets_dir": f"{folder}/secrets",
        "monitor_lab_config_dir": f"{folder}/etc/lab",
        "monitor_lab_host": {"cpus": 2},
        # In a role it is the role's own folder.
        "role_path": str(ROLES / "locust"),
        "__locust_reference": "localhost/monitor-lab/locust:1",
        **variables,
    }
    done = ansible_playbook(
        folder / "play.yml", f"--inventory={folder}/hosts.json", f"--extra-vars={json.dumps(given)}", cwd=folder
    )
    assert done.returncode == 0, done.stdout
    (found,) = shown(done)
    return dict(found)


@pytest.fixture
def load(tmp_path: Path) -> Path:
    for name in ("load/locustfile.py", "load/lib/cart.py", "load/data.csv", "ca.pem"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "token").write_text(SECRET)
    return tmp_path


def given(load: Path) -> dict[str, Any]:
    return {
        "locust_file": "load",
        "locust_arguments": ["--class-picker"],
        "locust_env": {"WAIT_MIN": 0.5, "FAST": True},
        "locust_secret_files": {"token": str(load / "token"), "other": {"content": SECRET}},
        "locust_ca_file": "ca.pem",
    }


def test_everything_reaches_the_containers_and_no_secret_shows(load: Path) -> None:
    found = worked_out(load, **given(load))
    by_path = {file["path"].removeprefix(f"{load}/etc/lab/"): file for file in whole_files(found["__locust_files"])}
    assert by_path.keys() >= {
        "locust/load/locustfile.py",
        "locust/load/lib/cart.py",
        "locust/load/data.csv",
        "locust/packages/lean_http_user/__init__.py",
        "locust/packages/lean_http_user/client.py",
        "locust/histograms.py",
        "locust/run_mark.py",
        "locust/web_access.py",
        "locust/watchdog.py",
        "locust/workers.py",
        "locust/ca.crt",
        "locust/keys/token",
        "locust/keys/other",
    }
    assert {
        (by_path[f"locust/keys/{name}"]["mode"], by_path[f"locust/keys/{name}"]["owner"]) for name in ("token", "other")
    } == {("0400", 10003)}
    attacks = {path.name for path in (CHECKOUT / "files" / "locust" / "attacks").glob("*.py")}
    assert {path for path in by_path if path.startswith("locust/attacks/")} == {
        f"locust/attacks/{one}" for one in attacks
    }
    master, workers = (container_options(one, HOST) for one in found["__locust_containers"])
    assert "attacks" not in json.dumps([master["command"], workers["command"]])
    assert (master["cpus"], workers["cpus"]) == (2, 3)
    mine = "--locustfile=/etc/locust/load/locustfile.py"
    plugins = [f"/etc/locust/{name}.py" for name in ("histograms", "run_mark", "web_access", "watchdog")]
    assert master["command"][0] == ",".join([mine, *plugins])
    assert workers["command"][0] == f"{mine},/etc/locust/workers.py"
    for options in (master, workers):
        assert "--class-picker" in options["command"]
        assert options["working_dir"] == "/etc/locust/load"
        assert options["env"].items() >= {
            ("WAIT_MIN", "0.5"),
            ("FAST", "true"),
            ("HOME", "/tmp"),
            ("PYTHONPATH", "/etc/locust/packages:/app"),
            ("REQUESTS_CA_BUNDLE", "/etc/locust/ca.crt"),
            ("SSL_CERT_FILE", "/etc/locust/ca.crt"),
        }
        assert SECRET not in json.dumps(options)
    assert master["env"]["LOCUST_WEB_HOSTS"] == "127.0.0.1,::1,localhost"
    # It has no page, and is no other worker under another name.
    assert "LOCUST_WEB_HOSTS" not in workers["env"]


def test_it_is_tried_under_the_conditions_of_the_start(load: Path) -> None:
    found = worked_out(load, trial=True, **given(load))
    tried = container_options({**found["__locust_container"], **found["__locust_trial"]}, HOST)
    real = container_options(found["__locust_containers"][0], HOST)
    differing = {key for key in tried if tried[key] != real[key]}
    assert differing == {"name", "command", "env", "restart_policy", "auto_remove"}
    assert tried["env"] == {**real["env"], "LOCUST_TIME_LIMIT": "60"}
    assert tried["command"] == [
        "--locustfile=/etc/locust/time_limit.py,/etc/locust/load/locustfile.py",
        "--class-picker",
        "--list",
    ]
    assert (tried["restart_policy"], tried["auto_remove"]) == ("no", True)
    trial = f"{load}/etc/lab/locust/trial"
    assert [mount["source"] for mount in tried["mounts"]] == [trial]
    lab, *tried_files = whole_files(found["__locust_trial_files"])
    assert (lab["path"], lab["mode"]) == (f"{load}/etc/lab", "0700")
    paths = [file["path"] for file in tried_files]
    assert all(path == trial or path.startswith(f"{trial}/") for path in paths)
    assert f"{trial}/time_limit.py" in paths
    # Each folder before what lies in it.
    assert all(str(Path(path).parent) in paths[:number] for number, path in enumerate(paths) if number)


def test_a_second_deployment_changes_nothing_and_all_that_is_changed_is_seen(load: Path) -> None:
    found = worked_out(load, **given(load))
    wanted = found["__locust_files"]
    for file in whole_files(wanted):
        path = Path(file["path"])
        if file["state"] == "directory":
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.write_bytes(Path(file["src"]).read_bytes() if "src" in file else file["content"].encode())
        path.chmod(int(file["mode"], 8))

    def differing() -> list[str]:
        seen = files([load / "etc" / "lab"])
        told = file_differences(wanted, seen)
        # Whoever runs the tests may not be root.
        return [line.removeprefix(f"{load}/etc/lab/") for line in told if not line.endswith((" owner", " group"))]

    assert differing() == []
    (load / "etc/lab/locust/load/lib/cart.py").write_text("by hand")
    (load / "etc/lab/locust/load/more.csv").touch()
    (load / "etc/lab/locust/trial").mkdir()
    assert differing() == [
        "locust/load/lib/cart.py has another content",
        "locust/load/more.csv does not belong there",
        "locust/trial does not belong there",
    ]
    (load / "load" / "data.csv").write_text("another")
    assert "locust/load/data.csv has another content" in differing()
    assert worked_out(load, **given(load))["__locust_read_once"] != found["__locust_read_once"]


def test_what_cannot_be_used_stops_with_one_line(load: Path) -> None:
    with pytest.raises(AssertionError, match="locust_file: there is no nowhere on the controller"):
        worked_out(load, locust_file="nowhere")


def test_attacks_have_the_lab_s_authority_whatever_is_tested(load: Path) -> None:
    (load / "authority.crt").write_text("the lab's")
    tls: dict[str, Any] = {"monitor_lab_has_tls": True, "monitor_lab_authority": "the lab's"}
    found = worked_out(load, **given(load), **tls, monitor_lab_tls_source={})
    (authority,) = [
        file for file in whole_files(found["__locust_files"]) if file["path"].endswith("attacks/authority.crt")
    ]
    assert (authority["content"], authority["mode"]) == ("the lab's", "0644")
    # The containers in use read it never.
    assert found["__locust_read_once"] == worked_out(load, **given(load))["__locust_read_once"]
