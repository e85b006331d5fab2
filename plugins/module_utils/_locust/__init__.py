# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

from .._python import refuse_too_old

refuse_too_old()
