# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""How Locust is reached on a cluster, and how many workers a run has there."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._load_cluster import load_cluster


def locust(replicas: int = 2, node_port: int | None = None, least: int | None = None) -> list[dict[str, Any]]:
    web = {"name": "web", "port": 8089, **({"nodePort": node_port} if node_port else {})}
    found: list[dict[str, Any]] = [
        {"kind": "Service", "metadata": {"name": "locust"}, "spec": {"ports": [{"name": "master", "port": 5557}, web]}},
        {"kind": "Deployment", "metadata": {"name": "locust-workers"}, "spec": {"replicas": replicas}},
    ]
    if least is not None:
        autoscaler = {"kind": "HorizontalPodAutoscaler", "metadata": {"name": "locust-workers"}}
        found.append({**autoscaler, "spec": {"minReplicas": least, "maxReplicas": 9}})
    return found


def test_service_without_a_port_on_nodes_is_forwarded_to() -> None:
    assert load_cluster(locust(), "load") == {
        "forward": True,
        "port": 8089,
        "replicas": 2,
        "workers": 2,
        "scales": False,
        "expect": 2,
    }


def test_port_on_nodes_needs_no_forward() -> None:
    assert load_cluster(locust(node_port=31089), "load")["forward"] is False


@pytest.mark.parametrize(("asked", "scales"), [("20", True), (20, True), (2, False)])
def test_workers_that_are_asked_for_are_expected(asked: int | str, scales: bool) -> None:
    known = load_cluster(locust(), "load", asked)
    assert (known["replicas"], known["workers"], known["expect"]) == (2, int(asked), int(asked))
    assert known["scales"] is scales


def test_autoscaler_decides_how_many_there_are() -> None:
    known = load_cluster(locust(replicas=7, least=3), "load")
    assert (known["expect"], known["scales"]) == (3, False)
    with pytest.raises(ValueError, match="the HorizontalPodAutoscaler locust-workers of the namespace load says how"):
        load_cluster(locust(least=3), "load", 20)


@pytest.mark.parametrize("asked", ["many", 0, "-1"])
def test_what_is_no_number_of_workers_is_refused(asked: int | str) -> None:
    with pytest.raises(ValueError, match=f"locust_run_workers: {asked} is not a number of workers"):
        load_cluster(locust(), "load", asked)


@pytest.mark.parametrize("missing", range(2))
def test_cluster_without_locust_is_told(missing: int) -> None:
    found = locust()
    del found[missing]
    with pytest.raises(ValueError, match=r"the namespace load has no .*: \./lab up deploys Locust"):
        load_cluster(found, "load")
