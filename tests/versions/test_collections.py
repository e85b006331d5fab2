# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Beside the oldest ansible-core are the lowest collections that galaxy.yml promises, beside others no lower ones."""

from __future__ import annotations

import json
import operator
from importlib.metadata import distribution, version
from pathlib import Path

from packaging.version import Version

from tests.checks.tree import CHECKOUT
from tests.cores import CORES
from tests.role_readme import load


def test_what_is_promised_is_here() -> None:
    promised = {name: bound.removeprefix(">=") for name, bound in load(CHECKOUT / "galaxy.yml")["dependencies"].items()}
    folder = Path(str(distribution("ansible").locate_file("ansible_collections")))
    manifests = {name: folder.joinpath(*name.split("."), "MANIFEST.json") for name in promised}
    here = {name: json.loads(path.read_text())["collection_info"]["version"] for name, path in manifests.items()}
    # Beside a newer one are newer ones.
    is_oldest = version("ansible-core") == CORES[0].version
    compare = operator.eq if is_oldest else operator.ge
    assert {name: found for name, found in here.items() if not compare(Version(found), Version(promised[name]))} == {}
