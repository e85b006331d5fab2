# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What the role `prometheus` works out of its variables: files, and the arguments of Prometheus."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.plays import ansible_playbook, reading, shown
from tests.role_readme import ROLES


def play(folder: Path, **given: Any) -> subprocess.CompletedProcess[str]:
    """Return how the play ended that shows it."""
    files = "[__prometheus_own_files, __prometheus_target_files] | flatten"
    asked = f"{{'files': {files}, 'command': __prometheus_container.command}}"
    task = {"ansible.builtin.debug": {"msg": f"{{{{ {asked} | to_json }}}}"}}
    # As a role finds its own.
    (folder / "templates").symlink_to(ROLES / "prometheus" / "templates")
    (folder / "play.yml").write_text(json.dumps([reading(("monitor_lab", "prometheus"), task)]))
    (folder / "hosts.json").write_text(json.dumps({"prometheus": {"hosts": {"localhost": {}}}}))
    variables = {"__prometheus_reference": "it:1", "monitor_lab_files": str(ROLES.parent / "files"), **given}
    return ansible_playbook(
        folder / "play.yml", f"--inventory={folder}/hosts.json", f"--extra-vars={json.dumps(variables)}", cwd=folder
    )


def worked_out(folder: Path, **given: Any) -> dict[str, Any]:
    done = play(folder, **given)
    assert done.returncode == 0, done.stdout
    (found,) = shown(done)
    assert isinstance(found, dict)
    return found
