# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What the objects of a cluster say, as kubernetes.core.k8s_info returns them in `resources`.

An object is the JSON of the Kubernetes API: `{"kind": ..., "metadata": {...}, "spec": {...}, "status": {...}}`. A field
that the cluster has not filled in yet is missing, or null.
"""

from __future__ import annotations

import json
import re
from typing import Any, Optional, TypedDict

KubernetesObject = dict[str, Any]

PATIENCE = 30
"""Seconds beyond a Deployment's own deadlines: what its controller takes to notice, when it is busy."""
EVENTS = 8
"""How many of the last events are told."""
MANAGER = "monitor-lab"
"""Under which name the lab applies objects (server-side apply's field manager)."""
# What Go calls a processor → what the kernel does.
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


def _has(conditions: list[dict[str, Any]] | None, type_: str, status: str) -> bool:
    return any(condition["type"] == type_ and condition["status"] == status for condition in conditions or [])


def _status(found: KubernetesObject) -> dict[str, Any]:
    status: dict[str, Any] = found.get("status") or {}
    return status


def _replicas(workload: KubernetesObject) -> int:
    replicas = workload["spec"].get("replicas")
    return 1 if replicas is None else int(replicas)


def _is_seen(workload: KubernetesObject) -> bool:
    """Return whether the status is of the specification that was applied, and not of the one before."""
    return bool(_status(workload).get("observedGeneration", 0) == workload["metadata"]["generation"])


def is_complete(workload: KubernetesObject) -> bool:
    """Return whether every replica is of the version that was applied, serves, and none of another version is left.

    Of a Deployment: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#complete-deployment
    Of a StatefulSet: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/stateful-set-v1/
    """
    status, replicas = _status(workload), _replicas(workload)
    if workload["kind"] == "StatefulSet":
        is_one_version = status.get("currentRevision") == status.get("updateRevision")
        complete = is_one_version and status.get("readyReplicas", 0) == replicas
    else:
        counts = ("replicas", "updatedReplicas", "availableReplicas")
        complete = all(status.get(count, 0) == replicas for count in counts)
    return _is_seen(workload) and complete


def is_stuck(workload: KubernetesObject) -> bool:
    """Return whether the cluster gave it up: nothing got on for `progressDeadlineSeconds`.

    A StatefulSet has no deadline. https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#failed-deployment
    """
    return _is_seen(workload) and _has(_status(workload).get("conditions"), "Progressing", "False")


def longest_rollout(workload: KubernetesObject, timeout: int) -> int:
    """Return the seconds after which a rollout without an end has failed.

    A Deployment's deadline starts anew whenever a pod becomes ready, so that it may take the deadline once for each
    replica; until then the cluster itself says whether it is stuck. A StatefulSet has no deadline but this one.
    https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#progressing-deployment
    """
    if workload["kind"] == "StatefulSet":
        return timeout
    return timeout * max(_replicas(workload), 1) + PATIENCE


def rollout_state(resources: list[KubernetesObject], timeout: int, waited: float) -> str:
    """Return `complete`, `stuck`, `late` or `waiting`. `resources` has the workload, or nothing where there is none."""
    if resources and is_complete(resources[0]):
        return "complete"
    if resources and is_stuck(resources[0]):
        return "stuck"
    longest = longest_rollout(resources[0], timeout) if resources else timeout
    return "late" if waited >= longest else "waiting"


def is_served(resources: list[KubernetesObject]) -> bool:
    """Return whether a pod of the workload serves. `resources` has the workload, or nothing where there is none."""
    return any(_status(one).get("readyReplicas") for one in resources)


def replaces_running(resources: list[KubernetesObject], before: list[KubernetesObject]) -> bool:
    """Return whether the workload is another than in `before`, all that there was, when pods of it served.

    Only then is there something to go back to.
    """
    now = [(one["kind"], one["metadata"]["name"], one["spec"]) for one in resources]
    return any(
        (one["kind"], one["metadata"]["name"]) == (kind, name) and one["spec"] != spec and is_served([one])
        for kind, name, spec in now
        for one in before
    )


def pods_in_the_way(resources: list[KubernetesObject], pods: list[KubernetesObject]) -> list[str]:
    """Return the names of a StatefulSet's pods of another version that do not serve: it waits for them, for ever.

    https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#forced-rollback
    """
    revisions = [_status(one).get("updateRevision") for one in resources]
    return [
        pod["metadata"]["name"]
        for pod in pods_not_ready(pods)
        if (pod["metadata"].get("labels") or {}).get("controller-revision-hash") not in revisions
    ]


def _owned(value: Any, fields: dict[str, Any]) -> Any:
    """Return what of `value` the fields name: of a mapping by name, of a list by key; without a name, all of it."""
    if isinstance(value, dict) and fields:
        named = {name[2:]: child for name, child in fields.items() if name.startswith("f:")}
        return {name: _owned(value[name], child) for name, child in named.items() if name in value}
    if isinstance(value, list) and fields:
        keyed = [(json.loads(name[2:]), child) for name, child in fields.items() if name.startswith("k:")]
        return [_owned(item, child) for item in value for key, child in keyed if _has_key(item, key)]
    return value


def _has_key(item: dict[str, Any], key: dict[str, Any]) -> bool:
    # Not items() <= items(): what a filter is given since ansible-core 2.19 makes its items one after the other.
    return all(item.get(name) == value for name, value in key.items())


def applied(objects: list[KubernetesObject], manager: str = MANAGER) -> list[KubernetesObject]:
    """Return of each object what `manager` has applied, ready to be applied again; none of what it has not.

    https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
    """
    found = []
    for one in objects:
        for entry in one["metadata"].get("managedFields") or []:
            if (entry["manager"], entry["operation"]) == (manager, "Apply"):
                owned = _owned(one, entry["fieldsV1"])
                named = {name: one["metadata"][name] for name in ("name", "namespace")}
                identity = {"apiVersion": one["apiVersion"], "kind": one["kind"]}
                found.append({**owned, **identity, "metadata": {**owned.get("metadata", {}), **named}})
    return found


def annotation(objects: list[KubernetesObject], kind: str, name: str, key: str) -> str:
    """Return an annotation of the object that is called so, or "" where there is none."""
    found = object_named(objects, kind, name)
    return "" if found is None else str((found["metadata"].get("annotations") or {}).get(key, ""))


def pods_not_ready(pods: list[KubernetesObject]) -> list[KubernetesObject]:
    """Return those that do not serve.

    https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-conditions
    """
    return [pod for pod in pods if not _has(_status(pod).get("conditions"), "Ready", "True")]


def pods_with_logs(pods: list[KubernetesObject]) -> list[KubernetesObject]:
    """Return those that are not ready and have a log to read: of a container that ran, or of the one before it.

    One that is being removed may have lost its last container's log, and is not the one that failed.
    https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-states
    """
    found = []
    for pod in pods_not_ready(pods):
        containers = _status(pod).get("containerStatuses") or []
        if "deletionTimestamp" in pod["metadata"] or not containers:
            continue
        state, last = containers[0].get("state") or {}, containers[0].get("lastState") or {}
        if "waiting" not in state or "terminated" in last:
            found.append(pod)
    return found


def last_events(events: list[KubernetesObject], pods: list[KubernetesObject], app: str) -> list[KubernetesObject]:
    """Return the last of what is told of the pods that are not ready, and before it of what is no pod.

    That is what carries the name of `app` (a ReplicaSet without quota), and the claims that the pods wait for.
    https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
    """
    waiting = {pod["metadata"]["name"] for pod in pods_not_ready(pods)}
    volumes = [volume for pod in pods for volume in pod.get("spec", {}).get("volumes") or []]
    claims = {volume["persistentVolumeClaim"]["claimName"] for volume in volumes if "persistentVolumeClaim" in volume}
    of_others, of_pods = [], []
    for event in events:
        kind, name = event["involvedObject"].get("kind"), event["involvedObject"].get("name", "")
        if kind == "Pod":
            of_pods += [event] if name in waiting else []
        elif name in claims or name == app or name.startswith(f"{app}-"):
            of_others.append(event)
    return (of_others + of_pods)[-EVENTS:]


class Rollout(TypedDict):
    """A rollout that failed, as the role `cluster` has it."""

    app: str
    """Name of the workload, and the value of its pods' label `app`."""
    namespace: str
    resources: list[KubernetesObject]
    """The workload, or nothing."""
    timeout: int
    """What was asked for, in seconds."""
    variable: str
    """What the user sets that with."""
    pods: list[KubernetesObject]
    events: list[KubernetesObject]
    logs: list[dict[str, Any]]
    """Results of kubernetes.core.k8s_log: `{"item": <the pod>, "log": <text>}`; one without `log` could not be read."""
    put_back: str
    """What became of the version before: `serves`, `waits` (put back, and does not serve yet), `fails` (could not be
    put back), or nothing, where there was none."""


def _reason(rollout: Rollout) -> str:
    resources, timeout = rollout["resources"], rollout["timeout"]
    said = f"{rollout['app']} did not become ready in the namespace {rollout['namespace']}"
    if resources and is_stuck(resources[0]):
        return f"{said}: nothing got on for {timeout} s ({rollout['variable']})."
    longest = longest_rollout(resources[0], timeout) if resources else timeout
    if longest == timeout:
        return f"{said} within {timeout} s ({rollout['variable']})."
    return (
        f"{said} within {longest} s ({rollout['variable']}, {timeout} s, for each of "
        f"{_replicas(resources[0])} pods, and {PATIENCE} s more)."
    )


def _pod_line(pod: KubernetesObject) -> str:
    words = [f"Pod {pod['metadata']['name']}: {_status(pod).get('phase', 'unknown')}"]
    # Why no node has it yet.
    for condition in _status(pod).get("conditions") or []:
        if (condition["type"], condition["status"]) == ("PodScheduled", "False"):
            words.append(" ".join(filter(None, [condition.get("reason"), condition.get("message")])))
    for container in _status(pod).get("containerStatuses") or []:
        for state in (container.get("state") or {}).values():
            words.append(" ".join(filter(None, [state.get("reason"), state.get("message")])))
        # Why it had to start again, which nothing else tells: OOMKilled.
        for state in (container.get("lastState") or {}).values():
            words.append(f"before: {state.get('reason')}, exit code {state.get('exitCode')}")
        words.append(f"{container.get('restartCount', 0)} restarts")
    return ", ".join(word for word in words if word)


def pod_lines(pods: list[KubernetesObject]) -> list[str]:
    """Return what is to be said of each that does not serve: how far it is, and why no further."""
    return [_pod_line(pod) for pod in pods_not_ready(pods)]


_PUT_BACK = {
    "": [],
    "serves": ["The version that ran before was put back, and serves."],
    "waits": ["The version that ran before was put back, and does not serve yet."],
    "fails": ["The version that ran before could not be put back."],
}


def rollout_failure(rollout: Rollout) -> str:
    """Return what is to be said of it: why, each pod that is not ready, the last events and words, and what to do."""
    lines = [_reason(rollout)]
    lines += pod_lines(rollout["pods"])
    if not rollout["pods"]:
        lines.append("There is no pod of it.")
    for event in last_events(rollout["events"], rollout["pods"], rollout["app"]):
        of = event["involvedObject"]
        lines.append(f"Event: {of['kind']} {of['name']}: {event.get('reason')}: {event.get('message')}")
    for log in rollout["logs"]:
        if "log" in log:
            lines.append(f"Last lines of {log['item']['metadata']['name']}:")
            lines += [f"  {line}" for line in log["log"].strip().splitlines()]
    lines += _PUT_BACK[rollout["put_back"]]
    if rollout["put_back"] != "serves" and not is_served(rollout["resources"]):
        lines.append(f"{rollout['app']} is down: nothing of it serves.")
    lines.append("Correct what is said above, then deploy again.")
    return "\n".join(lines)


def nodes_without_image(nodes: list[KubernetesObject], image: str) -> list[str]:
    """Return the names of the nodes that do not have `image`, which containerd lists under a full name.

    https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/node-v1/. kubelet tells of 50 images
    (`--node-status-max-images`), so that a node may have one and not say so.
    """
    called = re.compile(rf"(docker\.io/(library/)?)?{re.escape(image)}")
    return [
        node["metadata"]["name"]
        for node in nodes
        if not any(
            called.fullmatch(name) for held in _status(node).get("images") or [] for name in held.get("names") or []
        )
    ]


def image_on_nodes(nodes: list[KubernetesObject], image: str) -> str:
    """Return the name that nodes know `image` by: that of a registry that one of them has pulled it from, or its own.

    kubelet keeps who may use an image that it has pulled by that name, and under another one does not find it there:
    https://kubernetes.io/docs/concepts/containers/images/#ensureimagepullcredentialverification. Only an image that the
    lab has built is the same wherever its name ends so: its tag is a hash of what it is made of.
    """
    if not image.startswith("localhost/"):
        return image
    ending = f"/{image.rpartition('/')[2]}"
    names = {name for node in nodes for held in _status(node).get("images") or [] for name in held.get("names") or []}
    pulled = sorted(name for name in names if name.endswith(ending) and not name.startswith("localhost/"))
    return pulled[0] if pulled else image


def nodes_of_another_processor(nodes: list[KubernetesObject], machine: str) -> list[str]:
    """Return the names of the nodes that cannot run what is made for `machine` (as `uname -m` says it)."""
    return [
        node["metadata"]["name"]
        for node in nodes
        if _MACHINES.get(_status(node)["nodeInfo"]["architecture"]) != machine
    ]


def service_address(objects: list[KubernetesObject], name: str) -> str:
    """Return the cluster's address of the Service that is called so, or "" where it is not there, or has none yet."""
    service = object_named(objects, "Service", name)
    return "" if service is None else str(service["spec"].get("clusterIP") or "")


def object_named(objects: list[KubernetesObject], kind: str, name: str) -> Optional[KubernetesObject]:
    """Return the object of this kind and name; None where it is not among these."""
    return next((one for one in objects if (one["kind"], one["metadata"]["name"]) == (kind, name)), None)


def node_address(nodes: list[KubernetesObject]) -> str:
    """Return the internal address of the first node that is ready, or raise ValueError.

    https://kubernetes.io/docs/reference/node/node-status/#addresses
    """
    for node in nodes:
        if _has(_status(node).get("conditions"), "Ready", "True"):
            for address in _status(node).get("addresses") or []:
                if address["type"] == "InternalIP":
                    return str(address["address"])
    raise ValueError(f"none of its {len(nodes)} nodes is ready and has an InternalIP")
