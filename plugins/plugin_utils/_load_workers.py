# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What workers that went and came during a run did to its load, from the run's samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..module_utils._locust.plan import Stage

# Locust's current rate is that of its last ten seconds.
RATE_OF = 10.0

Sample = Mapping[str, Any]


def told(samples: Sequence[Sample], stages: Sequence[Stage], ends: float) -> list[str]:
    """Return a sentence where workers went or came; the run ended so many seconds after its start."""
    crews = [sample for sample in samples if "workers_wanted" in sample]
    last = crews[-1] if crews else {}
    changes = [f"{last[f'workers_{what}']} {what}" for what in ("lost", "quit", "came") if last.get(f"workers_{what}")]
    if not changes:
        return []
    counts = sorted({sample["workers"] for sample in crews})
    changes.append(f"{' to '.join(map(str, counts[:1] + counts[1:][-1:]))} connected")
    short = _seconds(crews, ends, _is_short)
    if short:
        changes.append(f"for {short:.0f} s fewer than {crews[0]['workers_wanted']}")
    parts = [", ".join(changes), *_load(crews, stages, ends)]
    text = f"workers went and came: {'; '.join(parts)}"
    if _gone(last):
        text += ". One that goes takes along up to 3 s of requests that it has not reported"
    return [text]


def _load(crews: Sequence[Sample], stages: Sequence[Stage], ends: float) -> list[str]:
    """Say how many users ran at least and what became of the rate, from when the first worker went."""
    went = [number for number in range(1, len(crews)) if _gone(crews[number]) != _gone(crews[number - 1])]
    if not went:
        return []
    before = crews[went[0] - 1]
    until = max(crew["elapsed"] for number, crew in enumerate(crews) if number == went[-1] or _is_short(crew)) + RATE_OF
    meanwhile = [crew for crew in crews[went[0] :] if crew["elapsed"] <= until and crew["stage"] == before["stage"]]
    # Locust counts the users of a worker that is gone for some seconds, with those that others have got for them.
    users = min(before["users"], stages[before["stage"]].users) if stages else before["users"]
    parts = []
    seconds = _seconds(meanwhile, min(until, ends), lambda crew: crew["users"] < users)
    if seconds:
        least = min(crew["users"] for crew in meanwhile)
        parts.append(f"for {seconds:.0f} s not all users ran, {least} of {users} at least")
    lowest = min((crew["rps"] or 0 for crew in meanwhile), default=0)
    if lowest < (before["rps"] or 0):
        parts.append(f"requests/s went from {before['rps']:.0f} down to {lowest:.0f}")
    return parts


def _seconds(crews: Sequence[Sample], ends: float, holds: Callable[[Sample], bool]) -> float:
    """Return for how long something held, of what is looked at every few seconds."""
    until = [crew["elapsed"] for crew in crews[1:]] + [ends]
    return sum((max(0.0, end - float(crew["elapsed"])) for crew, end in zip(crews, until) if holds(crew)), 0.0)


def _is_short(crew: Sample) -> bool:
    return bool(crew["workers"] < crew["workers_wanted"])


def _gone(crew: Sample) -> int:
    return int(crew["workers_lost"] + crew["workers_quit"])
