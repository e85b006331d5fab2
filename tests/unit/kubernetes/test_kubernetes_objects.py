# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What is read out of the objects of a cluster."""

from __future__ import annotations

from typing import Any, cast

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.devsecops.monitor_lab.plugins.filter.node_address import FilterModule
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _kubernetes
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._kubernetes import Rollout

READY = [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "True"}]
STUCK = [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]
FAILED = {
    "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}},
    "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
    "restartCount": 3,
}


def pod(name: str, *, claim: str = "", leaving: bool = False, **status: Any) -> dict[str, Any]:
    metadata = {"name": name} | ({"deletionTimestamp": "2026-11-23T10:18:37Z"} if leaving else {})
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}] if claim else [{"secret": {}}]
    return {"metadata": metadata, "spec": {"volumes": volumes}, "status": status}


CRASHED = pod("app-crashed", phase="Running", containerStatuses=[FAILED])
LEAVING = pod("app-leaving", leaving=True, phase="Running", containerStatuses=[FAILED])
PENDING = pod("app-pending", claim="data-of-app", phase="Pending")
PULLING = pod(
    "app-pulling", phase="Pending", containerStatuses=[{"state": {"waiting": {}}, "lastState": {}, "restartCount": 0}]
)
RUNNING = pod("app-running", phase="Running", containerStatuses=[{"state": {"running": {}}, "restartCount": 0}])
SERVING = pod("app-serving", phase="Running", conditions=READY, containerStatuses=[{"state": {"running": {}}}])
PODS = [CRASHED, LEAVING, PENDING, PULLING, RUNNING, SERVING]


def deployment(replicas: int = 2, generation: int = 2, **status: Any) -> dict[str, Any]:
    whole = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}
    return {
        "kind": "Deployment",
        "metadata": {"name": "app", "generation": generation},
        "spec": {"replicas": replicas},
        "status": whole | status,
    }


def stateful_set(**status: Any) -> dict[str, Any]:
    whole = {"observedGeneration": 1, "readyReplicas": 1, "currentRevision": "app-1", "updateRevision": "app-1"}
    return {"kind": "StatefulSet", "metadata": {"generation": 1}, "spec": {"replicas": 1}, "status": whole | status}


def names(found: list[dict[str, Any]]) -> list[str]:
    return [one["metadata"]["name"] for one in found]


@pytest.mark.parametrize(
    ("workload", "complete"),
    [
        (deployment(), True),
        (deployment(generation=3), False),
        (deployment(replicas=3), False),
        (deployment(updatedReplicas=1), False),
        (deployment(availableReplicas=1), False),
        # One of the version before is still there.
        (deployment() | {"status": deployment()["status"] | {"replicas": 3}}, False),
        (deployment() | {"status": {}}, False),
        (deployment() | {"status": None}, False),
        (stateful_set(), True),
        (stateful_set(observedGeneration=0), False),
        (stateful_set(readyReplicas=0), False),
        (stateful_set(updateRevision="app-2"), False),
        (stateful_set() | {"status": {"replicas": 0}}, False),
    ],
)
def test_a_rollout_is_complete(workload: dict[str, Any], complete: bool) -> None:
    assert _kubernetes.is_complete(workload) is complete


def test_a_workload_that_states_no_replicas_has_one() -> None:
    one = {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
    assert _kubernetes.is_complete(deployment() | {"spec": {}, "status": one})
    assert not _kubernetes.is_complete(deployment(replicas=0))


def test_what_the_cluster_gave_up_is_stuck() -> None:
    assert _kubernetes.is_stuck(deployment(updatedReplicas=1, conditions=STUCK))
    # Of the version before.
    assert not _kubernetes.is_stuck(deployment(generation=3, conditions=STUCK))
    assert not _kubernetes.is_stuck(deployment(conditions=[{"type": "Progressing", "status": "True"}]))
    assert not _kubernetes.is_stuck(deployment())


@pytest.mark.parametrize(
    ("resources", "waited", "state"),
    [
        ([deployment()], 0, "complete"),
        # However late it is.
        ([deployment()], 10000, "complete"),
        ([deployment(updatedReplicas=1, conditions=STUCK)], 0, "stuck"),
        ([deployment(updatedReplicas=1)], 120, "waiting"),
        ([deployment(updatedReplicas=1)], 269.9, "waiting"),
        ([deployment(updatedReplicas=1)], 270, "late"),
        ([stateful_set(readyReplicas=0)], 119.9, "waiting"),
        ([stateful_set(readyReplicas=0)], 120, "late"),
        ([], 119.9, "waiting"),
        ([], 120, "late"),
    ],
)
def test_a_rollout_ends(resources: list[dict[str, Any]], waited: float, state: str) -> None:
    assert _kubernetes.rollout_state(resources, 120, waited) == state


def of_template(template: str, **status: Any) -> list[dict[str, Any]]:
    return [deployment(**{"readyReplicas": 2, **status}) | {"spec": {"replicas": 2, "template": template}}]


def test_only_another_version_that_ran_is_put_back() -> None:
    ran, now = of_template("one"), of_template("two", readyReplicas=0)
    beside = [stateful_set() | {"metadata": {"name": "db", "generation": 1}}]
    assert _kubernetes.replaces_running(now, [*beside, *ran])
    # Simply down: it is what ran before.
    assert not _kubernetes.replaces_running(of_template("one", readyReplicas=0), ran)
    assert not _kubernetes.replaces_running(now, of_template("one", readyReplicas=0))
    assert not _kubernetes.replaces_running(now, beside)
    assert not _kubernetes.replaces_running([], ran)


def of_revision(revision: str, **status: Any) -> dict[str, Any]:
    made = pod(f"db-{revision}", **status)
    made["metadata"]["labels"] = {"controller-revision-hash": revision}
    return made


def test_a_stateful_set_waits_in_vain_for_a_pod_of_another_version() -> None:
    workload = [stateful_set(updateRevision="new")]
    pods = [of_revision("old", phase="Pending"), of_revision("new"), of_revision("older", conditions=READY)]
    assert _kubernetes.pods_in_the_way(workload, pods) == ["db-old"]
    assert _kubernetes.pods_in_the_way(workload, []) == []


# As a cluster tells it of a Deployment that two have applied, and whose status a third has set.
APPLIED = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {
        "name": "app",
        "namespace": "lab",
        "uid": "1",
        "labels": {"app": "app", "theirs": "theirs"},
        "annotations": {"deployment.kubernetes.io/revision": "2"},
        "managedFields": [
            {
                "manager": "monitor-lab",
                "operation": "Apply",
                "apiVersion": "apps/v1",
                "fieldsType": "FieldsV1",
                "fieldsV1": {
                    "f:metadata": {"f:labels": {"f:app": {}}},
                    "f:spec": {
                        "f:template": {
                            "f:spec": {
                                "f:containers": {
                                    'k:{"name":"app"}': {
                                        ".": {},
                                        "f:args": {},
                                        "f:image": {},
                                        "f:name": {},
                                        "f:ports": {
                                            'k:{"containerPort":5000,"protocol":"TCP"}': {
                                                ".": {},
                                                "f:containerPort": {},
                                                "f:protocol": {},
                                            }
                                        },
                                        "f:env": {".": {}},
                                    }
                                },
                                "f:volumes": {'k:{"name":"tmp"}': {".": {}, "f:emptyDir": {}, "f:name": {}}},
                            }
                        }
                    },
                },
            },
            {
                "manager": "theirs",
                "operation": "Apply",
                "fieldsV1": {"f:metadata": {"f:labels": {"f:theirs": {}}}, "f:spec": {"f:replicas": {}}},
            },
            {"manager": "monitor-lab", "operation": "Update", "fieldsV1": {"f:status": {}}},
        ],
    },
    "spec": {
        "replicas": 3,
        "template": {
            "spec": {
                "restartPolicy": "Always",
                "containers": [
                    {"name": "theirs", "image": "theirs"},
                    {
                        "name": "app",
                        "image": "app:1",
                        "args": ["-c", "fsync=on"],
                        "ports": [{"containerPort": 5000, "protocol": "TCP", "name": "theirs"}],
                        "env": [{"name": "THEIRS", "value": ""}],
                        "terminationMessagePath": "/dev/termination-log",
                    },
                ],
                "volumes": [{"name": "tmp", "emptyDir": {}}],
            }
        },
    },
    "status": {"readyReplicas": 3},
}


def test_what_the_lab_applied_is_told_apart() -> None:
    unapplied = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "app-1", "namespace": "lab"}}
    assert _kubernetes.applied([APPLIED, unapplied]) == [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "app", "namespace": "lab", "labels": {"app": "app"}},
            "spec": {
                "template": {
                    "spec": {
                        "containers": [
                            {
                                "name": "app",
                                "image": "app:1",
                                "args": ["-c", "fsync=on"],
                                "ports": [{"containerPort": 5000, "protocol": "TCP"}],
                                "env": [],
                            }
                        ],
                        "volumes": [{"name": "tmp", "emptyDir": {}}],
                    }
                }
            },
        }
    ]


def test_an_annotation_is_read() -> None:
    claim = {"kind": "PersistentVolumeClaim", "metadata": {"name": "data", "annotations": {"version": 17}}}
    bare = {"kind": "PersistentVolumeClaim", "metadata": {"name": "bare"}}
    other = {"kind": "Service", "metadata": {"name": "data", "annotations": {"version": "1"}}}
    found = [other, bare, claim]
    assert _kubernetes.annotation(found, "PersistentVolumeClaim", "data", "version") == "17"
    assert _kubernetes.annotation(found, "PersistentVolumeClaim", "data", "other") == ""
    assert _kubernetes.annotation(found, "PersistentVolumeClaim", "bare", "version") == ""
    assert _kubernetes.annotation([], "PersistentVolumeClaim", "data", "version") == ""


def test_pods_that_are_not_ready() -> None:
    assert _kubernetes.pods_not_ready(PODS) == PODS[:-1]
    assert _kubernetes.pods_not_ready([{"metadata": {"name": "new"}}, {"metadata": {}, "status": None}]) != []


def test_logs_are_read_of_pods_that_have_some() -> None:
    """A pod that is being removed may have lost its last container's log, and is not the one that failed."""
    assert names(_kubernetes.pods_with_logs(PODS)) == ["app-crashed", "app-running"]


def event(kind: str, name: str, message: str = "no") -> dict[str, Any]:
    return {"involvedObject": {"kind": kind, "name": name}, "reason": "Failed", "message": message}


def test_events_are_of_what_waits_and_of_what_it_waits_for() -> None:
    told = [
        event("Pod", "app-crashed"),
        event("Pod", "app-serving"),
        event("Pod", "other-crashed"),
        event("ReplicaSet", "app-6c5f"),
        event("ReplicaSet", "apple-6c5f"),
        event("Deployment", "app"),
        event("PersistentVolumeClaim", "data-of-app"),
        event("PersistentVolumeClaim", "data-of-other"),
        {"involvedObject": {}},
    ]
    found = _kubernetes.last_events(told, PODS, "app")
    assert [one["involvedObject"]["name"] for one in found] == ["app-6c5f", "app", "data-of-app", "app-crashed"]


def test_the_last_events_are_told() -> None:
    told = [event("Pod", "app-crashed", str(number)) for number in range(20)]
    found = _kubernetes.last_events([*told, event("ReplicaSet", "app-6c5f")], PODS, "app")
    assert [one["message"] for one in found] == [str(number) for number in range(12, 20)]


def rollout(**known: Any) -> Rollout:
    whole: dict[str, Any] = {
        "app": "app",
        "namespace": "lab",
        "resources": [deployment(updatedReplicas=1, conditions=STUCK)],
        "timeout": 120,
        "variable": "app_rollout_timeout",
        "pods": [],
        "events": [],
        "logs": [],
        "put_back": "",
    }
    return cast(Rollout, whole | known)


def test_a_pod_that_no_node_has_says_why() -> None:
    lacking = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "1 Insufficient cpu."}
    assert _kubernetes.pod_lines([SERVING, pod("app-waiting", phase="Pending", conditions=[lacking])]) == [
        "Pod app-waiting: Pending, Unschedulable 1 Insufficient cpu."
    ]


def test_a_failure_is_told_whole() -> None:
    logs = [{"item": CRASHED, "log": "first\nsecond\n"}, {"item": RUNNING, "failed": True, "msg": "gone"}]
    told = rollout(pods=PODS, events=[event("ReplicaSet", "app-6c5f", "exceeded quota")], logs=logs, put_back="serves")
    assert _kubernetes.rollout_failure(told).splitlines() == [
        "app did not become ready in the namespace lab: nothing got on for 120 s (app_rollout_timeout).",
        "Pod app-crashed: Running, CrashLoopBackOff back-off 10s, before: OOMKilled, exit code 137, 3 restarts",
        "Pod app-leaving: Running, CrashLoopBackOff back-off 10s, before: OOMKilled, exit code 137, 3 restarts",
        "Pod app-pending: Pending",
        "Pod app-pulling: Pending, 0 restarts",
        "Pod app-running: Running, 0 restarts",
        "Event: ReplicaSet app-6c5f: Failed: exceeded quota",
        "Last lines of app-crashed:",
        "  first",
        "  second",
        "The version that ran before was put back, and serves.",
        "Correct what is said above, then deploy again.",
    ]


@pytest.mark.parametrize(
    ("put_back", "ready", "said"),
    [
        ("", 0, ["app is down: nothing of it serves."]),
        ("", 1, []),
        ("serves", 0, ["The version that ran before was put back, and serves."]),
        (
            "waits",
            0,
            [
                "The version that ran before was put back, and does not serve yet.",
                "app is down: nothing of it serves.",
            ],
        ),
        (
            "fails",
            0,
            ["The version that ran before could not be put back.", "app is down: nothing of it serves."],
        ),
    ],
)
def test_a_failure_says_what_is_down(put_back: str, ready: int, said: list[str]) -> None:
    resources = [deployment(readyReplicas=ready, updatedReplicas=0)]
    assert _kubernetes.rollout_failure(rollout(resources=resources, put_back=put_back)).splitlines()[2:-1] == said


def test_a_failure_without_pods_says_so() -> None:
    assert _kubernetes.rollout_failure(rollout()).splitlines()[1:] == [
        "There is no pod of it.",
        "app is down: nothing of it serves.",
        "Correct what is said above, then deploy again.",
    ]


@pytest.mark.parametrize(
    ("resources", "why"),
    [
        (
            [deployment(updatedReplicas=1)],
            "within 270 s (app_rollout_timeout, 120 s, for each of 2 pods, and 30 s more).",
        ),
        ([stateful_set(readyReplicas=0)], "within 120 s (app_rollout_timeout)."),
        ([], "within 120 s (app_rollout_timeout)."),
    ],
)
def test_a_failure_tells_the_time_that_was_waited(resources: list[dict[str, Any]], why: str) -> None:
    told = _kubernetes.rollout_failure(rollout(resources=resources))
    assert told.startswith(f"app did not become ready in the namespace lab {why}\n")


def node(name: str, *, ready: str = "True", architecture: str = "amd64", **status: Any) -> dict[str, Any]:
    whole = {"conditions": [{"type": "Ready", "status": ready}], "nodeInfo": {"architecture": architecture}}
    return {"metadata": {"name": name}, "status": whole | status}


@pytest.mark.parametrize(
    ("listed", "without"),
    [
        (["postgres:17", "postgres@sha256:1"], []),
        (["docker.io/library/postgres:17"], []),
        (["docker.io/postgres:17"], []),
        (["registry.example/postgres:17"], ["a"]),
        (["postgres:17.7"], ["a"]),
        (["postgresX17"], ["a"]),
        ([], ["a"]),
        (None, ["a"]),
    ],
)
def test_an_image_has_one_of_its_names(listed: Any, without: list[str]) -> None:
    assert _kubernetes.nodes_without_image([node("a", images=[{"names": listed}])], "postgres:17") == without


def test_nodes_that_tell_of_no_image_are_without() -> None:
    held = node("b", images=[{"names": ["lab/a.b:1"]}])
    assert _kubernetes.nodes_without_image([node("a"), held, node("c", images=None)], "lab/a.b:1") == ["a", "c"]


BUILT = "localhost/monitor-lab/tokenization:0123456789ab"


@pytest.mark.parametrize(
    ("image", "listed", "known"),
    [
        (BUILT, [], BUILT),
        (BUILT, None, BUILT),
        (BUILT, [BUILT], BUILT),
        (BUILT, [BUILT, "lab.test/a/tokenization:0123456789ab"], "lab.test/a/tokenization:0123456789ab"),
        (BUILT, ["lab.test/tokenization:ffffffffffff", "lab.test/my-tokenization:0123456789ab"], BUILT),
        # Another registry's may be another image.
        ("postgres:17.7", ["lab.test/library/postgres:17.7"], "postgres:17.7"),
    ],
)
def test_an_image_that_was_pulled_keeps_its_name(image: str, listed: Any, known: str) -> None:
    nodes = [node("a", images=[{"names": listed}]), node("b")]
    assert _kubernetes.image_on_nodes(nodes, image) == known


def test_nodes_of_another_processor() -> None:
    nodes = [node("a"), node("b", architecture="arm64"), node("c", architecture="s390x")]
    assert _kubernetes.nodes_of_another_processor(nodes, "x86_64") == ["b", "c"]
    assert _kubernetes.nodes_of_another_processor(nodes, "aarch64") == ["a", "c"]


INTERNAL = {"type": "InternalIP", "address": "192.0.2.7"}


def test_the_address_is_that_of_a_node_that_is_ready() -> None:
    nodes = [
        node("down", ready="Unknown", addresses=[{"type": "InternalIP", "address": "192.0.2.6"}]),
        node("outside", addresses=[{"type": "ExternalIP", "address": "198.51.100.1"}]),
        node("up", addresses=[{"type": "Hostname", "address": "up"}, INTERNAL]),
    ]
    assert FilterModule().filters()["node_address"](nodes) == "192.0.2.7"


@pytest.mark.parametrize("nodes", [[], [node("down", ready="False", addresses=[INTERNAL])], [node("new")]])
def test_without_a_node_that_is_ready_there_is_no_address(nodes: list[dict[str, Any]]) -> None:
    with pytest.raises(AnsibleFilterError, match=rf"none of its {len(nodes)} nodes is ready and has an InternalIP"):
        FilterModule().filters()["node_address"](nodes)


def test_a_services_address_is_the_clusters() -> None:
    services = [
        {"kind": "Service", "metadata": {"name": "app"}, "spec": {"clusterIP": "10.43.0.9"}},
        {"kind": "Service", "metadata": {"name": "new"}, "spec": {}},
        {"kind": "Deployment", "metadata": {"name": "other"}, "spec": {"clusterIP": "10.43.0.8"}},
    ]
    found = {name: _kubernetes.service_address(services, name) for name in ("app", "new", "other")}
    assert found == {"app": "10.43.0.9", "new": "", "other": ""}
