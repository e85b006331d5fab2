# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A Prometheus exporter for a few named containers of Docker and Podman, under cAdvisor's names."""

__version__ = "1.0.0"
