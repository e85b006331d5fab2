# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""The mark that a run leaves in Locust, where the exporter finds it (C(run_mark.py) of the collection's files).

C(files/locust/README.md) describes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .client import LocustClient, NotThereError
from .timing import Clock
from .transport import LocustError

TRIES = 3
# As the plugin bounds them.
MOST_THRESHOLDS = 50
LONGEST_WORD = 100
LONGEST_NAME = 1000


def leave(client: LocustClient, mark: Mapping[str, Any], clock: Clock) -> dict[str, Any]:
    """Leave the mark; return whether Locust has it now, C(marked), and why not in words, C(problem).

    The problem is none where Locust runs without the plugin, which is no fault.
    """
    problem = ""
    for attempt in range(TRIES):
        if attempt:
            clock.sleep(1)
        try:
            answer = client.mark(bounded(mark))
        except NotThereError:
            return {"marked": False, "problem": None}
        except LocustError as error:
            problem = str(error)
            if error.transient:
                continue
        else:
            if answer.get("marked") is True:
                return {"marked": True, "problem": None}
            problem = str(answer.get("message"))
        break
    return {"marked": False, "problem": f"the run left no mark in Locust: {problem}"}


def bounded(mark: Mapping[str, Any]) -> dict[str, Any]:
    """Return the mark as the plugin takes it: of more thresholds the first, of longer texts the beginning.

    What is left of a longer address would lead elsewhere.
    """
    return {
        **{key: value for key, value in mark.items() if key != "report" or len(value) <= LONGEST_NAME},
        "run": mark["run"][:LONGEST_WORD],
        "lab": mark["lab"][:LONGEST_WORD],
        "thresholds": [
            {**threshold, "name": threshold["name"][:LONGEST_NAME], "method": threshold["method"][:LONGEST_WORD]}
            for threshold in mark["thresholds"][:MOST_THRESHOLDS]
        ],
    }
