# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What a family of distributions has under which name; the data is in roles/monitor_lab/vars/distributions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.common.yaml import yaml_load


def distributions_in(folder: Path) -> dict[str, dict[str, Any]]:
    """Return family (Ansible's fact os_family) → what the folder's file of that name says."""
    return {
        path.stem: yaml_load(path.read_text(encoding="utf-8"))["monitor_lab_distribution"]
        for path in sorted(folder.glob("*.yml"))
    }


def all_packages(distributions: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the packages that a host of any of these may need."""
    names = {
        name
        for distribution in distributions
        for packages in (*distribution["packages"].values(), [distribution["docker_client"]["package"]])
        for name in packages
    }
    return sorted(names)


def judged(host: str, looked: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]], pod: bool) -> dict[str, Any]:
    """Return what M(devsecops.monitor_lab.lab_host_info) found on a host, with what its distribution makes of it.

    It is a failure where the host is of no known family. `pod` is as in engine_packages().
    """
    facts = {name[len("ansible_") :]: value for name, value in looked["ansible_facts"].items()}
    distribution = known.get(facts["os_family"])
    if distribution is None:
        message = (
            f"{host} runs {facts['distribution']} {facts['distribution_version']}: the lab is made for Debian 12 and "
            "13, and accepts what is made from them. Use such a host."
        )
        return {"failed": True, "msg": message}
    missing = [name for name in engine_packages(distribution, facts, pod) if name in looked["packages"]["missing"]]
    return {**looked, "packages": {**looked["packages"], "missing": missing}, "distribution": distribution}


def engine_packages(distribution: Mapping[str, Any], facts: Mapping[str, Any], pod: bool) -> list[str]:
    """Return the packages that a host of these facts needs, with those of a pod's engine where one is to run there."""
    packages, client = distribution["packages"], distribution["docker_client"]
    return [
        *packages["docker"],
        *packages["modules"],
        *([client["package"]] if _has_come(client["since"].get(facts["distribution"]), facts) else []),
        *(packages["podman"] if pod else []),
    ]


def _has_come(release: int | None, facts: Mapping[str, Any]) -> bool:
    """Tell whether the host's release is that one or a later; one without a number is not out yet, and the newest."""
    if release is None:
        return False
    major = str(facts["distribution_major_version"])
    return not major.isdecimal() or int(major) >= release
