# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Lets pytest explain the assertions of the harness, too."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.integration.locust_exporter.harness")
