# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What depends on the distribution is in one file; a host of another family is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._distribution import (
    all_packages,
    distributions_in,
    engine_packages,
    judged,
)

from tests.checks.tree import CHECKOUT, working_tree
from tests.role_readme import ROLES, load

DISTRIBUTIONS = ROLES / "monitor_lab" / "vars" / "distributions"
DEBIAN = load(DISTRIBUTIONS / "Debian.yml")["monitor_lab_distribution"]
PACKAGES = {name for names in DEBIAN["packages"].values() for name in names} | {DEBIAN["docker_client"]["package"]}
# Without those that are also a program's, a registry's, or in an image.
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


def looked(family: str, distribution: str, version: str, missing: list[str]) -> dict[str, Any]:
    system = {
        "ansible_os_family": family,
        "ansible_distribution": distribution,
        "ansible_distribution_version": version,
        "ansible_distribution_major_version": version.split(".", maxsplit=1)[0],
    }
    return {"ansible_facts": system, "packages": {"missing": missing, "interrupted": []}, "cpus": 2}


@pytest.mark.parametrize(
    ("family", "distribution", "version"),
    [("RedHat", "Fedora", "43"), ("Suse", "openSUSE Leap", "16.0"), ("Archlinux", "Archlinux", "rolling")],
)
def test_another_family_is_refused(family: str, distribution: str, version: str) -> None:
    judgement = judged("vm1", looked(family, distribution, version, []), distributions_in(DISTRIBUTIONS), pod=True)
    assert judgement["failed"]
    assert f"vm1 runs {distribution} {version}: the lab is made for Debian 12 and 13" in judgement["msg"]


def test_of_a_known_family_only_what_it_needs_is_missing() -> None:
    known = distributions_in(DISTRIBUTIONS)
    missing = sorted({*all_packages(known.values()), "another"})
    judgement = judged("vm1", looked("Debian", "Debian", "12.1", missing), known, pod=False)
    assert judgement["packages"]["missing"] == engine_packages(DEBIAN, facts("Debian", "12"), False)
    assert judgement["distribution"] == DEBIAN
    assert judgement["cpus"] == 2
    assert judged("vm1", looked("Debian", "Debian", "12.1", ["podman"]), known, pod=True)["packages"]["missing"] == [
        "podman"
    ]


def test_every_package_that_a_host_may_need_is_looked_for() -> None:
    assert set(all_packages(distributions_in(DISTRIBUTIONS).values())) >= PACKAGES


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
