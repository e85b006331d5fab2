# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The manifests of roles/tokenization, rendered once by Ansible."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[2]

Manifests = dict[str, dict[tuple[str, str], dict[str, Any]]]
"""case → (kind, name) → object"""


@pytest.fixture(scope="session")
def manifests(tmp_path_factory: pytest.TempPathFactory) -> Manifests:
    destination = tmp_path_factory.mktemp("manifests")
    subprocess.run(
        [
            Path(sys.executable).with_name("ansible-playbook"),
            "--inventory=localhost,",
            f"--extra-vars=destination={destination}",
            HERE / "render.yml",
        ],
        env={**os.environ, "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg")},
        cwd=CHECKOUT,
        check=True,
    )
    return {
        path.stem: {
            (document["kind"], document["metadata"]["name"]): document
            for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
            if document
        }
        for path in destination.glob("*.yml")
    }
