# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Every way in which a dashboard names its data sources, bound to those of one Grafana."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana import dashboard as document
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.binding import Binder
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.client import DataSource
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.dashboard import DashboardError
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.shapes import dashboards_in
from hypothesis import example, given
from hypothesis import strategies as st

JSON = dict[str, Any]

PROMETHEUS = DataSource("Prometheus", "prom-uid", "prometheus", is_default=True)
SECOND = DataSource("Second", "second-uid", "prometheus")
LOKI = DataSource("Loki", "loki-uid", "loki")
TEMPO_A, TEMPO_B = DataSource("Tempo A", "tempo-a", "tempo"), DataSource("Tempo B", "tempo-b", "tempo")
ALL = (PROMETHEUS, SECOND, LOKI, TEMPO_A, TEMPO_B)

DECLARED = {"name": "DS_PROMETHEUS", "type": "datasource", "pluginId": "prometheus"}


def with_panel(reference: Any, **more: Any) -> JSON:
    panel = {"id": 1, "type": "graph", "title": "Users", "datasource": reference, "targets": [{"expr": "x"}]}
    return {"title": "T", "panels": [panel], **more}


def bind(dashboard: JSON, datasource: str | None = "Second", objects: bool = False, **inputs: Any) -> JSON:
    return Binder(ALL, objects, datasource, inputs).bind(dashboard)


WAYS: dict[str, tuple[Any, JSON]] = {
    "declared input": ("${DS_PROMETHEUS}", {"__inputs": [DECLARED]}),
    "input that is not declared": ("${DS_PROMETHEUS_HAT}", {"__inputs": [DECLARED]}),
    "nothing declared": ("${DS_PROMETHEUS}", {}),
    "input with a hyphen": ("${DS_PROMETHEUS-K8S}", {}),
    "unbraced": ("$DS_PROMETHEUS", {}),
    "old brackets": ("[[DS_PROMETHEUS]]", {}),
    "plain name, unknown here": ("prometheus-infra", {}),
    "plain name, known here": ("Prometheus", {}),
    "uid, unknown here": ("P1809F7CD0C75ACF3", {}),
    "null": (None, {}),
    "the word default": ("default", {}),
    "object": ({"type": "prometheus", "uid": "P1809F7CD0C75ACF3"}, {}),
    "object of another here": ({"type": "prometheus", "uid": "prom-uid"}, {}),
    "object with an input": ({"type": "prometheus", "uid": "${DS_PROMETHEUS}"}, {"__inputs": [DECLARED]}),
    "object without a uid": ({"type": "prometheus"}, {}),
    "object without anything": ({"type": None, "uid": None}, {}),
    "an input that a variable shadows": (
        "${DS_PROMETHEUS}",
        {
            "__inputs": [DECLARED],
            "templating": {"list": [{"name": "DS_PROMETHEUS", "type": "datasource", "query": "prometheus"}]},
        },
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_panel_is_bound_to_the_chosen_data_source(way: str) -> None:
    reference, more = WAYS[way]
    assert bind(with_panel(reference, **more))["panels"][0]["datasource"] == "Second"


@pytest.mark.parametrize("way", WAYS)
def test_a_later_grafana_gets_an_object(way: str) -> None:
    reference, more = WAYS[way]
    bound = bind(with_panel(reference, **more), objects=True)
    assert bound["panels"][0]["datasource"] == {"type": "prometheus", "uid": "second-uid"}


@pytest.mark.parametrize("way", WAYS)
def test_binding_twice_changes_nothing_more(way: str) -> None:
    reference, more = WAYS[way]
    for objects in (False, True):
        once = bind(with_panel(reference, **more), objects=objects)
        assert bind(once, objects=objects) == once


def test_without_a_chosen_one_what_is_here_is_kept() -> None:
    assert bind(with_panel("Second"), None)["panels"][0]["datasource"] == "Second"
    assert bind(with_panel({"type": "prometheus", "uid": "second-uid"}), None)["panels"][0]["datasource"] == "Second"


def test_without_a_chosen_one_the_default_is_taken() -> None:
    assert bind(with_panel("unknown"), None)["panels"][0]["datasource"] == "Prometheus"
    assert bind(with_panel(None), None)["panels"][0]["datasource"] == "Prometheus"


def test_without_a_default_the_only_one_of_the_type_is_taken() -> None:
    bound = Binder((SECOND, LOKI), False).bind(with_panel("${DS_PROMETHEUS}", __inputs=[DECLARED]))
    assert bound["panels"][0]["datasource"] == "Second"


def test_what_the_export_requires_tells_the_type_of_untyped_references() -> None:
    others = [{"type": "panel", "id": "graph"}, {"type": "app", "id": "cloud"}]
    requires = [*others, {"type": "datasource", "id": "loki"}]
    assert bind(with_panel("logs", __requires=requires), None)["panels"][0]["datasource"] == "Loki"


def test_what_every_grafana_has_is_no_type_that_the_dashboard_speaks_of() -> None:
    declared = [{"name": f"DS_{kind}", "type": "datasource", "pluginId": kind} for kind in ("loki", "__expr__")]
    assert bind(with_panel("logs", __inputs=declared), None)["panels"][0]["datasource"] == "Loki"


def test_an_input_without_a_type_has_that_of_its_panel() -> None:
    binder = Binder(ALL, False, "Second")
    panel = with_panel({"type": "loki", "uid": "${DS_X}"}, __inputs=[{"name": "DS_X", "type": "datasource"}])
    assert binder.bind(panel)["panels"][0]["datasource"] == "Loki"
    assert binder.bound == {"DS_X": "loki-uid"}


def test_untyped_references_mean_the_default_where_the_dashboard_speaks_of_several_types() -> None:
    declared = [
        {"name": f"DS_{kind}", "type": "datasource", "pluginId": kind} for kind in ("loki", "influxdb", "tempo")
    ]
    inputs: JSON = {"DS_influxdb": "Prometheus", "DS_tempo": "Tempo A"}
    bound = bind(with_panel("unknown", __inputs=declared), None, **inputs)
    assert bound["panels"][0]["datasource"] == "Prometheus"


def test_the_chosen_one_is_not_put_where_another_type_belongs() -> None:
    declared = {"name": "DS_LOKI", "type": "datasource", "pluginId": "loki"}
    bound = bind(with_panel("${DS_LOKI}", __inputs=[DECLARED, declared]))
    assert bound["panels"][0]["datasource"] == "Loki"
    for reference in ({"type": "loki", "uid": "unknown"}, {"type": "loki"}):
        assert bind(with_panel(reference))["panels"][0]["datasource"] == "Loki"
    for name in ("Loki", "Tempo A"):
        assert bind(with_panel(name))["panels"][0]["datasource"] == name


def test_a_template_variable_stays_and_selects_the_chosen_one() -> None:
    variable = {
        "name": "source",
        "type": "datasource",
        "query": "prometheus",
        "regex": "/^Prod/",
        "current": {"text": "Prod", "value": "Prod"},
        "options": [{"text": "Prod", "value": "Prod"}],
    }
    for reference in (
        "$source",
        "${source}",
        "${source:text}",
        "[[source]]",
        {"uid": "$source"},
        {"type": "prometheus", "uid": "${source}"},
    ):
        bound = bind(with_panel(reference, templating={"list": [dict(variable)]}))
        assert bound["panels"][0]["datasource"] == "${source}"
        made = bound["templating"]["list"][0]
        assert made["current"] == {"selected": True, "text": "Second", "value": "Second"}
        assert (made["options"], made["regex"]) == ([], "")
    later = bind(with_panel("$source", templating={"list": [dict(variable)]}), objects=True)
    assert later["panels"][0]["datasource"] == {"type": "prometheus", "uid": "${source}"}
    assert later["templating"]["list"][0]["current"]["value"] == "second-uid"


def test_a_variable_selects_one_of_its_type() -> None:
    variable = {"name": "source", "type": "datasource", "query": "loki"}
    bound = bind(with_panel("$source", templating={"list": [variable]}))
    assert bound["templating"]["list"][0]["current"]["value"] == "Loki"


def test_a_variable_of_a_type_that_is_not_here_is_named() -> None:
    variable = {"name": "source", "type": "datasource", "query": "elasticsearch"}
    with pytest.raises(DashboardError, match=r"meant by source \(elasticsearch\) in variable 'source'\."):
        bind(with_panel("$source", templating={"list": [variable]}))


@pytest.mark.parametrize("kind", ["custom", "textbox"])
def test_a_variable_of_another_kind_that_names_a_data_source_stays(kind: str) -> None:
    variables = {"list": [{"name": "source", "type": kind, "query": "Prometheus,Second"}]}
    assert bind(with_panel("[[source]]", templating=variables))["panels"][0]["datasource"] == "${source}"
    later = bind(with_panel("[[source]]", templating=variables), objects=True)
    assert later["panels"][0]["datasource"] == {"uid": "${source}"}


@pytest.mark.parametrize(
    ("regex", "kept"), [("/sec/i", True), ("/sec/", False), ("Second", True), ("/(/", False), ("", True)]
)
def test_a_variables_filter_stays_where_it_lets_the_chosen_one_through(regex: str, kept: bool) -> None:
    variable = {"name": "source", "type": "datasource", "query": "prometheus", "regex": regex}
    bound = bind(with_panel("$source", templating={"list": [variable]}))
    assert bound["templating"]["list"][0]["regex"] == (regex if kept else "")


def test_a_variable_of_many_selects_a_list() -> None:
    variable = {"name": "source", "type": "datasource", "query": "prometheus", "multi": True}
    bound = bind(with_panel("$source", templating={"list": [variable]}))
    assert bound["templating"]["list"][0]["current"]["value"] == ["Second"]


def test_everything_that_asks_a_data_source_is_bound() -> None:
    inner = {
        "id": 3,
        "type": "stat",
        "datasource": "x",
        "targets": [{"datasource": {"type": "prometheus", "uid": "x"}}],
    }
    dashboard = {
        "title": "T",
        "panels": [
            {"id": 2, "type": "row", "datasource": "${DS_PROMETHEUS}", "panels": [inner]},
            {"id": 4, "type": "text"},
            {"id": 5, "type": "dashlist", "datasource": None},
        ],
        "rows": [{"panels": [{"id": 6, "type": "graph", "datasource": None, "targets": [{}]}]}],
        "annotations": {
            "list": [
                {"name": "built in", "builtIn": 1, "type": "dashboard", "datasource": None},
                {"name": "by tag", "datasource": {"type": "datasource", "uid": "grafana"}, "type": "tags"},
                {"name": "restarts", "datasource": "x", "expr": "changes(x[1m])"},
                {"name": "deployments", "datasource": None, "expr": "changes(x[1m])"},
                {"name": "alerts", "datasource": None, "type": "alert"},
                {"name": "by no tag", "datasource": None, "type": "tags"},
                {"name": "built in later", "datasource": None, "type": "dashboard"},
                {"name": "built in, and no more", "datasource": None, "builtIn": 1},
            ]
        },
        "templating": {
            "list": [
                {"name": "job", "type": "query", "datasource": "x"},
                {"name": "old", "type": "query", "datasource": None},
                {"name": "filters", "type": "adhoc", "datasource": {"type": "prometheus", "uid": "x"}},
                {"name": "span", "type": "interval"},
            ]
        },
    }
    bound = bind(dashboard)
    row, text, listing = bound["panels"]
    assert row["datasource"] == "Second"
    assert row["panels"][0]["datasource"] == "Second"
    assert row["panels"][0]["targets"][0]["datasource"] == "Second"
    assert "datasource" not in text
    assert listing["datasource"] is None
    assert bound["rows"][0]["panels"][0]["datasource"] == "Second"
    grafanas = ["-- Grafana --"] * 2
    assert [one["datasource"] for one in bound["annotations"]["list"]] == [*grafanas, *["Second"] * 4, *grafanas]
    assert [one.get("datasource") for one in bound["templating"]["list"]] == ["Second", "Second", "Second", None]


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("-- Mixed --", "-- Mixed --"),
        ("-- Dashboard --", "-- Dashboard --"),
        ("-- Grafana --", "-- Grafana --"),
        ("grafana", "-- Grafana --"),
        ({"type": "datasource", "uid": "-- Mixed --"}, "-- Mixed --"),
        ({"type": "grafana", "uid": "-- Grafana --"}, "-- Grafana --"),
        ({"type": "__expr__", "uid": "__expr__"}, "__expr__"),
        ({"type": "__expr__", "uid": "-100"}, "__expr__"),
        ({"type": "__expr__", "uid": "P1809F7CD0C75ACF3"}, "__expr__"),
        ({"uid": "-100"}, "__expr__"),
        ({"type": "__expr__"}, "__expr__"),
        ({"type": "__expr__", "uid": "${DS_EXPRESSION}"}, "__expr__"),
    ],
)
def test_what_every_grafana_has_stays(reference: Any, name: str) -> None:
    assert bind(with_panel(reference))["panels"][0]["datasource"] == name
    later = bind(with_panel(reference), objects=True)["panels"][0]["datasource"]
    assert later["uid"] == name
    assert bind(with_panel(later), objects=True)["panels"][0]["datasource"] == later


def test_inputs_map_several_and_constants() -> None:
    declared = [
        DECLARED,
        {"name": "DS_OTHER", "type": "datasource", "pluginId": "prometheus"},
        {"name": "VAR_CLUSTER", "type": "constant", "value": "prod"},
        {"name": "VAR_PORT", "type": "constant", "value": 9646},
        {"name": "VAR_SUFFIX", "type": "constant", "value": ""},
        {"name": "DS_LOGS", "type": "datasource", "pluginId": "elasticsearch"},
    ]
    dashboard = with_panel("${DS_PROMETHEUS}", __inputs=declared)
    dashboard["panels"].append({"id": 2, "datasource": "${DS_OTHER}", "targets": [{"expr": 'up{c="${VAR_CLUSTER}"}'}]})
    dashboard["links"] = [
        {"url": "/explore?ds=${DS_OTHER}&port=${VAR_PORT}${VAR_SUFFIX}&logs=${DS_LOGS}&user=${__user.login}"}
    ]
    binder = Binder(ALL, False, "Second", {"DS_OTHER": "prom-uid", "VAR_CLUSTER": "lab"})
    bound = binder.bind(dashboard)
    assert [panel["datasource"] for panel in bound["panels"]] == ["Second", "Prometheus"]
    assert bound["panels"][1]["targets"][0]["expr"] == 'up{c="lab"}'
    # What no panel asks need not be here.
    assert bound["links"][0]["url"] == "/explore?ds=Prometheus&port=9646&logs=${DS_LOGS}&user=${__user.login}"
    assert binder.bound == {"DS_PROMETHEUS": "second-uid", "DS_OTHER": "prom-uid"}
    assert binder.used == {"DS_OTHER", "VAR_CLUSTER"}
    assert binder.names == {*binder.bound, "DS_LOGS", "VAR_CLUSTER", "VAR_PORT", "VAR_SUFFIX"}
    assert "__inputs" not in bound


def test_inputs_map_plain_names_uids_and_variables() -> None:
    variable = {"name": "source", "type": "datasource", "query": "prometheus"}
    dashboard = with_panel("old name", templating={"list": [variable]})
    dashboard["panels"].append({"id": 2, "datasource": {"type": "tempo", "uid": "old-uid"}, "targets": [{}]})
    inputs: JSON = {"old name": "Prometheus", "old-uid": "Tempo B", "source": "prom-uid"}
    bound = bind(dashboard, "Second", **inputs)
    assert [panel["datasource"] for panel in bound["panels"]] == ["Prometheus", "Tempo B"]
    assert bound["templating"]["list"][0]["current"]["value"] == "Prometheus"


def test_what_can_not_be_bound_is_named_with_its_panels() -> None:
    declared = {"name": "DS_TEMPO", "type": "datasource", "pluginId": "tempo"}
    dashboard = with_panel("${DS_TEMPO}", __inputs=[declared])
    dashboard["panels"].append(
        {"id": 2, "title": "Logs", "datasource": {"type": "elasticsearch", "uid": "es"}, "targets": [{}]}
    )
    dashboard["annotations"] = {"list": [{"name": "Traces", "datasource": "${DS_TEMPO}"}]}
    with pytest.raises(DashboardError) as raised:
        bind(dashboard)
    assert str(raised.value) == (
        "can't tell which data source is meant by DS_TEMPO (tempo) in panel 'Users', annotation 'Traces'; "
        "es (elasticsearch) in panel 'Logs'. Name one in datasource or inputs; this Grafana has "
        "Prometheus (prometheus, uid prom-uid), Second (prometheus, uid second-uid), Loki (loki, uid loki-uid), "
        "Tempo A (tempo, uid tempo-a), Tempo B (tempo, uid tempo-b)"
    )


def test_without_any_data_source_every_panel_is_named() -> None:
    with pytest.raises(DashboardError, match=r"\(default\) in panel 'Users'.*this Grafana has none at all"):
        Binder((), False).bind(with_panel(None))


@pytest.mark.parametrize(
    ("datasource", "inputs", "message"),
    [
        ("Nope", {}, "datasource: this Grafana has no data source 'Nope'; it has Prometheus"),
        (None, {"DS_PROMETHEUS": "Nope"}, "inputs.DS_PROMETHEUS: this Grafana has no data source 'Nope'"),
    ],
)
def test_refuses_names_that_do_not_exist(datasource: str | None, inputs: dict[str, Any], message: str) -> None:
    with pytest.raises(DashboardError, match=message):
        bind(with_panel("${DS_PROMETHEUS}", __inputs=[DECLARED]), datasource, **inputs)


def test_asks_for_a_constant_without_a_value() -> None:
    with pytest.raises(DashboardError, match="asks for the constant VAR_CLUSTER: give it in inputs"):
        bind(with_panel(None, __inputs=[{"name": "VAR_CLUSTER", "type": "constant"}]))


def test_refuses_an_input_of_a_type_it_does_not_know() -> None:
    with pytest.raises(DashboardError, match="LIB_A is of the type librarypanel"):
        bind(with_panel(None, __inputs=[{"name": "LIB_A", "type": "librarypanel"}]))
    with pytest.raises(DashboardError, match="APP is of the type app"):
        bind(with_panel(None, __inputs=[{"name": "APP", "type": "app", "value": "x"}]))


def test_a_declared_input_that_no_panel_uses_can_be_mapped() -> None:
    binder = Binder(ALL, False, "Second", {"DS_PROMETHEUS": "Prometheus"})
    bound = binder.bind(with_panel(None, __inputs=[DECLARED], links=[{"url": "/explore?ds=${DS_PROMETHEUS}"}]))
    assert bound["panels"][0]["datasource"] == "Second"
    assert bound["links"][0]["url"] == "/explore?ds=Prometheus"
    assert (binder.bound["DS_PROMETHEUS"], binder.used) == ("prom-uid", {"DS_PROMETHEUS"})


LOOSE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["", "prometheus", "${DS_A}", "$a", "__expr__", "datasource"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["type", "uid", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def loose(*keys: str) -> st.SearchStrategy[JSON]:
    return st.dictionaries(st.sampled_from(keys), LOOSE, max_size=len(keys))


PANELS = st.lists(loose("id", "type", "title", "datasource", "targets", "panels", "libraryPanel"), max_size=3)
VARIABLES = st.lists(loose("name", "type", "query", "regex", "datasource", "multi"), max_size=2)
INPUTS = st.lists(loose("name", "type", "pluginId", "value"), max_size=2)


@given(
    st.fixed_dictionaries(
        {"panels": PANELS},
        optional={
            "templating": LOOSE | st.fixed_dictionaries({"list": VARIABLES}),
            "annotations": LOOSE | st.fixed_dictionaries({"list": VARIABLES}),
            "__inputs": LOOSE | INPUTS,
            "__elements": LOOSE | st.lists(st.fixed_dictionaries({"uid": LOOSE, "model": LOOSE}), max_size=2),
            "__requires": LOOSE | INPUTS,
            "uid": LOOSE,
            "title": LOOSE,
        },
    ),
    st.booleans(),
)
@example({"title": "a", "panels": [{"type": "table", "datasource": {"type": []}}]}, False)
def test_whatever_a_dashboard_holds_it_is_bound_or_refused_with_a_sentence(content: JSON, objects: bool) -> None:
    try:
        [read] = dashboards_in(content, "the dashboard")
        document.put_in_library_panels(read)
        document.settle(read, None, None, None)
        document.missing_panel_types(read, frozenset(), {})
        document.normalise(Binder(ALL, objects, "Second").bind(read))
    except DashboardError as error:
        assert str(error)
