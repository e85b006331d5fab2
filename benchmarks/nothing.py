# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The first `site.yml`, with its load run, where no registry answers and no image is there: now, and before.

Only the packages of the engines are there already. Each side has secrets and caches of its own, pip's too.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import Row
from benchmarks._play import Played, play
from tests.checks.tree import CHECKOUT

BEFORE = "fa04235"
CONFIG = Path("/etc/monitor_lab")
DOCKER = Path("/var/lib/docker")
SHOWN = 10


def refuse_a_lab() -> None:
    """SystemExit where a lab, its data or its images are there; read from the disk, since an engine may be stopped."""
    there = [str(CONFIG)] * CONFIG.exists() + [str(path) for path in DOCKER.glob("volumes/monitor-lab-*")]
    named = [path for path in DOCKER.glob("image/*/repositories.json") if "localhost/monitor-lab/" in path.read_text()]
    if there or named:
        found = ", ".join([*there, *(f"images in {path}" for path in named)])
        raise SystemExit(f"this benchmark begins with nothing, and something is there ({found}): ./lab down --purge")


def from_nothing(checkout: Path, folder: Path) -> tuple[Played, list[dict[str, Any]]]:
    """Bring the lab of a checkout up, and remove it with all that it made; return what was played, and its modules."""
    variables = {
        "monitor_lab_first_run": True,
        "monitor_lab_purge": True,
        "image_registry": "",
        **{f"monitor_lab_{name}_dir": str(folder / name) for name in ("secrets", "cache", "artifacts")},
    }
    folder.mkdir()
    inventories = [checkout / "inventory" / "local.yml", folder / "variables.yml"]
    # JSON is YAML.
    inventories[1].write_text(json.dumps({"all": {"vars": variables}}), encoding="utf-8")
    calls = folder / "calls"
    environment = {
        "XDG_CACHE_HOME": str(folder),
        "MODULE_CALLS": str(calls),
        "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).with_name("_callbacks")),
        "ANSIBLE_CALLBACKS_ENABLED": "module_calls",
    }
    try:
        played = play(checkout / "site.yml", inventories, checkout, **environment)
        lines = [json.loads(line) for line in calls.read_text(encoding="utf-8").splitlines()]
    finally:
        play(checkout / "playbooks" / "teardown.yml", inventories, checkout, **environment)
    return played, [line for line in lines if "module" in line]


def measure() -> list[Row]:
    refuse_a_lab()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before = folder / "before"
        git = ["git", "-C", str(CHECKOUT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(before), BEFORE], check=True)
        try:
            collections = before / ".collections" / "ansible_collections" / "devsecops"
            collections.mkdir(parents=True)
            (collections / "monitor_lab").symlink_to(os.path.relpath(before, collections))
            sides = {
                "now": from_nothing(CHECKOUT, folder / "now"),
                "before": from_nothing(before, folder / "then"),
            }
        finally:
            subprocess.run([*git, "remove", "--force", str(before)], check=True)
    for side, (played, modules) in sides.items():
        print(
            f"{side}: {played.seconds:.0f} s, {played.processor_seconds:.0f} s of the processors, without the engines'"
        )
        for call in sorted(modules, key=lambda call: -call["seconds"])[:SHOWN]:
            print(f"{call['seconds']:6.2f} s  {call['module']}  ({call['task']})")
    now, reference = (played.seconds for played, _modules in sides.values())
    return [Row("`up` from nothing / before", f"{now:.0f} s", f"{reference:.0f} s", now / reference, 0.6)]
