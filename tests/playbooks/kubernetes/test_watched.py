# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""When a cluster's own Prometheus and Grafana are told of the service, and when that is taken back."""

from __future__ import annotations

import itertools
import json
import sys
from typing import Any

import pytest

from tests.checks.tree import CHECKOUT
from tests.plays import ansible_playbook, reading, shown

OPERATOR: dict[str, dict[str, Any]] = {"ServiceMonitor": {}, "PrometheusRule": {}}
DASHBOARDS = ["ConfigMap"] * 4
# Asked for, there already, with the operator.
CASES = list(itertools.product((True, False), repeat=3))


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[bool, ...], dict[str, list[str]]]:
    folder = tmp_path_factory.mktemp("watched")
    (folder / "secrets").mkdir()
    for name in ("private_key", "bearer_token", "metrics_token"):
        (folder / f"secrets/tokenization_{name}").write_text(name)
    kinds = {
        "told": "{{ __tokenization_monitoring | map(attribute='kind') }}",
        "taken_back": "{{ __tokenization_surplus_monitoring | map(attribute='kind') }}",
        "lacks": "{{ __tokenization_operator_lacks }}",
    }
    tasks = [
        {
            "ansible.builtin.debug": {"msg": "{{ kinds | to_json }}"},
            "vars": {
                "kinds": kinds,
                "monitor_lab_prometheus_operator": is_wanted,
                "cluster_found": {"resources": [{"kind": "ConfigMap"}] if is_there else []},
                "cluster_answer": {"apis": {"monitoring.coreos.com/v1": OPERATOR} if has_operator else {}},
            },
        }
        for is_wanted, is_there, has_operator in CASES
    ]
    (folder / "play.json").write_text(json.dumps([reading(["monitor_lab", "tokenization"], *tasks)]))
    variables: dict[str, Any] = {
        "ansible_python_interpreter": sys.executable,
        "monitor_lab_files": str(CHECKOUT / "files"),
        "monitor_lab_secrets_dir": str(folder / "secrets"),
        "monitor_lab_has_metrics_token": True,
        "tokenization_runtime": "kubernetes",
    }
    done = ansible_playbook(folder / "play.json", "--inventory=localhost,", f"--extra-vars={json.dumps(variables)}")
    return dict(zip(CASES, shown(done), strict=True))


def test_they_are_told_where_it_is_asked_for(answers: dict[tuple[bool, ...], dict[str, list[str]]]) -> None:
    for (is_wanted, *_others), answer in answers.items():
        assert answer["told"] == ([*OPERATOR, *DASHBOARDS] if is_wanted else [])


def test_it_is_taken_back_where_it_was_told_and_dashboards_last(
    answers: dict[tuple[bool, ...], dict[str, list[str]]],
) -> None:
    """By a ConfigMap it is known: who never asked may not be allowed to see the operator's kinds."""
    for (is_wanted, is_there, has_operator), answer in answers.items():
        known = [*OPERATOR, "ConfigMap"] if has_operator else ["ConfigMap"]
        assert answer["taken_back"] == ([] if is_wanted or not is_there else known)


def test_what_the_cluster_lacks_is_known(answers: dict[tuple[bool, ...], dict[str, list[str]]]) -> None:
    for (_is_wanted, _is_there, has_operator), answer in answers.items():
        assert answer["lacks"] == ([] if has_operator else sorted(OPERATOR))
