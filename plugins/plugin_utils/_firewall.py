# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Who needs which of a host's ports, and that as rules of the firewall that the host has."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Optional, Union
from xml.sax.saxutils import quoteattr

from ansible.errors import AnsibleError

from ._services import Groups, Table, address_of, addresses_of, hosts_of, is_local

# By which the lab knows its own.
NAME = "monitor_lab"
SCRAPER = "prometheus"
ANY = {4: "0.0.0.0/0", 6: "::/0"}

Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
Need = Mapping[str, Any]
"""What needs() returns."""


class FirewallError(AnsibleError):
    """An address of the inventory can be no rule's."""


def needs(
    services: Table, groups: Groups, hostvars: Mapping[str, Any], host: str, is_open: bool
) -> list[dict[str, Any]]:
    """Return who comes to the ports of a host: C(port), C(address) that it is on, and C(clients), others' addresses.

    C(clients) is None where anybody may come: to pages, and with `is_open`, as monitor_lab_is_open says, to all. On
    loopback nobody comes. Addresses are those of the inventory, and may be names.
    """
    if is_local(addresses_of(services, groups, hostvars)):
        return []
    found = []
    for service in services:
        if host not in groups.get(service["groups"][0], ()) or service["elsewhere"]:
            continue
        for number, port in enumerate(service["ports"]):
            others = _senders(services, groups, service, number) - {host}
            is_for_all = is_open or (number == 0 and service["page"])
            found.append(
                {
                    "port": port["port"],
                    "address": address_of(hostvars, host),
                    "clients": None if is_for_all else sorted(address_of(hostvars, other) for other in others),
                }
            )
    return found


def _senders(services: Table, groups: Groups, service: Mapping[str, Any], number: int) -> set[str]:
    """Return the hosts of the lab that come to a service's port of this number, from 0."""
    names = list(service["ports"][number]["clients"])
    if number == 0 and service["metrics"]:
        names += next((entry["groups"][:1] for entry in services if entry["name"] == SCRAPER), [])
    return {host for name in names for host in groups.get(name, ())}


def _rules(wanted: Iterable[Need]) -> list[tuple[bool, int, str, str, int]]:
    """Return the needs as rules in the order in which they hold: whether it lets in, family, from, to, port."""
    found: list[tuple[bool, int, str, str, int]] = []
    for need in wanted:
        for address in _resolved(need["address"]):
            version, to = address.version, str(address)
            if need["clients"] is None:
                found.append((True, version, ANY[version], to, need["port"]))
                continue
            senders = {sender for client in need["clients"] for sender in _resolved(client)}
            found += [
                (True, version, str(sender), to, need["port"])
                for sender in sorted((one for one in senders if one.version == version), key=int)
            ]
            found.append((False, version, ANY[version], to, need["port"]))
    return found


def _resolved(address: str) -> list[Address]:
    """Return the addresses of what the inventory calls an address, which may be a name, in the same order each time."""
    try:
        return [ipaddress.ip_address(address)]
    except ValueError:
        pass
    try:
        found = {entry[4][0] for entry in socket.getaddrinfo(address, None, type=socket.SOCK_STREAM)}
    except OSError as error:
        raise FirewallError(
            f"the firewall wants addresses, and the controller does not find that of {address} ({error}). Set "
            "ansible_host or monitor_lab_address of that host to an IP address; nothing was changed."
        ) from error
    return sorted((ipaddress.ip_address(one) for one in found), key=lambda one: (one.version, int(one)))


def plan(
    services: Table,
    groups: Groups,
    hostvars: Mapping[str, Any],
    host: str,
    is_open: bool,
    looked: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what the firewall of a host is to have of the lab: C(ufw_rules), in their order, and C(firewalld_policy).

    Either is empty where that one is not in use, or nobody comes to the host. `looked` is C(firewall) of
    M(devsecops.monitor_lab.lab_host_info). For C(is_open) see needs().
    """
    wanted = needs(services, groups, hostvars, host, is_open)
    return {
        "ufw_rules": ufw_rules(wanted, looked["ufw_rules"]) if looked["ufw"] else [],
        "firewalld_policy": firewalld_policy(wanted) if looked["firewalld"] and wanted else "",
    }


def ufw_rules(wanted: Iterable[Need], there: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return the needs as rules of ufw, whose rules `there` are.

    What the user has a rule for is the user's: ufw would make one of both, which would then go with the lab.
    """
    theirs = [_match(rule) for rule in there if rule["comment"] != NAME]
    rules = [
        {
            "action": "allow" if allowed else "deny",
            "protocol": "tcp",
            "port": str(port),
            "to": to,
            "from": sender,
            "comment": NAME,
        }
        # It keeps IPv6 in a file of its own.
        for allowed, _version, sender, to, port in sorted(_rules(wanted), key=lambda rule: rule[1])
    ]
    return [rule for rule in rules if _match(rule) not in theirs]


def _match(rule: Mapping[str, str]) -> list[str]:
    return [rule[key] for key in ("protocol", "port", "to", "from")]


def firewalld_policy(wanted: Iterable[Need]) -> str:
    """Return a policy of firewalld for what comes to the host, as firewalld.policy(5) describes such files.

    It holds after the rules of the zones, which are the user's, and before what a zone does with all else.
    """
    lines = []
    for number, (allowed, version, sender, to, port) in enumerate(_rules(wanted), 1):
        source = "" if sender in ANY.values() else f"<source address={quoteattr(sender)}/>"
        verdict = "accept" if allowed else "reject"
        lines.append(
            f'  <rule priority="{number}" family="ipv{version}">{source}<destination address={quoteattr(to)}/>'
            f'<port port="{port}" protocol="tcp"/><{verdict}/></rule>'
        )
    return "\n".join(
        [
            '<?xml version="1.0" encoding="utf-8"?>',
            '<policy priority="100" target="CONTINUE">',
            f"  <short>{NAME}</short>",
            "  <description>Who may connect to the load-test lab on this host.</description>",
            '  <ingress-zone name="ANY"/>',
            '  <egress-zone name="HOST"/>',
            *lines,
            "</policy>",
            "",
        ]
    )


def advice(services: Table, groups: Groups, hostvars: Mapping[str, Any], is_open: bool) -> list[str]:
    """Say of each host that was looked at what its firewall lets in, or what one would have to; a line each.

    A host was looked at where C(monitor_lab_host) is among its variables. What is on a cluster is told of, too.
    """
    lines = []
    for host in hosts_of(services, groups):
        looked: Optional[Mapping[str, Any]] = hostvars[host].get("monitor_lab_host", {}).get("firewall")
        narrow = [need for need in needs(services, groups, hostvars, host, is_open) if need["clients"] is not None]
        if looked is None or not narrow:
            continue
        names = [name for name in ("ufw", "firewalld") if looked[name]]
        ports = "; ".join(f"{need['port']} but to {_listed(need['clients'])}" for need in narrow)
        lines.append(
            f"Firewall of {host}: {' and '.join(names)}, closed by the lab: {ports}"
            if names
            else f"No firewall on {host}: one should close {ports}"
        )
    return lines if is_open else lines + _cluster_advice(services, groups, hostvars)


def _cluster_advice(services: Table, groups: Groups, hostvars: Mapping[str, Any]) -> list[str]:
    """Say what should be closed on a cluster's nodes, which have the ports of what is there, and are not the lab's."""
    is_alone = is_local(addresses_of(services, groups, hostvars))
    lines = []
    for service in services:
        for number, port in enumerate(service["ports"] if service["elsewhere"] and not service["foreign"] else ()):
            senders = sorted(address_of(hostvars, host) for host in _senders(services, groups, service, number))
            # Anybody may come to a page, and to what has no senders a pod comes, by no node's port.
            if service["page"] and not senders:
                continue
            clients = "the lab's host" if is_alone else ", ".join(senders)
            lines.append(f"Nodes of the cluster: a firewall should close {port['port']} but to {clients}")
    return lines


def _listed(clients: Sequence[str]) -> str:
    return ", ".join(clients) or "the host itself"
