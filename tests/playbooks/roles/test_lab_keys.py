# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What of passwords and certificates the lab makes, renews, takes as it is given, and refuses."""

from __future__ import annotations

import datetime
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _certificates as certificates
from cryptography import x509

from tests.plays import ansible_playbook

HOSTS = {"tokenization": "pod1", "locust": "locust1", "locust_exporter": "mon1", "prometheus": "mon1"}
CERTIFICATES = [f"{name}.{kind}" for name in ("locust1", "mon1", "pod1") for kind in ("crt", "key")]
AUTHORITY = ["authority.crt", "authority.key"]


def play(folder: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Have the keys of a lab across hosts."""
    role = {"name": "devsecops.monitor_lab.monitor_lab"}
    tasks = [
        {"ansible.builtin.import_role": role},
        {"ansible.builtin.import_role": {**role, "tasks_from": "keys"}},
    ]
    (folder / "play.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    known = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    addresses = {name: f"192.0.2.{number}" for number, name in enumerate(HOSTS.values(), 1)}
    hosts = {group: {"hosts": {name: {**known, "ansible_host": addresses[name]}}} for group, name in HOSTS.items()}
    (folder / "hosts.json").write_text(json.dumps(hosts))
    given = {"monitor_lab_host": {}, "monitor_lab_secrets_dir": f"{folder}/secrets", **variables}
    return ansible_playbook(
        folder / "play.yml", f"--inventory={folder}/hosts.json", f"--extra-vars={json.dumps(given)}", *options
    )


def changed(done: subprocess.CompletedProcess[str]) -> bool:
    assert done.returncode == 0, done.stdout
    return "changed=1" in done.stdout


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    assert changed(play(folder))
    return folder / "secrets"


@pytest.fixture
def tls(made: Path, tmp_path: Path) -> Path:
    """The folder of certificates of a lab that has its keys."""
    shutil.copytree(made, tmp_path / "secrets")
    return tmp_path / "secrets" / "tls"


def make_earlier(tls: Path, days: int) -> None:
    """Have mon1's certificate, for the same names, from so many days ago."""
    certificate = x509.load_pem_x509_certificate((tls / "mon1.crt").read_bytes())
    named = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    names = [str(name.value) for name in named]
    for path in tls.glob("mon1.*"):
        path.unlink()
    earlier = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days)
    assert certificates.make(tls, {"mon1": names}, earlier, False) == ["mon1.key", "mon1.crt"]


def test_nothing_is_made_in_check_mode(tmp_path: Path) -> None:
    assert changed(play(tmp_path, "--check"))
    assert not (tmp_path / "secrets").exists()


def test_keys_are_made_once(tmp_path: Path, tls: Path) -> None:
    assert sorted(contents(tls)) == sorted(AUTHORITY + CERTIFICATES)
    logins = {"locust_password", "locust_exporter_password", "prometheus_password"}
    pairs = {f"locust_{name}.{kind}" for name in ("master", "worker") for kind in ("key", "pub")}
    before = contents(tls.parent)
    assert before.keys() >= logins | pairs
    assert not changed(play(tmp_path))
    assert contents(tls.parent) == before


@pytest.mark.parametrize(("days", "is_due"), [(360, False), (370, True)])
def test_a_certificate_that_ends_within_30_days_is_renewed(tmp_path: Path, tls: Path, days: int, is_due: bool) -> None:
    make_earlier(tls, days)
    before = contents(tls)
    assert changed(play(tmp_path, "--check")) is is_due
    assert contents(tls) == before
    assert changed(play(tmp_path)) is is_due
    renewed = {name for name, content in contents(tls).items() if content != before[name]}
    assert renewed == ({"mon1.crt", "mon1.key"} if is_due else set())
    assert not changed(play(tmp_path))


def test_one_that_is_missing_is_made(tmp_path: Path, tls: Path) -> None:
    before = contents(tls)
    (tls / "pod1.key").unlink()
    assert changed(play(tmp_path))
    assert {name for name, content in contents(tls).items() if content != before[name]} == {"pod1.crt", "pod1.key"}


def test_given_certificates_are_left_as_they_are(tmp_path: Path, tls: Path) -> None:
    # One of the lab's it would renew.
    make_earlier(tls, 370)
    given = tls.rename(tmp_path / "given")
    (given / "authority.key").unlink()
    before = contents(given)
    assert not changed(play(tmp_path, monitor_lab_tls="files", monitor_lab_tls_dir=str(given)))
    assert contents(given) == before
    assert not tls.exists()


@pytest.mark.parametrize("options", [(), ("--check",)])
def test_given_certificates_that_are_of_no_use_are_refused_before_anything_is_made(
    tmp_path: Path, tls: Path, options: tuple[str, ...]
) -> None:
    make_earlier(tls, 400)
    given = tls.rename(tmp_path / "given")
    (given / "pod1.key").unlink()
    elsewhere = tmp_path / "new"
    elsewhere.mkdir()
    refused = play(elsewhere, *options, monitor_lab_tls="files", monitor_lab_tls_dir=str(given))
    assert refused.returncode != 0
    message = " ".join(refused.stdout.split())
    assert f"{given}/mon1.crt has ended." in message
    assert f"{given}/pod1.key can't be read as a private key" in message
    assert "No host was touched." in message
    assert not (elsewhere / "secrets").exists()
