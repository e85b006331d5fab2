# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Locust gets the token for detokenizing where the lab has a tokenization service, and is not told of one elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.plays import ansible_playbook, reading


@pytest.mark.parametrize(("groups", "told"), [(["locust", "tokenization"], True), (["locust"], False)])
def test_only_a_lab_with_the_service_tells_locust_of_a_token(groups: list[str], told: bool, tmp_path: Path) -> None:
    playbook, inventory = tmp_path / "play.yml", tmp_path / "inventory.yml"
    play = reading(("monitor_lab", "locust"), {"ansible.builtin.debug": {"var": "__locust_env"}})
    # JSON is YAML.
    playbook.write_text(json.dumps([play]))
    inventory.write_text(json.dumps({group: {"hosts": {"localhost": {}}} for group in groups}))
    done = ansible_playbook(
        playbook, f"--inventory={inventory}", f"--extra-vars=monitor_lab_secrets_dir={tmp_path}/secrets"
    )
    assert done.returncode == 0, done.stdout
    assert ("TOKENIZATION_BEARER_TOKEN_FILE" in done.stdout) == told
    assert ("TOKENIZATION_URL: http://127.0.0.1:30500" in done.stdout) == told
