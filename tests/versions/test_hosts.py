# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Modules on hosts with other Pythons than this one, as far as this machine has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.checks.tree import CHECKOUT
from tests.environments import find_python
from tests.plays import ansible_playbook, shown

COLLECTION = "devsecops.monitor_lab"
MODULES = {path.stem for path in (CHECKOUT / "plugins/modules").glob("*.py")}
# What begins on the controller is not left to answer on the host.
PLAIN = sorted(MODULES - {path.stem for path in (CHECKOUT / "plugins/action").glob("*.py")})
# Where nobody listens.
RUN = {"locust_url": "http://127.0.0.1:9", "users": 1, "run_time": "5s"}


def answers(version: str, tasks: dict[str, dict[str, Any]], folder: Path) -> dict[str, Any]:
    """Return what each module says, where the host's Python is of this version."""
    python = find_python(version)
    if python is None:
        pytest.skip(f"no Python {version} here")
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": str(python)},
        "tasks": [
            *(
                {f"{COLLECTION}.{module}": options, "register": module, "ignore_errors": True}
                for module, options in tasks.items()
            ),
            *({"ansible.builtin.debug": {"msg": f"{{{{ {module} | to_json }}}}"}} for module in tasks),
        ],
    }
    playbook = folder / "play.yml"
    playbook.write_text(yaml.safe_dump([play], sort_keys=False))
    done = ansible_playbook(playbook, "--inventory=localhost,")
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(zip(tasks, shown(done), strict=True))


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"])
def test_modules_run(version: str, tmp_path: Path) -> None:
    said = answers(version, {**{module: {} for module in PLAIN}, "lab_host_info": {}, "locust_run": RUN}, tmp_path)
    # Who misses arguments, or nobody's answer, got past the imports.
    words = ("missing required arguments", "no answer from Locust")
    broken = {one: said[one] for one in PLAIN if said[one].get("failed") and not said[one]["msg"].startswith(words)}
    assert broken == {}
    assert said["lab_host_info"]["cpus"] > 0
    assert "no answer from Locust" in said["locust_run"]["msg"]


@pytest.mark.parametrize("version", ["3.7", "3.8"])
def test_an_older_python_is_refused_in_words(version: str, tmp_path: Path) -> None:
    said = answers(version, {"lab_host_info": {}, "locust_run_info": {}}, tmp_path)
    told = said["lab_host_info"]["msg"]
    # By the module, or by an ansible-core that refuses it, or breaks on it, before that.
    assert "3.9 or newer" in told and "ansible_python_interpreter" in told
    assert "Traceback" not in told
    assert "Traceback" not in said["locust_run_info"]["msg"]
    # With 3.7 newer ones break before the module could say so.
    assert version == "3.7" or "Python" in said["locust_run_info"]["msg"]
