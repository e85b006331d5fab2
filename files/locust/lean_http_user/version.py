# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The version, apart from all that needs Locust."""

VERSION = "1.0.0"
