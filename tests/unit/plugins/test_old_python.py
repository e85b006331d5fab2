# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A Python that is too old is refused before anything that it cannot read. tests/versions asks real ones."""

from __future__ import annotations

import json
import sys

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._python import refuse_too_old

from tests.checks.tree import CHECKOUT


def test_the_module_fails_in_words(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 8, 18, "final", 0))
    with pytest.raises(SystemExit):
        refuse_too_old()
    said = json.loads(capsys.readouterr().out)
    assert said["failed"] is True
    assert said["msg"].startswith(f"{sys.executable} is Python ")
    assert said["msg"].endswith("Set ansible_python_interpreter to one of 3.9 or newer.")


def test_another_goes_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 0, "final", 0))
    refuse_too_old()
    assert capsys.readouterr().out == ""


def test_each_package_begins_with_it() -> None:
    packages = sorted((CHECKOUT / "plugins/module_utils").glob("*/__init__.py"))
    assert packages
    assert [path for path in packages if not path.read_text().endswith("\nrefuse_too_old()\n")] == []
