# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A Locust plugin: the worker processes that one `--processes` started end together.

Locust waits for all of them, so that a host goes on with fewer where one has ended: because the master was not heard
for a minute, or memory ran out. Whatever started Locust here, a container engine or systemd, starts again only what
has ended as a whole. And Locust, waiting, is deaf to SIGTERM where it is the first process of a container: here it
passes that on. Load it beside the workers' locustfile:

    locust -f locustfile.py,workers.py --worker --processes 4
"""

from __future__ import annotations

import contextlib
import logging
import signal
import sys

import gevent
import psutil
from locust import events
from locust.runners import WorkerRunner

LOOK_SECONDS = 2


def stop_all(_signal, _frame):
    children = psutil.Process().children()
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.terminate()
    # A worker has this from its parent, until Locust sets its own.
    if not children:
        sys.exit()


# Before Locust starts the workers, which is where it reads this.
signal.signal(signal.SIGTERM, stop_all)


@events.init.add_listener
def end_together(environment, runner, **_kwargs):
    if isinstance(runner, WorkerRunner) and getattr(environment.parsed_options, "processes", None):
        gevent.spawn(_end_with_the_others, runner)


def _end_with_the_others(runner):
    parent = psutil.Process().parent()
    before = 0
    while (now := _running(parent.children())) >= before:
        before = now
        gevent.sleep(LOOK_SECONDS)
    logging.getLogger(__name__).error("Another worker process of this host has ended: this one ends, too")
    runner.quit()


def _running(processes):
    """How many have not ended; Locust takes note of an end only when those before it have ended, too."""
    running = 0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            running += process.status() != psutil.STATUS_ZOMBIE
    return running
