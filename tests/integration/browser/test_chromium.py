# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What the tests tell a browser with."""

from __future__ import annotations

import subprocess

import pytest

from tests.integration.browser.chromium import Browser


def test_a_browser_that_ends_is_not_waited_for() -> None:
    # It takes what it is told, and ends in the middle of its answer.
    ended = ["head", "-c1"]
    with (
        subprocess.Popen(ended, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process,
        pytest.raises(EOFError, match="has ended"),
    ):
        Browser(process)
