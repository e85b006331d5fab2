# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the steps of a run keep on a host stays out of the home of who runs the tests."""
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
