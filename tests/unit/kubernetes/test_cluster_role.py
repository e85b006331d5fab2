# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Each task of the role `cluster` speaks to the user's cluster, as the user who connects, by the user's settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.checks.tree import CHECKOUT
from tests.role_calls import tasks_in
from tests.role_readme import load

TASKS = CHECKOUT / "roles" / "cluster" / "tasks"
GROUP = "group/kubernetes.core.k8s"
# The modules of kubernetes.core that are in that group (its meta/runtime.yml).
IN_GROUP = {"kubernetes.core.k8s", "kubernetes.core.k8s_info", "kubernetes.core.k8s_log"}
CONNECTION = "{{ __cluster_connection }}"


def asking(tasks: list[dict[str, Any]], become: Any, defaults: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yield module, whether it becomes root, and connection of each task that asks the cluster."""
    for task in tasks:
        inner_become, inner = task.get("become", become), defaults | task.get("module_defaults", {})
        for part in ("block", "rescue", "always"):
            yield from asking(task.get(part, []), inner_become, inner)
        for module in task:
            if module.startswith("kubernetes.core."):
                yield module, inner_become, inner.get(GROUP if module in IN_GROUP else module)


@pytest.mark.parametrize("path", sorted(TASKS.glob("*.yml")), ids=lambda path: path.stem)
def test_every_task_asks_the_users_cluster_as_the_user(path: Any) -> None:
    found = list(asking(yaml.safe_load(path.read_text(encoding="utf-8")), None, {}))
    assert found or path.stem in ("deliver", "load", "preflight_delivery")
    assert [one for one in found if one[1:] != (False, CONNECTION)] == []


@pytest.mark.parametrize("role", ["tokenization", "locust"])
def test_a_role_tells_the_settings_that_are_stated(role: str) -> None:
    specs = load(CHECKOUT / "roles" / "cluster" / "meta" / "argument_specs.yml")["argument_specs"]
    told = load(CHECKOUT / "roles" / role / "vars" / "main.yml")[f"__{role}_cluster"]
    assert told.keys() == specs["main"]["options"]["cluster_settings"]["options"].keys()


@pytest.mark.parametrize("path", sorted(TASKS.glob("*.yml")), ids=lambda path: path.stem)
def test_no_loop_needs_the_group_of_nodes(path: Any) -> None:
    """Where minikube or kind loads the image there is none, and `when` does not keep a loop from being worked out."""
    loops = [task.get("loop") for task in tasks_in(yaml.safe_load(path.read_text(encoding="utf-8")))]
    assert [loop for loop in loops if isinstance(loop, str) and "kubernetes_nodes" in loop] == []
