# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What a user wants to be otherwise in a pod: a pod template that is merged into the lab's own.

https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-template-v1/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Optional

# By which the lab's Services, policies and looks find its pods.
_LABELS = ("app", "monitor-lab-service", "monitor-lab-content")
_PARTS = {"metadata": ("labels", "annotations"), "spec": ()}
_NAMED = ("containers", "initContainers", "volumes")


def _names(value: Any) -> list[str]:
    """Return the names of a list of named things: of mappings that each have a `name` of their own; else none."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    names = [item["name"] for item in value if isinstance(item, Mapping) and isinstance(item.get("name"), str)]
    return names if len(set(names)) == len(value) else []


def merged(ours: Any, theirs: Any) -> Any:
    """Return `ours` with `theirs` in it.

    Mappings are merged key by key, lists of named things by `name`; any other value takes the place of ours, a list as
    a whole. null removes.
    """
    if isinstance(theirs, Mapping):
        base = dict(ours) if isinstance(ours, Mapping) else {}
        both = {**base, **{key: merged(base.get(key), value) for key, value in theirs.items()}}
        return {key: value for key, value in both.items() if theirs.get(key, "") is not None}
    if not isinstance(theirs, Sequence) or isinstance(theirs, str):
        return theirs
    if not (_names(ours) and _names(theirs)):
        return [merged(None, item) for item in theirs]
    by_name = {item["name"]: item for item in theirs}
    changed = [merged(item, by_name.get(item["name"], {})) for item in ours]
    return changed + [merged(None, item) for item in theirs if item["name"] not in _names(ours)]


def with_pod(objects: Iterable[dict[str, Any]], pod: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the objects, with `pod` merged into the pod template of each that has one."""
    return [
        {**one, "spec": {**one["spec"], "template": merged(one["spec"]["template"], pod)}}
        if "template" in one.get("spec", {})
        else one
        for one in objects
    ]


def pod_fault(value: Any) -> Optional[str]:
    """Return what is wrong with a pod template that is to be merged, with {} in its place, or None.

    What is of Kubernetes, the cluster says itself; this is what it can't know.
    """
    for part, content in value.items():
        if part not in _PARTS:
            return f"{{}} has {part}, which is no part of a pod template; write metadata and spec, as Kubernetes does"
        if not isinstance(content, Mapping):
            return f"{{}} has a {part} that is no dictionary; write one"
        for key in content:
            if _PARTS[part] and key not in _PARTS[part]:
                return f"{{}} has metadata.{key}, which a pod template has no use for; write labels and annotations"
    labels = value.get("metadata", {}).get("labels")
    for label in _LABELS:
        if label in (labels or {}) or (labels is None and "labels" in value.get("metadata", {})):
            return f"{{}} changes the label {label}, by which the lab finds its pods; leave it as it is"
    for key in _NAMED:
        listed = value.get("spec", {}).get(key)
        if listed and not _names(listed):
            return f"{{}} has spec.{key} whose entries have no names of their own; give each its name"
    return None


_AUTOSCALING = ("min_replicas", "max_replicas", "target_cpu")


def autoscaling_fault(value: Mapping[Any, Any]) -> Optional[str]:
    """Return what is wrong with such numbers of pods, with {} in the place of the value; none where it is empty."""
    if not value:
        return None
    if value.keys() != set(_AUTOSCALING):
        return f"{{}} is to have {', '.join(_AUTOSCALING)} and nothing else; write these"
    numbers = []
    for key in _AUTOSCALING:
        if isinstance(value[key], bool) or not re.fullmatch(r"[1-9]\d{0,4}", str(value[key]), re.ASCII):
            return f"{{}} has a {key} that is no whole number above 0; write one"
        numbers.append(int(value[key]))
    if numbers[0] > numbers[1]:
        return "{} has a min_replicas above its max_replicas; write one that is not"
    return None
