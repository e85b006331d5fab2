# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A Locust plugin: ends a Locust that has not read its locustfiles in time, and says where it hangs.

Whoever only tries them names it before them. It needs nobody who waits, and works where the locustfile's own code
blocks the interpreter:

    LOCUST_TIME_LIMIT=60 locust -f time_limit.py,locustfile.py --list
"""

from __future__ import annotations

import faulthandler
import os
import traceback

import gevent

SECONDS = float(os.environ["LOCUST_TIME_LIMIT"])


def end(reader: gevent.Greenlet) -> None:
    os.write(2, f"Locust has not read its locustfiles within {SECONDS:g} s; it is here:\n".encode())
    # The innermost calls: whoever shows the last lines of an output shows all of this.
    traceback.print_stack(reader.gr_frame, limit=5)
    os._exit(1)


# Where gevent goes on meanwhile, as while the locustfile waits for an answer.
gevent.spawn_later(SECONDS, end, gevent.getcurrent())
# Where it does not, as in an endless loop.
faulthandler.dump_traceback_later(SECONDS + 1, exit=True)
