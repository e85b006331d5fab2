# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Who may connect to which port, what ufw's files say, and the rules that come of both."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab import firewall as looked_at
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _firewall as firewall

from tests.unit.services.test_services import GROUPS, of

HOSTVARS: dict[str, dict[str, Any]] = {
    "pod1": {"ansible_host": "192.0.2.11"},
    "locust1": {"ansible_host": "192.0.2.12"},
    "load1": {"ansible_host": "192.0.2.13"},
    "mon1": {"ansible_host": "192.0.2.14"},
    "graf1": {"ansible_host": "192.0.2.15"},
}
NONE: dict[str, Any] = {"ufw": False, "ufw_rules": [], "firewalld": False}
UFW: dict[str, Any] = {**NONE, "ufw": True}
FIREWALLD: dict[str, Any] = {**NONE, "firewalld": True}
# As ufw 0.36.2 wrote them.
USER_RULES = """\
*filter
### RULES ###

### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in
-A ufw-user-input -p tcp --dport 22 -j ACCEPT

### tuple ### allow tcp 9646 192.0.2.14 any 192.0.2.13 in comment=6d6f6e69746f725f6c6162
-A ufw-user-input -p tcp -d 192.0.2.14 --dport 9646 -s 192.0.2.13 -j ACCEPT

### tuple ### route:allow tcp 30500 0.0.0.0/0 any 192.0.2.12 in comment=6d6f6e69746f725f6c6162
### tuple ### allow any 80,443 0.0.0.0/0 any 0.0.0.0/0 - WWW%20Full in
### tuple ### allow tcp 80 0.0.0.0/0 any 0.0.0.0/0 in_eth0
"""


def of_host(host: str, is_open: bool = False, **values: Any) -> dict[int, Any]:
    found = firewall.needs(of(**values), GROUPS, HOSTVARS, host, is_open)
    assert {need["address"] for need in found} <= {HOSTVARS[host]["ansible_host"]}
    return {need["port"]: need["clients"] for need in found}


def planned(host: str, looked: dict[str, Any], hostvars: dict[str, dict[str, Any]] | None = None) -> dict[str, Any]:
    return firewall.plan(of(), GROUPS, hostvars or HOSTVARS, host, False, looked)


def rule(action: str, port: int, to: str, sender: str, comment: str = "monitor_lab") -> dict[str, str]:
    return {"action": action, "protocol": "tcp", "port": str(port), "to": to, "from": sender, "comment": comment}


def test_each_port_is_for_those_that_need_it() -> None:
    assert of_host("pod1") == {30500: ["192.0.2.12", "192.0.2.13", "192.0.2.14"]}
    # The workers beside the master come over loopback.
    assert of_host("locust1") == {8089: None, 5557: ["192.0.2.13"]}
    assert of_host("load1") == {}
    # The exporter is scraped by its own host.
    assert of_host("mon1") == {9646: [], 9090: None}
    assert of_host("graf1") == {3000: None}


def test_what_answers_on_each_host_is_for_prometheus_alone() -> None:
    groups = {**GROUPS, "node_exporter": list(HOSTVARS)}
    for host in HOSTVARS:
        (need,) = [need for need in firewall.needs(of(), groups, HOSTVARS, host, is_open=False) if need["port"] == 9100]
        assert need["address"] == HOSTVARS[host]["ansible_host"]
        assert need["clients"] == ([] if host == "mon1" else ["192.0.2.14"])


def test_prometheus_and_grafana_come_to_alertmanager() -> None:
    for host, clients in (("mon1", ["192.0.2.15"]), ("graf1", ["192.0.2.14"])):
        needs = firewall.needs(of(), {**GROUPS, "alertmanager": [host]}, HOSTVARS, host, is_open=False)
        found = {need["port"]: need["clients"] for need in needs}
        # To its receiver, on loopback, comes nobody from elsewhere.
        assert (found[9093], found[9095]) == (clients, [])


def test_an_open_lab_is_open() -> None:
    assert of_host("locust1", is_open=True) == {8089: None, 5557: None}


def test_nobody_comes_to_what_is_elsewhere() -> None:
    assert of_host("pod1", monitor_lab_has_cluster=True) == {}
    assert of_host("graf1", grafana_external_url="https://grafana.example.org") == {}


def test_nobody_comes_to_loopback() -> None:
    groups = {name: ["localhost"] for name in GROUPS}
    assert firewall.needs(of(), groups, {"localhost": {"ansible_host": "192.0.2.1"}}, "localhost", False) == []


def test_ufw_lets_in_before_it_refuses() -> None:
    assert planned("locust1", UFW) == {
        "ufw_rules": [
            rule("allow", 8089, "192.0.2.12", "0.0.0.0/0"),
            rule("allow", 5557, "192.0.2.12", "192.0.2.13"),
            rule("deny", 5557, "192.0.2.12", "0.0.0.0/0"),
        ],
        "firewalld_policy": "",
    }


def test_what_the_user_has_a_rule_for_is_the_users() -> None:
    theirs = rule("deny", 5557, "192.0.2.12", "192.0.2.13", comment="not this one")
    ours = planned("locust1", {**UFW, "ufw_rules": [theirs]})["ufw_rules"]
    assert [each["from"] for each in ours if each["port"] == "5557"] == ["0.0.0.0/0"]
    # Those of its own are not.
    assert planned("locust1", {**UFW, "ufw_rules": ours})["ufw_rules"] == planned("locust1", UFW)["ufw_rules"]


def test_nothing_is_wanted_of_a_firewall_that_is_not_in_use() -> None:
    for looked in (NONE, {**NONE, "ufw_rules": [rule("allow", 8089, "192.0.2.12", "0.0.0.0/0")]}):
        assert planned("locust1", looked) == {"ufw_rules": [], "firewalld_policy": ""}
    assert planned("load1", {**UFW, "firewalld": True}) == {"ufw_rules": [], "firewalld_policy": ""}


def test_firewalld_lets_in_before_it_refuses() -> None:
    policy = ElementTree.fromstring(planned("locust1", FIREWALLD)["firewalld_policy"].encode())
    assert policy.attrib == {"priority": "100", "target": "CONTINUE"}
    assert [[zone.get("name") for zone in policy.iter(kind)] for kind in ("ingress-zone", "egress-zone")] == [
        ["ANY"],
        ["HOST"],
    ]
    rules = [
        (
            int(each.get("priority", 0)),
            each.get("family"),
            [part.get("address") for part in each.iter() if part.tag in ("source", "destination")],
            [(part.get("port"), part.get("protocol")) for part in each.iter("port")],
            [part.tag for part in each if part.tag in ("accept", "reject")],
        )
        for each in policy.iter("rule")
    ]
    assert rules == [
        (1, "ipv4", ["192.0.2.12"], [("8089", "tcp")], ["accept"]),
        (2, "ipv4", ["192.0.2.13", "192.0.2.12"], [("5557", "tcp")], ["accept"]),
        (3, "ipv4", ["192.0.2.12"], [("5557", "tcp")], ["reject"]),
    ]


def test_names_are_looked_up_and_each_family_is_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {
        "locust1.example": ["192.0.2.12", "fd00::12"],
        # More than one address, in any order.
        "load1.example": ["fd00::13", "192.0.2.130", "192.0.2.13"],
    }
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda name, *_rest, **_more: [(0, 0, 0, "", (each, 0)) for each in known[name]]
    )
    hostvars = {
        **HOSTVARS,
        "locust1": {"ansible_host": "198.51.100.1", "monitor_lab_address": "locust1.example"},
        "load1": {"ansible_host": "load1.example"},
    }
    rules = planned("locust1", UFW, hostvars)["ufw_rules"]
    assert [(each["to"], each["from"]) for each in rules if each["port"] == "5557"] == [
        ("192.0.2.12", "192.0.2.13"),
        ("192.0.2.12", "192.0.2.130"),
        ("192.0.2.12", "0.0.0.0/0"),
        ("fd00::12", "fd00::13"),
        ("fd00::12", "::/0"),
    ]


def test_a_name_that_is_not_known_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_arguments: object, **_more: object) -> None:
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    hostvars = {**HOSTVARS, "load1": {}}
    with pytest.raises(firewall.FirewallError, match=r"does not find that of load1 .* monitor_lab_address"):
        planned("locust1", UFW, hostvars)
    # Nobody asks where no firewall is in use.
    planned("locust1", NONE, hostvars)


def test_the_summary_tells_what_is_closed_and_what_should_be() -> None:
    hostvars = {
        **HOSTVARS,
        "pod1": {**HOSTVARS["pod1"], "monitor_lab_host": {"firewall": NONE}},
        "locust1": {**HOSTVARS["locust1"], "monitor_lab_host": {"firewall": UFW}},
        "mon1": {**HOSTVARS["mon1"], "monitor_lab_host": {"firewall": NONE}},
        # Has nothing but what is everybody's.
        "graf1": {**HOSTVARS["graf1"], "monitor_lab_host": {"firewall": NONE}},
    }
    assert firewall.advice(of(), GROUPS, hostvars, False) == [
        "No firewall on pod1: one should close 30500 but to 192.0.2.12, 192.0.2.13, 192.0.2.14",
        "Firewall of locust1: ufw, closed by the lab: 5557 but to 192.0.2.13",
        "No firewall on mon1: one should close 9646 but to the host itself",
    ]
    assert firewall.advice(of(), GROUPS, hostvars, True) == []


def test_the_summary_tells_what_a_clusters_nodes_should_close() -> None:
    table = of(monitor_lab_has_cluster=True, grafana_external_url="https://grafana.example.org")
    assert firewall.advice(table, GROUPS, HOSTVARS, False) == [
        "Nodes of the cluster: a firewall should close 30500 but to 192.0.2.12, 192.0.2.13, 192.0.2.14"
    ]
    assert firewall.advice(table, GROUPS, HOSTVARS, True) == []
    groups = {name: ["localhost"] for name in GROUPS}
    assert firewall.advice(table, groups, {"localhost": {}}, False) == [
        "Nodes of the cluster: a firewall should close 30500 but to the lab's host"
    ]


def test_of_a_load_on_a_cluster_nodes_close_the_exporter_alone() -> None:
    """The page is for everybody, and no node has the master's port."""
    table = of(monitor_lab_has_load_cluster=True)
    groups = {**GROUPS, "locust_workers": [], "tokenization": []}
    hostvars = {host: {**given, "monitor_lab_host": {"firewall": None}} for host, given in HOSTVARS.items()}
    assert firewall.advice(table, groups, hostvars, False) == [
        "Nodes of the cluster: a firewall should close 9646 but to 192.0.2.14"
    ]


def test_ufws_rules_are_read() -> None:
    assert looked_at.ufw_rules(USER_RULES) == [
        rule("allow", 22, "0.0.0.0/0", "0.0.0.0/0", comment=""),
        rule("allow", 9646, "192.0.2.14", "192.0.2.13"),
    ]


@pytest.mark.parametrize(("enabled", "program"), [("yes", "firewalld"), ("no", "python3")])
def test_which_firewall_is_in_use(enabled: str, program: str, tmp_path: Path) -> None:
    for path, text in {
        "etc/ufw/ufw.conf": f"# Set to yes to start on boot. ENABLED=maybe\nENABLED={enabled}\n",
        "etc/ufw/user.rules": USER_RULES,
        "proc/7/comm": "sshd\n",
        "proc/41/comm": f"{program}\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    found = looked_at.firewall(tmp_path / "etc", tmp_path / "proc")
    assert (found["ufw"], found["firewalld"], len(found["ufw_rules"])) == (enabled == "yes", program == "firewalld", 2)


def test_a_host_without_any(tmp_path: Path) -> None:
    assert looked_at.firewall(tmp_path, tmp_path) == NONE
