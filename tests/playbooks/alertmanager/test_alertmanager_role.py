# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What the role has a host get: a login everywhere, TLS where the lab has it, and secrets that nobody else reads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import bcrypt
import pytest
import yaml

from tests.checks.tree import CHECKOUT
from tests.plays import ansible_playbook, shown

LOOKED: dict[str, Any] = {
    "ansible_facts": {"ansible_service_mgr": "systemd"},
    "cgroups": [],
    "cpus": 2,
    "distribution": {"suite": "bookworm"},
    "docker": None,
    "files": {},
    "listeners": [],
    "podman": None,
}
SEEN = {
    "files": "{{ __alertmanager_files }}",
    "containers": "{{ __alertmanager_containers }}",
    "images": "{{ __alertmanager_images | map(attribute='name') }}",
    "alerting": "{{ __prometheus_alerting }}",
    "differences": "{{ alertmanager_differences }}",
    "prometheus": "{{ lookup('ansible.builtin.template', '"
    + str(CHECKOUT / "roles" / "prometheus" / "templates" / "prometheus.yml.j2")
    + "') }}",
}
LOCAL: dict[str, Any] = {"one": {}}
APART = {"one": {"ansible_host": "192.0.2.1"}, "two": {"ansible_host": "192.0.2.2"}}


def role(name: str, entry_point: str) -> dict[str, Any]:
    return {"ansible.builtin.import_role": {"name": f"devsecops.monitor_lab.{name}", "tasks_from": entry_point}}


def play(
    folder: Path, hosts: dict[str, Any], *tasks: dict[str, Any], **variables: Any
) -> subprocess.CompletedProcess[str]:
    """Play for the first of these hosts, which has Alertmanager; Prometheus is on the last."""
    secrets = folder / "secrets"
    secrets.mkdir(exist_ok=True)
    for name in ("alertmanager_password", "password_salt", "prometheus_password"):
        (secrets / name).write_text(f"geheim-{name}")
    common = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    all_hosts = {"hosts": {host: {**common, **given} for host, given in hosts.items()}}
    groups: dict[str, Any] = {"alertmanager": {"hosts": {min(hosts): {}}}, "prometheus": {"hosts": {max(hosts): {}}}}
    (folder / "hosts.json").write_text(json.dumps({"all": all_hosts, **groups}))
    (folder / "play.yml").write_text(json.dumps([{"hosts": "one", "gather_facts": False, "tasks": [*tasks]}]))
    files = f"{CHECKOUT}/files"
    given = {
        "monitor_lab_host": LOOKED,
        "monitor_lab_files": files,
        "monitor_lab_secrets_dir": str(secrets),
        **variables,
    }
    return ansible_playbook(
        folder / "play.yml", f"--inventory={folder}/hosts.json", f"--extra-vars={json.dumps(given)}"
    )


def seen(folder: Path, hosts: dict[str, Any], **variables: Any) -> dict[str, Any]:
    show = {"ansible.builtin.debug": {"msg": "{{ seen | to_json }}"}, "vars": {"seen": SEEN}}
    done = play(
        folder, hosts, role("alertmanager", "differences"), role("prometheus", "differences"), show, **variables
    )
    assert done.returncode == 0, done.stdout
    (found,) = shown(done)
    assert isinstance(found, dict)
    return found


def wanted(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The files that are wanted, by their paths below the role's folder."""
    folder = "/etc/monitor_lab/alertmanager/"
    return {
        file["path"].removeprefix(folder): file
        for file in found["files"]
        if file["path"].startswith(folder) and file.get("wanted", True)
    }


def running(found: dict[str, Any]) -> list[str]:
    return [container["name"] for container in found["containers"] if container["wanted"]]


def whom(files: dict[str, dict[str, Any]]) -> dict[str, Any]:
    (lab, _nobody) = yaml.safe_load(files["alertmanager.yml"]["content"])["receivers"]
    assert isinstance(lab, dict)
    return lab


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return seen(tmp_path_factory.mktemp("local"), LOCAL)


def test_it_wants_a_login_on_loopback_too(local: dict[str, Any]) -> None:
    web = yaml.safe_load(wanted(local)["web.yml"]["content"])
    assert web.keys() == {"basic_auth_users"}
    assert bcrypt.checkpw(b"geheim-alertmanager_password", web["basic_auth_users"]["alertmanager"].encode())
    login = {"username": "alertmanager", "password_file": "/etc/prometheus/keys/alertmanager_password"}
    assert local["alerting"] == {
        "alertmanagers": [{"scheme": "http", "static_configs": [{"targets": ["127.0.0.1:9093"]}], "basic_auth": login}]
    }
    prometheus = yaml.safe_load(local["prometheus"])
    assert prometheus["alerting"] == local["alerting"]
    (job,) = [job for job in prometheus["scrape_configs"] if job["job_name"] == "alertmanager"]
    assert job["basic_auth"] == login


def test_one_machine_keeps_what_is_told_in_a_file(local: dict[str, Any]) -> None:
    assert local["images"] == ["alertmanager", "alert_receiver"]
    assert running(local) == ["monitor-lab-alert-receiver", "monitor-lab-alertmanager"]
    (webhook,) = whom(wanted(local))["webhook_configs"]
    assert webhook["url"] == "http://127.0.0.1:9095/alerts"
    assert {"container monitor-lab-alertmanager is not there", "container monitor-lab-alert-receiver is not there"} <= {
        *local["differences"]
    }


def test_secrets_are_for_alertmanager_alone(tmp_path: Path) -> None:
    (tmp_path / "smtp").write_text("geheim-smtp\n")
    mail = {"alertmanager_email_to": "a@example.org", "alertmanager_email_from": "b@example.org"}
    server = {"alertmanager_smtp_smarthost": "mail:587", "alertmanager_smtp_username": "u"}
    hook = {"alertmanager_webhook_url": "https://hook.example.org/geheim-hook"}
    given = {**mail, **server, **hook, "alertmanager_smtp_password_file": str(tmp_path / "smtp")}
    found = seen(tmp_path, LOCAL, **given)
    files = wanted(found)
    with_secrets = {path: file for path, file in files.items() if "geheim" in str(file.get("content", ""))}
    assert with_secrets.keys() == {"alertmanager.yml", "keys/alertmanager_password", "keys/smtp_password"}
    for path in (*with_secrets, "web.yml"):
        assert (files[path]["secret"], files[path]["owner"], files[path]["mode"]) == (True, 65534, "0400"), path
    assert files["keys/smtp_password"]["content"] == "geheim-smtp"
    assert "geheim" not in json.dumps(found["containers"])
    assert [one["url"] for one in whom(files)["webhook_configs"]][1] == hook["alertmanager_webhook_url"]
    assert whom(files)["email_configs"][0]["text"].endswith("http://127.0.0.1:9090/alerts")


def test_amtool_checks_the_configuration_before_it_is_put_in_place(local: dict[str, Any]) -> None:
    check = wanted(local)["alertmanager.yml"]["validate"]
    assert check.startswith("docker run --rm --network none ")
    assert check.endswith(" check-config /checked.yml")
    assert " --volume %s:/checked.yml:ro --entrypoint amtool " in check


def test_across_hosts_it_speaks_tls_and_keeps_no_file(tmp_path: Path) -> None:
    found = seen(tmp_path, APART)
    files = wanted(found)
    assert (
        yaml.safe_load(files["web.yml"]["content"])["tls_server_config"]["cert_file"] == "/etc/alertmanager/tls/tls.crt"
    )
    (manager,) = found["alerting"]["alertmanagers"]
    assert (manager["scheme"], manager["static_configs"]) == ("https", [{"targets": ["192.0.2.1:9093"]}])
    assert manager["tls_config"] == {"ca_file": "/etc/prometheus/tls/authority.crt"}
    assert whom(files) == {"name": "lab"}
    assert found["images"] == ["alertmanager"]
    assert [container["name"] for container in found["containers"] if container["wanted"]] == [
        "monitor-lab-alertmanager"
    ]
    assert "keys/alertmanager_password" not in files


def test_an_open_lab_has_its_login_too(tmp_path: Path) -> None:
    found = seen(tmp_path, APART, monitor_lab_exposed=True)
    assert yaml.safe_load(wanted(found)["web.yml"]["content"]).keys() == {"basic_auth_users"}
    assert "basic_auth" in found["alerting"]["alertmanagers"][0]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"alertmanager_email_to": "a@example.org"},
            "alertmanager_email_from and alertmanager_smtp_smarthost too.",
        ),
        ({"alertmanager_smtp_username": "lab"}, "go together: set both or neither."),
    ],
)
def test_mail_that_cannot_be_sent_is_refused(given: dict[str, str], says: str, tmp_path: Path) -> None:
    done = play(tmp_path, LOCAL, role("alertmanager", "preflight"), **given)
    assert done.returncode != 0
    assert says in " ".join(done.stdout.split())


def test_a_configuration_that_is_refused_is_neither_put_in_place_nor_shown(tmp_path: Path) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text("the one before")
    wanted = {"path": str(file), "content": "geheim", "secret": True, "mode": "0400", "validate": "grep -v geheim %s"}
    task = {
        "ansible.builtin.include_role": {"name": "devsecops.monitor_lab.files"},
        "vars": {"files_wanted": [wanted]},
    }
    done = play(tmp_path, LOCAL, task)
    assert done.returncode != 0
    assert "failed to validate" in done.stdout
    assert "geheim" not in done.stdout + done.stderr
    assert file.read_text() == "the one before"
