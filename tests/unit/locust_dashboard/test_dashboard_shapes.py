# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Dashboards as people keep them."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana import shapes
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.dashboard import DashboardError
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.shapes import dashboards_in
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._dashboard_files import (
    dashboards_among,
    dashboards_of,
    files_in,
)
from hypothesis import given
from hypothesis import strategies as st

JSON = dict[str, Any]

ONE: JSON = {"uid": "one", "title": "One", "panels": [{"id": 1, "type": "stat", "title": "Users"}]}
OTHER: JSON = {**ONE, "uid": "other", "title": "Other"}
NAMELESS = {key: value for key, value in ONE.items() if key != "uid"}
OPERATOR = {"apiVersion": "grafana.integreatly.org/v1beta1", "kind": "GrafanaDashboard", "metadata": {"name": "x"}}
ZIPPED = base64.b64encode(gzip.compress(json.dumps(ONE).encode())).decode()


def resource(spec: JSON, name: str = "one", version: str = "v1beta1") -> JSON:
    metadata = {"name": name, "namespace": "default", "annotations": {"grafana.app/folder": "f"}}
    return {"kind": "Dashboard", "apiVersion": f"dashboard.grafana.app/{version}", "metadata": metadata, "spec": spec}


def config_map(**files: Any) -> JSON:
    data = {name.replace("_", "."): text for name, text in files.items()}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "dashboards"}, "data": data}


SHAPES: dict[str, Any] = {
    "Grafana's API": {"meta": {"version": 3}, "dashboard": ONE},
    "what is sent to it": {"dashboard": ONE, "overwrite": True, "folderUid": "f"},
    "grafana.com's API": {"id": 11985, "revision": 1, "json": ONE},
    "resource of Grafana 12": resource(NAMELESS),
    "its stable version": resource(NAMELESS, version="v1"),
    "its stored version": resource(NAMELESS, version="v0alpha1"),
    "a resource's name goes before": resource({**ONE, "uid": "of another server"}),
    "Grizzly's": {**resource(NAMELESS), "apiVersion": "grizzly.grafana.com/v1alpha1"},
    "the operator's": {**OPERATOR, "spec": {"json": json.dumps(ONE), "instanceSelector": {}}},
    "the operator's with a uid": {**OPERATOR, "spec": {"uid": "one", "json": json.dumps(NAMELESS)}},
    "the operator's compressed": {**OPERATOR, "spec": {"gzipJson": ZIPPED}},
    "the operator's in a wrapper": {**OPERATOR, "spec": {"json": json.dumps({"dashboard": ONE})}},
    "the sidecar's": config_map(one_json=json.dumps(ONE), README_md="not a dashboard"),
    "the sidecar's in base64": {
        **config_map(),
        "binaryData": {"one.json": base64.b64encode(json.dumps(ONE).encode()).decode()},
    },
    "a list of resources": {"apiVersion": "v1", "kind": "List", "items": [config_map(one_json=json.dumps(ONE))]},
    "a resource of another kind beside it": [{"apiVersion": "v1", "kind": "Namespace"}, resource(NAMELESS)],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_dashboard_is_found(shape: str) -> None:
    assert dashboards_in(SHAPES[shape], "x") == [ONE]
    assert dashboards_in(json.dumps(SHAPES[shape]), "x") == [ONE]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_dashboard_is_found_in_yaml(shape: str) -> None:
    documents = SHAPES[shape] if isinstance(SHAPES[shape], list) else [SHAPES[shape]]
    assert dashboards_of(yaml.safe_dump_all(documents).encode(), "x") == [ONE]


def test_several_are_found() -> None:
    both = [ONE, OTHER]
    assert dashboards_in(both, "x") == both
    assert dashboards_in(config_map(a_json=json.dumps(ONE), b_json=json.dumps(OTHER)), "x") == both
    assert dashboards_of(yaml.safe_dump_all([resource(NAMELESS), resource(OTHER, "other")]).encode(), "x") == both


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_every_encoding_that_editors_write_is_read(encoding: str) -> None:
    dashboard = {**ONE, "title": "Größe 仪表板"}
    text = json.dumps(dashboard, ensure_ascii=False)
    assert dashboards_in(text.encode(encoding), "x") == dashboards_of(text.encode(encoding), "x") == [dashboard]
    assert dashboards_in("\ufeff" + text, "x") == [dashboard]


def test_what_yaml_has_and_json_has_not_becomes_text() -> None:
    metadata = b"apiVersion: dashboard.grafana.app/v1\nkind: Dashboard\nmetadata: {name: one}\n"
    [read] = dashboards_of(metadata + b"spec: {title: 2026-01-02, panels: [], links: [{1: true}]}\n", "x")
    assert json.loads(json.dumps(read)) == {"uid": "one", "title": "2026-01-02", "panels": [], "links": [{"1": True}]}


LOOSE = st.recursive(
    st.none() | st.integers() | st.sampled_from(["", "x", "eA==", "{}", "[", json.dumps(ONE), ZIPPED]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["json", "gzipJson", "uid", "name", "a.json", "panels", "spec"]), inner)
    ),
    max_leaves=4,
)
KINDS = ("Dashboard", "GrafanaDashboard", "ConfigMap", "List", "Other")
RESOURCES = st.fixed_dictionaries(
    {"apiVersion": LOOSE, "kind": st.sampled_from(KINDS) | LOOSE},
    optional=dict.fromkeys(("spec", "metadata", "data", "binaryData", "items", "dashboard", "panels"), LOOSE),
)


@given(RESOURCES | st.lists(RESOURCES, max_size=2) | LOOSE)
def test_whatever_something_holds_its_dashboards_are_found_or_refused_with_a_sentence(content: Any) -> None:
    for read in (lambda: dashboards_in(content, "x"), lambda: dashboards_of(yaml.safe_dump(content).encode(), "x")):
        try:
            assert all(isinstance(one["panels"], list) for one in read() if "rows" not in one)
        except DashboardError as error:
            assert str(error).startswith("x")


def bomb() -> str:
    lines = ["kind: Dashboard", "apiVersion: dashboard.grafana.app/v1", "a0: &a0 [x]"]
    lines += [f"a{depth}: &a{depth} [{', '.join([f'*a{depth - 1}'] * 9)}]" for depth in range(1, 12)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (resource({"elements": {}, "layout": {"kind": "GridLayout"}}, version="v2beta1"), "of schema v2, which"),
        ({"dashboard": {"elements": {}, "layout": {}}, "meta": {}}, "of schema v2, which"),
        (resource({"title": "T"}), "x is no dashboard: it has neither panels nor rows"),
        ({**resource({}), "spec": None}, "x is no dashboard: the spec of a Dashboard is an object, and its is not"),
        ({**resource({}), "spec": "{}"}, "x is no dashboard: the spec of a Dashboard is an object, and its is not"),
        (
            {"apiVersion": "v1", "kind": "Secret", "data": {}},
            "x holds no dashboard: it may be one itself, or a Dashboard",
        ),
        (config_map(readme_md="text"), "x holds no dashboard: "),
        (config_map(one_json="{nope"), "x: one.json is not JSON: "),
        (config_map(one_json='{"a": 1}'), "x: one.json is no dashboard: it has neither panels nor rows"),
        ({**OPERATOR, "spec": {"grafanaCom": {"id": 1860}}}, "but grafanaCom: give gnet_id and revision in its stead"),
        ({**OPERATOR, "spec": {"url": "https://x"}}, "x does not hold its dashboard, but url: give url in its stead"),
        ({**OPERATOR, "spec": {"jsonnet": "{}"}}, "x does not hold its dashboard, but jsonnet"),
        ({**OPERATOR, "spec": None}, "x does not hold its dashboard, but nothing"),
        ({**OPERATOR, "spec": {"gzipJson": "eHh4"}}, "x: spec.gzipJson is not gzip: "),
        ({**OPERATOR, "spec": {"gzipJson": "x"}}, "x: spec.gzipJson is not base64: "),
        ([3], "x is no dashboard: it is JSON, but not an object"),
        ([], "x is no dashboard: it is JSON, but not an object"),
    ],
)
def test_why_there_is_none_is_told(content: Any, message: str) -> None:
    with pytest.raises(DashboardError, match=r"^x") as raised:
        dashboards_in(content, "x")
    assert message in str(raised.value)


def test_what_unpacks_to_too_much_is_refused() -> None:
    zipped = base64.b64encode(gzip.compress(b" " * (shapes.MAX_BYTES + 2))).decode()
    with pytest.raises(
        DashboardError, match=r"x: spec\.gzipJson has 10485761 bytes, and a dashboard may have 10485760"
    ):
        dashboards_in({**OPERATOR, "spec": {"gzipJson": zipped}}, "x")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title: [unclosed", "x is neither JSON nor YAML: "),
        ("a: " + "[" * 5000, "x "),
        ("a: &a [*a]", "more than 100 objects and lists in one another"),
        (bomb(), "has more in it than a dashboard of 10485760 bytes may have"),
        ("just text", "x is not JSON: "),
        ("{nope", "x is not JSON: "),
        ("", "x is not JSON: "),
        ("a: 1", "x is no dashboard: it has neither panels nor rows"),
        (" " * (shapes.MAX_BYTES + 1), "x has 10485761 bytes, and a dashboard may have 10485760"),
    ],
    ids=["unclosed", "deep", "endless", "bomb", "text", "broken", "empty", "other", "big"],
)
def test_why_there_is_none_in_a_file_is_told(text: str, message: str) -> None:
    with pytest.raises(DashboardError, match=r"^x") as raised:
        dashboards_of(text.encode(), "x")
    assert message in str(raised.value)


def test_what_is_no_text_is_told() -> None:
    with pytest.raises(DashboardError, match="x is not text: "):
        dashboards_of(b"\xff\xfe\x00", "x")


def test_yaml_of_something_else_holds_none() -> None:
    for other in (b"services: {web: {image: x}}", b"apiVersion: 1\nproviders: []", b"apiVersion: v1\nkind: Service"):
        assert dashboards_among(other, Path("x.yaml")) == []
    assert dashboards_among(yaml.safe_dump(config_map(one_json=json.dumps(ONE))).encode(), Path("x.yml")) == [ONE]
    with pytest.raises(DashboardError, match=r"x\.json is no dashboard"):
        dashboards_among(b'{"name": "package"}', Path("x.json"))


def test_the_files_of_a_folder(tmp_path: Path) -> None:
    for name in ("b.json", "a.yaml", "team/c.yml", "README.md", ".hidden.json", "..data/d.json", ".git/e.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "f.json").mkdir()
    assert [str(path.relative_to(tmp_path)) for path in files_in(tmp_path)] == ["a.yaml", "b.json", "team/c.yml"]
