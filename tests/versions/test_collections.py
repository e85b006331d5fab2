# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The collections beside the oldest ansible-core are the lowest that galaxy.yml promises."""

from __future__ import annotations

import json
from importlib.metadata import distribution, version
from pathlib import Path

import pytest

from tests.checks.tree import CHECKOUT
from tests.cores import CORES
from tests.role_readme import load


def test_the_lowest_that_are_promised_are_here() -> None:
    if version("ansible-core") != CORES[0].version:
        pytest.skip("they are beside the oldest ansible-core")
    promised = {name: bound.removeprefix(">=") for name, bound in load(CHECKOUT / "galaxy.yml")["dependencies"].items()}
    folder = Path(str(distribution("ansible").locate_file("ansible_collections")))
    manifests = {name: folder.joinpath(*name.split("."), "MANIFEST.json") for name in promised}
    here = {name: json.loads(path.read_text())["collection_info"]["version"] for name, path in manifests.items()}
    assert here == promised
