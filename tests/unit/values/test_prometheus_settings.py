# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What somebody sets of Prometheus reaches it as it is, or is refused with what to do instead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._prometheus_settings import (
    flags,
    global_section,
    target_files,
)
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._values import KINDS
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._variables import misspelt, variables_in

from tests.checks.tree import CHECKOUT
from tests.other_collections import OF_OTHERS
from tests.role_readme import ROLES, load

WORKS: dict[str, list[dict[str, Any] | list[Any]]] = {
    "flags": [
        {},
        {"query.max-samples": 1000, "web.enable-admin-api": True, "enable-feature": ["a", "b"], "agent": None, "x": ""},
    ],
    "global": [{}, {"evaluation_interval": "15s", "query_log_file": "/prometheus/queries.log"}],
    "labels": [{}, {"site": "lab", "_x1": ""}],
    "remotes": [[], [{"url": "https://metrics.example.org/api/v1/write", "basic_auth": {"username": "it"}}]],
    "targets": [{}, {"node": [{"targets": ["192.0.2.1:9100"], "labels": {"env": "test"}}, {"targets": []}]}],
}
WRONG: list[tuple[str, Any, str]] = [
    ("flags", {"--web.enable-admin-api": True}, "'--web.enable-admin-api' is not the name of a flag"),
    ("flags", {1: True}, "1 is not the name of a flag"),
    ("flags", {"x": False}, "x has no value of a flag; write a text, a number or a list of them, true for a switch"),
    ("flags", {"x": {"y": 1}}, "x has no value of a flag"),
    ("flags", {"x": ["y", None]}, "x has no value of a flag"),
    ("flags", {"x": [True]}, "x has no value of a flag"),
    ("flags", {"x": "geheim\n"}, "x has no value of a flag"),
    (
        "flags",
        {"web.external-url": "http://x"},
        "the role itself decides web.external-url; set prometheus_web_external_url",
    ),
    ("global", {"external_labels": {}}, "the role itself decides external_labels; set prometheus_external_labels"),
    ("labels", {"a-b": "x"}, "'a-b' is not the name of a label; write letters, digits and underscores"),
    ("labels", {"__name__": "x"}, "'__name__' is not the name of a label"),
    ("labels", {1: "x"}, "1 is not the name of a label"),
    ("labels", {"build": 1.10}, "the label build is not text; write it in quotes"),
    ("remotes", [{"url": "https://x"}, {"basic_auth": {}}], "number 2 has no url that is one; write such as https://"),
    ("remotes", [{"url": "https://"}], "number 1 has no url that is one"),
    ("remotes", ["https://x"], "number 1 has no url that is one"),
    ("targets", {"a/b": []}, "'a/b' cannot be the name of a file; write letters, digits, dots and hyphens"),
    ("targets", {1: []}, "1 cannot be the name of a file"),
    ("targets", {"node": []}, "node is no list of targets; write such as [{targets: ['192.0.2.1:9100']}]"),
    ("targets", {"node": ["192.0.2.1:9100"]}, "node is no list of targets"),
    ("targets", {"node": {"targets": []}}, "node is no list of targets"),
    ("targets", {"node": [{"targets": [9100]}]}, "node is no list of targets"),
    ("targets", {"node": [{"targets": [], "labels": ["a"]}]}, "node has labels that are none"),
    ("targets", {"node": [{"targets": [], "labels": {"a-b": "x"}}]}, "node has labels that are none"),
]


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in WORKS.items() for value in values])
def test_what_works_is_taken(kind: str, value: Any) -> None:
    assert KINDS[f"prometheus {kind}"](value) is None


@pytest.mark.parametrize(("kind", "value", "says"), WRONG)
def test_what_does_not_work_is_refused(kind: str, value: Any, says: str) -> None:
    wrong = KINDS[f"prometheus {kind}"](value)
    assert wrong is not None
    assert wrong.startswith(says)
    assert "geheim" not in wrong


def test_no_flag_that_the_role_sets_is_taken() -> None:
    own = load(ROLES / "prometheus" / "vars" / "main.yml")
    written = [*own["__prometheus_command"], "--web.config.file=", "--web.external-url=", "--web.route-prefix="]
    for flag in written:
        name = flag.removeprefix("--").partition("=")[0]
        wrong = KINDS["prometheus flags"]({name: "x"})
        assert wrong and wrong.startswith(f"the role itself decides {name}; ")


def test_flags_are_written_as_prometheus_reads_them() -> None:
    given = {"a": True, "b": None, "c": "", "d": 1, "e": 0.5, "f": "x y", "g": ["h", 2]}
    assert flags(given) == ["--a", "--b", "--c", "--d=1", "--e=0.5", "--f=x y", "--g=h", "--g=2"]


def test_what_is_given_goes_before_the_lab_s() -> None:
    assert global_section("5s", {}, {"evaluation_interval": "15s"}) == {
        "scrape_interval": "5s",
        "scrape_timeout": "5s",
        "evaluation_interval": "15s",
    }
    assert global_section("5s", {"site": "lab"}, {})["external_labels"] == {"site": "lab"}


def test_targets_are_files_that_everyone_there_may_read() -> None:
    (file,) = target_files({"node": [{"targets": ["192.0.2.1:9100"]}]}, "/x")
    assert (file["path"], file.get("secret", False)) == ("/x/node.yml", False)
    assert '"192.0.2.1:9100"' in file["content"]


def test_variables_of_other_collections_are_no_slips_of_the_pen() -> None:
    assert misspelt(OF_OTHERS, variables_in(ROLES)) == {}


def test_what_others_call_otherwise_is_told_where_both_are_used() -> None:
    page = Path(CHECKOUT, "docs", "prometheus.md").read_text(encoding="utf-8")
    ours = {name for name in variables_in(ROLES) if name.startswith(("prometheus_", "grafana_"))}
    told = {name for name in ours if f"`{name}`" in page.partition("## Beside other collections")[2]}
    # Of these names, both have one each.
    assert told >= {
        "prometheus_version",
        "prometheus_scrape_configs",
        "prometheus_global",
        "prometheus_external_labels",
        "prometheus_web_external_url",
        "prometheus_config_flags_extra",
        "grafana_version",
        "grafana_dashboards",
        "grafana_ini",
    }
