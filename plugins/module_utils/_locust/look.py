# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What a Locust is doing, and whether it can do what is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from .client import LocustClient, current_figures
from .plan import BadOptionError, Plan


def look(client: LocustClient) -> dict[str, Any]:
    """Return Locust's state, version, user classes and current figures; changes nothing."""
    overview = client.overview()
    figures = current_figures(client.stats())
    # The page is never cached, the figures are.
    return {**figures, "state": overview.state, "version": overview.version, "user_classes": overview.user_classes}


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
