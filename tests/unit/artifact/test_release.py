# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What a release says of itself: galaxy.yml has the version, and nothing else says another."""

from __future__ import annotations

import re
from typing import Any

import yaml

from tests.__main__ import PARTS
from tests.checks.imports import PACKAGES
from tests.checks.tree import CHECKOUT
from tests.role_readme import load

GALAXY = load(CHECKOUT / "galaxy.yml")
RELEASES: dict[str, Any] = load(CHECKOUT / "changelogs" / "changelog.yaml")["releases"]
# Those that ansible-core itself needs.
WITH_CORE = {"ansible", "cryptography", "jinja2", "markupsafe", "yaml"}


def test_the_newest_release_is_this_one() -> None:
    assert max(RELEASES, key=lambda release: [*map(int, release.split("."))]) == GALAXY["version"]
    text = (CHECKOUT / "CHANGELOG.rst").read_text(encoding="utf-8")
    assert re.findall(r"^v(\S+)\n=+$", text, re.MULTILINE)[0] == GALAXY["version"]


def test_plugins_came_with_a_release() -> None:
    said = {
        path.name: re.findall(r"version_added: *[\"']?([\d.]+)", path.read_text(encoding="utf-8"))
        for path in (CHECKOUT / "plugins").rglob("*.py")
    }
    assert {name: versions for name, versions in said.items() if set(versions) - RELEASES.keys()} == {}


def test_an_execution_environment_has_what_plugins_import_and_pip() -> None:
    environment = load(CHECKOUT / "meta" / "execution-environment.yml")
    text = (CHECKOUT / environment["dependencies"]["python"]).read_text(encoding="utf-8")
    named = set(re.findall(r"^[a-z]+", text, re.MULTILINE))
    assert named == {*PACKAGES, "pip"} - WITH_CORE
    assert named <= set(re.findall(r"^[a-z]+", (CHECKOUT / "requirements.in").read_text(), re.MULTILINE))


def test_the_hooks_before_a_commit_are_parts_of_the_tests() -> None:
    config = yaml.safe_load((CHECKOUT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    entries = [hook["entry"] for repository in config["repos"] for hook in repository["hooks"]]
    assert entries
    assert [entry for entry in entries if entry not in {f"./lab test {part}" for part in PARTS}] == []
