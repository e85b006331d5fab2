# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What depends on the distribution is in one file; a host of another family is refused before any of it is called."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._distribution import engine_packages

from tests.checks.tree import CHECKOUT, working_tree
from tests.plays import ansible_playbook
from tests.role_readme import ROLES, load

DISTRIBUTIONS = ROLES / "monitor_lab" / "vars" / "distributions"
DEBIAN = load(DISTRIBUTIONS / "Debian.yml")["monitor_lab_distribution"]
PACKAGES = {name for names in DEBIAN["packages"].values() for name in names} | {DEBIAN["docker_client"]["package"]}
# Without those that are also a program's, a registry's, or in an image (image_packages).
NAMES = sorted(PACKAGES - {"docker.io", "podman", "mmdebstrap", "ca-certificates"})
COMMANDS = re.compile(
    r"ansible\.builtin\.(?:apt|dpkg)\w*|\bdpkg\b|update-ca-certificates|/usr/local/share/ca-certificates"
)
# What its file names, and that file.
OWN = {
    "roles/monitor_lab/vars/distributions/Debian.yml",
    f"roles/container_engine/tasks/{DEBIAN['install']}",
    f"playbooks/tasks/{DEBIAN['bundle']}",
}


def facts(distribution: str, major: str) -> dict[str, str]:
    return {"distribution": distribution, "distribution_major_version": major}


@pytest.mark.parametrize(
    ("distribution", "major", "apart"),
    [
        ("Debian", "12", False),
        ("Debian", "13", True),
        ("Debian", "14", True),
        ("Debian", "n/a", True),
        ("Kali", "2025", True),
        ("Ubuntu", "24", False),
        ("Devuan", "6", False),
    ],
)
def test_dockers_client_is_a_package_of_its_own_where_it_is(distribution: str, major: str, apart: bool) -> None:
    assert ("docker-cli" in engine_packages(DEBIAN, facts(distribution, major), False)) == apart


def test_only_a_host_with_a_pod_gets_podman() -> None:
    without = engine_packages(DEBIAN, facts("Debian", "12"), False)
    assert without == [*DEBIAN["packages"]["docker"], *DEBIAN["packages"]["modules"]]
    assert engine_packages(DEBIAN, facts("Debian", "12"), True) == [*without, *DEBIAN["packages"]["podman"]]


def look(tmp_path: Path, **system: str) -> subprocess.CompletedProcess[str]:
    """Use the role on this machine as if it had another system, where no program of any system can be found."""
    playbook = tmp_path / "play.yml"
    play: dict[str, Any] = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "environment": {"PATH": "/nonexistent"},
        "vars": {
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            "ansible_facts": {"effective_user_id": 0, "service_mgr": "systemd", **system},
        },
        "tasks": [
            {
                "ansible.builtin.include_role": {
                    "name": "devsecops.monitor_lab.container_engine",
                    "tasks_from": "preflight",
                }
            }
        ],
    }
    # JSON is YAML.
    playbook.write_text(json.dumps([play]))
    return ansible_playbook(playbook, "--inventory=localhost,")


@pytest.mark.parametrize(
    ("family", "distribution", "version"),
    [("RedHat", "Fedora", "43"), ("Suse", "openSUSE Leap", "16.0"), ("Archlinux", "Archlinux", "rolling")],
)
def test_another_family_is_refused_before_the_host_is_looked_at(
    family: str, distribution: str, version: str, tmp_path: Path
) -> None:
    done = look(
        tmp_path,
        os_family=family,
        distribution=distribution,
        distribution_version=version,
        distribution_major_version=version,
    )
    said = " ".join(done.stdout.split() + done.stderr.split())
    assert done.returncode == 2, said
    assert f"localhost runs {distribution} {version}: the lab is made for Debian 12 and 13" in said
    assert "Learn what the host already has" not in said
    assert "dpkg" not in said


def test_a_family_that_is_there_is_looked_at(tmp_path: Path) -> None:
    """The test above would show nothing if the look did not need the program that is not found."""
    done = look(
        tmp_path,
        os_family="Debian",
        distribution="Kali",
        distribution_version="2025.4",
        distribution_major_version="2025",
    )
    said = " ".join(done.stdout.split() + done.stderr.split())
    assert "Learn what the host already has" in said
    assert "dpkg-query" in said


@pytest.mark.parametrize("path", sorted(DISTRIBUTIONS.glob("*.yml")), ids=lambda path: path.stem)
def test_every_file_of_a_family_has_what_debians_has(path: Path) -> None:
    distribution = load(path)["monitor_lab_distribution"]
    assert distribution.keys() == DEBIAN.keys()
    assert distribution["packages"].keys() == DEBIAN["packages"].keys()
    assert (ROLES / "container_engine" / "tasks" / distribution["install"]).exists()
    assert (CHECKOUT / "playbooks" / "tasks" / distribution["bundle"]).exists()


def told(text: str) -> list[str]:
    """What a file of tasks or variables says that is Debian's own, besides comments."""
    words = yaml.safe_dump(yaml.safe_load(text), width=1000)
    names = [name for name in NAMES if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", words)]
    return names + COMMANDS.findall(words)


def test_names_and_commands_of_debian_are_in_its_file_only() -> None:
    files = [
        path
        for path in working_tree()
        if path.suffix == ".yml" and path.parts[0] in ("roles", "playbooks") and path.parent.name != "meta"
    ]
    found = {path.as_posix(): told((CHECKOUT / path).read_text(encoding="utf-8")) for path in files}
    assert {path: words for path, words in found.items() if words and path not in OWN} == {}
    assert all(found[path] for path in OWN)


def test_a_name_elsewhere_is_noticed() -> None:
    text = "- ansible.builtin.apt:\n    name: python3-apt\n- command: update-ca-certificates # docker-cli\n"
    assert told(text) == ["python3-apt", "ansible.builtin.apt", "update-ca-certificates"]
