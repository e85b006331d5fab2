# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The steps of a load run, carried out in this process as the module carries them out in one of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust import steps
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.plan import BadOptionError
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.timing import Clock
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.transport import LocustError
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._load_run import StepFailedError


def carried_out(options: Mapping[str, Any], step: Mapping[str, Any], clock: Clock) -> dict[str, Any]:
    """Return the step's answer as it comes over the wire. Raises StepFailedError."""
    try:
        answer = steps.carry_out(options, step, clock)
    except BadOptionError as error:
        raise StepFailedError(str(error), bad_option=True) from error
    except LocustError as error:
        raise StepFailedError(str(error)) from error
    carried = json.loads(json.dumps(answer))
    assert isinstance(carried, dict)
    return carried
