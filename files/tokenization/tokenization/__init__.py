# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A tokenization service: a name and its data go in, a token comes out; the vault gives the data back for either."""
