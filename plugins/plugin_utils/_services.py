# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What is worked out from the table of services: hosts, addresses, faults of an inventory, what the summary says."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ._hosts import text_of
from ._spelling import near_misses

Table = Sequence[Mapping[str, Any]]
"""The entries of C(monitor_lab_service_table), as roles/monitor_lab/vars/main.yml describes them."""

Groups = Mapping[str, Sequence[str]]
"""Ansible's C(groups): group → names of its hosts."""

LOOPBACK = "127.0.0.1"
ANY = ("0.0.0.0", "::")


def variables_of(table: Table) -> list[str]:
    """Return the names of the variables that the table refers to."""
    names: list[str] = []
    for entry in table:
        names += [entry["url"], *entry.get("ports", ())]
        names += [entry[key] for key in ("elsewhere", "foreign", "required", "login", "metrics_token") if key in entry]
    return names


def resolved(table: Table, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the table with `values` (variable → value) in place of the variables' names, and nothing left out.

    Each service has name, groups, ports (a list of variable, port and clients), url ("" where the lab is without it),
    health, healthy, volumes, image, metrics ("" where it has none), each, page, elsewhere, foreign, required, login,
    secret ("" where it has none), metrics_token and absent_preflight.
    """
    return [
        {
            "name": entry["name"],
            "groups": entry["groups"],
            "ports": [
                {"variable": name, "port": int(values[name]), "clients": entry.get("clients", {}).get(name, [])}
                for name in entry.get("ports", ())
            ],
            "url": values[entry["url"]],
            "health": entry["health"],
            "healthy": entry.get("healthy", ""),
            "volumes": entry.get("volumes", []),
            "image": entry.get("image", False),
            "metrics": entry.get("metrics", ""),
            "each": entry.get("each", False),
            "page": entry.get("page", False),
            "elsewhere": _truth(values[entry["elsewhere"]]) if "elsewhere" in entry else False,
            "foreign": _truth(values[entry["foreign"]]) if "foreign" in entry else False,
            "required": _truth(values[entry["required"]]) if "required" in entry else True,
            "login": _truth(values[entry["login"]]) if "login" in entry else False,
            "secret": entry.get("secret", ""),
            "metrics_token": _truth(values[entry["metrics_token"]]) if "metrics_token" in entry else False,
            "absent_preflight": entry.get("absent_preflight", False),
        }
        for entry in table
    ]


def _truth(value: Any) -> bool:
    """Tell whether a variable is set; the command line gives every value as text."""
    return str(value).lower() not in ("", "false", "no", "off", "0", "none")


def hosts_of(table: Table, groups: Groups) -> list[str]:
    """Return the hosts of the lab, each once, in the order of the table."""
    return list(dict.fromkeys(host for entry in table for group in entry["groups"] for host in groups.get(group, ())))


def services_on(table: Table, group_names: Iterable[str]) -> list[str]:
    """Return the names of the services of which a host in these groups runs a part, in the order of the table."""
    return [entry["name"] for entry in table if set(entry["groups"]) & set(group_names)]


def services_due(names: Iterable[str], hostvars: Mapping[str, Any], hosts: Sequence[str]) -> list[str]:
    """Return those of the services of which something differs on any of the hosts, in the same order.

    What differs of a service on a host is in the fact that is named after it (C(prometheus_differences) and so on).
    """
    return [name for name in names if any(hostvars[host].get(f"{name}_differences") for host in hosts)]


def addresses_of(table: Table, groups: Groups, hostvars: Mapping[str, Any]) -> dict[str, str]:
    """Return service → address of the first host of its first group, "" for a part that the lab is without.

    One machine talks to itself over loopback; across hosts each is reached as Ansible reaches it, unless its inventory
    says C(monitor_lab_address): role defaults are not in hostvars.
    """
    alone = len(hosts_of(table, groups)) < 2
    addresses = {}
    for entry in table:
        hosts = groups.get(entry["groups"][0]) or ()
        given = hostvars[hosts[0]] if hosts else {}
        reached = LOOPBACK if alone else text_of(given, "ansible_host", hosts[0]) if hosts else ""
        addresses[entry["name"]] = text_of(given, "monitor_lab_address", reached) if hosts else ""
    return addresses


def address_of(hostvars: Mapping[str, Any], host: str) -> str:
    """Return the address of a host of several, as the inventory has it, which may be a name."""
    given = hostvars[host]
    return text_of(given, "monitor_lab_address", text_of(given, "ansible_host", host))


def is_local(addresses: Mapping[str, str]) -> bool:
    """Tell whether all that listens does so on loopback; `addresses` are those of addresses_of."""
    return all(_is_loopback(address) for address in addresses.values() if address)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def certificate_names(services: Table, groups: Groups, hostvars: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return host → the names and addresses that its certificate is for, each once.

    They are the address that it listens on, that at which Ansible reaches it, its name, the names in its services'
    URLs, and those of loopback, which is the end of a tunnel. Of what is elsewhere, that with the lab's logins has the
    lab's certificate, too.
    """
    local = is_local(addresses_of(services, groups, hostvars))
    found = {}
    for host in hosts_of(services, groups):
        names = [] if local else [address_of(hostvars, host), text_of(hostvars[host], "ansible_host", host), host]
        names += [
            urlsplit(service["url"]).hostname or ""
            for service in services
            if host in groups.get(service["groups"][0], ())[:1] and (service["login"] or not service["elsewhere"])
        ]
        names += [LOOPBACK, "::1", "localhost"]
        found[host] = [name for name in dict.fromkeys(names) if re.fullmatch(r"[\w.:-]+", name, re.ASCII)]
    return found


def access(services: Table, groups: Groups, secrets_dir: str, authority_file: str) -> dict[str, dict[str, Any]]:
    """Return service → the options of M(ansible.builtin.uri) with which it is asked; none for what is not the lab's.

    `authority_file` is what the certificate of one that speaks TLS is checked by, "" for none. A service that wants a
    login takes its own name, and the password in the file that is named after it; in check mode there may be none yet.
    """
    found: dict[str, dict[str, Any]] = {}
    for service in services:
        is_ours = bool(groups.get(service["groups"][0])) and not service["foreign"]
        options: dict[str, Any] = {}
        # A host to which nothing of the lab that speaks TLS was deployed does not have it.
        if authority_file and is_ours and urlsplit(service["url"]).scheme == "https":
            options["ca_path"] = authority_file
        if service["login"] and is_ours:
            options["url_username"] = service["name"]
            options["url_password"] = text_of_secret(secrets_dir, f"{service['name']}_password").strip()
            options["force_basic_auth"] = True
            # A redirect would take the login along, wherever it leads.
            options["follow_redirects"] = "none"
        found[service["name"]] = options
    return found


def text_of_secret(secrets_dir: str, name: str) -> str:
    """Return what a file of the lab's secrets on the controller holds, "" where it was not made yet (check mode)."""
    path = Path(secrets_dir) / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def url_of(address: str, port: Any, has_tls: bool = False) -> str:
    """Return the URL of an HTTP service, "" where it has no address."""
    if not address:
        return ""
    try:
        host = f"[{address}]" if ipaddress.ip_address(address).version == 6 else address
    except ValueError:
        host = address
    return f"http{'s' if has_tls else ''}://{host}:{port}"


def urls_of(service: Mapping[str, Any], groups: Groups, hostvars: Mapping[str, Any]) -> dict[str, str]:
    """Return host → URL of a service, of the hosts of its first group: one URL where it does not answer on each."""
    hosts = groups.get(service["groups"][0], ()) if service["url"] else ()
    if not service["each"] or len(hosts) < 2:
        return dict.fromkeys(hosts, service["url"])
    url = urlsplit(service["url"])
    return {host: url_of(address_of(hostvars, host), url.port, url.scheme == "https") for host in hosts}


def inventory_faults(table: Table, groups: Groups) -> list[str]:
    """Say what is wrong with an inventory's groups; one sentence each."""
    ours = list(dict.fromkeys(group for entry in table for group in entry["groups"]))
    filled = [group for group in ours if groups.get(group)]
    others = [group for group in groups if group not in ours and groups[group]]
    faults = []
    for group in ours:
        for miswritten in near_misses(group, others) if group not in filled else ():
            faults.append(f"The inventory has a group {miswritten}, and none called {group}: correct the name.")
    if not filled and not faults:
        faults.append(f"The inventory has no host in any of the lab's groups: {', '.join(ours)}.")
    masters = groups.get("locust", ())
    if len(masters) > 1:
        faults.append(
            f"The group locust has several hosts ({', '.join(masters)}), and Locust has one master: leave one there, "
            "and put the others into locust_workers."
        )
    return faults


def _ports_here(services: Table, group_names: Iterable[str]) -> list[tuple[str, str, int]]:
    """Return service, variable and port of all that listens on a host in these groups."""
    return [
        (service["name"], port["variable"], port["port"])
        for service in services
        if service["groups"][0] in group_names and not service["elsewhere"]
        for port in service["ports"]
    ]


def port_collisions(services: Table, group_names: Iterable[str]) -> list[str]:
    """Return "variable: port" of a host's services that want the same port, by port; none where all differ."""
    wanted = _ports_here(services, group_names)
    numbers = [port for _service, _variable, port in wanted]
    return [
        f"{variable}: {port}"
        for _service, variable, port in sorted(wanted, key=lambda one: (one[2], one[1]))
        if numbers.count(port) > 1
    ]


def port_faults(
    services: Table, group_names: Iterable[str], address: str, listeners: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Say who else listens on a port of this host's services; one sentence each.

    `listeners` are those of M(devsecops.monitor_lab.lab_host_info).
    """
    faults = []
    for service, variable, port in _ports_here(services, group_names):
        takers = dict.fromkeys(
            listener["program"] or "a process that cannot be seen"
            for listener in listeners
            if listener["port"] == port and listener["address"] in (address, *ANY) and listener["service"] != service
        )
        if takers:
            faults.append(
                f"port {port}, which {service} needs, is taken by {', '.join(takers)}. Stop that, or choose another "
                f"port with {variable}."
            )
    return faults


# What that module takes of the options of M(ansible.builtin.uri): the others it always sets.
_ASKED_WITH = ("ca_path", "url_username", "url_password")


def health_addresses(
    services: Table,
    options: Mapping[str, Mapping[str, Any]],
    host: str,
    groups: Groups,
    hostvars: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """Return the services that answer on a host, as M(devsecops.monitor_lab.lab_services_info) takes them.

    `options` are those of access.
    """
    here = [(service, urls_of(service, groups, hostvars).get(host)) for service in services]
    return [
        {
            "name": service["name"],
            "url": f"{url}{service['health']}",
            "healthy": service["healthy"],
            "use_proxy": service["foreign"],
            **{key: value for key, value in options[service["name"]].items() if key in _ASKED_WITH},
        }
        for service, url in here
        if url
    ]


def silent(services: Table, answers: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the services that are to answer and are not up.

    `answers` are those of M(devsecops.monitor_lab.lab_services_info).
    """
    needed = {service["name"] for service in services if service["required"]}
    found = [answer["name"] for answer in answers if not answer["up"] and answer["name"] in needed]
    return list(dict.fromkeys(found))


def summary(
    services: Table,
    answers: Sequence[Mapping[str, Any]],
    absences: Iterable[str],
    secrets_dir: str,
    address: str,
    tls_dir: str,
    is_open: bool,
) -> list[str]:
    """Return the lines that show the lab: its services, why parts are absent, where secrets are, and how to reach it.

    `answers` are those of M(devsecops.monitor_lab.lab_services_info), `tls_dir` has the authority of the lab's
    certificates, "" where it speaks no TLS, and `is_open` tells whether others reach it without a login.
    """
    of = {service["name"]: service for service in services}
    named = list(dict.fromkeys(answer["name"] for answer in answers))
    width = max(map(len, of))
    lines = []
    for name in named:
        here = [answer for answer in answers if answer["name"] == name]
        well = [answer for answer in here if answer["up"]]
        for answer in [*well[:1], *(answer for answer in here if not answer["up"])]:
            wrong = "NOT WELL" if answer["status"] == 200 else "NO ANSWER"
            state = "up" if answer["up"] else wrong if of[name]["required"] else "not here"
            others = f", as on {len(well) - 1} more" if answer["up"] and len(well) > 1 else ""
            url = answer["url"].removesuffix(of[name]["health"])
            lines.append(f"{name:<{width}} {url:<28} {state:<10} {answer['version']}{others}".rstrip())
    lines += [
        f"{service['name']:<{width}} left out: the inventory has no host in the group {service['groups'][0]}"
        for service in services
        if not service["url"]
    ]
    lines += [*absences, "", f"Passwords and keys: {secrets_dir} (files on the controller, mode 0600)"]
    logins = [service["name"] for service in services if service["login"] and service["url"]]
    opens = [f"{', '.join(logins)}: the user of that name, the password in NAME_password there"] if logins else []
    # What is only silent is there, and one that the lab may do without is not.
    there = list(dict.fromkeys(answer["name"] for answer in answers if answer["up"] or of[answer["name"]]["required"]))
    opens += [f"{name}: {of[name]['secret']}" for name in there if of[name]["secret"]]
    if opens:
        lines.append(f"Logins:             {'; '.join(opens)}")
    if tls_dir:
        lines.append(f"For browsers:       import {tls_dir}/authority.crt as an authority for web sites")
    if is_open:
        lines += _open_lines([of[name] for name in named])
    pages = [of[name]["url"] for name in there if of[name]["page"]]
    if address.startswith("127.") and pages:
        tunnels = "".join(f" -L {url.rpartition(':')[2]}:{url.rpartition('/')[2]}" for url in pages)
        lines.append(f"From a laptop:      ssh{tunnels} USER@THIS-MACHINE")
    return lines


def _open_lines(services: Table) -> list[str]:
    """Say to whom the services of a lab are open that has no logins; a line for each place that they are reached at."""
    reached = [
        service
        for service in services
        if not (service["login"] or service["foreign"] or _is_loopback(urlsplit(service["url"]).hostname or ""))
    ]
    places = {
        "these hosts": [service["name"] for service in reached if not service["elsewhere"]],
        "a node of the cluster": [service["name"] for service in reached if service["elsewhere"]],
    }
    return [
        f"OPEN, without logins, to whoever reaches {place}: {', '.join(names)}"
        for place, names in places.items()
        if names
    ]
