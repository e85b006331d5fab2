# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""How what a user wants of a pod is merged into the lab's own."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _pods
from hypothesis import given
from hypothesis import strategies as st

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "a", "b"]), inner, max_size=3),
    max_leaves=10,
)


def without_null(value: Any) -> bool:
    if isinstance(value, dict):
        return all(inner is not None and without_null(inner) for inner in value.values())
    return all(map(without_null, value)) if isinstance(value, list) else True


@pytest.mark.parametrize(
    ("ours", "theirs", "both"),
    [
        # Mappings deep.
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 3, "d": 4}}, {"a": {"b": 1, "c": 3, "d": 4}}),
        ({}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": 1}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": {"b": 1}}, {"a": 0}, {"a": 0}),
        ({"a": {"b": 1}}, {"a": {}}, {"a": {"b": 1}}),
        ({"a": True}, {"a": False}, {"a": False}),
        # null removes, whatever it was.
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": None}}, {"a": {"c": 2}}),
        ({"a": [1]}, {"a": None}, {}),
        ({}, {"a": None, "b": {"c": None}}, {"b": {}}),
        # Named things by their names, ours first.
        (
            {"a": [{"name": "x", "b": 1}, {"name": "y"}]},
            {"a": [{"name": "z"}, {"name": "x", "c": 2}]},
            {"a": [{"name": "x", "b": 1, "c": 2}, {"name": "y"}, {"name": "z"}]},
        ),
        ({"a": [{"name": "x", "b": 1}]}, {"a": [{"name": "x", "b": None}]}, {"a": [{"name": "x"}]}),
        ({}, {"a": [{"name": "x", "b": None}]}, {"a": [{"name": "x"}]}),
        # Other lists as a whole.
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": [{"name": "x"}]}, {"a": []}, {"a": []}),
        ({"a": [{"name": "x"}]}, {"a": [{"key": "x"}]}, {"a": [{"key": "x"}]}),
        ({"a": [{"name": "x"}]}, {"a": [{"name": "y"}, 1]}, {"a": [{"name": "y"}, 1]}),
        # Two places where one volume is mounted are no two things of one name.
        (
            {"a": [{"name": "x", "at": "/1"}, {"name": "x", "at": "/2"}]},
            {"a": [{"name": "x", "at": "/3"}]},
            {"a": [{"name": "x", "at": "/3"}]},
        ),
    ],
)
def test_the_rule(ours: Any, theirs: Any, both: Any) -> None:
    before = copy.deepcopy((ours, theirs))
    assert _pods.merged(ours, theirs) == both
    assert (ours, theirs) == before


@given(VALUES)
def test_nothing_changes_nothing(ours: Any) -> None:
    if isinstance(ours, dict):
        assert _pods.merged(ours, {}) == ours


@given(VALUES.filter(without_null), VALUES)
def test_it_is_the_same_done_twice_and_has_no_null(ours: Any, theirs: Any) -> None:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        once = _pods.merged(ours, theirs)
        assert _pods.merged(once, theirs) == once
        assert without_null(once) or any(None in inner for inner in lists_in(theirs))


def lists_in(value: Any) -> list[list[Any]]:
    if isinstance(value, dict):
        return [found for inner in value.values() for found in lists_in(inner)]
    return [value, *(found for inner in value for found in lists_in(inner))] if isinstance(value, list) else []


def test_what_has_a_pod_gets_it() -> None:
    service = {"kind": "Service", "spec": {"ports": []}}
    secret = {"kind": "Secret", "data": {}}
    workload = {"kind": "Deployment", "spec": {"replicas": 1, "template": {"spec": {"containers": [{"name": "app"}]}}}}
    pod = {"spec": {"nodeSelector": {"disk": "fast"}, "containers": [{"name": "app", "tty": True}]}}
    changed = {"spec": {"containers": [{"name": "app", "tty": True}], "nodeSelector": {"disk": "fast"}}}
    assert _pods.with_pod([service, workload, secret], pod) == [
        service,
        {"kind": "Deployment", "spec": {"replicas": 1, "template": changed}},
        secret,
    ]


@pytest.mark.parametrize(
    ("pod", "wrong"),
    [
        ({}, None),
        ({"metadata": {"labels": {"team": "a"}, "annotations": None}, "spec": {"containers": None}}, None),
        ({"spec": {"containers": [{"name": "a"}, {"name": "b"}], "volumes": []}}, None),
        ({"nodeSelector": {}}, "has nodeSelector, which is no part of a pod template"),
        ({"spec": None}, "has a spec that is no dictionary"),
        ({"metadata": {"name": "mine"}}, "has metadata.name, which a pod template has no use for"),
        ({"metadata": {"labels": {"app": "mine"}}}, "changes the label app"),
        ({"metadata": {"labels": None}}, "changes the label app"),
        ({"spec": {"containers": {"name": "a"}}}, "has spec.containers whose entries have no names of their own"),
        ({"spec": {"volumes": [{"emptyDir": {}}]}}, "has spec.volumes whose entries have no names of their own"),
        ({"spec": {"initContainers": [{"name": "a"}, {"name": "a"}]}}, "spec.initContainers whose entries"),
    ],
)
def test_what_a_cluster_can_not_know_is_told(pod: Any, wrong: str | None) -> None:
    fault = _pods.pod_fault(pod)
    assert (fault is None) if wrong is None else (fault is not None and wrong in fault)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({}, None),
        ({"min_replicas": 1, "max_replicas": "8", "target_cpu": 70}, None),
        ({"min_replicas": 1, "max_replicas": 8}, "is to have min_replicas, max_replicas, target_cpu"),
        ({"min_replicas": 1, "max_replicas": 8, "target_cpu": 70, "more": 1}, "and nothing else"),
        (
            {"min_replicas": 0, "max_replicas": 8, "target_cpu": 70},
            "has a min_replicas that is no whole number above 0",
        ),
        ({"min_replicas": 1, "max_replicas": 8, "target_cpu": True}, "has a target_cpu that"),
        ({"min_replicas": 9, "max_replicas": 8, "target_cpu": 70}, "min_replicas above its max_replicas"),
    ],
)
def test_what_an_autoscaling_is_to_have(value: dict[str, Any], words: str | None) -> None:
    fault = _pods.autoscaling_fault(value)
    assert fault is None if words is None else fault is not None and words in fault
