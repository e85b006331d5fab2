# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A Locust plugin: a master that no longer hears its workers ends, with code 1.

A message that Locust can't read ends the master's listener, and Locust goes on without it: its page answers, and no
worker's figures ever come again. Whatever started Locust, a container engine or systemd, starts again only what has
ended. Load it beside the locustfile of the master; it needs Locust 2.15.1 or newer:

    locust -f locustfile.py,watchdog.py --master
"""

from __future__ import annotations

import functools
import logging
import os

import gevent
from locust.runners import MasterRunner

log = logging.getLogger(__name__)

QUIT_SECONDS = 5


def watched(loop):
    @functools.wraps(loop)
    def run(self):
        gevent.getcurrent().link_exception(lambda greenlet: gevent.spawn(end, self, loop.__name__, greenlet.exception))
        loop(self)

    return run


def end(runner: MasterRunner, loop: str, error: BaseException) -> None:
    log.critical("%s has ended: %r. The workers can't be led without it: this Locust ends", loop, error)
    try:
        with gevent.Timeout(QUIT_SECONDS, False):
            # They would make load until they miss the master, for a minute.
            runner.send_message("quit")
            # As Locust does, until ZeroMQ has sent it.
            gevent.sleep(0.5)
    finally:
        os._exit(1)


for loop in (MasterRunner.client_listener, MasterRunner.heartbeat_worker):
    setattr(MasterRunner, loop.__name__, watched(loop))
