# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Adds the service of `tests/made_up_service` to a copy of the collection, and tells what of one was forgotten."""

from __future__ import annotations

import re
import shutil
import textwrap
from pathlib import Path
from typing import Any

from tests.role_calls import specs_of
from tests.role_readme import load, readme

HERE = Path(__file__).parent / "made_up_service"
TABLE = Path("roles", "monitor_lab", "vars", "main.yml")
# Roles that are no services: what services stand on.
FOUNDATIONS = {"monitor_lab", "container", "container_engine", "files", "firewall", "image", "cluster"}
INVENTORIES = ("inventory/local.yml", "inventory/lab.yml")


def insert(path: Path, text: str, before: str) -> None:
    """Put `text` before the first line that begins with `before`, or at the end where that is empty."""
    whole = path.read_text(encoding="utf-8")
    place = re.search(rf"^{re.escape(before)}", whole, re.MULTILINE) if before else None
    at = place.start() if place else len(whole)
    path.write_text(whole[:at] + text + whole[at:], encoding="utf-8")


def part(name: str, indent: int) -> str:
    """Return a file of the service as it goes into another one."""
    return textwrap.indent((HERE / name).read_text(encoding="utf-8").removeprefix("---\n"), " " * indent)


def add(checkout: Path, without: str = "") -> None:
    """Add the service to a copy of the collection, without its `volume`, `image`, `metrics`, `group` or `row`."""
    shutil.copytree(HERE / "role", checkout / "roles" / "made_up")
    shutil.copytree(HERE / "files", checkout / "files" / "made_up")
    (checkout / "roles" / "made_up" / "README.md").write_text(readme(checkout / "roles" / "made_up"))
    entry = part("entry.yml", 2)
    for name, line in {
        "volume": "    volumes: .*\n",
        "image": "    image: true\n",
        "metrics": "    metrics: .*\n?",
    }.items():
        entry = re.sub(line, "", entry) if without == name else entry
    insert(checkout / TABLE, entry, "  - name: prometheus")
    insert(checkout / "roles/monitor_lab/defaults/main.yml", part("defaults.yml", 0), "\nmonitor_lab_scrape")
    insert(
        checkout / "roles/monitor_lab/meta/argument_specs.yml",
        part("specs.yml", 6),
        "      monitor_lab_scrape",
    )
    if without != "group":
        insert(checkout / "inventory/local.yml", "    made_up:\n      hosts: {localhost: {}}\n", "")
        insert(checkout / "inventory/lab.yml", "    made_up:\n      hosts: {mon1: {}}\n", "")
    if without != "row":
        row = "| [`roles/made_up`][roles/made_up/README.md] | a service that a test adds |\n"
        insert(checkout / "docs" / "architecture.md", row, "| [`roles/container_engine`]")
        link = "[roles/made_up/README.md]: https://github.com/devsecops/monitor_lab/blob/main/roles/made_up/README.md\n"
        insert(checkout / "docs" / "architecture.md", link, "")


def table_of(checkout: Path) -> list[dict[str, Any]]:
    table: list[dict[str, Any]] = load(checkout / TABLE)["monitor_lab_service_table"]
    return table


def forgotten(checkout: Path) -> list[str]:
    """Say what of each service is not where it has to be; nothing of it shows while the lab is deployed."""
    table = table_of(checkout)
    names = {entry["name"] for entry in table}
    roles = {path.parent.name for path in checkout.glob("roles/*/tasks")}
    found = [f"the role {role} has no entry in the table" for role in sorted(roles - names - FOUNDATIONS)]
    found += [f"the entry {name} has no role" for name in sorted(names - roles)]
    for entry in table:
        found += [f"{entry['name']}: {fault}" for fault in _forgotten_of(checkout, entry)]
    # Prometheus waits for its targets.
    scraped = [entry["name"] for entry in table if "metrics" in entry]
    found += [
        f"{name}: is scraped, and deployed after Prometheus" for name in scraped[scraped.index("prometheus") + 1 :]
    ]
    return found


def _forgotten_of(checkout: Path, entry: dict[str, Any]) -> list[str]:
    role = checkout / "roles" / entry["name"]
    rooms = {path.stem for path in (role / "tasks").glob("*.yml")}
    found = [f"no entry point {room}" for room in ("preflight", "differences", "main", "absent") if room not in rooms]
    found += [
        f"the table and the role differ on {room}"
        for room in ("image", "absent_preflight")
        if entry.get(room, False) != (room in rooms)
    ]
    constants = load(role / "vars" / "main.yml") if (role / "vars").exists() else {}
    volumes = sorted(value for name, value in constants.items() if name.endswith(("_volume", "_claim")))
    if volumes != sorted(entry.get("volumes", [])):
        found.append(f"the table has the volumes {entry.get('volumes', [])}, and the role {volumes}")
    clients = entry.get("clients", {})
    found += [
        f"no host comes to {name}: say in clients which groups' do"
        for number, name in enumerate(entry.get("ports", []))
        if name not in clients and (number > 0 or not ("metrics" in entry or entry.get("page")))
    ]
    stated = specs_of(checkout / "roles" / "monitor_lab")["main"]["options"]
    found += [f"{name} is not stated" for name in [entry["url"], *entry.get("ports", [])] if name not in stated]
    for inventory in INVENTORIES:
        groups = load(checkout / inventory)["all"]["children"]
        found += [f"{inventory} has no group {group}" for group in entry["groups"] if group not in groups]
    if f"[roles/{entry['name']}/README.md]:" not in (checkout / "docs" / "architecture.md").read_text(encoding="utf-8"):
        found.append("docs/architecture.md does not name the role")
    return found
