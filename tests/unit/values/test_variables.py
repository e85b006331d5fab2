# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Every variable's values are of a kind that was chosen for it, and its faults are told without its secrets."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._spelling import within
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._values import KINDS, kind_of
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._variables import (
    SECRET,
    Variable,
    fault,
    is_known_later,
    misspelt,
    report,
    unresolved,
    variables_in,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.checks.tree import CHECKOUT
from tests.role_readme import ROLES

VARIABLES = variables_in(ROLES)

# What each variable's values are checked for, beside their type.
EXPECTED = {
    "alertmanager_version": "tag",
    "alertmanager_webhook_url": "url",
    "alertmanager_email_to": "",
    "alertmanager_email_from": "",
    "alertmanager_smtp_smarthost": "server",
    "alertmanager_smtp_username": "",
    "alertmanager_smtp_password_file": "file",
    "alertmanager_smtp_require_tls": "",
    "alertmanager_receiver": "",
    "alertmanager_memory": "memory",
    "container_engine_memory_mb": "amount",
    "container_engine_disk_mb": "amount",
    "files_wanted": "",
    "grafana_version": "tag",
    "grafana_required": "",
    "grafana_external_url": "url",
    "grafana_datasource": "",
    "grafana_lab": "name",
    "grafana_admin_user": "",
    "grafana_anonymous_viewer": "",
    "grafana_dashboards": "",
    "grafana_dashboard_gnet_id": "amount",
    "grafana_ini": "grafana settings",
    "grafana_env": "grafana environment",
    "grafana_files": "secrets",
    "grafana_datasources": "grafana data sources",
    "grafana_plugins": "grafana plugins",
    "grafana_memory": "memory",
    "image_ahead": "",
    "image_pin": "",
    "image_wanted": "",
    "image_archives_dir": "folder",
    "image_registry": "registry",
    "image_bundle_dir": "made folder",
    "locust_version": "tag",
    "locust_file": "load",
    "locust_requirements": "file",
    "locust_arguments": "arguments",
    "locust_host": "url",
    "locust_env": "environment",
    "locust_secret_files": "secrets",
    "locust_ca_file": "file",
    "locust_start_timeout": "count",
    "locust_worker_processes": "count",
    "locust_memory": "memory",
    "locust_runtime": "",
    "locust_kubeconfig": "",
    "locust_context": "",
    "locust_namespace": "label",
    "locust_worker_replicas": "count",
    "locust_worker_autoscaling": "autoscaling",
    "locust_service_type": "",
    "locust_master_pod": "pod",
    "locust_worker_pod": "pod",
    "locust_image_delivery": "",
    "locust_image_registry": "registry",
    "locust_cluster_name": "",
    "locust_rollout_timeout": "count",
    "locust_exporter_image": "image",
    "locust_exporter_memory": "memory",
    "monitor_lab_address": "address",
    "monitor_lab_tokenization_port": "port",
    "monitor_lab_locust_port": "port",
    "monitor_lab_locust_master_port": "port",
    "monitor_lab_locust_exporter_port": "port",
    "monitor_lab_node_exporter_port": "port",
    "monitor_lab_container_exporter_port": "port",
    "monitor_lab_alertmanager_port": "port",
    "monitor_lab_alert_receiver_port": "port",
    "monitor_lab_prometheus_port": "port",
    "monitor_lab_grafana_port": "port",
    "monitor_lab_tokenization_url": "url",
    "monitor_lab_locust_address": "address",
    "monitor_lab_locust_url": "url",
    "monitor_lab_locust_exporter_url": "url",
    "monitor_lab_node_exporter_url": "url",
    "monitor_lab_container_exporter_url": "url",
    "monitor_lab_alertmanager_url": "url",
    "monitor_lab_prometheus_url": "url",
    "monitor_lab_grafana_url": "url",
    "monitor_lab_exposed": "",
    "monitor_lab_tls": "",
    "monitor_lab_tls_dir": "made folder",
    "monitor_lab_scrape_interval": "duration",
    "monitor_lab_prometheus_operator": "",
    "monitor_lab_monitor_labels": "",
    "monitor_lab_dashboard_labels": "",
    "monitor_lab_config_dir": "host folder",
    "monitor_lab_secrets_dir": "made folder",
    "monitor_lab_cache_dir": "made folder",
    "monitor_lab_artifacts_dir": "made folder",
    "monitor_lab_python_image": "image",
    "monitor_lab_bundle": "folder",
    "monitor_lab_bundle_sha256": "sha256",
    "monitor_lab_proxy": "url",
    "monitor_lab_no_proxy": "",
    "monitor_lab_ca_certificate": "file",
    "monitor_lab_needs_node": "",
    "monitor_lab_keep_data": "",
    "monitor_lab_purge": "",
    "node_exporter_version": "tag",
    "node_exporter_memory": "memory",
    "container_exporter_memory": "memory",
    "prometheus_version": "tag",
    "prometheus_retention": "duration",
    "prometheus_retention_size": "bytes",
    "prometheus_scrape_configs": "",
    "prometheus_targets": "prometheus targets",
    "prometheus_global": "prometheus global",
    "prometheus_external_labels": "prometheus labels",
    "prometheus_web_external_url": "url",
    "prometheus_remote_write": "prometheus remotes",
    "prometheus_remote_read": "prometheus remotes",
    "prometheus_config_flags_extra": "prometheus flags",
    "prometheus_thresholds": "thresholds",
    "prometheus_rules_file": "file",
    "prometheus_memory": "memory",
    "prometheus_cpus": "processors",
    "tokenization_memory": "memory",
    "tokenization_require_token": "",
    "tokenization_runtime": "",
    "tokenization_kubeconfig": "",
    "tokenization_context": "",
    "tokenization_namespace": "label",
    "tokenization_replicas": "count",
    "tokenization_postgres": "",
    "tokenization_postgres_image": "image",
    "tokenization_dsn_file": "file",
    "tokenization_dsn_ca_file": "file",
    "tokenization_storage": "storage",
    "tokenization_storage_class": "",
    "tokenization_image_delivery": "",
    "tokenization_image_registry": "registry",
    "tokenization_cluster_name": "",
    "tokenization_service_type": "",
    "tokenization_ingress_host": "",
    "tokenization_ingress_class": "",
    "tokenization_ingress_tls_secret": "",
    "tokenization_pod": "pod",
    "tokenization_postgres_pod": "pod",
    "tokenization_rollout_timeout": "count",
    "tokenization_remove_claim": "",
}
NAMES_OF_OTHERS = st.text("abcdef_", max_size=8)


def variable(default: Any = None, secret: bool = False, **spec: Any) -> Variable:
    return Variable("prometheus", spec, default, secret)


def test_the_kind_of_every_variable_is_chosen() -> None:
    # The arguments of these two are other roles', whose own variables are checked.
    chosen = {name: kind_of(name) for name, one in VARIABLES.items() if one.role not in ("cluster", "container")}
    assert chosen == EXPECTED
    assert set(EXPECTED.values()) - {""} == KINDS.keys()


def test_every_default_can_be_used() -> None:
    wrong = {
        name: fault(name, each, each.default)
        for name, each in VARIABLES.items()
        if each.default is not None and not each.is_worked_out
    }
    assert {name: text for name, text in wrong.items() if text} == {}


def test_secrets_are_variables_that_exist() -> None:
    assert VARIABLES.keys() >= SECRET
    assert all(VARIABLES[name].secret for name in SECRET)


@pytest.mark.parametrize(
    ("spec", "good", "bad", "wrong"),
    [
        ({"type": "int"}, [9, "9"], ["nine"], "nine is not a whole number; write one such as 10"),
        ({"type": "bool"}, [True, "yes", "false"], ["maybe"], "maybe is not true or false; write one of the two"),
        ({"type": "float"}, [0.5, "0.5"], ["half"], "half is not a number; write one such as 0.5"),
        (
            {"type": "str", "choices": ["podman", "kubernetes"]},
            ["podman"],
            ["docker", ""],
            " is not one of podman, kubernetes; write one of them",
        ),
        (
            {"type": "str"},
            ["", "x", 3],
            [12.1, True],
            " is not text to YAML, which may have changed it; write it in quotes",
        ),
        ({"type": "str"}, [], [["x"]], "the value is a list; write a single value"),
        ({"type": "path"}, ["~/x"], [{"x": 1}], "the value is a dictionary; write a single value"),
        (
            {"type": "dict"},
            [{}, {"x": 1}],
            ["x=1", ["x"]],
            " is not a dictionary; write it in an inventory, or as JSON after -e",
        ),
        (
            {"type": "list", "elements": "str"},
            [[], ["x"]],
            ["x,y", 3],
            " is not a list; write it in an inventory, or as JSON after -e",
        ),
        (
            {"type": "list", "elements": "dict"},
            [[{"x": 1}]],
            [["x"]],
            "the value has an entry that is not of type dict; correct it",
        ),
        ({"type": "int"}, [], [None], "there is no value; write one, or leave the variable out"),
    ],
)
def test_types_are_those_of_ansible(spec: dict[str, Any], good: list[Any], bad: list[Any], wrong: str) -> None:
    assert [fault("prometheus_x", variable(**spec), value) for value in good] == [None] * len(good)
    for value in bad:
        assert str(fault("prometheus_x", variable(**spec), value)).endswith(wrong)


def test_an_empty_text_is_a_value_only_where_it_is_the_default() -> None:
    assert fault("grafana_external_url", VARIABLES["grafana_external_url"], "") is None
    assert fault("monitor_lab_proxy", VARIABLES["monitor_lab_proxy"], "") is None
    assert fault("monitor_lab_secrets_dir", VARIABLES["monitor_lab_secrets_dir"], "")
    assert fault("monitor_lab_prometheus_port", VARIABLES["monitor_lab_prometheus_port"], "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("monitor_lab_proxy", "geheim"),
        ("alertmanager_webhook_url", "geheim"),
        ("grafana_external_url", "ftp://user:geheim@grafana"),
        ("tokenization_dsn_file", "postgresql://user:geheim@db/vault"),
        ("prometheus_scrape_configs", {"password": "geheim"}),
        ("prometheus_scrape_configs", ["geheim"]),
        ("prometheus_retention", {"password": "geheim"}),
    ],
)
def test_what_may_hold_a_password_is_not_shown(name: str, value: Any) -> None:
    wrong = fault(name, VARIABLES[name], value)
    assert wrong
    assert "the value " in wrong
    assert "geheim" not in wrong


def test_what_a_role_says_no_log_of_is_not_shown() -> None:
    assert fault("prometheus_x", variable(type="int", secret=True), "geheim") == (
        "the value is not a whole number; write one such as 10"
    )


@given(name=st.sampled_from(sorted(VARIABLES)), value=st.text() | st.text(max_size=5).map(lambda text: text * 100))
def test_a_fault_is_one_line_whatever_the_value(name: str, value: str) -> None:
    wrong = fault(name, VARIABLES[name], value)
    assert wrong is None or (wrong.isprintable() and len(wrong) < 1600)


def test_what_is_not_plain_is_quoted() -> None:
    port = VARIABLES["monitor_lab_prometheus_port"]
    assert str(fault("monitor_lab_prometheus_port", port, " 9\n")).startswith("' 9\\n' is not a port")
    assert str(fault("monitor_lab_prometheus_port", port, "")).startswith("'' is not a port")


def test_a_template_that_fails_says_why_on_one_line() -> None:
    error = ValueError("no such\nfile")
    assert unresolved(variable(), error) == "the value cannot be worked out: no such file; correct its template"
    for hidden in (unresolved(variable(secret=True), error), unresolved(variable(), ValueError("user:geheim@db"))):
        assert hidden == "the value cannot be worked out; correct its template"


@pytest.mark.parametrize(
    ("text", "later"),
    [
        ("{{ monitor_lab_host.cpus // 2 }} 'monitor_lab_host' is undefined", True),
        ("{{ __locust_x }} '__locust_x' is undefined", True),
        ("{{ ansible_facts.processor_vcpus }} object of type 'dict' has no attribute 'processor_vcpus'", True),
        ("{{ ansible_processor_vcpus }} 'ansible_processor_vcpus' is undefined", True),
        ("{{ ansible_host ~ nowhere }} 'nowhere' is undefined", False),
        ("{{ nowhere }} 'nowhere' is undefined", False),
    ],
)
def test_what_only_a_role_or_a_fact_tells_is_known_later(text: str, later: bool) -> None:
    assert is_known_later(text, {"ansible_facts", "ansible_host"}, VARIABLES) == later


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("prometheus_retenton", "prometheus_retention"),
        ("prometheus_retentino", "prometheus_retention"),
        ("promethues_retention", "prometheus_retention"),
        ("monitor_lab_promtheus_port", "monitor_lab_prometheus_port"),
        ("locust_enf", "locust_env"),
        ("locust_hosts", "locust_host"),
    ],
)
def test_a_name_that_is_nearly_one_is_a_fault(name: str, meant: str) -> None:
    assert misspelt([name], VARIABLES) == {
        name: f"there is no such variable; write {meant}, or give one of your own another name"
    }


@pytest.mark.parametrize(
    "name",
    [
        "prometheus_retention",
        "prometheus_storage_path",
        "locust_port",
        "locust_dev",
        # A load run's, and nearly locust_runtime.
        "locust_run_time",
        "image_names",
        "__prometheus_retenton",
        "ansible_host",
        "monitor_lab_first_run",
        "",
    ],
)
def test_other_names_are_none_of_the_labs_business(name: str) -> None:
    assert misspelt([name], VARIABLES) == {}


def test_no_name_that_the_collection_itself_uses_is_nearly_another() -> None:
    files = [
        path for folder in ("roles", "playbooks", "molecule", "inventory") for path in (CHECKOUT / folder).rglob("*")
    ]
    words = {
        word
        for path in files
        if path.is_file() and path.suffix in {".yml", ".j2"}
        for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))
    }
    assert {"image_registry", "image_found", "monitor_lab_host"} <= words
    # Locust's own word, and the label by which Grafana's sidecar knows ConfigMaps: no variables here.
    assert misspelt(words - {"locustfile", "grafana_dashboard"}, VARIABLES) == {}


@given(one=NAMES_OF_OTHERS, other=NAMES_OF_OTHERS)
def test_the_distance_is_that_of_levenshtein(one: str, other: str) -> None:
    before = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        line = [row]
        for column, another in enumerate(other, 1):
            line.append(min(before[column] + 1, line[-1] + 1, before[column - 1] + (letter != another)))
        before = line
    assert [within(one, other, letters) for letters in range(4)] == [before[-1] <= letters for letters in range(4)]


def test_a_report_has_a_line_for_each_fault() -> None:
    faults = {
        "mon1": {"x": "1 is wrong", "y": "2 is wrong"},
        "mon2": {"x": "1 is wrong", "y": "3 is wrong"},
        "mon3": {},
    }
    assert report(faults).splitlines() == [
        "3 values cannot be used; nothing was changed.",
        "mon1, mon2: x: 1 is wrong",
        "mon1: y: 2 is wrong",
        "mon2: y: 3 is wrong",
    ]
    del faults["mon3"]
    assert report(faults).splitlines()[1] == "all hosts: x: 1 is wrong"
    assert report({"mon1": {"x": "1 is wrong"}}).splitlines() == [
        "1 value cannot be used; nothing was changed.",
        "mon1: x: 1 is wrong",
    ]
