# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What is worked out from the table of services."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _services as services
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._hosts import hosts_unlike
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._spelling import near_misses, within

from tests.role_readme import ROLES, load

TABLE = load(ROLES / "monitor_lab" / "vars" / "main.yml")["monitor_lab_service_table"]
VALUES = {
    "monitor_lab_tokenization_url": "http://192.0.2.1:30500",
    "monitor_lab_tokenization_port": "30500",
    "monitor_lab_has_cluster": False,
    "monitor_lab_has_load_cluster": False,
    "monitor_lab_has_metrics_token": False,
    "monitor_lab_is_closed": False,
    "monitor_lab_locust_url": "http://192.0.2.2:8089",
    "monitor_lab_locust_port": 8089,
    "monitor_lab_locust_master_port": 5557,
    "monitor_lab_locust_exporter_url": "",
    "monitor_lab_locust_exporter_port": 9646,
    "monitor_lab_node_exporter_url": "",
    "monitor_lab_node_exporter_port": 9100,
    "monitor_lab_container_exporter_url": "",
    "monitor_lab_container_exporter_port": 9647,
    "monitor_lab_has_alertmanager": False,
    "monitor_lab_alertmanager_url": "",
    "monitor_lab_alertmanager_port": 9093,
    "monitor_lab_alert_receiver_port": 9095,
    "monitor_lab_prometheus_url": "http://192.0.2.4:9090",
    "monitor_lab_prometheus_port": 9090,
    "monitor_lab_grafana_url": "http://192.0.2.5:3000",
    "monitor_lab_grafana_port": 3000,
    "grafana_external_url": "",
    "grafana_required": "",
}
GROUPS = {
    "tokenization": ["pod1"],
    "locust": ["locust1"],
    "locust_workers": ["load1", "locust1"],
    "locust_exporter": ["mon1"],
    "prometheus": ["mon1"],
    "grafana": ["graf1"],
}


def of(**values: Any) -> list[dict[str, Any]]:
    return services.resolved(TABLE, {**VALUES, **values})


def answer(name: str, status: int = 200, version: str = "", url: str = "") -> dict[str, Any]:
    (service,) = (service for service in of() if service["name"] == name)
    url = f"{url or service['url']}{service['health']}"
    return {"name": name, "url": url, "status": status, "up": status == 200, "version": version}


def test_every_variable_of_the_table_has_a_value_here() -> None:
    assert set(services.variables_of(TABLE)) == set(VALUES)


def test_a_service_has_its_values_and_nothing_is_left_out() -> None:
    service = of()[0]
    assert service["url"] == "http://192.0.2.1:30500"
    clients = ["locust", "locust_workers"]
    assert service["ports"] == [{"variable": "monitor_lab_tokenization_port", "port": 30500, "clients": clients}]
    assert {frozenset(service) for service in of()} == {frozenset(service)}


def test_a_service_of_which_little_is_said() -> None:
    entry = {"name": "x", "groups": ["xs"], "url": "x_url", "health": "/health"}
    assert services.resolved([entry], {"x_url": "http://192.0.2.1:80"}) == [
        {
            "name": "x",
            "groups": ["xs"],
            "ports": [],
            "url": "http://192.0.2.1:80",
            "health": "/health",
            "healthy": "",
            "volumes": [],
            "image": False,
            "metrics": "",
            "each": False,
            "page": False,
            "elsewhere": False,
            "foreign": False,
            "required": True,
            "login": False,
            "secret": "",
            "metrics_token": False,
            "absent_preflight": False,
        }
    ]


@pytest.mark.parametrize(
    ("value", "is_set"), [("", False), (None, False), (False, False), ("false", False), ("no", False), (True, True)]
)
def test_a_variable_from_the_command_line_is_read_as_one_from_a_file(value: object, is_set: bool) -> None:
    assert of(grafana_required=value)[-1]["required"] is is_set


def test_a_service_that_is_elsewhere_by_its_url() -> None:
    assert of(grafana_external_url="https://grafana.example.org")[-1]["elsewhere"] is True


def test_hosts_are_each_named_once_in_the_order_of_the_table() -> None:
    assert services.hosts_of(TABLE, GROUPS) == ["pod1", "locust1", "load1", "mon1", "graf1"]
    assert services.hosts_of(TABLE, {"others": ["web1"]}) == []


def test_addresses_are_those_that_ansible_reaches() -> None:
    hostvars: dict[str, dict[str, str]] = {host: {} for hosts in GROUPS.values() for host in hosts}
    hostvars["mon1"] = {"ansible_host": "192.0.2.4"}
    hostvars["graf1"] = {"ansible_host": "192.0.2.5", "monitor_lab_address": "198.51.100.5"}
    assert services.addresses_of(TABLE, {**GROUPS, "locust_exporter": []}, hostvars) == {
        "tokenization": "pod1",
        "locust": "locust1",
        "locust_exporter": "",
        "node_exporter": "",
        "container_exporter": "",
        "alertmanager": "",
        "prometheus": "192.0.2.4",
        "grafana": "198.51.100.5",
    }


def test_a_service_on_several_hosts_has_the_address_of_the_first() -> None:
    hostvars = {"a": {"monitor_lab_address": "192.0.2.1"}, "b": {}}
    assert services.addresses_of(TABLE, {"node_exporter": ["a", "b"]}, hostvars)["node_exporter"] == "192.0.2.1"
    assert services.addresses_of(TABLE, {"node_exporter": ["b", "a"]}, hostvars)["node_exporter"] == "b"


def test_one_machine_talks_to_itself_over_loopback() -> None:
    groups = {"locust": ["localhost"], "prometheus": ["localhost"]}
    addresses = services.addresses_of(TABLE, groups, {"localhost": {"ansible_host": "192.0.2.1"}})
    assert addresses["locust"] == "127.0.0.1"
    assert addresses["grafana"] == ""


def test_the_url_of_what_speaks_tls() -> None:
    assert services.url_of("192.0.2.1", 80, True) == "https://192.0.2.1:80"


@pytest.mark.parametrize(
    ("address", "url"),
    [("192.0.2.1", "http://192.0.2.1:80"), ("2001:db8::1", "http://[2001:db8::1]:80"), ("a", "http://a:80"), ("", "")],
)
def test_urls(address: str, url: str) -> None:
    assert services.url_of(address, 80) == url


@pytest.mark.parametrize(
    ("groups", "says"),
    [
        ({"all": ["web1"], "ungrouped": ["web1"]}, "no host in any of the lab's groups: tokenization, locust,"),
        ({}, "no host in any of the lab's groups"),
        ({**GROUPS, "prometheus": [], "promethues": ["mon1"]}, "a group promethues, and none called prometheus"),
        ({"locust_worker": ["a"], "locust": ["b"]}, "a group locust_worker, and none called locust_workers"),
        ({"locust": ["a", "b"]}, "several hosts (a, b), and Locust has one master"),
    ],
)
def test_what_makes_no_lab(groups: dict[str, list[str]], says: str) -> None:
    (fault,) = services.inventory_faults(TABLE, groups)
    assert says in fault


@pytest.mark.parametrize(
    "groups",
    [
        GROUPS,
        {"prometheus": ["a"]},
        {**GROUPS, "promethues": ["a"]},
        {**GROUPS, "prometheus": [], "promethues": []},
        {**GROUPS, "grafana": [], "web": ["a"]},
    ],
)
def test_what_makes_one(groups: dict[str, list[str]]) -> None:
    """A group that is like one of ours is somebody's own where ours is there, too."""
    assert services.inventory_faults(TABLE, groups) == []


def test_services_of_a_host_that_want_one_port() -> None:
    table = of(monitor_lab_prometheus_port=3000)
    assert services.port_collisions(table, ["prometheus", "grafana"]) == [
        "monitor_lab_grafana_port: 3000",
        "monitor_lab_prometheus_port: 3000",
    ]
    assert services.port_collisions(table, ["prometheus"]) == []
    two = of(monitor_lab_prometheus_port=3000, monitor_lab_locust_exporter_port=8089)
    assert services.port_collisions(two, ["locust", "locust_exporter", "prometheus", "grafana"]) == [
        "monitor_lab_grafana_port: 3000",
        "monitor_lab_prometheus_port: 3000",
        "monitor_lab_locust_exporter_port: 8089",
        "monitor_lab_locust_port: 8089",
    ]
    elsewhere = of(monitor_lab_prometheus_port=3000, grafana_external_url="http://192.0.2.9:3000")
    assert services.port_collisions(elsewhere, ["prometheus", "grafana"]) == []


def listener(port: int, address: str = "192.0.2.1", program: str | None = "nginx", service: str | None = None) -> Any:
    return {"port": port, "address": address, "program": program, "service": service}


@pytest.mark.parametrize(
    ("listening", "says"),
    [
        (
            listener(9090),
            "port 9090, which prometheus needs, is taken by nginx. Stop that, or choose another port with",
        ),
        (listener(9090, "0.0.0.0", None), "taken by a process that cannot be seen"),
        (listener(9090, "::"), "monitor_lab_prometheus_port"),
        (listener(9090, "192.0.2.7"), None),
        (listener(9090, service="prometheus"), None),
        (listener(9090, service="grafana"), "taken by nginx"),
        (listener(8089), None),
        (listener(9091), None),
    ],
)
def test_who_else_has_a_port(listening: Any, says: str | None) -> None:
    faults = services.port_faults(of(), ["prometheus", "locust_workers"], "192.0.2.1", [listening])
    assert [says in fault for fault in faults if says] == ([True] if says else [])
    assert bool(faults) is bool(says)


def test_a_part_that_is_not_required_is_not_silent() -> None:
    answers = [answer("locust"), answer("prometheus", 0), answer("grafana", 503)]
    assert services.silent(of(), answers) == ["prometheus"]
    assert services.silent(of(grafana_required="true"), answers) == ["prometheus", "grafana"]


def test_the_summary_tells_of_every_service() -> None:
    answers = [
        answer("locust", version="2.47.0"),
        answer("prometheus", version="3.5.0"),
        answer("grafana", 0),
    ]
    assert services.summary(of(), answers, ["No Grafana: why."], "/secrets", "127.0.0.1", "", False) == [
        "locust             http://192.0.2.2:8089        up         2.47.0",
        "prometheus         http://192.0.2.4:9090        up         3.5.0",
        "grafana            http://192.0.2.5:3000        not here",
        "locust_exporter    left out: the inventory has no host in the group locust_exporter",
        "node_exporter      left out: the inventory has no host in the group node_exporter",
        "container_exporter left out: the inventory has no host in the group container_exporter",
        "alertmanager       left out: the inventory has no host in the group alertmanager",
        "No Grafana: why.",
        "",
        "Passwords and keys: /secrets (files on the controller, mode 0600)",
        "From a laptop:      ssh -L 8089:192.0.2.2:8089 -L 9090:192.0.2.4:9090 USER@THIS-MACHINE",
    ]
    without = services.summary(of(monitor_lab_locust_url=""), answers[1:], [], "/secrets", "127.0.0.1", "", False)
    assert "locust             left out: the inventory has no host in the group locust" in without
    answers[-1] = answer("grafana", version="12.0.0")
    assert " -L 3000:192.0.2.5:3000 " in services.summary(of(), answers, [], "/secrets", "127.0.0.1", "", False)[-1]
    # It may come back while the tunnel is there.
    silent = services.summary(of(), [answer("prometheus", 0)], [], "/secrets", "127.0.0.1", "", False)
    assert silent[-1] == "From a laptop:      ssh -L 9090:192.0.2.4:9090 USER@THIS-MACHINE"
    across = services.summary(of(), [answer("prometheus", 503)], [], "/secrets", "192.0.2.4", "", False)
    assert across[0].split() == ["prometheus", "http://192.0.2.4:9090", "NO", "ANSWER"]
    unwell = services.summary(of(), [{**answer("prometheus"), "up": False}], [], "/secrets", "192.0.2.4", "", False)
    assert unwell[0].split() == ["prometheus", "http://192.0.2.4:9090", "NOT", "WELL"]
    assert "ssh" not in across[-1]


def test_the_summary_tells_of_each_host_that_is_not_well_and_counts_the_others() -> None:
    urls = [f"https://192.0.2.{number}:9100" for number in (1, 2, 3)]
    well = [answer("node_exporter", version="1.5.0", url=url) for url in urls]
    lines = services.summary(of(), well, [], "/secrets", "192.0.2.1", "", True)
    assert lines[0] == "node_exporter      https://192.0.2.1:9100       up         1.5.0, as on 2 more"
    assert lines[-1] == "OPEN, without logins, to whoever reaches these hosts: node_exporter"
    unwell = [answer("node_exporter", 0, url=urls[0]), *well[1:]]
    assert services.silent(of(), [*unwell, *unwell]) == ["node_exporter"]
    assert services.summary(of(), unwell, [], "/secrets", "192.0.2.1", "", False)[:2] == [
        "node_exporter      https://192.0.2.2:9100       up         1.5.0, as on 1 more",
        "node_exporter      https://192.0.2.1:9100       NO ANSWER",
    ]


def test_the_summary_tells_how_to_get_in_and_what_is_open() -> None:
    answers = [answer("locust"), answer("prometheus")]
    closed = services.summary(
        of(monitor_lab_is_closed=True), answers, [], "/secrets", "192.0.2.4", "/secrets/tls", False
    )
    assert closed[-2:] == [
        "Logins:             locust, prometheus: the user of that name, the password in NAME_password there",
        "For browsers:       import /secrets/tls/authority.crt as an authority for web sites",
    ]
    opened = services.summary(of(), answers, [], "/secrets", "192.0.2.4", "", True)
    assert opened[-1] == "OPEN, without logins, to whoever reaches these hosts: locust, prometheus"


def test_what_wants_a_login_in_an_open_lab_is_not_called_open() -> None:
    table = of(monitor_lab_has_alertmanager=True, monitor_lab_alertmanager_url="http://192.0.2.4:9093")
    answers = [answer("alertmanager", url="http://192.0.2.4:9093"), answer("prometheus")]
    lines = services.summary(table, answers, [], "/secrets", "192.0.2.4", "", True)
    assert lines[-2].startswith("Logins:             alertmanager: the user of that name")
    assert lines[-1] == "OPEN, without logins, to whoever reaches these hosts: prometheus"


def test_the_summary_tells_where_each_secret_lies() -> None:
    answers = [answer("tokenization"), answer("locust"), answer("grafana")]
    table = of(monitor_lab_is_closed=True, monitor_lab_prometheus_url="")
    closed = services.summary(table, answers, [], "/secrets", "192.0.2.4", "", False)
    assert closed[-1] == (
        "Logins:             locust: the user of that name, the password in NAME_password there; "
        "tokenization: tokenization_bearer_token; grafana: grafana_admin_password"
    )
    # There is none of a Grafana that could not be had.
    absent = [answer("tokenization"), answer("grafana", 0)]
    on_loopback = services.summary(of(), absent, [], "/secrets", "192.0.2.4", "", False)
    assert on_loopback[-1] == "Logins:             tokenization: tokenization_bearer_token"


def test_the_summary_tells_of_a_cluster_what_is_open_there_alone() -> None:
    """All else is on loopback, or somebody else's."""
    table = of(
        monitor_lab_has_cluster=True,
        monitor_lab_locust_url="http://127.0.0.1:8089",
        grafana_external_url="https://g.example.org",
    )
    answers = [answer("tokenization"), answer("locust"), answer("grafana")]
    lines = services.summary(table, answers, [], "/secrets", "127.0.0.1", "", True)
    assert [line for line in lines if line.startswith("OPEN")] == [
        "OPEN, without logins, to whoever reaches a node of the cluster: tokenization"
    ]


@pytest.mark.parametrize(
    ("addresses", "local"),
    [
        ({"locust": "127.0.0.1", "grafana": ""}, True),
        ({"locust": "::1", "grafana": "localhost"}, True),
        ({"locust": "127.0.0.1", "grafana": "192.0.2.5"}, False),
        ({"locust": "locust1"}, False),
    ],
)
def test_what_is_local(addresses: dict[str, str], local: bool) -> None:
    assert services.is_local(addresses) is local


def test_a_certificate_is_for_all_names_of_its_host() -> None:
    hostvars: dict[str, dict[str, str]] = {host: {} for hosts in GROUPS.values() for host in hosts}
    hostvars["mon1"] = {"ansible_host": "198.51.100.4", "monitor_lab_address": "192.0.2.4"}
    hostvars["graf1"] = {"ansible_host": "grafana's host"}
    names = services.certificate_names(
        of(monitor_lab_prometheus_url="https://prometheus.example.org", grafana_external_url="https://g.example.org"),
        GROUPS,
        hostvars,
    )
    loopback = ["127.0.0.1", "::1", "localhost"]
    assert names["mon1"] == ["192.0.2.4", "198.51.100.4", "mon1", "prometheus.example.org", *loopback]
    assert names["load1"] == ["load1", *loopback]
    assert names["graf1"] == ["graf1", *loopback]


def test_only_the_first_host_of_a_service_is_called_as_its_url_says() -> None:
    table = of(monitor_lab_node_exporter_url="https://nodes.example.org")
    names = services.certificate_names(table, {"node_exporter": ["a", "b"]}, {"a": {}, "b": {}})
    assert ("nodes.example.org" in names["a"], "nodes.example.org" in names["b"]) == (True, False)


def test_a_certificate_is_for_a_clusters_node_where_the_page_is_there() -> None:
    groups = {"tokenization": ["localhost"], "locust": ["localhost"]}
    on_cluster = {"monitor_lab_has_cluster": True, "monitor_lab_has_load_cluster": True, "monitor_lab_is_closed": True}
    names = services.certificate_names(of(**on_cluster), groups, {"localhost": {}})
    # The service there speaks plain HTTP.
    assert names == {"localhost": ["192.0.2.2", "127.0.0.1", "::1", "localhost"]}


def test_one_machine_has_a_certificate_for_loopback_alone() -> None:
    groups = {"prometheus": ["localhost"]}
    hostvars = {"localhost": {"ansible_host": "192.0.2.1"}}
    names = services.certificate_names(of(monitor_lab_prometheus_url="https://127.0.0.1:9090"), groups, hostvars)
    assert names == {"localhost": ["127.0.0.1", "::1", "localhost"]}


def test_each_service_is_asked_as_it_wants(tmp_path: Path) -> None:
    (tmp_path / "prometheus_password").write_text("p4ss\n")
    closed = of(
        monitor_lab_is_closed=True,
        monitor_lab_has_metrics_token=True,
        monitor_lab_prometheus_url="https://192.0.2.4:9090",
        monitor_lab_grafana_url="https://192.0.2.4:3000",
    )
    asked = services.access(closed, GROUPS, str(tmp_path), "/etc/ca.crt")
    assert asked["prometheus"] == {
        "ca_path": "/etc/ca.crt",
        "url_username": "prometheus",
        "url_password": "p4ss",
        "force_basic_auth": True,
        "follow_redirects": "none",
    }
    assert asked["locust"]["url_password"] == ""
    assert asked["grafana"] == {"ca_path": "/etc/ca.crt"}
    # On a cluster: its host may have nothing else of the lab, nor its authority.
    assert asked["tokenization"] == {}
    (health,) = services.health_addresses(closed, asked, "mon1", GROUPS, {})
    assert health == {
        "name": "prometheus",
        "url": "https://192.0.2.4:9090/api/v1/status/buildinfo",
        "healthy": "",
        "use_proxy": False,
        "ca_path": "/etc/ca.crt",
        "url_username": "prometheus",
        "url_password": "p4ss",
    }
    assert services.health_addresses(closed, asked, "load1", GROUPS, {}) == []
    assert services.access(of(), GROUPS, str(tmp_path), "") == {service["name"]: {} for service in of()}


def test_what_answers_on_each_host_is_asked_there() -> None:
    groups = {**GROUPS, "node_exporter": ["pod1", "mon1"]}
    hostvars = {"pod1": {"ansible_host": "192.0.2.1"}, "mon1": {"ansible_host": "192.0.2.4"}, "graf1": {}}
    table = of(monitor_lab_node_exporter_url="https://192.0.2.1:9100")
    options: dict[str, dict[str, Any]] = {service["name"]: {} for service in table}
    asked = services.health_addresses(table, options, "mon1", groups, hostvars)
    assert [service["url"] for service in asked] == [
        "https://192.0.2.4:9100/metrics",
        "http://192.0.2.4:9090/api/v1/status/buildinfo",
    ]
    (plain,) = (each for each in of(monitor_lab_node_exporter_url="http://a:9100") if each["name"] == "node_exporter")
    assert services.urls_of(plain, {"node_exporter": ["pod1", "mon1", "graf1"]}, hostvars) == {
        "pod1": "http://192.0.2.1:9100",
        "mon1": "http://192.0.2.4:9100",
        "graf1": "http://graf1:9100",
    }
    on_loopback = of(monitor_lab_node_exporter_url="https://127.0.0.1:9100")
    alone = services.health_addresses(on_loopback, options, "pod1", {"node_exporter": ["pod1"]}, hostvars)
    assert [service["url"] for service in alone] == ["https://127.0.0.1:9100/metrics"]


def test_no_secret_goes_to_what_is_not_the_labs(tmp_path: Path) -> None:
    (tmp_path / "prometheus_password").write_text("p4ss")
    elsewhere = of(monitor_lab_is_closed=True, grafana_external_url="https://g.example.org")
    # Workers may be those of another lab's Locust.
    asked = services.access(elsewhere, {**GROUPS, "prometheus": [], "locust": []}, str(tmp_path), "/etc/ca.crt")
    assert asked["prometheus"] == asked["grafana"] == asked["locust"] == {}


@pytest.mark.parametrize(
    ("one", "other", "letters"),
    [("", "", 0), ("a", "", 1), ("prometheus", "promethues", 2), ("grafana", "graffana", 1), ("kitten", "sitting", 3)],
)
def test_how_many_letters_differ(one: str, other: str, letters: int) -> None:
    for pair in ((one, other), (other, one)):
        assert within(*pair, letters)
        assert letters == 0 or not within(*pair, letters - 1)


def test_near_misses() -> None:
    assert near_misses("grafana", ["grafana", "graphana", "grafna", "grafanas", "web"]) == [
        "graphana",
        "grafna",
        "grafanas",
    ]


def test_services_of_a_host() -> None:
    assert services.services_on(TABLE, ["locust_workers", "prometheus", "web"]) == ["locust", "prometheus"]


def test_a_service_is_due_where_something_of_it_differs_on_any_host() -> None:
    hostvars: dict[str, Any] = {
        "a": {"prometheus_differences": ["x"], "container_engine_differences": ["y"]},
        "b": {"locust_differences": ["z"], "grafana_differences": []},
        "c": {},
    }
    names = ["tokenization", "locust", "prometheus", "grafana"]
    assert services.services_due(names, hostvars, ["a", "b", "c"]) == ["locust", "prometheus"]
    assert services.services_due(names, hostvars, ["c"]) == []


def test_hosts_that_differ() -> None:
    hostvars = {"a": {"version": [1, 2]}, "b": {"version": [1, 2]}, "c": {"version": [1, 3]}, "d": {}}
    assert hosts_unlike(hostvars, "a", hostvars, "version") == ["c"]
    assert hosts_unlike(["c", "b"], "d", hostvars, "version") == ["b", "c"]
