# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What a Locust is doing, and whether it can do what is wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Optional

from .client import LocustClient, current_figures
from .plan import BadOptionError, Plan, Value


def look(client: LocustClient) -> dict[str, Any]:
    """Return what Locust's front page tells and its current figures; changes nothing."""
    overview = client.overview()
    figures = current_figures(client.stats())
    # The page is never cached, the figures are.
    users = figures["users"] if overview.users is None else overview.users
    return {**figures, **asdict(overview), "users": users}


def check_user_classes(plan: Plan, available: Optional[Sequence[str]]) -> None:
    """Refuse user classes that this Locust cannot choose."""
    if not plan.user_classes:
        return
    if available is None:
        raise BadOptionError(
            "user_classes", "this Locust was started without --class-picker, so it runs all of its classes"
        )
    unknown = sorted(set(plan.user_classes) - set(available))
    if unknown:
        raise BadOptionError(
            "user_classes", f"this Locust has no {', '.join(unknown)}; it has {', '.join(sorted(available))}"
        )


def check_shape(plan: Plan, seen: Mapping[str, Any]) -> None:
    """Refuse a run whose users this Locust decides on itself, and one on whose users nobody does.

    `seen` is what `look` returned; not every version tells whether there is a LoadTestShape.
    """
    if plan.shape and seen["shape"] is False:
        raise BadOptionError("users", "is needed with run_time, or else stages: this Locust has no LoadTestShape")
    if not plan.shape and seen["shape"]:
        raise BadOptionError(
            "stages" if len(plan.stages) > 1 else "users",
            "cannot be had: the locustfile has a LoadTestShape, which decides on users itself. Leave them out and give "
            "run_time, the longest that it may take; or use a locustfile without one",
        )
    if plan.shape and len(seen["shape_classes"] or ()) > 1:
        raise BadOptionError(
            "locustfile", f"there is more than one LoadTestShape to run: {', '.join(seen['shape_classes'])}"
        )


def check_options(plan: Plan, told: Optional[Mapping[str, Mapping[str, Any]]]) -> None:
    """Refuse options that would not arrive at a Locust that is up.

    `told` is what its front page tells of those that its locustfile adds, if it does. It ignores what it does not know,
    and takes whatever it gets for a choice.
    """
    if plan.launches or told is None:
        return
    for name, value in plan.locust_options.items():
        if name not in told:
            raise BadOptionError(
                "locust_options",
                f"this Locust takes no {name} for a run; it takes {', '.join(sorted(told)) or 'none'}. "
                "What it reads when it starts needs mode=process",
            )
        if value is not None:
            problem = _does_not_arrive(value, told[name])
            if problem is not None:
                raise BadOptionError("locust_options", f"{name} {problem}")


def _does_not_arrive(value: Value, option: Mapping[str, Any]) -> Optional[str]:
    """Say why this Locust would not take a value as it is; its type is that of the value which the option has now."""
    if not option["settable"]:
        return "cannot be set over the web interface of this version of Locust; use mode=process"
    kind = option["type"]
    values = value if isinstance(value, tuple) else (value,)
    if isinstance(value, tuple) and kind != "list":
        return "takes one value and no list"
    if kind == "list" and (not values or any("," in str(one) for one in values)):
        return "takes no empty list and no value with a comma over the web interface; use mode=process"
    if kind == "bool" and not isinstance(value, bool):
        return "takes true or false"
    if kind == "number" and (isinstance(value, bool) or not isinstance(value, (int, float))):
        return "takes a number"
    choices = option["choices"]
    wrong = [str(one) for one in values if choices is not None and str(one) not in choices]
    return f"takes {', '.join(choices)}, and not {', '.join(wrong)}" if wrong else None
