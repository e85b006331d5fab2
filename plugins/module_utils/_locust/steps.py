# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""The steps of a load run that talk to Locust, each short. They run where Locust can be reached.

What one step has to know from those before it is a plain dictionary, the run's state, which the caller carries from
step to step. Times are seconds since the epoch on the machine where the steps run.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import math
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, TextIO, Tuple

from .arguments import client_from
from .client import ENDING, GOING, LocustClient, LocustError, current_figures
from .plan import BadOptionError, Plan, plan_from
from .process import LOG, Clock, launch, leave
from .process import check as check_process
from .thresholds import WINDOW, Threshold, parse_thresholds

# Locust caches its statistics for 2 s; asking every 1.5 s keeps below one request per second and sees a change
# within 3.5 s.
PERIOD = 1.5
# No answer for this long ends the run.
PATIENCE = 10.0
# How long Locust's statistics may still be those from before a start or a reset.
STALE = 2.5
# Workers report to the master every 3 s, so figures from before a reset arrive that much later.
WORKER_REPORT = 3.0

# How long to wait for the timer of an earlier run.
TIMER_WAIT = 60.0
# Marks, in the run's directory, that Locust was or is just being asked to start.
BEGUN = "begun"
ARTIFACTS = {
    "report.html": "/stats/report?download=1",
    "locust_stats.csv": "/stats/requests/csv",
    "locust_failures.csv": "/stats/failures/csv",
    "locust_exceptions.csv": "/exceptions/csv",
}


def carry_out(options: Mapping[str, Any], step: Mapping[str, Any], clock: Clock) -> Dict[str, Any]:
    """Carry out one step of a run: its C(name), C(run_id), C(state) as far as there is one, and its own arguments.

    `options` are those of the module. C(begin), C(watch) and C(finish) also answer with C(left), the seconds until the
    run's end.
    """
    plan = plan_from(options)
    state = step.get("state") or {}
    name = step["name"]
    # The steps are processes of their own. What they share beside the state is kept here: the login, whether the run
    # has begun, and what belongs to a Locust that was started for it.
    directory = Path(tempfile.gettempdir(), f"locust_run-{step['run_id']}")
    if name == "launch" or (name == "begin" and "launched" not in state):
        directory.mkdir(mode=0o700)
    client = client_from(options, cookies=directory / "cookies" if directory.exists() else None)
    if name == "check":
        return _check(options, plan, client)
    if name == "look":
        return look(client)
    if name == "launch":
        return {"state": {"launched": _launch(options, plan, client, directory, clock)}}
    if name == "stop":
        stop(client, state, directory, clock)
        return {}
    if name == "begin":
        answer: Dict[str, Any] = {"state": {**state, **_begin(options, plan, client, state, directory, clock)}}
    elif name == "watch":
        thresholds = parse_thresholds(options["thresholds"], plan.run_time - plan.warmup)
        answer = watch(client, plan, thresholds, state, clock, clock.time() + step["seconds"])
    else:
        answer = finish(client, plan, state, clock, step["problem"], step["over"], step["early"])
        if "launched" in state:
            answer["files"]["locust.log"] = (directory / LOG).read_text(errors="replace")
        _clear(state, directory, clock)
    return {**answer, "left": answer["state"]["started"] + plan.run_time - clock.time()}


def _check(options: Mapping[str, Any], plan: Plan, client: LocustClient) -> Dict[str, Any]:
    if options["mode"] == "process":
        check_process(options, plan)
        return {}
    seen = look(client)
    check_user_classes(plan, seen["user_classes"])
    return seen


def _launch(
    options: Mapping[str, Any], plan: Plan, client: LocustClient, directory: Path, clock: Clock
) -> Dict[str, Any]:
    try:
        return launch(options, plan, client, directory, clock)
    except (BadOptionError, LocustError):
        shutil.rmtree(directory)
        raise


def _begin(
    options: Mapping[str, Any],
    plan: Plan,
    client: LocustClient,
    state: Mapping[str, Any],
    directory: Path,
    clock: Clock,
) -> Dict[str, Any]:
    try:
        return begin(client, plan, directory, clock, options["force"])
    except (BadOptionError, LocustError):
        _clear(state, directory, clock)
        raise


def _clear(state: Mapping[str, Any], directory: Path, clock: Clock) -> None:
    if "launched" in state:
        leave(state["launched"], clock)
    shutil.rmtree(directory, ignore_errors=True)


def stop(client: LocustClient, state: Mapping[str, Any], directory: Path, clock: Clock) -> None:
    """End the run at once, as far as it has begun, without its figures. A run that is not ours is left alone."""
    try:
        if "started" in state or (directory / BEGUN).exists():
            client.stop()
    finally:
        _clear(state, directory, clock)


def look(client: LocustClient) -> Dict[str, Any]:
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


def begin(client: LocustClient, plan: Plan, directory: Path, clock: Clock, force: bool) -> Dict[str, Any]:
    """Start the run, unless one is going on, and return its state. With `force` that one is stopped first."""
    with _one_at_a_time(client.url) as file:
        before = _settled(client, clock)
        check_user_classes(plan, before["user_classes"])
        if plan.warmup and plan.warmup + _lag(before["workers"]) >= plan.run_time:
            raise BadOptionError(
                "warmup", f"{plan.warmup} s and the 3 s that workers take to report leave nothing to judge"
            )
        if before["state"] in GOING:
            if not force:
                raise LocustError(
                    f"a run of {before['users']} users is going on at {client.url} (state {before['state']}, "
                    f"{before['rps'] or 0:.1f} requests/s) and was not started here; wait for its end, or set force"
                )
            end(client, clock, 8)
        _await_timer(file, before, plan, clock)
        (directory / BEGUN).touch()
        # Stages have timers that are up to a second late.
        _remember_timer(file, clock.time() + plan.run_time + 2)
        try:
            return _start(client, plan, directory, clock, before)
        except LocustError:
            # Whatever of it did start must not go on unwatched.
            with contextlib.suppress(LocustError):
                client.stop()
            raise


def _settled(client: LocustClient, clock: Clock) -> Dict[str, Any]:
    """Return `look`, after a run that is just ending has ended."""
    give_up = clock.time() + 5
    while True:
        seen = look(client)
        if seen["state"] not in ENDING or clock.time() >= give_up:
            return seen
        clock.sleep(0.5)


def _start(
    client: LocustClient, plan: Plan, directory: Path, clock: Clock, before: Mapping[str, Any]
) -> Dict[str, Any]:
    asked = clock.time()
    answer = client.swarm(_form(plan, 0, plan.run_time))
    if not answer.get("run_time"):
        raise LocustError(
            f"Locust at {client.url} took neither users nor run_time ({answer.get('message')}): its locustfile has a "
            "LoadTestShape, which decides on both itself"
        )
    while client.overview().state not in GOING:
        if clock.time() - asked > 5:
            reason = "no worker is connected" if before["workers"] == 0 else "see Locust's log"
            raise LocustError(f"Locust at {client.url} accepted the run and did not start it: {reason}")
        clock.sleep(0.25)
    if not directory.exists():
        raise LocustError("the run was interrupted while it began")
    reset_due = asked + plan.warmup + _lag(before["workers"]) if plan.warmup and not plan.reset_stats else None
    return {
        "started": asked,
        "version": before["version"],
        "workers": before["workers"],
        "stage": 0,
        "next_poll": asked + STALE,
        "answered": clock.time(),
        "ramped_up": None,
        "reset_due": reset_due,
        "reset_pending": bool(plan.warmup or plan.reset_stats),
        "counted_since": asked,
        "num_requests": 0,
    }


def _lag(workers: Optional[int]) -> float:
    return WORKER_REPORT if workers else 0.0


def _form(plan: Plan, stage: int, remaining: float) -> List[Tuple[str, str]]:
    # Locust gets the whole remaining time at every stage: a controller that dies leaves no endless run, and the timers
    # of earlier stages, which Locust up to 2.46.3 cannot cancel, all end the run where it ends anyway.
    form = [
        ("user_count", str(plan.stages[stage].users)),
        ("spawn_rate", f"{plan.stages[stage].spawn_rate:g}"),
        ("run_time", f"{math.ceil(remaining)}s"),
    ]
    if plan.host is not None:
        form.append(("host", plan.host))
    form.extend(("user_classes", name) for name in plan.user_classes)
    form.extend(plan.locust_options.items())
    return form


def watch(
    client: LocustClient,
    plan: Plan,
    thresholds: Sequence[Threshold],
    state: Mapping[str, Any],
    clock: Clock,
    until: float,
) -> Dict[str, Any]:
    """Follow the run until `until`, or until a threshold is breached at this moment or something is wrong.

    Starts the stages and resets the statistics when they are due. Returns C(state), the C(samples), C(problem), which
    is None or says why the run cannot go on, and C(over), Locust's state where the run is no longer going on.
    """
    state = dict(state)
    samples: List[Dict[str, Any]] = []
    problem, over = None, None
    while problem is None:
        try:
            _act(client, plan, state, clock.time())
            now = clock.time()
            if now >= state["next_poll"]:
                state["next_poll"] = now + PERIOD
                sample = _sample(client, plan, state, now)
                state["answered"] = clock.time()
                if sample is not None:
                    samples.append(sample)
                    breached = [threshold for threshold in thresholds if threshold.breached_now(sample)]
                    if any(threshold.abort and threshold.lasting is None for threshold in breached):
                        # The caller will say the same, a module call later.
                        client.stop()
                    if breached:
                        break
        except _RunIsOverError as error:
            problem, over = str(error), error.state
        except LocustError as error:
            if not error.transient or clock.time() - state["answered"] >= PATIENCE:
                problem = str(error)
        now = clock.time()
        if now >= until:
            break
        if problem is None:
            clock.sleep(max(0.05, min(_due(plan, state, until) - now, PERIOD)))
    return {"state": state, "samples": samples, "problem": problem, "over": over}


class _RunIsOverError(LocustError):
    """The run ended before its time; `state` is the one that Locust is in now."""

    def __init__(self, problem: str, state: str) -> None:
        super().__init__(problem)
        self.state = state


def _due(plan: Plan, state: Mapping[str, Any], until: float) -> float:
    """Return when there is something to do next."""
    due = [until, state["next_poll"]]
    boundaries = plan.boundaries()
    if state["stage"] + 1 < len(boundaries):
        due.append(state["started"] + boundaries[state["stage"] + 1])
    if state["reset_due"] is not None:
        due.append(state["reset_due"])
    return float(min(due))


def _act(client: LocustClient, plan: Plan, state: Dict[str, Any], now: float) -> None:
    elapsed = now - state["started"]
    stage = sum(begins <= elapsed for begins in plan.boundaries()) - 1
    if stage > state["stage"] and elapsed < plan.run_time:
        client.swarm(_form(plan, stage, plan.run_time - elapsed))
        state.update(stage=stage, answered=now, ramped_up=None)
    if state["reset_due"] is not None and now >= state["reset_due"]:
        client.reset_stats()
        state.update(reset_due=None, reset_pending=False, answered=now, counted_since=now, num_requests=0)


def _sample(client: LocustClient, plan: Plan, state: Dict[str, Any], now: float) -> Optional[Dict[str, Any]]:
    figures = current_figures(client.stats())
    elapsed = now - state["started"]
    if figures["state"] not in GOING:
        _check_going(client.overview().state, plan, elapsed)
        return None
    if state["workers"] and figures["workers"] < state["workers"]:
        raise LocustError(
            f"{state['workers'] - figures['workers']} of {state['workers']} workers were lost after {elapsed:.0f} s, "
            "and with them what they had not reported"
        )
    if now - state["counted_since"] > 2 * STALE:
        if figures["num_requests"] < state["num_requests"]:
            raise LocustError(f"Locust was restarted, or its statistics were reset, after {elapsed:.0f} s")
        state["num_requests"] = figures["num_requests"]
    if figures["state"] == "running" and state["ramped_up"] is None:
        state["ramped_up"] = now
        if state["reset_pending"] and plan.reset_stats:
            state["reset_due"] = max(now, state["started"] + plan.warmup) + _lag(state["workers"])
    steady_since = None if state["ramped_up"] is None else max(state["ramped_up"], state["counted_since"])
    return {
        "time": round(now, 3),
        "elapsed": round(elapsed, 3),
        "stage": state["stage"],
        # Whether the verdict counts this moment, and whether Locust's current figures are those of every user running.
        "counted": not state["reset_pending"] and now - state["counted_since"] >= STALE,
        "steady": steady_since is not None and now - steady_since >= WINDOW,
        **figures,
    }


def _check_going(state: str, plan: Plan, elapsed: float) -> None:
    """Accept that the statistics are still those from before the start, or that the run just ended in time."""
    if state in GOING or elapsed >= plan.run_time - 1:
        return
    if state == "ready":
        raise _RunIsOverError(f"Locust was restarted after {elapsed:.0f} of {plan.run_time} s", state)
    raise _RunIsOverError(
        f"something else stopped Locust after {elapsed:.0f} of {plan.run_time} s; up to Locust 2.46.3 that may be the "
        "timer of an earlier run that was stopped early",
        state,
    )


def finish(
    client: LocustClient,
    plan: Plan,
    state: Mapping[str, Any],
    clock: Clock,
    problem: Optional[str] = None,
    over: Optional[str] = None,
    early: bool = False,
) -> Dict[str, Any]:
    """Follow the run to its end, or end it now where it is `early` or has a `problem`; bring what Locust made of it.

    Returns what `watch` returns, with C(ended) and the C(files) by name.
    """
    watched: Dict[str, Any] = {"state": dict(state), "samples": [], "problem": problem, "over": over}
    planned = state["started"] + plan.run_time
    while problem is None and not early and watched["problem"] is None and clock.time() < planned:
        more = watch(client, plan, (), watched["state"], clock, planned)
        watched = {**more, "samples": watched["samples"] + more["samples"]}
    ended = min(clock.time(), planned)
    files: Dict[str, str] = {}
    try:
        # A run that is over is not there to be stopped; another one might be, and is somebody else's.
        if watched["over"] is None:
            end(client, clock, 0 if watched["problem"] else 8)
        if watched["over"] != "ready":
            files = collect(client, clock)
    except LocustError as error:
        watched["problem"] = watched["problem"] or str(error)
    if watched["state"]["reset_pending"] and not early:
        watched["problem"] = watched["problem"] or "the users never all ran, so what came before was not left out"
    if len(plan.stages) > 1:
        # The timers of later stages, which an older Locust cannot cancel, are up to 1 s late and not for the next run.
        clock.sleep(max(0.0, planned + 1 - clock.time()) if not early else 0.0)
    return {**watched, "ended": ended, "files": files}


def end(client: LocustClient, clock: Clock, patience: float) -> None:
    """Stop Locust and wait until it has. After `patience` it may still be waiting for users or for a lost worker."""
    give_up = clock.time() + patience
    while True:
        problem = f"Locust at {client.url} does not stop"
        state = None
        try:
            client.stop()
        except LocustError as error:
            # A master answers only when every worker has stopped its users.
            problem = str(error)
        try:
            state = client.overview().state
        except LocustError as error:
            problem = str(error)
        if state is not None and state not in GOING:
            return
        if clock.time() >= give_up:
            if state in ENDING:
                return
            raise LocustError(problem)
        clock.sleep(0.25)


def collect(client: LocustClient, clock: Clock) -> Dict[str, str]:
    """Return what Locust made of the run: the artefacts by file name."""
    files = {}
    give_up = clock.time() + 5
    for name, path in ARTIFACTS.items():
        while name not in files:
            try:
                files[name] = client.download(path)
            except LocustError as error:
                if not error.transient or clock.time() >= give_up:
                    raise
                clock.sleep(0.5)
    return files


@contextlib.contextmanager
def _one_at_a_time(url: str) -> Iterator[TextIO]:
    """Keep two starts on this machine from both finding Locust idle.

    The file also remembers until when the timer of the last run that was started from here goes on.
    """
    name = f"locust_run-{os.getuid()}-{hashlib.sha256(url.encode()).hexdigest()[:16]}"
    path = Path(tempfile.gettempdir(), name)
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise LocustError(f"{path} cannot be opened: {error.strerror}") from None
    with os.fdopen(handle, "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _await_timer(file: TextIO, before: Mapping[str, Any], plan: Plan, clock: Clock) -> None:
    """Wait until the timer of an earlier run that was ended early has fired, where it would end this one.

    Locust up to 2.46.3 cannot cancel it. A Locust that is C(ready) has had no run since its start, and so no timer.
    """
    fires = float(file.read() or 0)
    now = clock.time()
    if before["state"] == "ready" or _cancels_timers(before["version"]) or not now < fires < now + plan.run_time + 1:
        return
    if fires - now > TIMER_WAIT:
        raise LocustError(
            f"Locust {before['version']} cannot cancel the timer of an earlier run that was ended early; it would end "
            f"this run in {fires - now:.0f} s. Wait that long, restart Locust, or use Locust 2.47.0 or newer"
        )
    clock.sleep(fires - now)


def _remember_timer(file: TextIO, fires: float) -> None:
    file.seek(0)
    file.truncate()
    file.write(f"{fires:.0f}")


def _cancels_timers(version: str) -> bool:
    return [int(number) for number in re.findall(r"\d+", version)[:2]] >= [2, 47]
