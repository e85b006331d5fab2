# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""A Locust on a Kubernetes cluster as a run needs it: how its page is reached, and how many workers it has."""

from __future__ import annotations

from typing import Any, Optional, Union

from ._kubernetes import KubernetesObject, object_named

WORKERS, SERVICE = "locust-workers", "locust"


def load_cluster(
    objects: list[KubernetesObject], namespace: str, workers: Optional[Union[int, str]] = None
) -> dict[str, Any]:
    """Return how Locust is reached and how many workers a run has, or raise ValueError.

    Whether it is reached by a C(forward) to the C(port) of its Service, since no node has a port of it; how many
    C(replicas) of workers there are, how many C(workers) there should be for the run, whether that C(scales) them, and
    how many it has to C(expect).
    """
    deployment, service = object_named(objects, "Deployment", WORKERS), object_named(objects, "Service", SERVICE)
    if deployment is None or service is None:
        raise ValueError(
            f"the namespace {namespace} has no Deployment {WORKERS} and Service {SERVICE}: ./lab up deploys Locust"
        )
    autoscaler = object_named(objects, "HorizontalPodAutoscaler", WORKERS)
    replicas = int(deployment["spec"].get("replicas", 1))
    expected = replicas if autoscaler is None else int(autoscaler["spec"].get("minReplicas", 1))
    asked = None if workers is None else _asked(workers)
    if asked is not None and autoscaler is not None:
        raise ValueError(
            f"locust_run_workers: the HorizontalPodAutoscaler {WORKERS} of the namespace {namespace} says how many "
            "workers there are; leave locust_run_workers out"
        )
    port = next(port for port in service["spec"]["ports"] if port["name"] == "web")
    return {
        "forward": not port.get("nodePort"),
        "port": port["port"],
        "replicas": replicas,
        "workers": asked or replicas,
        "scales": asked is not None and asked != replicas,
        "expect": asked or expected,
    }


def _asked(workers: Union[int, str]) -> int:
    try:
        asked = int(workers)
    except (TypeError, ValueError):
        asked = 0
    if asked < 1:
        raise ValueError(f"locust_run_workers: {workers} is not a number of workers; at least 1 is needed")
    return asked
