# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What a family of distributions has under which name; the data is in roles/monitor_lab/vars/distributions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


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
