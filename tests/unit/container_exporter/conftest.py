# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Lets the tests import the exporter, and the one whose web server it has, from their folders."""

from __future__ import annotations

import sys
from pathlib import Path

FILES = Path(__file__).resolve().parents[3] / "files"
sys.path[:0] = [str(FILES / "container_exporter"), str(FILES / "locust_exporter")]
