# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A play with wrong values stops in one task that names them all, for every host, before anything else is done."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.plays import ansible_playbook

BECOME = {"ansible_become": True, "ansible_become_exe": "/nowhere/sudo"}


def play(folder: Path, hosts: Mapping[str, Any], *arguments: str, **vars: Any) -> subprocess.CompletedProcess[str]:
    """Run a play with `vars` of the check and of what comes after it, on `hosts` that nothing can connect to."""
    playbook, inventory = folder / "play.yml", folder / "inventory.yml"
    tasks = [
        {"name": "Stop where a value cannot be used", "devsecops.monitor_lab.lab_check_values": None},
        {"ansible.builtin.debug": {"msg": "everything else"}},
    ]
    playbook.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "vars": vars, "tasks": tasks}]))
    nothing = {"ansible_host": "127.0.0.1", "ansible_port": 1, **BECOME}
    inventory.write_text(json.dumps({"all": {"hosts": {host: {**nothing, **own} for host, own in hosts.items()}}}))
    return ansible_playbook(playbook, f"--inventory={inventory}", *arguments, ANSIBLE_STDOUT_CALLBACK="default")


def faults(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the lines of the results' messages, sorted. Ansible shows each before that, without an indent."""
    return sorted(line.strip() for line in done.stdout.splitlines() if re.match(r"\s+(\w+|all hosts): \w+: ", line))


def test_all_faults_of_all_hosts_are_told_at_once(tmp_path: Path) -> None:
    hosts = {
        "locust1": {
            "locust_file": "/nowhere.py",
            "locust_memory": "1x",
            "monitor_lab_proxy": "user:geheim@proxy",
            "locust_worker_processes": "{{ monitor_lab_host.cpus // 2 }}",
        },
        "mon1": {"prometheus_retenton": "30d", "prometheus_retention": "{{ my_days }}d", "locust_env": "X=1"},
    }
    for mode in ([], ["--check"]):
        done = play(tmp_path, hosts, *mode, "--extra-vars=monitor_lab_prometheus_port=nine")
        assert done.returncode == 2, done.stdout
        assert faults(done) == [
            "all hosts: monitor_lab_prometheus_port: nine is not a port; write a whole number from 1 to 65535",
            "locust1: locust_file: there is no /nowhere.py on the controller; write the path of an existing file,"
            " or of a folder with a locustfile.py",
            "locust1: locust_memory: 1x is not an amount of memory; write one such as 512m, 512Mi or 1g",
            "locust1: monitor_lab_proxy: the value is not a URL; write one such as http://192.0.2.1:8080",
            "mon1: locust_env: X=1 is not a dictionary; write it in an inventory, or as JSON after -e",
            "mon1: prometheus_retention: the value cannot be worked out: 'my_days' is undefined; correct its template",
            "mon1: prometheus_retenton: there is no such variable; write prometheus_retention, or give one of your own"
            " another name",
        ]
        assert done.stdout.count("\n        7 values cannot be used; nothing was changed.\n") == 1
        assert "geheim" not in done.stdout + done.stderr
        assert "argument_spec" not in done.stdout
        assert "description" not in done.stdout
        assert "everything else" not in done.stdout


def test_no_host_goes_on_where_another_has_a_fault(tmp_path: Path) -> None:
    done = play(tmp_path, {"locust1": {}, "mon1": {"prometheus_retention": "long"}, "mon2": {}})
    assert faults(done) == ["mon1: prometheus_retention: long is not a duration; write one such as 5s, 15d or 1h30m"]
    assert "everything else" not in done.stdout


def test_what_a_play_sets_is_checked_for_every_host(tmp_path: Path) -> None:
    hosts = {"mon1": {"grafana_memory": "lots"}, "mon2": {}}
    done = play(tmp_path, hosts, prometheus_memory="{{ inventory_hostname }}", prometheus_version="{{ nowhere }}")
    wrong = "is not an amount of memory; write one such as 512m, 512Mi or 1g"
    assert faults(done) == [
        "all hosts: prometheus_version: the value cannot be worked out: 'nowhere' is undefined; correct its template",
        f"mon1: grafana_memory: lots {wrong}",
        f"mon1: prometheus_memory: mon1 {wrong}",
        f"mon2: prometheus_memory: mon2 {wrong}",
    ]


def test_what_ansible_vault_has_encrypted_is_not_shown(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("x")
    encrypted = subprocess.run(
        [
            Path(sys.executable).with_name("ansible-vault"),
            "encrypt_string",
            f"--vault-password-file={password}",
            "geheim",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    (tmp_path / "secret.yml").write_text(f"prometheus_retention: {encrypted}")
    done = play(tmp_path, {"mon1": {}}, f"--vault-password-file={password}", f"--extra-vars=@{tmp_path}/secret.yml")
    assert faults(done) == [
        "mon1: prometheus_retention: the value is not a duration; write one such as 5s, 15d or 1h30m"
    ]
    assert "geheim" not in done.stdout + done.stderr


def test_right_values_are_let_through_without_a_connection(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.touch()
    hosts = {
        "mon1": {
            "locust_file": str(file),
            "locust_memory": "512Mi",
            "monitor_lab_prometheus_port": "9091",
            "grafana_external_url": "https://{{ inventory_hostname }}:3000",
            "locust_host": "{{ monitor_lab_tokenization_url }}/v1",
            "prometheus_scrape_configs": [{"job_name": "mine"}],
            "mine": "{{ nowhere }}",
        }
    }
    done = play(tmp_path, hosts)
    assert done.returncode == 0, done.stdout
    assert "everything else" in done.stdout
